from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Place, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Run, Stage
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.rules.dockerfile.copy_before_install.broad_copies import BroadCopy, broad_copies
from playpen_ls.rules.dockerfile.copy_before_install.plans import Plan, sink, split

FLASK = {"requirements.txt": "flask==3.0.0\n"}
NODE = {"package.json": "{}", "package-lock.json": "{}"}


@rule(
    severity=Severity.WARNING,
    practice="Layer caching",
    waits=False,
    bad=[
        example(
            {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n"} | FLASK,
            fixed="FROM a\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        example(
            {"Dockerfile": "FROM a\n«ADD --chown=1:1 ./ /app»\nWORKDIR /app\nRUN pip3 install -r ./requirements.txt\n"}
            | FLASK,
            fixed="FROM a\nCOPY --chown=1:1 requirements.txt /app/\nWORKDIR /app\n"
            "RUN pip3 install -r ./requirements.txt\nADD --chown=1:1 ./ /app\n",
        ),
        example(
            {
                "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN npm ci\nRUN npm run build\n",
                ".dockerignore": "node_modules\n",
            }
            | NODE,
            fixed="FROM a\nWORKDIR /app\nCOPY package.json package-lock.json ./\n"
            "RUN npm ci\nCOPY . .\nRUN npm run build\n",
        ),
        example(
            {
                "Dockerfile": "FROM a\nWORKDIR /app\n«COPY ./web .»\nRUN npm ci\n",
                ".dockerignore": "web/node_modules/*\n",
                "web/package.json": "{}",
                "web/package-lock.json": "{}",
            },
            fixed="FROM a\nWORKDIR /app\nCOPY ./web/package.json ./web/package-lock.json ./\nRUN npm ci\n"
            "COPY ./web .\n",
        ),
        example(
            {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN apt-get update && apt-get install -y curl\n"},
            fixed="FROM a\nWORKDIR /app\nRUN apt-get update && apt-get install -y curl\nCOPY . .\n",
        ),
        # The copy sinks past the packages; what needs the project itself is split.
        example(
            {
                "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN apt-get update && apt-get install -y curl\n"
                "RUN poetry install\nCMD x\n",
                "pyproject.toml": "",
                "poetry.lock": "",
            },
            fixed="FROM a\nWORKDIR /app\nRUN apt-get update && apt-get install -y curl\n"
            "COPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\nCOPY . .\nRUN poetry install\nCMD x\n",
        ),
        # The compose file says in which folder it is built.
        example(
            {
                "docker/Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n",
                "compose.yaml": "services: {web: {build: {context: ./src, dockerfile: ../docker/Dockerfile}}}\n",
                "src/requirements.txt": "flask==3.0.0\n",
            },
            fixed="FROM a\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        {
            "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n",
            "compose.yaml": "services: {web: {build: {context: ./src, dockerfile: ../Dockerfile}}}\n",
            "requirements.txt": "flask==3.0.0\n",
        },
        # Folders are unpacked, so `docs/requirements.txt` may be the one that is installed.
        {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY ./* ./»\nRUN pip install -r requirements.txt\n"} | FLASK,
        {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install .\n"},
        example(
            {
                "Dockerfile": "FROM a\nENV V=/opt/venv\nWORKDIR /app\n«COPY . .»\nRUN python -m venv $V\n"
                "RUN apk add --virtual .tools gcc && pip install -qr requirements.txt && pip check && apk del .tools\n",
            }
            | FLASK,
            fixed="FROM a\nENV V=/opt/venv\nWORKDIR /app\nRUN python -m venv $V\nCOPY requirements.txt .\n"
            "RUN apk add --virtual .tools gcc && pip install -qr requirements.txt && pip check && apk del .tools\n"
            "COPY . .\n",
        ),
        example(
            {
                "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN uv pip install --system -r requirements.txt\n",
                "pyproject.toml": "[tool.uv]\n",
            }
            | FLASK,
            fixed="FROM a\nWORKDIR /app\nCOPY requirements.txt pyproject.toml ./\n"
            "RUN uv pip install --system -r requirements.txt\nCOPY . .\n",
        ),
        # The copy would overwrite the environment that is made in its folder.
        {
            "Dockerfile": "FROM a\nENV V=/app/v\nWORKDIR /app\n«COPY . .»\nRUN python -m venv $V\n"
            "RUN pip install -r requirements.txt\n",
            "v/x": "",
        }
        | FLASK,
        {
            "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN uv pip install -r pyproject.toml\n",
            "pyproject.toml": '[project]\ndynamic = ["dependencies"]\n',
        },
        {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN bundle install --local\n", "Gemfile": ""},
        # Something else names what is read.
        {
            "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\n"
            "RUN PIP_CONSTRAINT=c.txt pip install -r requirements.txt\n",
            "c.txt": "",
        }
        | FLASK,
        {
            "Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\n"
            "RUN export PIP_CONSTRAINT=c.txt && pip install -r requirements.txt\n",
        }
        | FLASK,
        {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN npm ci --userconfig x\n", ".dockerignore": "node_modules"}
        | NODE,
        {"Dockerfile": "FROM a\nARG R=requirements.txt\nWORKDIR /app\n«COPY . .»\nRUN pip install -r $R\n"} | FLASK,
        {
            "Dockerfile": "FROM a\nARG E=x\nENV R=r.$E.txt\nWORKDIR /app\n«COPY . .»\nRUN pip install -r $R\n",
            "r.x.txt": "",
        },
        {"Dockerfile": "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt && make\n"} | FLASK,
        "FROM a\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n",
    ],
    good=[
        {"Dockerfile": "FROM a\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"}
        | FLASK,
        "FROM a\nCOPY . .\nFROM a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        "FROM a\nCOPY start.sh .\nRUN pip install -r requirements.txt\n",
        "FROM a\nCOPY --from=b . .\nRUN pip install -r requirements.txt\n",
        "FROM a\nONBUILD COPY . /app\nONBUILD RUN pip install -r /app/requirements.txt\n",
        "FROM a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nRUN pip install -e .\n",
        "FROM a\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /app .\n",
        "FROM a\nCOPY . .\nRUN pip install --upgrade pip\nRUN npm run build\n",
        "FROM a\nCOPY . .\nRUN cargo build --release\n",
        "FROM a\nCOPY . .\nRUN <<EOF cat > a\npip install -r requirements.txt\nEOF\n",
    ],
)
def copy_before_install(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """Everything is copied before the dependencies are installed.

    A layer is built again when anything changes that was copied above it. Where the whole project
    is copied first, a change in any file installs all dependencies again. Copy what the install
    reads, install, then copy the rest: the fix does that where it can prove that the image stays the
    same, and says why where it cannot.
    """
    path = stage.document.source.path
    runs = any(isinstance(one, Run) for one in stage.instructions)
    contexts = list(context_of(path, platform.build_context, builds, files).folders) if runs else []
    for broad in broad_copies(stage, files, contexts):
        if _is_reported(broad, files, contexts):
            named = broad.named
            related = (Place(stage.document.source.path, named.command.span, "the install"),)
            message = f"`{named.title}` runs again whenever any file changes, since all are copied above it"
            severity = Severity.INFORMATION if named.needs else None
            yield Finding(broad.copy.words_span, message, (_fix(broad, files, contexts),), severity, related)


def _is_reported(broad: BroadCopy, files: Files, contexts: list[str]) -> bool:
    """A named folder counts only with a manifest in it, a build of Go only with modules to download."""
    install = broad.install
    downloads_first = install.tool in ("go", "maven") and bool(install.alone)
    if not downloads_first and not broad.source:
        return True
    plan = _plan(broad, files, contexts)
    if isinstance(plan, Refused):
        return not broad.source and "is not in" not in str(plan)
    return bool(plan.moved)


def _plan(broad: BroadCopy, files: Files, contexts: list[str]) -> Plan | Refused:
    try:
        if broad.install.needs:
            return Refused(broad.install.needs)
        return split(broad, files, contexts) if broad.install.alone else sink(broad, files, contexts)
    except Refused as reason:
        return reason


def _fix(broad: BroadCopy, files: Files, contexts: list[str]) -> Fix:
    plan = _plan(broad, files, contexts)
    if isinstance(plan, Refused):
        return Fix("Copy only the dependency manifests first", partial(_refuse, plan))
    names = [posixpath.basename(path.rstrip("/")) for path in plan.moved]
    what = " and ".join(f"`{name}`" for name in names) if len(names) < 3 else f"`{names[0]}` and {len(names) - 1} more"
    title = (
        f"Copy {what} first, the rest below `{broad.last.title}`"
        if names
        else (f"Copy everything below `{broad.last.title}`")
    )
    split = broad.install.alone or (broad.left.alone if broad.left else "")
    if split:
        title = f"Install the dependencies from {what} first"
    if plan.ignored:
        ignored = " and ".join(f"`{path}`" for path in plan.ignored)
        title += f", and keep {ignored} out of the build context"
    kind = "refactor.rewrite" if split else "quickfix"
    safe = plan.safe and not plan.ignored and not split
    return Fix(title, partial(plan.change, broad, files), safe=safe, kind=kind)


def _refuse(reason: Refused) -> Change:
    raise reason
