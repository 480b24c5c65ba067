from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import MigrationsRun, Pods, Recipe, Revision
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.migrations import ENVIRONMENT, configuration
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words


def _mentioned(words: Words) -> bool:
    return ENVIRONMENT in words.all


_FILE = regex(r"[\w./-]+")
_MIGRATES = regex(r"\b(?:upgrade|migrat)", re.IGNORECASE)

_ENV = "from alembic import context\n\ncontext.configure(url=url)\ncontext.run_migrations()\n"
_MARKED = _ENV.replace("context.configure", "«context.configure»")
_REVISION = 'revision = "a1"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n'
_PROJECT = {
    "alembic/versions/a1.py": _REVISION,
    "Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["uvicorn", "main:app"]\n',
}


@rule(
    severity=Severity.INFORMATION,
    practice="Database migrations",
    mentions=_mentioned,
    bad=[
        {"alembic/env.py": _MARKED, **_PROJECT},
        {
            "alembic/env.py": _MARKED,
            **_PROJECT,
            "README.md": "alembic upgrade head\n",
            "tests/test_db.py": "from alembic import command\n\ncommand.upgrade(config, 'head')\n",
        },
    ],
    good=[
        {"alembic/env.py": _ENV, **_PROJECT, "start.sh": "alembic upgrade head\nexec uvicorn main:app\n"},
        {"alembic/env.py": _ENV, **_PROJECT, "Makefile": "migrate:\n\tpoetry run alembic -c a.ini upgrade head\n"},
        {
            "alembic/env.py": _ENV,
            **_PROJECT,
            "shop/db.py": "from alembic import command\n\n\ndef migrate():\n    command.upgrade(config, 'head')\n",
        },
        {
            "alembic/env.py": _ENV,
            **_PROJECT,
            "shop/db.py": "from alembic.config import main\n\nmain(argv=['upgrade', 'head'])\n",
        },
        {
            "alembic/env.py": _ENV,
            **_PROJECT,
            "shop/cli.py": "from alembic import command as alembic_command\n\n\ndef migrate():\n"
            "    alembic_command.upgrade(config, 'head')\n",
        },
        {
            "alembic/env.py": _ENV,
            **_PROJECT,
            "shop.service": "[Service]\nExecStartPre=python3 -m alembic upgrade head\nExecStart=shop\n",
        },
        {"alembic/env.py": _ENV, **_PROJECT, "migrate.sh": 'alembic "$@"\n'},
        {
            "alembic/env.py": _ENV,
            **_PROJECT,
            "k8s/migrate.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\nspec:\n"
            "  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: migrate\n"
            "          image: nexus:5000/shop:1.0\n          command: [alembic, upgrade, head]\n",
        },
        {"alembic/env.py": _ENV, **_PROJECT, "Procfile": "release: flask db upgrade\n"},
        {
            "alembic/env.py": _ENV,
            "alembic/versions/a1.py": _REVISION,
            "Dockerfile": 'FROM python:3.12\nCOPY . .\nENTRYPOINT ["bin/start"]\n',
            "bin/start": "#!/bin/sh\nalembic upgrade head\n",
        },
        {
            "alembic/env.py": _ENV,
            "alembic/versions/a1.py": _REVISION,
            "Dockerfile": 'FROM python:3.12\nCOPY . .\nENTRYPOINT [ \\\n  "start" \\\n]\nCMD ["serve"]\n',
            "bin/start": "#!/bin/sh\nalembic upgrade head\n",
        },
        # A library, and an environment without revisions.
        {"alembic/env.py": _ENV, "alembic/versions/a1.py": _REVISION},
        {"alembic/env.py": _ENV, "Dockerfile": _PROJECT["Dockerfile"]},
    ],
)
def no_migration_run(
    module: PythonModule,
    files: Files,
    run: Facts[MigrationsRun],
    revisions: Facts[Revision],
    recipes: Facts[Recipe],
    pods: Facts[Pods],
) -> Iterator[Finding]:
    """Nothing in the project runs the migrations.

    The project has revisions of Alembic and an image or a manifest, and no file of it runs `alembic upgrade`: the
    application starts on the old schema unless somebody migrates by hand. Run `alembic upgrade head` in a Job, an
    init container, the pipeline, or the script that starts the container. Read are scripts, Dockerfiles, manifests,
    pipelines, Makefiles and Python code, with `flask db upgrade`, `command.upgrade(…)` and `alembic.config.main(…)`.
    """
    folder, name = posixpath.split(module.path)
    found = module.file.ask(configuration) if name == "env.py" else None
    if found is None or len(run) or not revisions.below(folder) or not (len(recipes) or len(pods)):
        return
    if any(_starts_migration(one, files) for one in recipes):
        return
    chunk, span = found
    message = f"nothing in the project runs `alembic upgrade` for the revisions in `{posixpath.basename(folder)}`"
    yield Finding(span, message, chunk=chunk)


def _starts_migration(recipe: Recipe, files: Files) -> bool:
    """Whether the command of the image is a script without an extension that can run migrations."""
    folders = dict.fromkeys((posixpath.dirname(recipe.place.path), ""))
    for word in filter(_FILE.fullmatch, recipe.words):
        for name in (word.strip("/"), f"bin/{posixpath.basename(word)}"):
            for folder in folders:
                path = posixpath.normpath(posixpath.join(folder, name))
                if not path.startswith("..") and _MIGRATES.search(files.text(path) or ""):
                    return True
    return False
