"""Show the documentation of a rule."""

from __future__ import annotations

import argparse

from playpen_ls.cli.common import DONE, Unusable
from playpen_ls.config.rule_names import unknown_rule
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="RULE", help="a rule's id or name")


def run(options: argparse.Namespace) -> int:
    rules = [rule for rule in (*all_rules(), *OWN_RULES) if options.rule in (rule.id, rule.name)]
    if not rules:
        raise Unusable(unknown_rule(options.rule))
    print("\n".join(page(rule) for rule in rules), end="")
    return DONE
