"""Prints what a check would use: the files, and their configuration."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from playpen_ls.cli.common import DONE, FAILED, Unusable, invalid_configuration
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.printable import printable
from playpen_ls.cli.results import relative
from playpen_ls.config.model import Config
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.summary import counted
from playpen_ls.languages.registry import LANGUAGES

Paths = list[tuple[str, bool]] | None


def show_files(targets: Targets, paths: Paths) -> int:
    """Print the files that would be checked, one a line, and what would not be."""
    for path, named in _given(paths):
        if targets.target(path, named) is not None:
            print(printable(relative(path, targets.folder)))
    for problem in targets.all_problems():
        print(f"# {printable(problem.path)}: not checked: {printable(problem.message)}")
    return DONE


def show_settings(targets: Targets, paths: Paths) -> int:
    """Print each configuration that files have, as TOML with comments."""
    files: Counter[Path | None] = Counter()
    configs: dict[Path | None, Config] = {}
    for path, _ in _given(paths):
        config = targets.workspace(path).configs.of(relative(path, targets.workspace(path).root))
        files[config.path] += 1
        configs[config.path] = config
    for file, config in configs.items():
        name = relative(os.fspath(file), targets.folder) if file else "no configuration file: the defaults"
        print(f"# {printable(name)} ({counted(files[file], 'file')})")
        for line in _lines(targets, config):
            print(printable(line))
        print()
    return FAILED if invalid_configuration(targets) else DONE


def _given(paths: Paths) -> list[tuple[str, bool]]:
    if paths is None:
        raise Unusable("--show-files and --show-settings need files, not standard input")
    return paths


def _lines(targets: Targets, config: Config) -> list[str]:
    enabled = {one.rule.id: one for name in LANGUAGES for one in config.rules(name, "", targets.settings)}
    lines = [f"exclude = {_value(list(config.exclude))}"]
    if config.preset:
        lines.append(f"preset = {_value(config.preset)}")
    if config.baseline is not None:
        lines.append(f"baseline = {_value(relative(os.fspath(config.baseline), targets.folder))}")
    lines += ["", "[severity]"]
    for rule in all_rules():
        on = enabled.get(rule.id)
        label = (on.severity or rule.severity).label if on else "off"
        lines.append(f"{_value(rule.id)} = {_value(label)}")
    for one in config.per_path:
        lines += ["", "[per-path]", f"{_value(one.pattern)} = {{ ignore = {_value(list(one.ignore))} }}"]
    for id, options in config.options.items():
        lines += ["", f"[rules.{_value(id)}]", *(f"{key} = {_value(value)}" for key, value in options.items())]
    lines += ["", "[platform]"]
    lines += [f"{key} = {_value(value)}" for key, value in asdict(config.platform).items() if value is not None]
    return lines


def _value(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(str(key))} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
