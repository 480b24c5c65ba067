"""The command line: check, fix, explain, rules, serve."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper

from playpen_ls.arguments import parser
from playpen_ls.check import Hit
from playpen_ls.config import Settings, is_rule_name, unknown_rule
from playpen_ls.finding import Change, Fix, Refused, Severity
from playpen_ls.fix import REWRITE, Fixed, safe_only
from playpen_ls.page import OWN_RULES, catalogue, page
from playpen_ls.report.findings import FileReport, Item, Problem, TriedFix, all_items
from playpen_ls.report.masking import Mask
from playpen_ls.rule import all_rules
from playpen_ls.source import Source, Unreadable
from playpen_ls.targets import Target, Targets, relative
from playpen_ls.writing import write

DONE, FOUND, FAILED = 0, 1, 2


def run(arguments: list[str]) -> int:
    """The exit status: 0 nothing to report, 1 findings, 2 it could not run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without `│` or emoji shows a question mark
    known = parser()
    if not arguments:
        known.print_help()
        return DONE
    try:
        options = known.parse_args(arguments)
        status = COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone; what the interpreter flushes at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


class Unusable(Exception):
    """The command cannot run as it was called."""


def _settings(options: argparse.Namespace) -> Settings:
    names = {key: tuple(_split(getattr(options, key))) for key in ("select", "ignore")}
    for key, given in names.items():
        for name in given:
            if not is_rule_name(name):
                raise Unusable(f"--{key} {name}: {unknown_rule(name)}")
    return Settings(names["select"] or None, names["ignore"])


