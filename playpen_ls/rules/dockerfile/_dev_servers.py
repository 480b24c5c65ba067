"""Whether a container starts a development server, which writes into the folders of the project while it runs."""

from __future__ import annotations

import json
import posixpath

from playpen_ls.api.facts import Files
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.parts import Cmd, Entrypoint
from playpen_ls.text.regex import regex

# They keep caches in node_modules, .next and the like; Django's server often has its database in the project.
_SERVER = regex(
    r"\b(?:react-scripts\s+start|craco\s+start|vite(?!\s+preview|-)|next\s+dev|nuxi?t?\s+dev|ng\s+serve|webpack(?:-dev-server|\s+serve)"
    r"|vue-cli-service\s+serve|gatsby\s+develop|parcel|astro\s+dev|svelte-kit\s+dev|remix\s+dev|expo\s+start"
    r"|manage\.py\s+runserver)\b"
)
_SCRIPT = regex(r"\b(?:npm|yarn|pnpm|bun)\s+(?:--?\S+\s+)*(?:run(?:-script)?\s+)?(?P<name>[\w:.-]+)")
_NAMED = ("dev", "serve", "develop")
_NESTED = 3  # scripts that run other scripts


def starts_dev_server(stage: Stage, files: Files) -> bool:
    starting = [one for one in stage.all_instructions if isinstance(one, (Cmd, Entrypoint))]
    command = " ".join(word.text for one in starting for word in one.vector or one.words)
    folders = dict.fromkeys((posixpath.dirname(stage.file.path), ""))
    scripts = next((found for folder in folders if (found := _scripts(folder, files)) is not None), None)
    return _is_server(command, scripts, 0)


def _is_server(command: str, scripts: dict[str, str] | None, depth: int) -> bool:
    if _SERVER.search(command):
        return True
    match = _SCRIPT.search(command)
    if match is None or depth == _NESTED:
        return False
    if scripts is None:
        return match["name"] in _NAMED
    return _is_server(scripts.get(match["name"], ""), scripts, depth + 1)


def _scripts(folder: str, files: Files) -> dict[str, str] | None:
    """The scripts of the folder's package.json; None if there is none, or if it cannot be read."""
    try:
        package = json.loads(files.text(posixpath.join(folder, "package.json")) or "")
    except ValueError:
        return None
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return {name: text for name, text in scripts.items() if isinstance(text, str)} if isinstance(scripts, dict) else {}
