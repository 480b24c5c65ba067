"""Generates the settings in package.json from the rules and the server. Run it after changing rules."""

from __future__ import annotations

import json
from pathlib import Path

from playpen_ls.config.schema import editor_settings
from playpen_ls.engine.registry import all_rules

PACKAGE = Path(__file__).parent / "package.json"


def with_settings(text: str) -> str:
    """The text of a package.json with the current settings."""
    package = json.loads(text)
    package["contributes"]["configuration"]["properties"] = editor_settings(all_rules())
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PACKAGE.write_text(with_settings(PACKAGE.read_text(encoding="utf-8")), encoding="utf-8")
