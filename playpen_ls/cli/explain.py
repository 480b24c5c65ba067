"""`playpen-ls explain`: print the page of a rule."""

from __future__ import annotations

import argparse

from playpen_ls.cli.common import (
    DONE,
    fail,
)
from playpen_ls.config.rule_names import unknown_rule
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import page


def run(options: argparse.Namespace) -> int:
    rules = [rule for rule in (*all_rules(), *OWN_RULES) if options.rule in (rule.id, rule.name)]
    if not rules:
        return fail(unknown_rule(options.rule))
    print("\n".join(page(rule) for rule in rules), end="")
    return DONE
