"""Secrets in manifests: how they are detected, and the Secret object to move them to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from playpen_ls.api.fact_types import ConfigMapKeys, SecretKeys
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Change, Refused, Severity
from playpen_ls.languages.kubernetes.edits.insert import replace_entry
from playpen_ls.languages.kubernetes.model.parts import EnvironmentEntry
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container, Workload, YamlDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.secrets import HINTS, ShellSecret, secrets_in
from playpen_ls.rules.kubernetes._namespaces import Namespaces
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import DisjointSpans, Span
from playpen_ls.vocabulary.names import kebab
from playpen_ls.vocabulary.secret_lines import embedded
from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, may_hold_key
from playpen_ls.vocabulary.secrets import is_configured_secret, is_named_secret, is_secret_name

PLACEHOLDER = "<set outside git>"
# A line of an env, INI, properties, YAML or JSON file, with its value if it has one.
_CONFIGURATION_LINE = regex(
    r"""(?:[\[\]{}(),]+|\[[\w.: -]+\]|-[ \t]+["']?[\w.-]+["']?"""
    r"""|(?:-[ \t]+)*["']?(?P<name>[\w./-]+)["']?[ \t]*(?::(?!//)|=~?)(?P<value>.*))"""
)
_OPEN_VALUE = regex(
    r"""["']?(?:[A-Za-z_.|-]{0,24}|[\w.:|-]{1,11}|https?://[\w.-]+(?::\d+)?/?)["']?|[\[{]+|[\[{][\w\s"',.:-]{0,60}[\]}]"""
)
_ONE_SETTING = regex(r"[\w.-]+(?:=|: )")  # not `user:password`
_COMMENT_LINE = regex(r"(?m)^[ \t]*(?:#|//|;).*$")


def is_secret(name: str, value: str) -> bool:
    """Whether a variable or key of this name with this literal is a secret, also if it is a plain word."""
    return is_named_secret(name, value) or is_configured_secret(name, value)


def severity_of(name: str, value: str) -> Severity | None:
    """Less than an error for words, names of keys, keys of test modes, and keys whose check digits do not fit."""
    if is_doubtful(value):
        return Severity.HINT
    return Severity.WARNING if is_minor(value) or (name and not is_named_secret(name, value)) else None


def in_command(container: Container) -> Iterator[tuple[Scalar, Span, ShellSecret]]:
    """The secrets in `command` and `args`: (word, range in its value, secret)."""
    scalars = [one for one in container.words if one.literal]
    text = "".join(f"{one.value} " for one in scalars)
    if not any(hint in text.lower() for hint in HINTS) and not may_hold_key(text):
        return
    whole = Span(0, len(text))
    fragment, ranges, at = Fragment.verbatim(text, whole), list[tuple[int, int, Scalar]](), 0
    for one in scalars:
        ranges.append((at, at + len(one.value), one))
        at += len(one.value) + 1
    words = [shell.Word(fragment, start, end, one.value, True, "") for start, end, one in ranges]
    if container.node.get("command") is None:  # the program is that of the image
        words.insert(0, shell.Word(fragment, 0, 0, "args", True, ""))
    commands = list(shell.exec_form(tuple(words)))
    for start, end, one in ranges:
        if len(one.value.split()) > 1:
            commands += shell.commands(Fragment.verbatim(text, Span(start, end)))
    found = DisjointSpans()
    for secret in secrets_in(commands):
        span = secret.word.fragment.span(secret.start, secret.end)
        if found.add(span):
            for start, end, one in ranges:
                if start <= span.start and span.end <= end:
                    yield one, span.shifted(-start), secret


def is_secret_entry(entry: EnvironmentEntry) -> bool:
    return is_secret(entry.name, entry.value.value)


def place(document: YamlDocument, scalar: Scalar, span: Span) -> Span:
    """The span of a part of a scalar; that of its whole text if escapes or folding hide the position."""
    return document.part(scalar, span.start, span.end)


@dataclass(frozen=True)
class Secrets:
    """The project's Secrets; a rule takes it as one parameter."""

    secrets: Facts[SecretKeys]
    namespaces: Namespaces


def secret_key_ref(entry: EnvironmentEntry, secrets: Secrets) -> tuple[str, str, bool]:
    """(name, key, exists) of the Secret to read the variable from. Raises Refused."""
    workload = entry.container.workload
    name = kebab(entry.name)
    every = facts_everywhere(secrets.secrets, workload.document, keys_of, name)
    own = f"{workload.name}-secrets"
    known = [(one.name, key) for one in every if secrets.namespaces.share(one, workload)
             for key in one.keys if kebab(key) == name]  # fmt: skip
    preferred = [pair for pair in known if pair[0] == own] or (known if len(set(known)) == 1 else [])
    if preferred:
        return *preferred[0], True
    if not workload.name:
        raise Refused(f"the {workload.kind} has no name from which to name the Secret")
    return own, kebab(entry.name), False


def keys_of(fact: ConfigMapKeys | SecretKeys) -> Iterator[str]:
    """Lookup keys: the keys of the object in kebab case."""
    return map(kebab, fact.keys or ())


def to_secret(entry: EnvironmentEntry, secrets: Secrets, stub_text: str | None) -> Change:
    """Read the variable from a Secret. If there is none, write a stub for it, without the value.

    `stub_text` is the current content of the stub file, None if it does not exist. Raises Refused.
    """
    name, key, exists = secret_key_ref(entry, secrets)
    reference: Value = {"secretKeyRef": {"name": name, "key": key}}
    edits = replace_entry(entry.document, entry.node, "value", "valueFrom", reference)
    own = {entry.document.path: tuple(edit.shifted(entry.document.start) for edit in edits)}
    if exists:
        return Change(own)
    workload = entry.container.workload
    path = stub_path(workload)
    if stub_text is None:
        return Change(own, {path: stub(workload, name, entry)})
    if re.search(rf"(?m)^\s*{re.escape(key)}:", stub_text):
        return Change(own)
    anchor = re.search(r"(?m)^stringData:[ \t]*(\r?\n)", stub_text)
    if anchor is None:
        raise Refused(f"`{path}` exists but has no `stringData`")
    line = Edit(anchor.end(), anchor.end(), f'  {key}: "{PLACEHOLDER}"{anchor[1]}')
    return Change({**own, path: (line,)})


def stub_path(workload: Workload) -> str:
    """The path ends in `.example`, so that `kubectl apply -f folder` does not replace the live Secret with the stub."""
    return posixpath.join(posixpath.dirname(workload.document.path), f"{workload.name}-secret.yaml.example")


def stub(workload: Workload, name: str, entry: EnvironmentEntry) -> str:
    """A Secret with all keys that the workload needs from it, so that several fixes write the same file."""
    keys, text = _stub(workload, name)
    key = kebab(entry.name)
    return text if key in keys else f"{text}{_line(key)}"


@lru_cache(maxsize=1)  # the fixes of one workload ask in a row
def _stub(workload: Workload, name: str) -> tuple[frozenset[str], str]:
    """(keys, text of the Secret)."""
    keys = dict.fromkeys(one for container in workload.containers for one in _keys(container, name))
    lines = ["apiVersion: v1", "kind: Secret", "metadata:", f"  name: {name}"]
    if workload.namespace:
        lines.append(f"  namespace: {workload.namespace}")
    lines += ["type: Opaque", "stringData:"]
    return frozenset(keys), "\n".join(lines) + "\n" + "".join(map(_line, keys))


def _line(key: str) -> str:
    return f'  {key}: "{PLACEHOLDER}"\n'


def _keys(container: Container, name: str) -> Iterator[str]:
    for node in container.node.mappings("env"):
        reference = node.mapping("valueFrom", "secretKeyRef")
        value = node.scalar("value")
        if reference is not None and reference.text("name") == name:
            yield reference.text("key")
        elif value is not None and value.literal and is_secret(node.text("name"), value.value):
            yield kebab(node.text("name"))


def is_open_configuration(text: str) -> bool:
    """Whether all lines are settings that are not secret: short words, numbers or addresses with harmless names."""
    lines = [line for line in text.split("\n") if line.strip() and not _COMMENT_LINE.match(line)]
    if not lines or (len(lines) == 1 and not _ONE_SETTING.match(text.strip())):
        return False
    for line in lines:
        match = _CONFIGURATION_LINE.fullmatch(line.strip())
        if match is None:
            return False
        name, value = match["name"] or "", (match["value"] or "").strip().rstrip(",")
        if value and (is_secret_name(name) or not _OPEN_VALUE.fullmatch(value)):
            return False
    return not any(embedded(text))
