"""What an install reads besides its manifests is copied with them, or the fix is not a safe one."""

from __future__ import annotations

import json

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.finding import Refused
from playpen_ls.engine.fixer import verified
from playpen_ls.engine.registry import rules_of

RULE = next(rule for rule in rules_of("dockerfile") if rule.name == "copy-before-install")
REFUSED, UNSAFE = "refused", "unsafe"
SCHEMA = {"prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n}\n'}
IGNORE = {".dockerignore": "node_modules\n.git\n.venv\nvendor\n"}


def package(version: str = "5.1.0", name: str = "@prisma/client", **more: object) -> dict[str, str]:
    return {"package.json": json.dumps({"dependencies": {name: version}, **more})}


def lock(**entries: object) -> dict[str, str]:
    found = {f"node_modules/{name}": entry for name, entry in entries.items()}
    return {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"": {}, **found}})}


def outcome(files: dict[str, str], install: str, copy: str = "COPY . .") -> str:
    """The lines above the install after a safe fix, else UNSAFE or REFUSED."""
    text = f"FROM team/base:1\nWORKDIR /app\n«{copy}»\nRUN {install}\n"
    project = Project(RULE, Example({"Dockerfile": text, **IGNORE, **files}))
    look = project.look()
    (diagnostic,) = look.diagnostics
    (fix,) = diagnostic.finding.fixes
    try:
        change = verified(look, diagnostic, fix, project.look, project.text)
    except Refused:
        return REFUSED
    result = project.source.edited(change.edits["Dockerfile"]).text
    above = result.split("WORKDIR /app\n")[1].split(f"RUN {install}")[0]
    return above.strip().replace("\n", "; ") if fix.safe else UNSAFE


LOCK = lock()
MANIFESTS = "COPY package.json package-lock.json ./"
WITH_SCHEMA = f"{MANIFESTS}; COPY prisma prisma"


