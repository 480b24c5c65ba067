"""Merge the reports of many services into a scorecard."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from itertools import pairwise

from playpen_ls.cli.common import DONE, FAILED, Unusable, say
from playpen_ls.cli.output import write_whole
from playpen_ls.cli.scorecard import LARGEST, InvalidReport, Scorecard, earlier, owners_of, report_files, service
from playpen_ls.cli.scorecard_page import page
from playpen_ls.engine.summary import counted
from playpen_ls.project.read_file import read_file
from playpen_ls.text.source import Unreadable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports",
        nargs="+",
        metavar="REPORT",
        help="JSON or SARIF of `check`, one for each service (SERVICE=FILE gives its name), or folders with them",
    )
    parser.add_argument("--output", metavar="FOLDER", default="scorecard", help="default: %(default)s")
    parser.add_argument("--codeowners", metavar="FILE", help="owners of the services, by their names as paths")
    parser.add_argument("--previous", metavar="FILE", help="scorecard.json of an earlier run, for the change")


def run(options: argparse.Namespace) -> int:
    scorecard, failed = Scorecard(), 0
    owners = owners_of(_read(options.codeowners)) if options.codeowners else lambda _: ()
    if options.previous:
        try:
            scorecard.before = earlier(_read(options.previous))
        except InvalidReport as error:
            raise Unusable(f"{options.previous}: {error}") from None
    for name, file in report_files(options.reports):
        try:
            scorecard.services.append(replace(service(name, _read(file)), owners=owners(name)))
        except InvalidReport as error:
            failed += 1
            say(f"{file}: {error}")
    scorecard.services.sort(key=lambda one: one.name)
    names = [one.name for one in scorecard.services]
    for name in sorted({name for name, after in pairwise(names) if name == after}):
        say(f"several reports of service `{name}`; give them names: SERVICE=FILE")
        failed += 1
    for name, text in (
        ("index.html", page),
        ("scorecard.json", Scorecard.as_json),
        ("scorecard.csv", Scorecard.as_csv),
    ):
        write_whole(os.path.join(options.output, name), text(scorecard))
    say(f"{os.path.join(options.output, 'index.html')}: {counted(len(names), 'service')}")
    return FAILED if failed else DONE


def _read(file: str) -> str:
    try:
        return read_file(file, LARGEST).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror or error}") from None
    except Unreadable as error:
        raise Unusable(f"{file}: {error}") from None
