"""The dependency manifests that an install reads, by tool, and what in them requires the source files."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.rules.dockerfile._installs import Install
from playpen_ls.rules.dockerfile._pip_files import closure

_LIFECYCLE = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
)
_LOCAL_PACKAGE = re.compile(r"(?:file|link|workspace|portal|patch):|\.{1,2}/|~/|/")


@dataclass(frozen=True)
class Tool:
    """`needed` files must exist; `locks` are lock files, used if they exist (`strict` commands require one); `beside`
    are optional settings files. A name that ends in `/` is a folder."""

    needed: tuple[str, ...]
    locks: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    strict: tuple[str, ...] = ()
    check: Callable[[Folder, Install], None] = lambda folder, install: None


class Folder:
    """The folder of the build context in which a tool looks; names are relative to it."""

    def __init__(self, context: str, path: str, files: Files) -> None:
        self.path = "" if path == "." else path
        self._files, self._root = files, context

    def exists(self, name: str) -> bool:
        return self._files.exists(self._place(name))

    def text(self, name: str) -> str:
        return self._files.text(self._place(name)) or ""

    def _place(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self._root, self.path, name))


def manifests_of(install: Install, folder: Folder) -> list[str]:
    """The files that the install reads, relative to the build context, in the order for COPY. Raises Refused."""
    tool = TOOLS[install.tool]
    for name in tool.needed:
        if not folder.exists(name):
            raise Refused(f"`{posixpath.join(folder.path, name)}` is not in the build context")
    locks = [name for name in tool.locks if folder.exists(name)]
    if not locks and install.title in tool.strict:
        raise Refused(f"`{posixpath.join(folder.path, tool.locks[0])}` is not in the build context")
    tool.check(folder, install)
    beside = [name for name in tool.beside if folder.exists(name)]
    return [posixpath.join(folder.path, name) for name in (*tool.needed, *locks, *beside)]


def requirements_of(paths: list[str], context: str, files: Files) -> list[str]:
    """The requirements files, the files they include, and `pip.conf` in the same folders. Raises Refused."""
    found: set[str] = set()
    for path in paths:
        found.update(closure(path, lambda one: files.text(posixpath.join(context, one))))
        settings = posixpath.join(posixpath.dirname(path), "pip.conf")
        if files.exists(posixpath.join(context, settings)):
            found.add(settings)
    return sorted(found)


def _refuse_if(found: re.Match[str] | None, name: str) -> None:
    if found:
        raise Refused(f"`{name}` contains `{found[0].strip()}`, so the install needs the source files")


def npm_start(folder: Folder) -> list[str]:
    """The words of the command that `npm start` runs; empty if it is unknown or not a single plain command."""
    try:
        scripts = json.loads(folder.text("package.json") or "{}")["scripts"]
        if "prestart" in scripts or not re.fullmatch(r"[\w ./=-]+", scripts["start"]):
            return []
        return scripts["start"].split()  # type: ignore[no-any-return]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []


def _check_node(folder: Folder, install: Install) -> None:
    try:
        package = json.loads(folder.text("package.json") or "{}")
    except (ValueError, RecursionError):
        raise Refused("`package.json` cannot be parsed") from None
    if not isinstance(package, dict):
        raise Refused("`package.json` cannot be parsed")
    scripts = package.get("scripts")
    if isinstance(scripts, dict) and not install.command.has("--ignore-scripts"):
        for name in _LIFECYCLE:
            if name in scripts:
                raise Refused(f"the script `{name}` in `package.json` runs at every install and can need source files")
    if "workspaces" in package:
        raise Refused("`package.json` defines workspaces, whose manifests the install also needs")
    for group in ("dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions"):
        entries = package.get(group)
        for name, version in entries.items() if isinstance(entries, dict) else ():
            if isinstance(version, str) and _LOCAL_PACKAGE.match(version):
                raise Refused(f"`package.json` installs `{name}` from `{version}`")
    settings = package.get("pnpm")
    if isinstance(settings, dict) and "patchedDependencies" in settings:
        raise Refused("`patchedDependencies` in `package.json` needs patch files from the source")
    for name, why in (("binding.gyp", "is compiled"), ("patches", "is applied"), ("lerna.json", "is read")):
        if folder.exists(name):
            raise Refused(f"`{name}` {why} at every install")


def _check_pnpm(folder: Folder, install: Install) -> None:
    _check_node(folder, install)
    _refuse_if(re.search(r"^packages:", folder.text("pnpm-workspace.yaml"), re.MULTILINE), "pnpm-workspace.yaml")


def _check_pyproject(folder: Folder, install: Install) -> None:
    text = folder.text("pyproject.toml")
    _refuse_if(re.search(r"[{,]\s*path\s*=\s*[\"'][^\"']*[\"']|^path\s*=.*", text, re.MULTILINE), "pyproject.toml")
    _refuse_if(
        re.search(r"^\[tool\.uv\.workspace\]|[{,]\s*workspace\s*=\s*true|@\s*file:", text, re.MULTILINE),
        "pyproject.toml",
    )


def _check_pipfile(folder: Folder, install: Install) -> None:
    _refuse_if(re.search(r"\b(?:path|file|editable)\s*=\s*[^,}\n]+", folder.text("Pipfile")), "Pipfile")


def _check_go(folder: Folder, install: Install) -> None:
    match = re.search(r"=>\s*\.{0,2}/\S*", folder.text("go.mod"))
    _refuse_if(match, "go.mod")
    for name in ("vendor", "go.work"):
        if folder.exists(name):
            raise Refused(f"`{name}` exists, so Go reads modules from the source files")


def _check_gemfile(folder: Folder, install: Install) -> None:
    pattern = r"^\s*gemspec\b|\bpath:?\s*(?:=>)?\s*[\"'].*|^\s*eval_gemfile.*|\brequire_relative.*|\bFile\.\w+\(.*"
    _refuse_if(re.search(pattern, folder.text("Gemfile"), re.MULTILINE), "Gemfile")


def _check_composer(folder: Folder, install: Install) -> None:
    _refuse_if(re.search(r"\"type\"\s*:\s*\"path\"", folder.text("composer.json")), "composer.json")


def _check_maven(folder: Folder, install: Install) -> None:
    text = folder.text("pom.xml")
    _refuse_if(re.search(r"<modules>|<relativePath>\s*\.\.|<systemPath>", text), "pom.xml")


_YARN = (".yarnrc", ".yarnrc.yml", ".npmrc", ".yarn/releases/", ".yarn/plugins/", ".yarn/patches/")
TOOLS = {
    "npm": Tool(("package.json",), ("package-lock.json", "npm-shrinkwrap.json"), (".npmrc",), ("npm ci",), _check_node),
    "yarn": Tool(("package.json",), ("yarn.lock",), _YARN, (), _check_node),
    "pnpm": Tool(
        ("package.json",), ("pnpm-lock.yaml",), (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"), (), _check_pnpm
    ),
    "bun": Tool(("package.json",), ("bun.lock", "bun.lockb"), ("bunfig.toml", ".npmrc"), (), _check_node),
    "poetry": Tool(("pyproject.toml",), ("poetry.lock",), ("poetry.toml",), (), _check_pyproject),
    "uv": Tool(("pyproject.toml",), ("uv.lock",), ("uv.toml", ".python-version"), (), _check_pyproject),
    "pipenv": Tool(("Pipfile",), ("Pipfile.lock",), (), ("pipenv sync",), _check_pipfile),
    "go": Tool(("go.mod",), ("go.sum",), (), (), _check_go),
    "bundle": Tool(("Gemfile",), ("Gemfile.lock",), (".ruby-version", ".bundle/config"), (), _check_gemfile),
    "composer": Tool(("composer.json",), ("composer.lock",), ("auth.json",), (), _check_composer),
    "maven": Tool(("pom.xml",), (), (".mvn/",), (), _check_maven),
}
