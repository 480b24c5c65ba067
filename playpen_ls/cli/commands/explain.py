"""Show the documentation of a rule."""

from __future__ import annotations

import argparse

from playpen_ls.cli.common import DONE, Unusable
from playpen_ls.config.rule_names import similar_rules
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import page
from playpen_ls.languages.registry import LANGUAGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="RULE", help="a rule's id or name")


def run(options: argparse.Namespace) -> int:
    rules = [rule for rule in (*all_rules(), *OWN_RULES) if options.rule in (rule.id, rule.name)]
    if not rules:
        raise Unusable(_unknown(options.rule))
    print("\n".join(page(rule) for rule in rules), end="")
    return DONE


def _unknown(name: str) -> str:
    if name in LANGUAGES:
        return f"`{name}` is a language and no rule; `playpen-ls rules` lists the rules of all languages"
    near = [f"`{id}`" for id in similar_rules(name)]
    meant = f"; did you mean {' or '.join(near)}?" if near else ";"
    return f"unknown rule `{name}`{meant} `playpen-ls rules` lists all rules"
