"""Generates the JSON Schema of playpen.toml and the editor settings from the rules and the platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import PRESETS, Rule
from playpen_ls.config.model import OFF
from playpen_ls.languages.registry import LANGUAGES

Schema = dict[str, Any]


def schema(rules: Sequence[Rule]) -> Schema:
    """The JSON Schema of playpen.toml, for validation and completion in editors."""
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
            "select": {**listed, "description": "Rules and languages to run; all others are off."},
            "preset": {
                "enum": [*PRESETS],
                "description": "Rules to add: those for the Pod Security Standard `restricted`, or with `hardened` "
                "also other advice that is stricter than the best practices.",
            },
            "ignore": {**listed, "description": "Rules and languages to skip."},
            "exclude": {**patterns, "description": "Files and folders to exclude, as .gitignore patterns."},
            "extend": {
                "type": "string",
                "description": "Relative path of a shared configuration to extend (one level).",
            },
            "baseline": {
                "type": "string",
                "description": "Relative path of a baseline: findings in it do not count.",
            },
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


def editor_settings(rules: Sequence[Rule], features: Mapping[str, Sequence[str]]) -> Schema:
    """The `playpen.*` settings of VS Code: those that the server reads, and those of the extension itself.

    `features` are those of the server whose languages can be chosen, with all of these.
    """
    shared = schema(rules)["properties"]
    command = {"type": "array", "items": {"type": "string"}, "default": [], "scope": "machine-overridable"}
    return {
        "playpen.languages": {
            "type": "object",
            "properties": {language: {"type": "boolean"} for language in LANGUAGES},
            "additionalProperties": False,
            "default": dict.fromkeys(LANGUAGES, True),
            "scope": "resource",
            "markdownDescription": _LANGUAGES,
        },
        "playpen.select": {**_list(shared["select"]), "scope": "resource", "markdownDescription": _SELECT},
        "playpen.ignore": {**_list(shared["ignore"]), "scope": "resource", "markdownDescription": _IGNORE},
        "playpen.severity": {
            **shared["severity"],
            "properties": {name: {"type": "string", **one} for name, one in shared["severity"]["properties"].items()},
            "default": {}, "scope": "resource", "markdownDescription": _SEVERITY,
        },
        "playpen.configuration": {
            "type": "string", "default": "", "scope": "resource", "markdownDescription": _CONFIGURATION,
        },
        "playpen.logLevel": {
            "enum": ["error", "warning", "info", "debug"], "default": "warning", "description": _LEVEL,
        },
        "playpen.baseline": {"enum": ["hide", "hint", "off"], "default": "hide", "markdownDescription": _BASELINE},
        "playpen.diagnostics.scope": {
            "enum": ["openFiles", "workspace"], "enumDescriptions": [_SCOPE_OPEN, _SCOPE_WORKSPACE],
            "default": "openFiles", "markdownDescription": _SCOPE,
        },
        "playpen.dockerfile.leaveTo": {
            "type": "array", "default": [], "scope": "resource", "markdownDescription": _LEAVE,
            "items": {"type": "string", "enum": _tools(rules)},
        },
        "playpen.features": {
            "type": "object",
            "properties": {
                name: {"type": "array", "items": {"type": "string", "enum": [*languages]}}
                for name, languages in sorted(features.items())
            },
            "additionalProperties": False,
            "default": {},
            "markdownDescription": _FEATURES,
        },
        "playpen.fixOnSave": {"type": "boolean", "default": False, "markdownDescription": _FIX_ON_SAVE},
        "playpen.saveTimeout": {
            "type": "integer", "default": 1_000, "minimum": 0, "markdownDescription": _SAVE_TIMEOUT,
        },
        "playpen.server.command": {**command, "markdownDescription": _COMMAND},
        "playpen.interpreter": {
            "type": "string", "default": "", "scope": "machine-overridable", "markdownDescription": _INTERPRETER,
        },
        "playpen.trace.server": {
            "enum": ["off", "messages", "verbose"], "default": "off", "description": _TRACE,
        },
    }  # fmt: skip


def _list(schema: Schema) -> Schema:
    """A list of words that can be edited in the settings editor, which takes the type of the items from here."""
    return {**schema, "items": {"type": "string", **schema["items"]}, "default": []}


def _tools(rules: Sequence[Rule]) -> list[str]:
    """The tools whose checks of Dockerfiles are among the rules."""
    return sorted({tool for rule in rules if rule.language == "dockerfile" for tool in rule.like})


_LANGUAGES = "Languages for which this server runs: for one that is off, it reports and answers nothing."
_IGNORE = "Rules and languages to skip in this editor. Settings that the team shares belong in `playpen.toml`."
_SELECT = (
    "Rules and languages to run in this editor instead of those that `playpen.toml` selects; all others are off. "
    "Empty: as `playpen.toml` says."
)
_CONFIGURATION = (
    "Configuration of all files instead of the nearest `playpen.toml`: a path that is absolute, starts with `~/`, or "
    "is relative to the workspace folder."
)
_LEAVE = (
    "Other tools that check Dockerfiles in this editor: rules that do the same as one of their checks are skipped, so "
    "that nothing is said twice."
)
_LEVEL = "Messages of the server that are written to the output."
_TRACE = "Log the messages between VS Code and the language server."
_SEVERITY = "Severity overrides in this editor, by rule."
_BASELINE = (
    "What to do with findings in the baseline that `playpen.toml` names: `hide` them, show them as a `hint`, or treat "
    "them as all others (`off`)."
)
_SCOPE = "Files whose findings are shown. `Playpen: Check Workspace` shows those of all files once."
_SCOPE_OPEN, _SCOPE_WORKSPACE = "Show the findings of open files.", "Show the findings of all files of the workspace."
_FEATURES = (
    "Languages for which the server answers, by feature, where they differ from its defaults: "
    '`{"codeLens": [], "inlayHint": ["dockerfile", "kubernetes"]}` turns lenses off and hints on.'
)
_FIX_ON_SAVE = (
    "Apply safe fixes on save. In VS Code, "
    '`"editor.codeActionsOnSave": {"source.fixAll.playpen": "explicit"}` does the same and can be set per language.'
)
_SAVE_TIMEOUT = "Time in milliseconds to wait for fixes on save; then the file is saved without them."
_COMMAND = (
    "Command that starts the server, and its arguments. The command is a name on the PATH or a path, which can start "
    "with `~/` or be relative to the workspace folder. Default: `playpen-ls` of the selected Python interpreter, then "
    "on the PATH."
)
_INTERPRETER = (
    "Python interpreter that has `playpen-ls` installed, used instead of the selected one. A name on the PATH or a "
    "path, which can start with `~/` or be relative to the workspace folder."
)


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
        if "description" in one.metadata:
            properties[one.name]["description"] = one.metadata["description"]
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
    """An annotated type as JSON Schema."""
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