@pytest.mark.parametrize(
    ("files", "install", "expected"),
    [
        (package() | LOCK | SCHEMA, "npm ci", WITH_SCHEMA),
        (package("^7.0.0") | LOCK | SCHEMA, "npm ci", MANIFESTS),
        (package("latest") | LOCK | SCHEMA, "npm ci", WITH_SCHEMA),
        (package() | LOCK | SCHEMA, "npm ci --ignore-scripts", MANIFESTS),
        (package() | LOCK | SCHEMA | {".npmrc": "ignore-scripts=true\n"}, "npm ci", f"{MANIFESTS[:-3]} .npmrc ./"),
        (package() | LOCK, "npm ci", MANIFESTS),
        (
            package(prisma={"schema": "./db/app.prisma"}) | LOCK | {"db/app.prisma": ""},
            "npm ci",
            f"{MANIFESTS}; COPY db/app.prisma db/",
        ),
        (
            package(prisma={"schema": "db"}) | LOCK | {"db/a.prisma": "", "db/b.prisma": ""},
            "npm ci",
            f"{MANIFESTS}; COPY db db",
        ),
        # It is a dependency of a dependency.
        (
            package("1.0.0", "shop-db")
            | SCHEMA
            | lock(**{"@prisma/client": {"version": "6.2.1", "hasInstallScript": True}}),
            "npm ci",
            WITH_SCHEMA,
        ),
        (package() | LOCK | SCHEMA | {"prisma.config.ts": ""}, "npm ci", REFUSED),
        (package() | LOCK | {"schema.prisma": 'generator a {\n provider = "./gen.js"\n}\n'}, "npm ci", REFUSED),
        (
            package() | LOCK | {"schema.prisma": 'generator a {\n output = "./src/db"\n}\n', "src/db/index.js": ""},
            "npm ci",
            REFUSED,
        ),
        (
            package() | LOCK | {"schema.prisma": 'generator a {\n output = "./src/db"\n}\n'},
            "npm ci",
            "COPY package.json package-lock.json schema.prisma ./",
        ),
        # Yarn, pnpm and Bun.
        (
            package("*", "x") | SCHEMA | {"yarn.lock": '"@prisma/client@^5.1.0":\n  version "5.1.1"\n'},
            "yarn install",
            "COPY package.json yarn.lock ./; COPY prisma prisma",
        ),
        (
            package("*", "x") | SCHEMA | {"yarn.lock": '"@prisma/client@^7.1.0":\n  version "7.1.1"\n'},
            "yarn install",
            "COPY package.json yarn.lock ./",
        ),
        (
            package() | SCHEMA | {"yarn.lock": "", ".yarnrc.yml": "enableScripts: false\n"},
            "yarn install",
            "COPY package.json yarn.lock .yarnrc.yml ./",
        ),
        (
            package(packageManager="pnpm@10.1.0") | SCHEMA | {"pnpm-lock.yaml": ""},
            "pnpm install",
            "COPY package.json pnpm-lock.yaml ./",
        ),
        (
            package(packageManager="pnpm@10.1.0", pnpm={"onlyBuiltDependencies": ["@prisma/client"]})
            | SCHEMA
            | {"pnpm-lock.yaml": ""},
            "pnpm install",
            "COPY package.json pnpm-lock.yaml ./; COPY prisma prisma",
        ),
        (
            package(packageManager="pnpm@9.1.0") | SCHEMA | {"pnpm-lock.yaml": ""},
            "pnpm install",
            "COPY package.json pnpm-lock.yaml ./; COPY prisma prisma",
        ),
        (package(trustedDependencies=["esbuild"]) | SCHEMA, "bun install", "COPY package.json ."),
        # Other packages with install scripts.
        (package("4.3.8", "husky") | LOCK | {".git/HEAD": ""}, "npm ci", MANIFESTS),
        (package("4.3.8", "husky") | LOCK | {".git/HEAD": "", ".dockerignore": "node_modules\n"}, "npm ci", REFUSED),
        (package("9.0.0", "husky") | LOCK | {".git/HEAD": "", ".dockerignore": "node_modules\n"}, "npm ci", MANIFESTS),
        (
            package("22.0.0", "puppeteer") | LOCK | {".puppeteerrc.cjs": "module.exports = {}\n"},
            "npm ci",
            "COPY package.json package-lock.json .puppeteerrc.cjs ./",
        ),
        (package("2.0.0", "msw", msw={"workerDirectory": "public"}) | LOCK, "npm ci", REFUSED),
        (package("1.0.0", "x") | lock(esbuild={"hasInstallScript": True}), "npm ci", MANIFESTS),
        (package("1.0.0", "x") | lock(strange={"hasInstallScript": True}), "npm ci", UNSAFE),
        (package("1.0.0", "x") | lock(strange={"hasInstallScript": True, "dev": True}), "npm ci --omit=dev", MANIFESTS),
    ],
)
def test_what_install_scripts_read(files: dict[str, str], install: str, expected: str):
    assert outcome(files, install) == expected


NODE = {"package.json": "{}", "yarn.lock": ""}
CERTIFICATE = {"certs/ca.pem": ""}
YARN = "COPY package.json yarn.lock"


