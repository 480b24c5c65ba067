"""What the command line can be told."""

from __future__ import annotations

import argparse

from playpen_ls import __version__
from playpen_ls.api.finding import Severity
from playpen_ls.languages.registry import LANGUAGES


def parser() -> argparse.ArgumentParser:
    """The parser; the options say which `command` was called."""
    parser = argparse.ArgumentParser(
        prog="playpen-ls",
        description="Holds Dockerfiles, Jenkinsfiles, Kubernetes manifests and Python files against the practices of "
        "the platform. Without arguments it is a language server on standard input and output.",
    )
    parser.add_argument("--version", action="version", version=f"playpen-ls {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="show what breaks a practice")
    _add_input(check)
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.add_argument(
        "--fail-on",
        choices=[one.label for one in reversed(Severity)],
        default="warning",
        help="exit with 1 for findings of this severity or above (default: %(default)s)",
    )
    check.add_argument("--no-fixes", action="store_true", help="do not work out which findings can be fixed")
    check.set_defaults(command="check")

    fix = commands.add_parser("fix", help="mend what can be mended safely")
    _add_input(fix)
    fix.add_argument(
        "--unsafe", action="store_true", help="also take fixes that want to be read; rewrites only if selected"
    )
    fix.add_argument("--diff", action="store_true", help="show the changes instead of writing them")
    fix.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="with -: fail when it takes longer, for formatters on save"
    )
    fix.set_defaults(command="fix")

    explain = commands.add_parser("explain", help="show the page of a rule")
    explain.add_argument("rule", metavar="RULE")
    explain.set_defaults(command="explain")

    rules = commands.add_parser("rules", help="list the rules")
    rules.add_argument("--markdown", action="store_true", help="as the page of the catalogue")
    rules.add_argument("--schema", action="store_true", help="as the JSON Schema of playpen.toml")
    rules.set_defaults(command="rules")

    serve = commands.add_parser("serve", help="speak the language server protocol on standard input and output")
    serve.set_defaults(command="serve")
    return parser


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: this folder); - is standard input"
    )
    parser.add_argument("--select", action="append", default=[], metavar="RULE", help="only these rules or languages")
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="not these rules or languages")
    parser.add_argument("--stdin-filename", metavar="NAME", help="the name that the text on standard input has")
    parser.add_argument(
        "--language", choices=LANGUAGES, help="the language of the text on standard input, where its name does not tell"
    )
