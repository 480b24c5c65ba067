"""Commands that install Helm charts: `helm upgrade web ./chart -f values-prod.yaml --set image.tag=1.0`."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.fact_types import ChartInstall
from playpen_ls.api.finding import Place
from playpen_ls.languages.shell.commands import Command
from playpen_ls.text.span import Span

_GIVES_VALUES = frozenset(
    "--set --set-string --set-file --set-json --set-literal --reuse-values --reset-then-reuse-values "
    "--post-renderer".split()
)


def chart_install(command: Command, path: str, span: Span) -> ChartInstall | None:
    """What a command installs; None if it installs no chart."""
    words = [word.text for word in command.operands]
    if command.name != "helm" or words[:1] not in (["upgrade"], ["install"], ["template"]):
        return None
    chart = words[-1] if len(words) == 3 or (len(words) == 2 and words[0] != "upgrade") else ""
    files = [one.text for one in command.options if one.name in ("-f", "--values")]
    sets = any(one.name in _GIVES_VALUES for one in command.options) or len(words) > 3
    values = tuple(last_part(name) for listed in files for name in listed.split(","))
    return ChartInstall(Place(path, span), last_part(chart), values, sets)


def last_part(path: str) -> str:
    """The last part of a path as it is written, "" if it is not known."""
    name = posixpath.basename(path.rstrip("/"))
    return name if re.fullmatch(r"[\w.-]*[\w-][\w.-]*", name) else ""