@pytest.mark.parametrize(
    ("files", "install", "expected"),
    [
        (
            {"package.json": "{}", ".npmrc": "cafile=./certs/ca.pem\n"} | LOCK | CERTIFICATE,
            "npm ci",
            "COPY package.json package-lock.json .npmrc ./; COPY certs/ca.pem certs/",
        ),
        (
            {"package.json": "{}", ".npmrc": "cafile = /app/certs/ca.pem\n"} | LOCK | CERTIFICATE,
            "npm ci",
            "COPY package.json package-lock.json .npmrc ./; COPY certs/ca.pem certs/",
        ),
        (
            {"package.json": "{}", ".npmrc": "cafile=/etc/ssl/ca.pem\n# cafile=certs/ca.pem\n"} | LOCK | CERTIFICATE,
            "npm ci",
            "COPY package.json package-lock.json .npmrc ./",
        ),
        (
            {"package.json": "{}", ".npmrc": "//nexus/npm/:certfile=certs/ca.pem\n//nexus/npm/:_authToken=${T}\n"}
            | LOCK
            | CERTIFICATE,
            "npm ci",
            "COPY package.json package-lock.json .npmrc ./; COPY certs/ca.pem certs/",
        ),
        ({"package.json": "{}", ".npmrc": "cafile=${CERTS}/ca.pem\n"} | LOCK, "npm ci", REFUSED),
        (
            NODE | {".yarnrc": 'yarn-offline-mirror "./mirror"\n', "mirror/a.tgz": ""},
            "yarn install",
            f"{YARN} .yarnrc ./; COPY mirror mirror",
        ),
        (
            NODE | {".yarnrc.yml": 'httpsCaFilePath: "certs/ca.pem"\n'} | CERTIFICATE,
            "yarn install",
            f"{YARN} .yarnrc.yml ./; COPY certs/ca.pem certs/",
        ),
        (
            NODE | {".yarnrc.yml": "plugins:\n  - path: .yarn/plugins/own.cjs\n", ".yarn/plugins/own.cjs": ""},
            "yarn install",
            REFUSED,
        ),
        (
            {"package.json": "{}", "bunfig.toml": '[install]\ncafile = "certs/ca.pem"\n'} | CERTIFICATE,
            "bun install",
            "COPY package.json bunfig.toml ./; COPY certs/ca.pem certs/",
        ),
        (
            {"requirements.txt": "flask\n", "pip.conf": "[global]\ncert = certs/ca.pem\n"} | CERTIFICATE,
            "pip install -r requirements.txt",
            "COPY pip.conf requirements.txt ./; COPY certs/ca.pem certs/",
        ),
        (
            {"Gemfile": "", ".bundle/config": 'BUNDLE_SSL_CA_CERT: "certs/ca.pem"\n'} | CERTIFICATE,
            "bundle install",
            "COPY Gemfile ./; COPY .bundle/config .bundle/; COPY certs/ca.pem certs/",
        ),
        (
            {"pom.xml": "", ".mvn/maven.config": "-s ci/settings.xml\n", "ci/settings.xml": ""},
            "mvn dependency:go-offline",
            "COPY pom.xml ./; COPY ci/settings.xml ci/; COPY .mvn .mvn",
        ),
        (
            {"pyproject.toml": '[tool.uv]\nfind-links = ["wheels"]\n', "uv.lock": "", "wheels/a.whl": ""},
            "uv sync --no-install-project",
            REFUSED,
        ),
        ({"pyproject.toml": '[project]\ndynamic = ["version"]\n'}, "uv sync --no-install-project", UNSAFE),
        (
            {"pyproject.toml": '[project]\ndynamic = ["version"]\n', "uv.lock": ""},
            "uv sync --frozen --no-install-project",
            "COPY pyproject.toml uv.lock ./",
        ),
        ({"package.json": "{}", "pnpm-workspace.yaml": "patchedDependencies:\n  a: b\n"}, "pnpm install", REFUSED),
        # Composer plugins.
        (
            {"composer.json": '{"config": {"allow-plugins": {"symfony/flex": true, "php-http/discovery": true}}}'},
            "composer install --no-scripts --no-autoloader",
            UNSAFE,
        ),
        (
            {"composer.json": '{"config": {"allow-plugins": {"symfony/flex": false, "php-http/discovery": true}}}'},
            "composer install --no-scripts --no-autoloader",
            "COPY composer.json .",
        ),
        (
            {"composer.json": '{"extra": {"patches": {"a/b": {"x": "patches/x.patch"}}}}'},
            "composer install --no-scripts --no-autoloader",
            REFUSED,
        ),
        # A folder above has the manifest of a workspace.
        (
            {"package.json": '{"workspaces": ["web"]}', "web/package.json": "{}", "web/package-lock.json": "{}"},
            "cd web && npm ci",
            REFUSED,
        ),
        (
            {
                "package.json": "{}",
                "web/package.json": "{}",
                "web/package-lock.json": "{}",
                ".dockerignore": "**/node_modules",
            },
            "cd web && npm ci",
            "COPY web/package.json web/package-lock.json web/",
        ),
        ({"go.work": "", "svc/go.mod": ""}, "cd svc && go mod download", REFUSED),
    ],
)
def test_what_settings_name(files: dict[str, str], install: str, expected: str):
    assert outcome(files, install) == expected
