#!/usr/bin/env python3
"""Writes the files that are derived from the rules and the configuration. Run it after changing either."""

from __future__ import annotations

import json
import sys
from collections.abc import Container, Iterator
from pathlib import Path

from playpen_ls.config.schema import editor_settings, schema
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import catalogue
from playpen_ls.server.features import languages_of_features

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from documentation import documentation  # noqa: E402


def generated() -> Iterator[tuple[Path, str]]:
    """The derived files with the text that they should have."""
    yield ROOT / "playpen_ls/rules/README.md", catalogue((*all_rules(), *OWN_RULES))
    yield ROOT / "editors/playpen.schema.json", json.dumps(schema(all_rules()), indent=2) + "\n"
    manifest = ROOT / "editors/vscode/package.json"
    package = json.loads(manifest.read_text(encoding="utf-8"))
    package["contributes"]["configuration"]["properties"] = editor_settings(all_rules(), languages_of_features())
    yield manifest, json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    yield from documentation()


def stale(made: Container[Path]) -> Iterator[Path]:
    """Pages of the documentation that are not among the derived files that are made."""
    yield from (path for path in sorted((ROOT / "docs").rglob("*.html")) if path not in made)


if __name__ == "__main__":
    made = dict(generated())
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    for path in stale(made):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")
