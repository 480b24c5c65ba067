from __future__ import annotations

import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.build_context.sources import (
    excluded_by,
    is_made_by_a_build,
    is_there,
    local_sources,
)
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.languages.dockerfile.parts import Stage
from playpen_ls.rules.dockerfile._pip_files import included_in
from playpen_ls.rules.dockerfile.missing_source.required_files import Required, may_be_made, origins, required_files
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import near_miss

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"
PYTHON = "FROM python:3.12\nWORKDIR /app\n"
# A folder with such a file can be the build context of a Python image.
_NAMES_FILE = regex(r"\.|file$")  # app.py, Gemfile
_PYTHON = regex(r".*\.py|pyproject\.toml|setup\.cfg|requirements[\w.-]*\.txt")


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"docker": ["CopyIgnoredFile"]},
    bad=[
        {"Dockerfile": "FROM python:3.12\nCOPY «settings.py» app.py /app/\n", "app.py": ""},
        {"Dockerfile": 'FROM debian:12\nADD [«"conf"», "/app"]\nCOPY --chown=1 ./app.py /app/\n', "app.py": ""},
        {"Dockerfile": "FROM debian:12\nCOPY «app.py» /app/\n", "app.py": "", ".dockerignore": "*\n!src\n"},
        {"Dockerfile": "FROM debian:12\nCOPY «src» /app/\n", "src/a": "", ".dockerignore": "src\n"},
        {"a/Dockerfile": "FROM debian:12\nCOPY here «there» /app/\n", "a/here": ""},
        {"Dockerfile": "FROM debian:12\nCOPY «.» /app/\n", "app.py": "", ".dockerignore": "*\n"},
        # Only a misspelled name confirms the build context.
        {"Dockerfile": "FROM debian:12\nCOPY «./erquirements.txt» /app/\nCOPY . /app\n", "requirements.txt": ""},
        {
            "Dockerfile": PYTHON + "COPY app.py .\nCOPY «rqeuirements.txt» .\nRUN pip install -r requirements.txt\n",
            "app.py": "",
            "requirements.txt": "",
        },
        {"docker/Dockerfile": "FROM debian:12\nCOPY «b.py» /app/\n", "docker-compose.yml": COMPOSE, "docker/b.py": ""},
        example(
            {"docker/Dockerfile": "FROM debian:12\nCOPY «b.py» /app/\n", "docker/b.py": ""},
            platform=Platform(build_context={"docker/Dockerfile": "."}),
        ),
        {"Dockerfile": "FROM debian:12\nCOPY «Gmefile» /app/\nCOPY . /app/\n", "Gemfile": ""},
        {"Dockerfile": "FROM debian:12\nARG CONF=a.conf\nCOPY «$CONF» app.py /app/\n", "app.py": ""},
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
        # An included requirements file is not copied, or does not exist.
        {"Dockerfile": f"{PYTHON}COPY r.txt .\nRUN pip install -r «r.txt»\n", "r.txt": "-r b.txt\n", "b.txt": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r «r/a.txt»\n", "r/a.txt": "-c b.txt\n", "b.txt": ""},
        {"Dockerfile": f"{PYTHON}COPY a.py .\nRUN uv pip sync «r.txt»\n", "a.py": "", "r.txt": ""},
        # Possibly created by an earlier build step.
        {
            "Dockerfile": "FROM debian:12\nCOPY app.py «secrets.yml» «dist/» /app/\n",
            "app.py": "",
            ".gitignore": "*.yml\n",
        },
        {"Dockerfile": "FROM debian:12\nCOPY «server» a.x /app/\n", "a.x": "", "go.mod": ""},
        {"Dockerfile": "FROM debian:12\nCOPY «a.bin» a.x /app/\n", "a.x": "", "Makefile": "a.bin: a.x\n\tlink a.x\n"},
    ],
    good=[
        {"Dockerfile": "FROM python:3.12\nCOPY app.py src ./src/. /app/\nCOPY . /src\n", "app.py": "", "src/db.py": ""},
        {
            "Dockerfile": f"{PYTHON}COPY pins/ limits/\nCOPY base.txt ./app.txt\n"
            "RUN pip install -r app.txt -c limits/all.txt\n",
            "pins/all.txt": "-r ../app.txt\n",
            "base.txt": "-r https://example.com/base.txt\n",
        },
        # Something else can provide the file: the base image, a command, a mount, another stage.
        {"Dockerfile": "FROM team/base\nCOPY . .\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN make r.txt\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip freeze > r.txt && pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN [ ! -f r.txt ] || pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}RUN --mount=type=bind,target=. pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY a.py .\nCOPY --from=b /r /app\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY r*.txt ./\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": "FROM python:3\nCOPY . /app\nRUN pip install -r r.txt\n", "a.py": ""},
        {"Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r https://example.com/r.txt\n", "a.py": ""},
        {"a/Dockerfile": f"{PYTHON}COPY . .\nRUN pip install -r r.txt\n", "b": ""},
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /\nCOPY r.txt ./\nRUN pip install -r r.txt\n",
            "r.txt": "fastapi\n",
        },
        "FROM debian:12\nCOPY app.py /app/\n",
        {"Dockerfile": "FROM debian:12\nCOPY . /app/\n", "app.py": "", ".dockerignore": "*\n!app.py\n"},
        {"web/Dockerfile": "FROM debian:12\nCOPY . /app/\n", "web/app.py": "", ".dockerignore": "*\n"},
        {"Dockerfile": "FROM debian:12\nCOPY . /app/\n", "app.py": "", ".dockerignore": ".*\n*.log\n"},
        {"a/Dockerfile": "FROM debian:12\nCOPY app.py /app/\n", "b": ""},
        {"a/Dockerfile": "FROM debian:12\nCOPY app.py /app/\n", "app.py": ""},
        {"Dockerfile": "FROM debian:12\nCOPY yarn.lock* app.py /app/\n", "app.py": ""},
        {"Dockerfile": "FROM debian:12\nCOPY app.py apps/{name}/package.json /app/\n", "app.py": ""},
        {
            "Dockerfile": "FROM debian:12\nARG A\nCOPY $A app.py /app/\n"
            "COPY --from=b /c /d\nADD https://example.com/a /a\n",
            "app.py": "",
        },
        {"Dockerfile": "FROM debian:12\nCOPY app.py /app/\nCOPY <<EOF /y\nb\nEOF\n", "app.py": ""},
        {"Dockerfile": "FROM debian:12\nCOPY src /app/\n", "src/a": "", ".dockerignore": "src\n!src/a\n"},
        {"Dockerfile": "FROM debian:12\nONBUILD COPY app.py /app/\n", "b": ""},
        {
            "docker/Dockerfile": "FROM debian:12\nCOPY b.py /app/\n",
            "compose.yaml": "services: {w: {build: {context: $X, dockerfile: Dockerfile}}, v: {build: docker}}\n",
            "docker/b.py": "",
        },
    ],
)
def missing_source(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """`COPY` source or requirements file is missing from the build context.

    The build fails at that instruction. The build context is the one that the profile, a Jenkinsfile,
    a compose file or a bake file names; otherwise the Dockerfile's folder or the project root,
    whichever contains another copied file; for `COPY .` alone its own folder, if that has a `.dockerignore`.
    Requirements files (`-r`, `-c` and the files they include) are checked only where nothing but a `COPY` can provide
    them. Not reported where the context is a guess that no existing file or misspelled name confirms, for patterns
    (which are allowed to match nothing), and for variables without a known value. A hint for files that a step before
    the build can create: known build outputs, keys and certificates, files that git ignores, and names in a
    Jenkinsfile, a Makefile or a shell script.
    """
    sources = list(local_sources(stage)) if files.known and stage.mentions("copy add", ("copy", "add")) else []
    required = list(required_files(stage)) if files.known and _is_bare(stage, platform) else []
    named = [path for _, path in sources if path]
    if not named and not required and not sources:
        return
    dockerfile = stage.file.path
    context = context_of(dockerfile, platform.build_context, builds, files)
    folders = [one for one in context.folders if any(is_there(path, one, files) for path in named)]
    if not folders and context.stated:
        folders = [one for one in context.folders if files.names(one or ".")]
    if not folders and not named and not required:  # `COPY . .` alone: its folder is a context if it has an ignore file
        own = posixpath.dirname(dockerfile)
        folders = [own] if own in context.folders and ".dockerignore" in files.names(own or ".") else []
    if not folders and not named and required:
        asked = [path for one in required for path in origins(one) or ()]
        folders = [one for one in context.folders if any(is_there(path, one, files) for path in asked)]
        folders = folders or [one for one in context.folders if any(map(_PYTHON.fullmatch, files.names(one or ".")))]
    if not folders:
        folders = [
            one
            for one in context.folders
            if any(_NAMES_FILE.search(path) and _near(path, one, files) for path in named)
        ]
    missing = set()
    for word, path in sources if folders else ():
        here = [folder for folder in folders if is_there(path, folder, files)]
        if not here:
            missing.add(path)
            yield _absent(word.span, path, folders[0], files)
        elif (ignore := excluded_by(dockerfile, path, here[0], files)) is not None:
            missing.add(path)
            what = f"`{path}` is" if path else "all files are"
            yield Finding(word.span, f"{what} excluded from the build context by `{ignore.path}`")
    for one in required if folders else ():
        yield from _read_by_pip(one, dockerfile, folders, missing, files)


def _absent(span: Span, path: str, folder: str, files: Files) -> Finding:
    made = is_made_by_a_build(path, folder, files)
    where = f"the build context `{folder}`" if folder else "the build context"
    near = _near(path, folder, files)
    hint = f"; did you mean `{near}`?" if near else ""
    return Finding(span, f"`{path}` is missing from {where}{hint}", severity=Severity.HINT if made else None)


def _near(path: str, context: str, files: Files) -> str:
    """The only file beside the missing path from which its name differs by a typo, or ""."""
    folder, name = posixpath.split(path)
    there = files.names(posixpath.normpath(posixpath.join(context, folder) or "."))
    near = near_miss(name, {one for one in there if not one.endswith("/")}) if name not in there else None
    return posixpath.join(folder, near) if near else ""


def _is_bare(stage: Stage, platform: Platform) -> bool:
    """The base image is known to contain no files of the project."""
    image = stage.external_base
    if image is None or not image.external or "onbuild" in image.reference.tag:
        return False
    return platform.owns(image.reference) or is_known_image(image.reference.name)


def _read_by_pip(
    required: Required, dockerfile: str, folders: list[str], missing: set[str], files: Files
) -> Iterator[Finding]:
    """At most one finding for the word: the named requirements file or one that it includes is missing."""
    waiting, seen = [required], set[str]()
    while waiting:
        one = waiting.pop(0)
        paths = origins(one) if one.place not in seen else None
        if paths is None or any(path == gone or path.startswith(gone + "/") for path in paths for gone in missing):
            continue  # something else can write it, or its COPY is reported
        seen.add(one.place)
        found = [(folder, path) for folder in folders for path in paths if is_there(path, folder, files)]
        ignores = [excluded_by(dockerfile, path, folder, files) for folder, path in found]
        if None not in ignores:
            if may_be_made(one):
                return
            if not paths:
                message = f"`{posixpath.basename(one.place)}` is not copied into the image before this `RUN`"
                yield Finding(one.word.span, message)
            elif not found:
                yield _absent(one.word.span, paths[0], folders[0], files)
            elif (ignore := ignores[0]) is not None:
                message = f"`{found[0][1]}` is excluded from the build context by `{ignore.path}`"
                yield Finding(one.word.span, message)
            return
        text = files.text(posixpath.join(*found[0])) or ""
        waiting += [one.beside(path) for path in included_in(text)]
