"""Adds an environment variable to a container."""

from __future__ import annotations

from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.insert import editable, put, style_of
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Sequence
from playpen_ls.text.edit import Edit


def add_variable(container: Container, name: str, value: object) -> list[Edit]:
    """Append an entry to `env`, or add `env`. `value` is a string, or the mapping under `valueFrom`. Raises Refused."""
    document, node = container.document, container.node
    entry = node.entry("env")
    filled = {"valueFrom": value} if isinstance(value, dict) else {"value": value}
    if entry is None:
        return put(document, node, ("env",), [{"name": name, **filled}], container.head)  # type: ignore[dict-item]
    env = entry.value
    editable(document, node)
    if not isinstance(env, Sequence) or env.flow or not env.items or env.prefixed:
        raise Refused("`env` is not a block list")
    last, text = env.items[-1], document.text
    start = max(text.rfind("\n", 0, last.start), text.rfind("\r", 0, last.start)) + 1
    dash = text[start : last.start]
    if dash.strip() != "-":
        raise Refused("`env` has an unusual layout")
    end = last.end
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    inner, step = " " * len(dash), " " * style_of(document, node).step
    lines = [f"{dash}name: {name}"]
    if isinstance(value, dict):
        ((kind, keys),) = value.items()
        lines += [f"{inner}valueFrom:", f"{inner}{step}{kind}:"]
        lines += [f"{inner}{step}{step}{key}: {worth}" for key, worth in keys.items()]
    else:
        lines.append(f'{inner}value: "{value}"')
    at = end
    return [Edit(at, at, "".join(document.newline + line for line in lines))]