def _split(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (word for word in value.replace(",", " ").split())


def _targets(options: argparse.Namespace, targets: Targets) -> Iterator[Target]:
    """The files that the options name. Raises Unusable."""
    if "-" in options.paths:
        if len(options.paths) > 1:
            raise Unusable("- stands for standard input and takes no other paths beside it")
        if not (options.stdin_filename or options.language):
            raise Unusable("standard input needs --stdin-filename NAME or --language NAME")
        name = options.stdin_filename or f"stdin.{options.language}"
        target = targets.text(_standard_input(name), name, options.language)
        if target is None:
            raise Unusable(f"{name}: no Dockerfile, Jenkinsfile, Kubernetes manifest or Python file")
        yield target
        return
    names = options.paths or ["."]
    for name in names:
        if not os.path.exists(name):
            raise Unusable(f"{name}: no such file or folder")
    yield from targets.under(names)


def _standard_input(name: str) -> str:
    try:
        source = Source.decoded(name, sys.stdin.buffer.read())
    except Unreadable as error:
        raise Unusable(f"{name}: {error}") from None
    return ("\ufeff" if source.byte_order_mark else "") + source.text


def _check(options: argparse.Namespace) -> int:
    try:
        targets = Targets(_settings(options))
        with_fixes, every = not options.no_fixes, options.format == "json"
        files = [_report(targets, target, with_fixes, every) for target in _targets(options, targets)]
    except Unusable as error:
        return _fail(str(error))
    invalid = _invalid_configuration(targets)
    if options.format == "json":
        from playpen_ls.report.json import json

        if isinstance(sys.stdout, TextIOWrapper):
            # A file's name need not be Unicode; JSON writes what is none as `\udcff`.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        print(json(files, [*targets.problems, *invalid]))
    else:
        from playpen_ls.report.text import text

        for line in text(files, targets.problems):
            print(line)
    if invalid:
        return FAILED
    least = Severity.named(options.fail_on)
    return FOUND if any(item.hit.severity >= least for item in all_items(files)) else DONE


def _report(targets: Targets, target: Target, with_fixes: bool, every: bool) -> FileReport:
    """Check one file; its text is let go afterwards."""
    workspace, path = target.workspace, target.path
    _prepare(target)
    report = workspace.check(path)
    items = [Item(hit, ()) for hit in report.hits]
    if with_fixes and items:
        tried = workspace.trier(path)
        shown = {(hit.rule.id, hit.span) for hit in report.hits}
        hits = [hit for hit in workspace.look(path).hits if (hit.rule.id, hit.span) in shown]
        items = [Item(hit, tuple(_tried(hit, tried, every))) for hit in hits]
    del workspace.documents[path]
    return FileReport(
        path, Mask(target.source, report.secrets), items, lambda other: targets.shown(workspace, other), workspace.text
    )


def _prepare(target: Target) -> None:
    workspace = target.workspace
    if not workspace.index.complete and any(one.rule.reads for one in workspace.rules(target.path, target.language)):
        workspace.read_all()
    workspace.open(target.source, target.language)


def _tried(hit: Hit, tried: Callable[[Hit, Fix], Change], every: bool) -> Iterator[TriedFix]:
    """The fixes that can be made; only the first unless `every` one is wanted."""
    for fix in hit.finding.fixes:
        try:
            yield TriedFix(fix, tried(hit, fix))
        except Refused:
            continue
        if not every:
            return


def _fix(options: argparse.Namespace) -> int:
    try:
        settings = _settings(options)
        targets = Targets(settings)
        accept = _unsafe_too(settings) if options.unsafe else safe_only
        applied: Counter[str] = Counter()
        changed = 0
        unwritten = False
        for target in _targets(options, targets):
            _prepare(target)
            fixed = target.workspace.fixed(target.path, accept)
            shown = targets.shown(target.workspace, target.path)
            try:
                if "-" in options.paths and not options.diff:
                    sys.stdout.buffer.write(fixed.source.encoded())
                else:
                    changed += _put(targets, target, fixed, options.diff)
                applied += fixed.applied
            except BrokenPipeError:
                raise
            except OSError as error:
                unwritten = True
                targets.problems.append(Problem(shown, f"its fixes cannot be written: {error.strerror or error}"))
            if fixed.stopped:
                _say(f"{shown}: {fixed.stopped}")
            del target.workspace.documents[target.path]
    except Unusable as error:
        return _fail(str(error))
    for problem in targets.problems:
        _say(f"{problem.path}: {problem.message}")
    if "-" not in options.paths:
        counts = ", ".join(f"{number} × {rule}" for rule, number in sorted(applied.items()))
        verb = "would mend" if options.diff else "mended"
        _say(
            f"{verb} {applied.total()} in {changed} file{'' if changed == 1 else 's'}"
            + (f": {counts}" if counts else "")
        )
    return FAILED if _invalid_configuration(targets) or unwritten else DONE


def _unsafe_too(settings: Settings) -> Callable[[Hit, Fix], bool]:
    """Unsafe fixes too; a rewrite only where its rule is named in --select."""
    return lambda hit, fix: fix.kind != REWRITE or not {hit.rule.id, hit.rule.name}.isdisjoint(settings.select or ())


def _put(targets: Targets, target: Target, fixed: Fixed, diff: bool) -> int:
    """Write the changed files, or show how they would change; gives how many there are. Raises OSError."""
    workspace = target.workspace
    texts = {path: (workspace.text(path), text) for path, text in fixed.others.items()}
    if fixed.source.text != target.source.text:
        texts[target.path] = (target.source.text, fixed.source.text)
    for path, (before, after) in texts.items():
        if diff:
            _show_diff(targets, target, path, before or "", after)
            continue
        write(workspace.root / path, before, after)
    return len(texts)


def _show_diff(targets: Targets, target: Target, path: str, before: str, after: str) -> None:
    mask = Mask(target.source, target.workspace.check(target.path).secrets)
    shown = targets.shown(target.workspace, path)
    lines = list(difflib.unified_diff(before.split("\n"), after.split("\n"), f"a/{shown}", f"b/{shown}", lineterm=""))
    if any(mask.hides(line) for line in lines):
        print(f"# {shown}: secrets are masked, so this diff cannot be applied")
    for line in lines:
        print(mask.text(line))


def _invalid_configuration(targets: Targets) -> list[Problem]:
    """What is wrong in the configurations that were used; it is said at once, whatever the format."""
    used = (config for workspace in targets.workspaces.values() for config in workspace.used_configs())
    problems = dict.fromkeys(problem for config in used for problem in config.problems)
    for problem in problems:
        _say(str(problem))
    return [Problem(relative(one.path, targets.folder), f"line {one.line}: {one.message}") for one in problems]


def _explain(options: argparse.Namespace) -> int:
    rules = [rule for rule in (*all_rules(), *OWN_RULES) if options.rule in (rule.id, rule.name)]
    if not rules:
        return _fail(unknown_rule(options.rule))
    print("\n".join(page(rule) for rule in rules), end="")
    return DONE


def _rules(options: argparse.Namespace) -> int:
    rules = (*all_rules(), *OWN_RULES)
    if options.markdown:
        print(catalogue(rules), end="")
        return DONE
    if options.schema:
        import json

        from playpen_ls.schema import schema

        print(json.dumps(schema(all_rules()), indent=2))
        return DONE
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        severity = rule.severity.label if rule.on else f"{rule.severity.label} (off)"
        print(f"{rule.id:<{width}}  {severity:<12}  {rule.title}")
    return DONE


def _serve(_: argparse.Namespace) -> int:
    from playpen_ls.server.app import serve

    return serve()


def _fail(message: str) -> int:
    _say(message)
    return FAILED


def _say(message: str) -> None:
    print(f"playpen-ls: {message}", file=sys.stderr)


COMMANDS = {"check": _check, "fix": _fix, "explain": _explain, "rules": _rules, "serve": _serve}
