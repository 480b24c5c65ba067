"""The dependency manifests that an install reads, by tool, and what in them requires the source files."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.build_context.dockerignore import Ignore
from playpen_ls.rules.dockerfile._install_scripts import Packages, read_by_scripts
from playpen_ls.rules.dockerfile._installs import Install
from playpen_ls.rules.dockerfile._pip_files import closure
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

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
_LOCAL_PACKAGE = regex(r"(?:file|link|workspace|portal|patch):|\.{1,2}/|~/|/")
_NODE = frozenset(("npm", "yarn", "pnpm", "bun"))
_SETTING_WORD = regex(r"[^\s\"'=,;\[\]{}()<>]+")
_NAMES_PATH = regex(r"file|path|cert|mirror|links|constraint|folder|dir", re.IGNORECASE)
# Composer plugins that neither read nor write files of the project besides `composer.json` and `composer.lock`.
_COMPOSER_PLUGINS = frozenset(
    """
    composer/installers composer/package-versions-deprecated dealerdirect/phpcodesniffer-composer-installer
    ergebnis/composer-normalize infection/extension-installer ocramius/package-versions pestphp/pest-plugin
    php-http/discovery phpstan/extension-installer
    """.split()
)


@dataclass(frozen=True)
class Tool:
    """`needed` files must exist; `locks` are lock files, used if they exist (`strict` commands require one); `beside`
    are optional settings files. A name that ends in `/` is a folder. `above` are files that the tool also reads from
    the folders above."""

    needed: tuple[str, ...]
    locks: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    strict: tuple[str, ...] = ()
    check: Callable[[Folder, Install], None] = lambda folder, install: None
    above: tuple[str, ...] = ()


class Folder:
    """The folder of the build context in which a tool looks; names are relative to it.

    `container` is its path in the container, "" if it is unknown.
    """

    def __init__(
        self, context: str, path: str, files: Files, ignore: Ignore | None = None, container: str = ""
    ) -> None:
        self.path = "" if path == "." else path
        self.container = container
        self._files, self._root, self._ignore = files, context, ignore

    def exists(self, name: str) -> bool:
        return self._files.exists(self._place(name))

    def sees(self, name: str) -> bool:
        """Whether it exists and no ignore file excludes it. False for names outside of the build context."""
        path = posixpath.normpath(posixpath.join(self.path, name))
        if path == ".." or path.startswith(("../", "/")) or not self.exists(name):
            return False
        return self._ignore is None or not self._ignore.excludes(path)

    def names(self, name: str) -> tuple[str, ...]:
        """The entries of a folder; those of folders end in `/`."""
        return self._files.names(self._place(name))

    @property
    def above(self) -> Iterator[str]:
        """The folders of the build context above it, relative to it."""
        depth = self.path.count("/") + 1 if self.path else 0
        return ("../" * number for number in range(1, depth + 1))

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
    _refuse_above(tool, folder)
    beside = [name for name in tool.beside if folder.exists(name)]
    read = [*tool.needed, *locks, *beside]
    read += _named_by([name for name in beside if not name.endswith("/")], folder, (*read, *install.outputs))
    if ".mvn/" in beside:
        read += _named_by([".mvn/maven.config", ".mvn/jvm.config"], folder, read)
    if install.tool in _NODE and not _skips_scripts(folder, install):
        read += read_by_scripts(_packages(folder, install), folder, _package(folder))
    return [posixpath.normpath(posixpath.join(folder.path, name)) + "/" * name.endswith("/") for name in read]


def unproven(install: Install, folder: Folder) -> str:
    """What can read more of the project than the manifests during the install, "" if nothing can."""
    if install.tool in _NODE and not _skips_scripts(folder, install):
        return _packages(folder, install).unknown_script()
    if install.tool == "composer" and not install.command.has("--no-plugins"):
        allowed = (_json(folder, "composer.json").get("config") or {}).get("allow-plugins")
        plugins = [name for name, is_allowed in allowed.items() if is_allowed] if isinstance(allowed, dict) else []
        return next((name for name in plugins if name not in _COMPOSER_PLUGINS), "*" if allowed is True else "")
    if install.tool == "uv" and not install.command.has("--frozen"):
        # uv can have to build the project to know its metadata.
        dynamic = re.search(r"^dynamic\s*=", folder.text("pyproject.toml"), re.MULTILINE)
        return dynamic[0] if dynamic else ""
    return ""


def _refuse_above(tool: Tool, folder: Folder) -> None:
    """Refuses if the tool also reads a file of a folder above, such as the manifest of a workspace."""
    for up in folder.above:
        for name in tool.above:
            if not folder.sees(up + name):
                continue
            text = folder.text(up + name)
            if name == "package.json" and '"workspaces"' not in text:
                continue
            if name == "pyproject.toml" and "[tool.uv.workspace]" not in text:
                continue
            raise Refused(f"the install also reads `{posixpath.normpath(posixpath.join(folder.path, up, name))}`")


def _named_by(settings: Iterable[str], folder: Folder, read: Iterable[str]) -> Iterator[str]:
    """The files and folders that settings files name, such as `cafile=certs/ca.pem`, without those that are `read`.

    npm ignores a missing `cafile`; the install then fails only where the certificate is needed. Raises Refused for a
    name with a variable.
    """
    seen = {posixpath.normpath(name) for name in (*read, ".")}
    for name in settings:
        lines = [line for line in folder.text(name).split("\n") if not line.lstrip().startswith(("#", ";"))]
        for line in lines:
            key = re.split(r"[=\s]|:\s", line.strip())[0]
            if "$" in line and _NAMES_PATH.search(key.rpartition("/")[2]):
                raise Refused(f"`{key}` in `{name}` names a file that is known only during the build")
        text = "\n".join(lines)
        for word in _SETTING_WORD.findall(text):
            path = word.rstrip(":")
            if path.startswith("/") and folder.container.startswith("/"):
                path = posixpath.relpath(path, folder.container)
            path = posixpath.normpath(path)
            if path in seen or any(path.startswith(f"{one}/") for one in seen) or not folder.sees(path):
                continue
            if path == ".." or path.endswith("/.."):
                raise Refused(f"`{name}` names a folder above it")
            seen.add(path)
            yield f"{path}/" if folder.names(path) else path


def requirements_of(paths: list[str], context: str, files: Files) -> list[str]:
    """The requirements files, the files they include, and `pip.conf` in the same folders. Raises Refused."""
    found: set[str] = set()
    for path in paths:
        found.update(closure(path, lambda one: files.text(posixpath.join(context, one))))
        folder = Folder(context, posixpath.dirname(path), files)
        if folder.exists("pip.conf"):
            named = _named_by(["pip.conf"], folder, ())
            found.update(posixpath.join(folder.path, name) for name in ("pip.conf", *named))
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


def _json(folder: Folder, name: str) -> dict[str, Any]:
    """The object in a JSON file. Raises Refused if there is none."""
    try:
        found = json.loads(folder.text(name) or "{}")
    except (ValueError, RecursionError):
        raise Refused(f"`{name}` cannot be parsed") from None
    if not isinstance(found, dict):
        raise Refused(f"`{name}` cannot be parsed")
    return found


def _package(folder: Folder) -> dict[str, Any]:
    return _json(folder, "package.json")


def _skips_scripts(folder: Folder, install: Install) -> bool:
    """Whether the install scripts of packages do not run."""
    if install.command.has("--ignore-scripts", "--mode=skip-build"):
        return True
    if install.tool == "yarn" and re.search(r"^enableScripts:\s*false", folder.text(".yarnrc.yml"), re.MULTILINE):
        return True
    return bool(re.search(r"^ignore-scripts\s*=\s*true", folder.text(".npmrc"), re.MULTILINE))


def _packages(folder: Folder, install: Install) -> Packages:
    package, tool = _package(folder), TOOLS[install.tool]
    lock = next((text for name in tool.locks if (text := folder.text(name))), "")
    omitted = [option.text for option in install.command.options if option.name == "--omit"]
    development = "dev" not in omitted and not install.command.has("--production", "--prod")
    return Packages(package, lock, _allowed(folder, install, package), development)


def _allowed(folder: Folder, install: Install, package: dict[str, Any]) -> frozenset[str] | None:
    """The packages whose install scripts run: with pnpm 10 and Bun those that a list names; None for all."""
    if install.tool == "bun":
        trusted = package.get("trustedDependencies")
        return frozenset(map(str, trusted)) if isinstance(trusted, list) else None
    version = re.match(r"pnpm@(\d+)", str(package.get("packageManager")))
    if install.tool != "pnpm" or version is None or int(version[1]) < 10:
        return None
    settings = package.get("pnpm")
    names = settings.get("onlyBuiltDependencies") if isinstance(settings, dict) else None
    text = folder.text("pnpm-workspace.yaml")
    if re.search(r"^(?:dangerouslyAllowAllBuilds|allowBuilds|neverBuiltDependencies)", text, re.MULTILINE):
        return None
    return frozenset(
        (*(map(str, names) if isinstance(names, list) else ()), *re.findall(r"@?[\w.-]+(?:/[\w.-]+)?", text))
    )


def _check_node(folder: Folder, install: Install) -> None:
    package = _package(folder)
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
    for group in ("overrides", "resolutions", "pnpm"):
        _refuse_if(re.search(r"(?:file|link|portal|patch):[^\"]*", json.dumps(package.get(group))), "package.json")
    settings = package.get("pnpm")
    if isinstance(settings, dict) and "patchedDependencies" in settings:
        raise Refused("`patchedDependencies` in `package.json` needs patch files from the source")
    for name, why in (("binding.gyp", "is compiled"), ("patches", "is applied"), ("lerna.json", "is read")):
        if folder.exists(name):
            raise Refused(f"`{name}` {why} at every install")


def _check_pnpm(folder: Folder, install: Install) -> None:
    _check_node(folder, install)
    local = r"^(?:packages|patchedDependencies):|(?:file|link):\S+"
    _refuse_if(re.search(local, folder.text("pnpm-workspace.yaml"), re.MULTILINE), "pnpm-workspace.yaml")
    _refuse_if(re.search(r"require\([\"']\..*", folder.text(".pnpmfile.cjs")), ".pnpmfile.cjs")


def _check_yarn(folder: Folder, install: Install) -> None:
    _check_node(folder, install)
    for plugin in re.findall(r"^\s*-?\s*path:\s*[\"']?([^\s\"']+)", folder.text(".yarnrc.yml"), re.MULTILINE):
        if not re.search(r"/@yarnpkg/plugin-[\w-]+\.cjs$", plugin):
            raise Refused(f"the Yarn plugin `{plugin}` can read source files")


def _check_pyproject(folder: Folder, install: Install) -> None:
    text = folder.text("pyproject.toml")
    local = r"^(?:find-links\s*=.*|url\s*=\s*[\"'](?!\w+://).*)"
    _refuse_if(re.search(local, text, re.MULTILINE), "pyproject.toml")
    _refuse_if(re.search(r"[{,]\s*path\s*=\s*[\"'][^\"']*[\"']|^path\s*=.*", text, re.MULTILINE), "pyproject.toml")
    _refuse_if(
        re.search(r"^\[tool\.uv\.workspace\]|[{,]\s*workspace\s*=\s*true|@\s*file:", text, re.MULTILINE),
        "pyproject.toml",
    )


def _check_pdm(folder: Folder, install: Install) -> None:
    _check_pyproject(folder, install)
    text = folder.text("pyproject.toml")
    hooks = re.search(r"^(?:pre|post)_(?:install|lock|sync)\b", text, re.MULTILINE)
    if hooks and "[tool.pdm.scripts]" in text and not install.command.has("-k", "--skip"):
        raise Refused("a script in `pyproject.toml` runs at every install and can need source files")


def _check_pipfile(folder: Folder, install: Install) -> None:
    _refuse_if(re.search(r"\b(?:path|file|editable)\s*=\s*[^,}\n]+", folder.text("Pipfile")), "Pipfile")


def _check_go(folder: Folder, install: Install) -> None:
    match = re.search(r"=>\s*\.{0,2}/\S*", folder.text("go.mod"))
    _refuse_if(match, "go.mod")
    for name in ("vendor", "go.work"):
        if folder.exists(name):
            raise Refused(f"`{name}` exists, so Go reads modules from the source files")


def _check_gemfile(folder: Folder, install: Install) -> None:
    pattern = (
        r"^\s*ruby\s+file:.*|^\s*gemspec\b|\bpath:?\s*(?:=>)?\s*[\"'].*|^\s*eval_gemfile.*|\brequire_relative.*"
        r"|\bFile\.\w+\(.*"
    )
    _refuse_if(re.search(pattern, folder.text("Gemfile"), re.MULTILINE), "Gemfile")


def _check_composer(folder: Folder, install: Install) -> None:
    text = folder.text("composer.json")
    _refuse_if(
        re.search(r"\"type\"\s*:\s*\"(?:path|artifact)\"|\"url\"\s*:\s*\"\.{0,2}/[^\"]*\"", text), "composer.json"
    )
    extra = _json(folder, "composer.json").get("extra")
    if not install.command.has("--no-plugins"):
        for name in ("patches", "patches-file", "merge-plugin"):
            if isinstance(extra, dict) and name in extra:
                raise Refused(f"`{name}` in `composer.json` names files that a plugin reads")


def _check_maven(folder: Folder, install: Install) -> None:
    text = folder.text("pom.xml")
    _refuse_if(re.search(r"<modules>|<relativePath>\s*\.\.|<systemPath>", text), "pom.xml")


_YARN = (".yarnrc", ".yarnrc.yml", ".npmrc", ".yarn/releases/", ".yarn/plugins/", ".yarn/patches/")
TOOLS = {
    "npm": Tool(
        ("package.json",),
        ("package-lock.json", "npm-shrinkwrap.json"),
        (".npmrc",),
        ("npm ci",),
        _check_node,
        ("package.json",),
    ),
    "yarn": Tool(
        ("package.json",), ("yarn.lock",), _YARN, (), _check_yarn, ("package.json", ".yarnrc", ".yarnrc.yml", ".npmrc")
    ),
    "pnpm": Tool(
        ("package.json",),
        ("pnpm-lock.yaml",),
        (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
        (),
        _check_pnpm,
        ("pnpm-workspace.yaml",),
    ),
    "bun": Tool(
        ("package.json",), ("bun.lock", "bun.lockb"), ("bunfig.toml", ".npmrc"), (), _check_node, ("package.json",)
    ),
    "poetry": Tool(("pyproject.toml",), ("poetry.lock",), ("poetry.toml",), (), _check_pyproject),
    "uv": Tool(
        ("pyproject.toml",),
        ("uv.lock",),
        ("uv.toml", ".python-version"),
        (),
        _check_pyproject,
        ("pyproject.toml", "uv.toml", ".python-version"),
    ),
    "pdm": Tool(("pyproject.toml",), ("pdm.lock",), ("pdm.toml", ".python-version"), ("pdm sync",), _check_pdm),
    "pipenv": Tool(("Pipfile",), ("Pipfile.lock",), (), ("pipenv sync",), _check_pipfile),
    "go": Tool(("go.mod",), ("go.sum",), (), (), _check_go, ("go.work",)),
    "bundle": Tool(
        ("Gemfile",), ("Gemfile.lock",), (".ruby-version", ".bundle/config", "vendor/cache/"), (), _check_gemfile
    ),
    "composer": Tool(("composer.json",), ("composer.lock",), ("auth.json",), (), _check_composer),
    "maven": Tool(("pom.xml",), (), (".mvn/",), (), _check_maven, (".mvn/",)),
}
