from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.facts import Facts, Files, ImageBuilt
from playpen_ls.finding import Finding, Severity
from playpen_ls.languages.dockerfile import Stage
from playpen_ls.languages.dockerfile.contexts import context_of
from playpen_ls.languages.dockerfile.sources import dropping, is_made_by_a_build, is_there, local_sources
from playpen_ls.platform import Platform
from playpen_ls.rule import example, rule

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"docker": ["CopyIgnoredFile"]},
    bad=[
        {"Dockerfile": "FROM a\nCOPY «ap.py» app.py /x/\n", "app.py": ""},
        {"Dockerfile": 'FROM a\nADD [«"conf"», "/x"]\nCOPY --chown=1 ./app.py /x/\n', "app.py": ""},
        {"Dockerfile": "FROM a\nCOPY «app.py» /x/\n", "app.py": "", ".dockerignore": "*\n!src\n"},
        {"Dockerfile": "FROM a\nCOPY «src» /x/\n", "src/a": "", ".dockerignore": "src\n"},
        {"a/Dockerfile": "FROM a\nCOPY here «there» /x/\n", "a/here": ""},
        {"docker/Dockerfile": "FROM a\nCOPY «b.py» /x/\n", "docker-compose.yml": COMPOSE, "docker/b.py": ""},
        example(
            {"docker/Dockerfile": "FROM a\nCOPY «b.py» /x/\n", "docker/b.py": ""},
            platform=Platform(build_context={"docker/Dockerfile": "."}),
        ),
        {"Dockerfile": "FROM a\nARG CONF=a.conf\nCOPY «$CONF» app.py /x/\n", "app.py": ""},
        # Made by an earlier step of the build, perhaps.
        {"Dockerfile": "FROM a\nCOPY app.py «secrets.yml» «dist/» /x/\n", "app.py": "", ".gitignore": "*.yml\n"},
    ],
    good=[
        {"Dockerfile": "FROM a\nCOPY app.py src ./src/. /x/\nCOPY . /y\n", "app.py": "", "src/a": ""},
        "FROM a\nCOPY app.py /x/\n",
        {"a/Dockerfile": "FROM a\nCOPY app.py /x/\n", "b": ""},
        {"a/Dockerfile": "FROM a\nCOPY app.py /x/\n", "app.py": ""},
        {"Dockerfile": "FROM a\nCOPY yarn.lock* app.py /x/\n", "app.py": ""},
        {"Dockerfile": "FROM a\nARG A\nCOPY $A app.py /x/\nCOPY --from=b /c /d\nADD https://x.io/a /a\n", "app.py": ""},
        {"Dockerfile": "FROM a\nCOPY app.py /x/\nCOPY <<EOF /y\nb\nEOF\n", "app.py": ""},
        {"Dockerfile": "FROM a\nCOPY src /x/\n", "src/a": "", ".dockerignore": "src\n!src/a\n"},
        {"Dockerfile": "FROM a\nONBUILD COPY app.py /x/\n", "b": ""},
        {
            "docker/Dockerfile": "FROM a\nCOPY b.py /x/\n",
            "compose.yaml": "services: {w: {build: {context: $X, dockerfile: Dockerfile}}, v: {build: docker}}\n",
            "docker/b.py": "",
        },
    ],
)
def missing_source(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """The build context does not have what is copied.

    The build stops there. The context is what the profile, a Jenkinsfile, a compose or a bake file
    says; else the Dockerfile's folder, or the project's, where another file that is copied is found.
    Silent where the context is a guess that nothing supports, for patterns (which may match nothing)
    and for variables. A hint for what a step before the build may make: known outputs, and what git
    ignores.
    """
    sources = list(local_sources(stage)) if files.known and stage.mentions("copy add", ("copy", "add")) else []
    if not any(path for _, path in sources):
        return
    dockerfile = stage.document.source.path
    context = context_of(dockerfile, platform.build_context, builds, files)
    named = [path for _, path in sources if path]
    folders = [one for one in context.folders if any(is_there(path, one, files) for path in named)]
    if not folders and context.stated:
        folders = [one for one in context.folders if files.names(one or ".")]
    for word, path in sources if folders else ():
        here = [folder for folder in folders if is_there(path, folder, files)]
        if not here:
            made = is_made_by_a_build(path, folders[0], files)
            where = f"`{folders[0]}`, the build context," if folders[0] else "the build context"
            yield Finding(word.span, f"{where} has no `{path}`", severity=Severity.HINT if made else None)
        elif path and (ignore := dropping(dockerfile, path, here[0], files)) is not None:
            yield Finding(word.span, f"`{ignore.path}` keeps `{path}` out of the build context")
