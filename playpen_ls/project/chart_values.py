"""Image references with the values of a Helm chart, or of the `.env` beside a compose file, filled in."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.fact_types import ChartValue
from playpen_ls.api.facts import Facts
from playpen_ls.vocabulary.image_names import HOLE

_EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_VALUE = re.compile(r"\.Values\.([\w.-]+)")
_DEFAULT = re.compile(r"""\bdefault\s+["']([^"']*)["']""")
_PRINTF = re.compile(r"""printf\s+["']([^"']*)["']\s+(.*)""")


def rendered_image(written: str, template: str, values: Facts[ChartValue]) -> str:
    """The reference with its expressions replaced; `template` is the path of the file. HOLE stands for unknown ones."""

    def rendered(match: re.Match[str]) -> str:
        formatted = _PRINTF.match(match[1])
        if formatted:
            arguments = [_value(name, template, values) for name in _VALUE.findall(formatted[2])]
            made = iter(arguments)
            return re.sub(r"%[sv]", lambda _: next(made, None) or HOLE, formatted[1])
        names = _VALUE.findall(match[1])
        found = _value(names[0], template, values) if names else None
        default = _DEFAULT.search(match[1])
        return found or (default[1] if default else HOLE)

    return _EXPRESSION.sub(rendered, written).strip()


_VARIABLE = re.compile(r"\$\{(\w+)(?::?-[^${}]*)?\}|\$(\w+)")


def with_environment(written: str, path: str, values: Facts[ChartValue]) -> str:
    """The reference with the variables that `.env` beside the compose file sets; others stay as written."""
    if "$" not in written:
        return written
    environment = posixpath.join(posixpath.dirname(path), ".env")
    return _VARIABLE.sub(lambda match: _at(environment, match[1] or match[2], values) or match[0], written)


def _value(name: str, template: str, values: Facts[ChartValue]) -> str | None:
    """The value from `values.yaml` of the chart or of the chart that it is in, else from other values if they agree."""
    chart = chart_of(template)
    if chart is None:
        return None
    parent, _, subchart = chart.rpartition("/charts/")
    if subchart and "/" not in subchart:
        outer = _at(f"{parent}/values.yaml", f"{subchart}.{name}", values)
        if outer is not None:
            return outer
    own = _at(posixpath.join(chart, "values.yaml"), name, values)
    if own is not None:
        return own
    beside = {one.value for one in values.having(_key, name) if posixpath.dirname(one.place.path) == chart}
    return beside.pop() if len(beside) == 1 else None


def _at(path: str, name: str, values: Facts[ChartValue]) -> str | None:
    return next((one.value for one in values.of(path) if one.key == name), None)


def _key(value: ChartValue) -> tuple[str]:
    return (value.key,)


def chart_of(template: str) -> str | None:
    """The folder of the chart that a template is in; None if it is in none."""
    parts = template.split("/")
    if "templates" not in parts[:-1]:
        return None
    at = len(parts) - 2 - parts[-2::-1].index("templates")
    return "/".join(parts[:at])
