"""The JSON Schema of playpen.toml, made from what the rules and the platform declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from playpen_ls.config import OFF
from playpen_ls.finding import Severity
from playpen_ls.languages import LANGUAGES
from playpen_ls.platform import Platform
from playpen_ls.rule import Rule

Schema = dict[str, Any]


def schema(rules: Sequence[Rule]) -> Schema:
    """For editors that check and complete TOML."""
    names = [*LANGUAGES, *(rule.id for rule in rules)]
    severity = {"enum": [*(one.label for one in Severity), OFF]}
    listed = {"type": "array", "items": {"anyOf": [{"enum": names}, {"type": "string"}]}}
    patterns = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "playpen.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "select": {**listed, "description": "Only these rules and languages."},
            "ignore": {**listed, "description": "Not these rules and languages."},
            "exclude": {**patterns, "description": "Files and folders to leave out, as in .gitignore."},
            "extend": {"type": "string", "description": "An organisation's profile: a relative path, one level."},
            "severity": {
                "type": "object",
                "properties": {rule.id: {**severity, "description": rule.title} for rule in rules},
                "additionalProperties": False,
            },
            "per-path": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"ignore": listed},
                    "additionalProperties": False,
                },
            },
            "rules": {
                "type": "object",
                "properties": {rule.id: _options(rule) for rule in rules if rule.options},
                "additionalProperties": False,
            },
            "platform": _dataclass(Platform),
        },
    }


def _options(rule: Rule) -> Schema:
    return {
        "type": "object",
        "properties": {option.name: {**_type(option.type), "default": option.default} for option in rule.options},
        "additionalProperties": False,
    }


def _dataclass(kind: type) -> Schema:
    hints = get_type_hints(kind)
    properties = {}
    for one in fields(kind):
        properties[one.name] = _type(hints[one.name])
        default = _default(one)
        if default is not None:
            properties[one.name]["default"] = default
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _default(one: Field[Any]) -> Any:
    value = one.default_factory() if one.default_factory is not MISSING else one.default
    if value is MISSING:
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return list(value) if isinstance(value, tuple) else value


def _type(kind: Any) -> Schema:
    """An annotated type in the words of JSON Schema."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [_type(one) for one in inner]}
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(inner[1])}
    if origin is not None and issubclass(origin, Iterable):
        return {"type": "array", "items": _type(inner[0])}
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[kind]}
