"""The argument parser of the command line."""

from __future__ import annotations

import argparse

from playpen_ls import __version__
from playpen_ls.api.finding import Severity
from playpen_ls.languages.registry import LANGUAGES


def parser() -> argparse.ArgumentParser:
    """The parser. Parsed options have the name of the subcommand as `command`."""
    parser = argparse.ArgumentParser(
        prog="playpen-ls",
        description="Check Dockerfiles, Jenkinsfiles, Kubernetes manifests and Python files against the best practices "
        "of the Playpen platform. Started by an editor without arguments, it runs the language server.",
    )
    parser.add_argument("--version", action="version", version=f"playpen-ls {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check files and report findings")
    _add_input(check)
    check.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    check.add_argument(
        "--fail-on",
        choices=[one.label for one in reversed(Severity)],
        default="warning",
        help="exit with 1 if a finding has this severity or a higher one (default: %(default)s)",
    )
    check.add_argument("--no-fixes", action="store_true", help="do not compute fixes (faster)")
    check.set_defaults(command="check")

    fix = commands.add_parser("fix", help="apply safe fixes")
    _add_input(fix)
    fix.add_argument(
        "--unsafe",
        action="store_true",
        help="also apply unsafe fixes (review the result); rewrites only for rules named in --select",
    )
    fix.add_argument("--diff", action="store_true", help="print a diff instead of writing the files")
    fix.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="with -: fail after this time (for format on save)"
    )
    fix.set_defaults(command="fix")

    explain = commands.add_parser("explain", help="show the documentation of a rule")
    explain.add_argument("rule", metavar="RULE", help="a rule's id or name")
    explain.set_defaults(command="explain")

    rules = commands.add_parser("rules", help="list the rules")
    rules.add_argument("--markdown", action="store_true", help="print the rule catalog as Markdown")
    rules.add_argument("--schema", action="store_true", help="print the JSON Schema of playpen.toml")
    rules.set_defaults(command="rules")

    serve = commands.add_parser("serve", help="run the language server on standard input and output")
    serve.set_defaults(command="serve")
    return parser


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: current folder); - reads standard input"
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="RULE", help="run only these rules or languages"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="skip these rules or languages")
    parser.add_argument("--stdin-filename", metavar="NAME", help="file name of the text on standard input")
    parser.add_argument(
        "--language", choices=LANGUAGES, help="language of the text on standard input if its file name does not tell"
    )
