"""List the rules, as text, as the catalog or as a JSON Schema."""

from __future__ import annotations

import argparse

from playpen_ls.cli.common import DONE
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import catalogue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", action="store_true", help="print the rule catalog as Markdown")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of playpen.toml")


def run(options: argparse.Namespace) -> int:
    rules = (*all_rules(), *OWN_RULES)
    if options.markdown:
        print(catalogue(rules), end="")
        return DONE
    if options.schema:
        import json

        from playpen_ls.config.schema import schema

        print(json.dumps(schema(all_rules()), indent=2))
        return DONE
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        severity = rule.severity.label if rule.enabled else f"{rule.severity.label} (off)"
        print(f"{rule.id:<{width}}  {severity:<12}  {rule.title}")
    return DONE
