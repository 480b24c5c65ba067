from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Stage
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import dropping, is_made_by_a_build, is_there, local_sources
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.rules.dockerfile._pip_files import included_in
from playpen_ls.rules.dockerfile.missing_source.required_files import Required, may_be_made, origins, required_files
from playpen_ls.text.span import Span

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"
PYTHON = "FROM python:3.12\nWORKDIR /app\n"
# A folder with such a file is what a Python image is built from.
_PYTHON = re.compile(r".*\.py|pyproject\.toml|setup\.cfg|requirements[\w.-]*\.txt")


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
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r «requirements.txt»\n", "app.py": ""},
        {
            "Dockerfile": f"{PYTHON}COPY . /app/\nRUN cd web && pip install -r r.txt -c «../c.txt»\n",
            "app.py": "",
            "web/r.txt": "",
        },
        {"Dockerfile": f'{PYTHON}COPY web/ ./\nRUN ["pip", "install", "-r", "«r.txt»"]\n', "web/a.py": ""},
        {
            "Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -U pip && pip install -r «r.txt»\n",
            "r.txt": "",
            ".dockerignore": "*.txt\n",
        },
        # What it includes is not copied, or does not exist.
        {"Dockerfile": f"{PYTHON}COPY r.txt .\nRUN pip install -r «r.txt»\n", "r.txt": "-r b.txt\n", "b.txt": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r «r/a.txt»\n", "r/a.txt": "-c b.txt\n", "b.txt": ""},
        {"Dockerfile": f"{PYTHON}COPY a.py .\nRUN uv pip sync «r.txt»\n", "a.py": "", "r.txt": ""},
        # Made by an earlier step of the build, perhaps.
        {"Dockerfile": "FROM a\nCOPY app.py «secrets.yml» «dist/» /x/\n", "app.py": "", ".gitignore": "*.yml\n"},
        {"Dockerfile": "FROM a\nCOPY «server» a.x /x/\n", "a.x": "", "go.mod": ""},
        {"Dockerfile": "FROM a\nCOPY «a.bin» a.x /x/\n", "a.x": "", "Makefile": "a.bin: a.x\n\tlink a.x\n"},
    ],
    good=[
        {
            "Dockerfile": f"{PYTHON}COPY a/ b/\nCOPY r.txt ./s.txt\nRUN pip install -r s.txt -c b/c.txt\n",
            "a/c.txt": "-r ../s.txt\n",
            "r.txt": "-r https://x.io/r.txt\n",
        },
        # Something else may make it: the base image, a command, a mount, another stage.
        {"Dockerfile": "FROM team/base\nCOPY . .\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN make r.txt\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip freeze > r.txt && pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN [ ! -f r.txt ] || pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}RUN --mount=type=bind,target=. pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY a.py .\nCOPY --from=b /r /app\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY r*.txt ./\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": "FROM python:3\nCOPY . /app\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r https://x.io/r.txt\n", "a.py": ""},
        {"a/Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r r.txt\n", "b": ""},
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
    """The build context does not have what is copied, or what pip is told to read.

    The build stops there. The context is what the profile, a Jenkinsfile, a compose or a bake file
    says; else the Dockerfile's folder, or the project's, where another file that is copied is found.
    Of requirements files (`-r`, `-c`, and what they include) those are looked for that only a COPY can
    have brought. Silent where the context is a guess that nothing supports, for patterns (which may
    match nothing) and for variables. A hint for what a step before the build may make: known outputs,
    and what git ignores.
    """
    sources = list(local_sources(stage)) if files.known and stage.mentions("copy add", ("copy", "add")) else []
    required = list(required_files(stage)) if files.known and _is_bare(stage, platform) else []
    named = [path for _, path in sources if path]
    if not named and not required:
        return
    dockerfile = stage.document.source.path
    context = context_of(dockerfile, platform.build_context, builds, files)
    folders = [one for one in context.folders if any(is_there(path, one, files) for path in named)]
    if not folders and context.stated:
        folders = [one for one in context.folders if files.names(one or ".")]
    if not folders and not named:
        asked = [path for one in required for path in origins(one) or ()]
        folders = [one for one in context.folders if any(is_there(path, one, files) for path in asked)]
        folders = folders or [one for one in context.folders if any(map(_PYTHON.fullmatch, files.names(one or ".")))]
    missing = set()
    for word, path in sources if folders else ():
        here = [folder for folder in folders if is_there(path, folder, files)]
        if not here:
            missing.add(path)
            yield _absent(word.span, path, folders[0], files)
        elif path and (ignore := dropping(dockerfile, path, here[0], files)) is not None:
            missing.add(path)
            yield Finding(word.span, f"`{ignore.path}` keeps `{path}` out of the build context")
    for one in required if folders else ():
        yield from _read_by_pip(one, dockerfile, folders, missing, files)


def _absent(span: Span, path: str, folder: str, files: Files) -> Finding:
    made = is_made_by_a_build(path, folder, files)
    where = f"`{folder}`, the build context," if folder else "the build context"
    return Finding(span, f"{where} has no `{path}`", severity=Severity.HINT if made else None)


def _is_bare(stage: Stage, platform: Platform) -> bool:
    """It begins with an image that has no files of the project."""
    image = stage.pulled
    if image is None or not image.external or "onbuild" in image.reference.tag:
        return False
    return platform.owns(image.reference) or is_known_image(image.reference.name)


def _read_by_pip(
    required: Required, dockerfile: str, folders: list[str], missing: set[str], files: Files
) -> Iterator[Finding]:
    """At most one finding for the word, of the file that it names or of one that this includes."""
    waiting, seen = [required], set[str]()
    while waiting:
        one = waiting.pop(0)
        paths = origins(one) if one.place not in seen else None
        if paths is None or missing.intersection(paths):
            continue  # something else may write it, or its COPY is reported
        seen.add(one.place)
        found = [(folder, path) for folder in folders for path in paths if is_there(path, folder, files)]
        ignores = [dropping(dockerfile, path, folder, files) for folder, path in found]
        if None not in ignores:
            if may_be_made(one):
                return
            if not paths:
                yield Finding(one.word.span, f"nothing above copies `{posixpath.basename(one.place)}`")
            elif not found:
                yield _absent(one.word.span, paths[0], folders[0], files)
            elif (ignore := ignores[0]) is not None:
                yield Finding(one.word.span, f"`{ignore.path}` keeps `{found[0][1]}` out of the build context")
            return
        text = files.text(posixpath.join(*found[0])) or ""
        waiting += [one.beside(path) for path in included_in(text)]
