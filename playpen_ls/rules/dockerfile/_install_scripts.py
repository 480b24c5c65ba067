"""What the install scripts of npm packages read of the project, as far as it is known."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from playpen_ls.api.finding import Refused
from playpen_ls.text.regex import regex

# Their install scripts compile, download or print something, and read nothing of the project besides its manifests.
_HARMLESS = frozenset(
    """
    @apollo/protobufjs @biomejs/biome @bufbuild/buf @datadog/native-appsec @datadog/native-metrics @datadog/pprof
    @ffmpeg-installer/linux-x64 @fortawesome/fontawesome-free @grpc/grpc-js @nestjs/core @newrelic/native-metrics
    @parcel/watcher @pact-foundation/pact-core @pact-foundation/pact-node @prisma/engines @scarf/scarf @sentry/cli
    @sentry/profiling-node @serialport/bindings @serialport/bindings-cpp @swc/core @tailwindcss/oxide
    @tensorflow/tfjs-node @vscode/ripgrep argon2 aws-crt aws-sdk bcrypt better-sqlite3 bufferutil canvas chromedriver
    classic-level core-js core-js-bundle core-js-pure couchbase cpu-features cwebp-bin cypress deasync
    dtrace-provider edgedriver ejs electron es5-ext esbuild farmhash ffmpeg-static fsevents gatsby gatsby-cli
    gatsby-telemetry geckodriver gifsicle grpc grpc-tools heapdump highlight.js hnswlib-node iconv jpegtran-bin keccak
    kerberos keytar leveldown libpq libxmljs libxmljs2 lmdb microtime mongodb-client-encryption mongodb-memory-server
    mongodb-memory-server-core mozjpeg msgpackr-extract ngrok node-expat node-pty node-rdkafka node-sass nodemon nuxt
    odbc onnxruntime-node opencollective opencollective-postinstall optipng-bin oracledb parcel-bundler pg-native
    phantomjs phantomjs-prebuilt playwright playwright-chromium playwright-firefox playwright-webkit pngquant-bin
    prisma protobufjs re2 robotjs secp256k1 segfault-handler serialport serverless sharp snappy sodium-native sqlite3
    ssh2 styled-components supabase svelte-preprocess tree-sitter uglifyjs-webpack-plugin unix-dgram unrs-resolver usb
    utf-8-validate v8-profiler-node8 vue-demi weak-napi websocket workerd yarn youtube-dl-exec zeromq
    """.split()
)
_GIT_HOOKS = {"husky": 5, "yorkie": 0, "pre-commit": 0, "lefthook": 0, "simple-git-hooks": 0, "ghooks": 0}
_PUPPETEER = (
    *(f".puppeteerrc{ending}" for ending in ("", ".cjs", ".js", ".json", ".yaml")),
    *(f"puppeteer.config.{ending}" for ending in ("js", "cjs", "ts")),
)
_PRISMA_CONFIG = (*(f"prisma.config.{ending}" for ending in ("ts", "js", "mts", "mjs", "cts", "cjs")), ".config/")
_GENERATOR = regex(r"^\s*generator\s+\w+\s*\{(?P<body>[^}]*)\}", re.MULTILINE)
_SETTING = regex(r"^\s*(?P<name>provider|output|binaryTargets)\s*=\s*(?P<value>.*\S)", re.MULTILINE)
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies")


class ProjectFolder(Protocol):
    """The folder of the build context in which the package manager runs; names are relative to it."""

    def sees(self, name: str) -> bool:
        """Whether it is in the build context."""

    def text(self, name: str) -> str: ...

    def names(self, name: str) -> tuple[str, ...]: ...


class Packages:
    """The packages that an install can install, and which of them run scripts.

    `package` is the parsed package.json, `lock` the text of the lock file, "" if there is none. `allowed` names the
    packages that can run scripts, None for all; `development` is False if those for development are not installed.
    """

    def __init__(
        self, package: Mapping[str, Any], lock: str, allowed: frozenset[str] | None, development: bool
    ) -> None:
        self._package, self._lock, self._allowed = package, lock, allowed
        self._development = development

    def major(self, name: str) -> int | None:
        """The lowest major version of a package that runs scripts, 0 if unknown; None if it is not installed."""
        if self._allowed is not None and name not in self._allowed:
            return None
        found = []
        if re.search(rf"(?:^|[\"'/\s]){re.escape(name)}(?=[\"'@:(\s])", self._lock, re.MULTILINE):
            versions = rf"(?:^|[\"'/\s]){re.escape(name)}[\"']?(?:@|:\s)[^\d\n]*(?:\n\s*\"?version\"?:?\s*\"?)?(\d+)"
            found += [int(one) for one in re.findall(versions, self._lock, re.MULTILINE)] or [0]
        for group in _DEPENDENCIES if not found else ():
            entries = self._package.get(group)
            if isinstance(entries, dict) and name in entries:
                number = re.search(r"\d+", str(entries[name]))
                found.append(int(number[0]) if number else 0)
        return min(found) if found else None

    def unknown_script(self) -> str:
        """A package of an npm lock file with an install script that is not known; "" if there is none."""
        if "hasInstallScript" not in self._lock:
            return ""
        try:
            entries = json.loads(self._lock)["packages"].items()
            for path, entry in entries:
                name = path.rpartition("node_modules/")[2]
                if not path or not entry.get("hasInstallScript") or (entry.get("dev") and not self._development):
                    continue
                if name not in _HARMLESS and name not in _READERS and name not in _GIT_HOOKS:
                    return str(name)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            return "?"
        return ""


def read_by_scripts(packages: Packages, folder: ProjectFolder, package: Mapping[str, Any]) -> Iterator[str]:
    """The files and folders (with a final `/`) of the project that install scripts read. Raises Refused."""
    for name, below in _GIT_HOOKS.items():
        major = packages.major(name)
        if major is not None and (not below or major < below) and folder.sees(".git"):
            raise Refused(f"the install script of `{name}` installs Git hooks in `.git`")
    for name, reader in _READERS.items():
        major = packages.major(name)
        if major is not None:
            yield from reader(major, folder, package)


def _prisma(major: int, folder: ProjectFolder, package: Mapping[str, Any]) -> Iterator[str]:
    """The schema, from which `@prisma/client` before version 7 generates the client after its installation.

    Without a schema it only prints a warning, and the client throws when the program starts.
    """
    if major >= 7:
        return
    for name in _PRISMA_CONFIG:
        if folder.sees(name) and (name != ".config/" or any(one.startswith("prisma.") for one in folder.names(name))):
            raise Refused(f"the install script of `@prisma/client` runs `{name}`, which can need source files")
    settings = package.get("prisma")
    named = settings.get("schema") if isinstance(settings, dict) else None
    for path in (named,) if isinstance(named, str) else ("schema.prisma", "prisma/schema.prisma", "prisma/schema"):
        path = posixpath.normpath(path)
        if not folder.sees(path):
            continue
        files = [posixpath.join(path, one) for one in folder.names(path) if one.endswith(".prisma")] or [path]
        for file in files:
            _refuse_generators(file, folder)
        inside = path.startswith("prisma/")
        yield "prisma/" if inside else f"{path}/" if folder.names(path) else path
        return


def _refuse_generators(path: str, folder: ProjectFolder) -> None:
    for generator in _GENERATOR.finditer(folder.text(path)):
        for setting in _SETTING.finditer(generator["body"]):
            value = setting["value"].split("//")[0].strip().strip("\"'")
            if "env(" in value:
                raise Refused(f"`{path}` reads environment variables, which a file can set")
            if setting["name"] == "provider" and value != "prisma-client-js":
                raise Refused(f"the generator `{value}` in `{path}` can need source files")
            output = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
            if setting["name"] == "output" and not output.startswith("node_modules/") and folder.sees(output):
                raise Refused(f"the copy would overwrite `{output}`, which `@prisma/client` generates")


def _puppeteer(major: int, folder: ProjectFolder, package: Mapping[str, Any]) -> Iterator[str]:
    """Its configuration, which says which browser it downloads, and where to."""
    for name in _PUPPETEER:
        if folder.sees(name):
            if re.search(r"(?:require\(|from|import)\s*[\"']\.", folder.text(name)):
                raise Refused(f"the install script of `puppeteer` reads `{name}`, which reads other source files")
            yield name


def _msw(major: int, folder: ProjectFolder, package: Mapping[str, Any]) -> Iterator[str]:
    if "msw" in package:
        raise Refused("the install script of `msw` writes into the folders that `package.json` names")
    return iter(())


def _nx(major: int, folder: ProjectFolder, package: Mapping[str, Any]) -> Iterator[str]:
    if folder.sees("nx.json"):
        raise Refused("the install script of `nx` reads the projects that `nx.json` describes")
    return iter(())


_READERS: Mapping[str, Callable[[int, ProjectFolder, Mapping[str, Any]], Iterator[str]]] = {
    "@prisma/client": _prisma,
    "puppeteer": _puppeteer,
    "msw": _msw,
    "nx": _nx,
}
