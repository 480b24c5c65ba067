"""A variable more for a container."""

from __future__ import annotations

from playpen_ls.finding import Refused
from playpen_ls.languages.kubernetes.insertion import editable, put, style_of
from playpen_ls.languages.kubernetes.resources import Container
from playpen_ls.languages.kubernetes.tree import Sequence
from playpen_ls.source import Edit


def add_variable(container: Container, name: str, value: object) -> list[Edit]:
    """An entry at the end of `env`, or an `env` of its own. `value` is a text, or what `valueFrom` holds."""
    document, node = container.document, container.node
    entry = node.entry("env")
    filled = {"valueFrom": value} if isinstance(value, dict) else {"value": value}
    if entry is None:
        return put(document, node, ("env",), [{"name": name, **filled}], container.head)  # type: ignore[dict-item]
    env = entry.value
    editable(document, node)
    if not isinstance(env, Sequence) or env.flow or not env.items or env.prefixed:
        raise Refused("its `env` is no list of lines")
    last, text = env.items[-1], document.text
    start = max(text.rfind("\n", 0, last.start), text.rfind("\r", 0, last.start)) + 1
    dash = text[start : last.start]
    if dash.strip() != "-":
        raise Refused("its `env` is written unusually")
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
