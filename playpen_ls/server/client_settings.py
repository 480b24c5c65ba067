"""Settings from the client: ignored rules, severities, fix on save."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from playpen_ls.api.finding import Severity
from playpen_ls.config.model import OFF, Settings
from playpen_ls.config.rule_names import is_rule_name, unknown_rule
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.server.client_capabilities import PEERS
from playpen_ls.server.features import languages_of_features

logger = logging.getLogger("playpen_ls")

_KNOWN = (
    "select", "ignore", "severity", "configuration", "baseline", "fixOnSave", "diagnostics", "features", "logLevel",
    "dockerfile", "languages",
)  # fmt: skip
_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO, "debug": logging.DEBUG}
PULL, WORKSPACE = "pull", "workspace"
# Settings that only the editor extensions use.
_CLIENTS_OWN = frozenset(("trace", "server", "interpreter", "saveTimeout", "path", "enable", "peers", "commands"))


def settings_from(value: object) -> Settings | None:
    """Parse settings, `{"playpen": {…}}` or the inner object; None if the value is not an object."""
    if not isinstance(value, Mapping):
        return None
    value = _inner(value)
    for key in value:
        if key not in _KNOWN and key not in _CLIENTS_OWN:
            logger.warning("unknown setting playpen.%s; known settings: %s", key, ", ".join(_KNOWN))
    selected = value.get("select") or None  # VS Code sends an empty list for none
    return Settings(
        select=_rules("select", selected) if selected is not None else None,
        ignore=(
            *_rules("ignore", value.get("ignore", [])),
            *_left(value.get("dockerfile", {})),
            *sorted(languages_off(value)),
        ),
        config_file=_configuration(value.get("configuration", "")),
        severity=_severity(value.get("severity", {})),
        baseline=_baseline(value.get("baseline", "hide")),
    )


def fix_on_save(value: object) -> bool:
    """Whether to apply safe fixes before a save."""
    wanted: object = _inner(value).get("fixOnSave", False)
    if not isinstance(wanted, bool):
        logger.warning("setting playpen.fixOnSave is %r; it must be true or false", wanted)
    return wanted is True


_PEERS = {"python": "python", "yaml": "kubernetes", "dockerfile": "dockerfile"}


def peers(options: object) -> frozenset[str]:
    """The languages for which the client has another server, too, by its initialization options."""
    outside = options.get("peers") if isinstance(options, Mapping) else None
    named = _inner(options).get("peers") if outside is None else outside
    if named is None:
        return PEERS
    if not isinstance(named, (list, tuple)) or not all(one in _PEERS for one in named):
        logger.warning("initialization option peers is %r; it must be a list of %s", named, ", ".join(_PEERS))
        return PEERS
    return frozenset(_PEERS[one] for one in named)


def chosen_features(value: object) -> dict[str, frozenset[str]]:
    """The languages about which features answer, by feature, where the settings say that (`features`)."""
    wanted: object = _inner(value).get("features", {})
    if not isinstance(wanted, Mapping):
        logger.warning("setting playpen.features is %r; it must be an object of features and languages", wanted)
        return {}
    known, chosen = languages_of_features(), {}
    for name, languages in wanted.items():
        if name not in known:
            logger.warning("setting playpen.features: unknown feature %r; features: %s", name, ", ".join(sorted(known)))
        elif not isinstance(languages, (list, tuple)) or not all(one in known[name] for one in languages):
            logger.warning(
                "setting playpen.features: %s is %r; it must be a list of %s", name, languages, ", ".join(known[name])
            )
        else:
            chosen[name] = frozenset(languages)
    return chosen


def languages_off(value: object) -> frozenset[str]:
    """The languages that are turned off (`languages`)."""
    wanted: object = _inner(value).get("languages", {})
    if not isinstance(wanted, Mapping) or not all(
        name in LANGUAGES and isinstance(is_on, bool) for name, is_on in wanted.items()
    ):
        known = ", ".join(LANGUAGES)
        logger.warning("setting playpen.languages is %r; it must be an object of true or false for %s", wanted, known)
        return frozenset()
    return frozenset(name for name, is_on in wanted.items() if not is_on)


def wants_pull(options: object) -> bool:
    """Whether the initialization options say that the client asks for diagnostics (`"diagnostics": "pull"`)."""
    outside = options.get("diagnostics") if isinstance(options, Mapping) else None
    return PULL in (outside, _inner(options).get("diagnostics"))


def whole_workspace(value: object) -> bool:
    """Whether to show the findings of all files of the workspace, not only those of open files."""
    wanted: object = _inner(value).get("diagnostics", {})
    if wanted == PULL:
        return False
    scope: object = wanted.get("scope", "openFiles") if isinstance(wanted, Mapping) else wanted
    if scope not in ("openFiles", WORKSPACE):
        logger.warning("setting playpen.diagnostics.scope is %r; it must be openFiles or workspace", scope)
    return scope == WORKSPACE


def _inner(value: object) -> Mapping[str, Any]:
    """The settings themselves; clients send them with or without their section."""
    inner = value.get("playpen", value) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def log_level(value: object) -> int:
    """The level from which messages are logged."""
    wanted: object = _inner(value).get("logLevel", "warning")
    if not isinstance(wanted, str) or wanted not in _LEVELS:
        logger.warning("setting playpen.logLevel is %r; it must be one of %s", wanted, ", ".join(_LEVELS))
        return logging.WARNING
    return _LEVELS[wanted]


def _rules(setting: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        logger.warning("setting playpen.%s is %r; it must be a list of rules", setting, value)
        return ()
    for name in value:
        if not is_rule_name(name):
            logger.warning("setting playpen.%s: %s", setting, unknown_rule(name))
    return tuple(value)


def _left(value: Any) -> tuple[str, ...]:
    """The rules for Dockerfiles that are left to other tools (`dockerfile.leaveTo`), which have them as well."""
    tools = value.get("leaveTo", []) if isinstance(value, Mapping) else value
    if not tools:
        return ()
    from playpen_ls.engine.registry import rules_of

    rules = rules_of("dockerfile")
    known = sorted({tool for rule in rules for tool in rule.like})
    if not isinstance(tools, (list, tuple)) or not all(tool in known for tool in tools):
        logger.warning("setting playpen.dockerfile.leaveTo is %r; it must be a list of %s", tools, ", ".join(known))
        return ()
    return tuple(rule.id for rule in rules if not rule.like.keys().isdisjoint(tools))


def _configuration(value: Any) -> str:
    if isinstance(value, str):
        return value
    logger.warning("setting playpen.configuration is %r; it must be the path of a file", value)
    return ""


def _baseline(value: Any) -> str:
    if value in ("hide", "hint", OFF):
        return str(value)
    logger.warning("setting playpen.baseline is %r; it must be hide, hint or off", value)
    return "hide"


def _severity(value: Any) -> dict[str, str]:
    labels = [*(severity.label for severity in Severity), OFF]
    if not isinstance(value, Mapping):
        logger.warning("setting playpen.severity is %r; it must be an object of rules and severities", value)
        return {}
    severities = {}
    for name, label in value.items():
        if not is_rule_name(name):
            logger.warning("setting playpen.severity: %s", unknown_rule(name))
        elif label not in labels:
            logger.warning("setting playpen.severity: %s is %r; it must be one of %s", name, label, ", ".join(labels))
        else:
            severities[name] = label
    return severities
