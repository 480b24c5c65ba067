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
from playpen_ls.languages.dockerfile.build_context.locate import context_of
from playpen_ls.languages.dockerfile.parts import Run, Stage
from playpen_ls.rules.dockerfile.copy_before_install.broad_copies import BroadCopy, broad_copies
from playpen_ls.rules.dockerfile.copy_before_install.plans import Plan, sink, split

FLASK = {"requirements.txt": "flask==3.0.0\n"}
NODE = {"package.json": "{}", "package-lock.json": "{}"}


@rule(
    severity=Severity.WARNING,
    practice="Layer caching",
    needs_index=False,
    bad=[
        example(
            {"Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n"} | FLASK,
            fixed="FROM python:3.12\nWORKDIR /app\n"
            "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        example(
            {
                "Dockerfile": "FROM python:3.12\n«ADD --chown=1:1 ./ /app»\n"
                "WORKDIR /app\nRUN pip3 install -r ./requirements.txt\n"
            }
            | FLASK,
            fixed="FROM python:3.12\nCOPY --chown=1:1 requirements.txt /app/\nWORKDIR /app\n"
            "RUN pip3 install -r ./requirements.txt\nADD --chown=1:1 ./ /app\n",
        ),
        example(
            {
                "Dockerfile": "FROM node:20\nWORKDIR /app\n«COPY . .»\nRUN npm ci\nRUN npm run build\n",
                ".dockerignore": "node_modules\n",
            }
            | NODE,
            fixed="FROM node:20\nWORKDIR /app\nCOPY package.json package-lock.json ./\n"
            "RUN npm ci\nCOPY . .\nRUN npm run build\n",
        ),
        example(
            {
                "Dockerfile": "FROM node:20\nWORKDIR /app\n«COPY ./web .»\nRUN npm ci\n",
                ".dockerignore": "web/node_modules/*\n",
                "web/package.json": "{}",
                "web/package-lock.json": "{}",
            },
            fixed="FROM node:20\nWORKDIR /app\nCOPY ./web/package.json ./web/package-lock.json ./\nRUN npm ci\n"
            "COPY ./web .\n",
        ),
        example(
            {
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
                "«COPY . .»\nRUN apt-get update && apt-get install -y curl\n"
            },
            fixed="FROM python:3.12\nWORKDIR /app\nRUN apt-get update && apt-get install -y curl\nCOPY . .\n",
        ),
        # The copy moves below the packages; the install that needs the project itself is split.
        example(
            {
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
                "«COPY . .»\nRUN apt-get update && apt-get install -y curl\n"
                "RUN poetry install\nCMD serve\n",
                "pyproject.toml": "",
                "poetry.lock": "",
            },
            fixed="FROM python:3.12\nWORKDIR /app\nRUN apt-get update && apt-get install -y curl\n"
            "COPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\n"
            "COPY . .\nRUN poetry install\nCMD serve\n",
        ),
        example(
            {
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pdm sync --prod --no-self\n",
                "pyproject.toml": "",
                "pdm.lock": "",
                ".dockerignore": ".venv\n",
            },
            fixed="FROM python:3.12\nWORKDIR /app\nCOPY pyproject.toml pdm.lock ./\nRUN pdm sync --prod --no-self\n"
            "COPY . .\n",
        ),
        # The compose file sets the build context.
        example(
            {
                "docker/Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
                "«COPY . .»\nRUN pip install -r requirements.txt\n",
                "compose.yaml": "services: {web: {build: {context: ./src, dockerfile: ../docker/Dockerfile}}}\n",
                "src/requirements.txt": "flask==3.0.0\n",
            },
            fixed="FROM python:3.12\nWORKDIR /app\n"
            "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n",
            "compose.yaml": "services: {web: {build: {context: ./src, dockerfile: ../Dockerfile}}}\n",
            "requirements.txt": "flask==3.0.0\n",
        },
        # `*` copies the contents of folders, so `docs/requirements.txt` can be the one that is installed.
        {"Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY ./* ./»\nRUN pip install -r requirements.txt\n"} | FLASK,
        {"Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pip install .\n"},
        example(
            {
                "Dockerfile": "FROM python:3.12\nENV V=/opt/venv\nWORKDIR /app\n«COPY . .»\nRUN python -m venv $V\n"
                "RUN apk add --virtual .tools gcc && pip install -qr requirements.txt && pip check && apk del .tools\n",
            }
            | FLASK,
            fixed="FROM python:3.12\nENV V=/opt/venv\nWORKDIR /app\nRUN python -m venv $V\nCOPY requirements.txt .\n"
            "RUN apk add --virtual .tools gcc && pip install -qr requirements.txt && pip check && apk del .tools\n"
            "COPY . .\n",
        ),
        example(
            {
                "Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
                "«COPY . .»\nRUN uv pip install --system -r requirements.txt\n",
                "pyproject.toml": "[tool.uv]\n",
            }
            | FLASK,
            fixed="FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt pyproject.toml ./\n"
            "RUN uv pip install --system -r requirements.txt\nCOPY . .\n",
        ),
        # The copy would overwrite the virtual environment that is created in its folder.
        {
            "Dockerfile": "FROM python:3.12\nENV V=/app/v\nWORKDIR /app\n«COPY . .»\nRUN python -m venv $V\n"
            "RUN pip install -r requirements.txt\n",
            "v/x": "",
        }
        | FLASK,
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN uv pip install -r pyproject.toml\n",
            "pyproject.toml": '[project]\ndynamic = ["dependencies"]\n',
        },
        {"Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN bundle install --local\n", "Gemfile": ""},
        # An environment variable, an option or a build argument names a file that is read.
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\n"
            "RUN PIP_CONSTRAINT=c.txt pip install -r requirements.txt\n",
            "c.txt": "",
        }
        | FLASK,
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\n"
            "RUN export PIP_CONSTRAINT=c.txt && pip install -r requirements.txt\n",
        }
        | FLASK,
        {
            "Dockerfile": "FROM node:20\nWORKDIR /app\n«COPY . .»\nRUN npm ci --userconfig npmrc\n",
            ".dockerignore": "node_modules",
        }
        | NODE,
        {"Dockerfile": "FROM python:3.12\nARG R=requirements.txt\nWORKDIR /app\n«COPY . .»\nRUN pip install -r $R\n"}
        | FLASK,
        {
            "Dockerfile": "FROM python:3.12\nARG E=x\nENV R=r.$E.txt\n"
            "WORKDIR /app\n«COPY . .»\nRUN pip install -r $R\n",
            "r.x.txt": "",
        },
        {"Dockerfile": "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt && make\n"}
        | FLASK,
        "FROM python:3.12\nWORKDIR /app\n«COPY . .»\nRUN pip install -r requirements.txt\n",
    ],
    good=[
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
            "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
        }
        | FLASK,
        "FROM python:3.12\nCOPY . .\nFROM python:3.12\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        "FROM python:3.12\nCOPY start.sh .\nRUN pip install -r requirements.txt\n",
        "FROM python:3.12\nCOPY --from=b . .\nRUN pip install -r requirements.txt\n",
        "FROM python:3.12\nONBUILD COPY . /app\nONBUILD RUN pip install -r /app/requirements.txt\n",
        "FROM python:3.12\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        "COPY . .\nRUN pip install -e .\n",
        "FROM python:3.12\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /app .\n",
        "FROM python:3.12\nCOPY . .\nRUN pip install --upgrade pip\nRUN npm run build\n",
        "FROM python:3.12\nCOPY . .\nRUN cargo build --release\n",
        "FROM node:20\nWORKDIR /app\nCOPY pnpm-lock.yaml ./\nRUN pnpm fetch --prod\nCOPY . .\n"
        "RUN pnpm install --offline --prod\n",
        "FROM python:3.12\nCOPY . .\nRUN <<EOF cat > a\npip install -r requirements.txt\nEOF\n",
    ],
)
def copy_before_install(stage: Stage, files: Files, platform: Platform, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """Source code is copied before the dependencies are installed.

    Docker rebuilds a layer when a file copied above it has changed. If the whole project is copied
    first, a change in any file invalidates the cached install layer and all dependencies are installed
    again. Copy the dependency manifests, install, then copy the rest of the source. The fix does that
    where it can prove that the image stays the same, and gives the reason where it cannot. Reported as
    information where the install itself needs the source, as in `pip install .`.
    """
    runs = any(isinstance(one, Run) for one in stage.instructions)
    contexts = list(context_of(stage.file.path, platform.build_context, builds, files).folders) if runs else []
    for broad in broad_copies(stage, files, contexts):
        if _is_reported(broad, files, contexts):
            named = broad.named
            related = (Place(stage.file.path, named.command.span, f"`{named.title}` runs here"),)
            copy = " ".join([broad.copy.keyword, *(word.text for word in broad.copy.words)])
            message = f"`{copy}` before `{named.title}` invalidates the cached install layer on every source change"
            severity = Severity.INFORMATION if named.needs else None
            yield Finding(broad.copy.words_span, message, (_fix(broad, files, contexts),), severity, related)


def _is_reported(broad: BroadCopy, files: Files, contexts: list[str]) -> bool:
    """A copied folder is reported only if it contains a manifest, a Go build only if it downloads modules."""
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
        return Fix(f"Copy only the dependency manifests before `{broad.named.title}`", partial(_refuse, plan))
    names = [posixpath.basename(path.rstrip("/")) for path in plan.moved]
    what = " and ".join(f"`{name}`" for name in names) if len(names) < 3 else f"`{names[0]}` and {len(names) - 1} more"
    title = (
        f"Copy {what} before `{broad.last.title}`, and the rest of the source after it"
        if names
        else f"Copy the source after `{broad.last.title}`"
    )
    split = broad.install.alone or (broad.left.alone if broad.left else "")
    if split:
        title = f"Install the dependencies from {what} before copying the source"
    if plan.ignored:
        ignored = " and ".join(f"`{path}`" for path in plan.ignored)
        title += f", and exclude {ignored} from the build context"
    kind = "refactor.rewrite" if split else "quickfix"
    safe = plan.safe and not plan.ignored and not split
    return Fix(title, partial(plan.change, broad, files), safe=safe, kind=kind)


def _refuse(reason: Refused) -> Change:
    raise reason
