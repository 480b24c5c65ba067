from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import EnvironmentEntry
from playpen_ls.rules.kubernetes._volumes import is_trial
from playpen_ls.vocabulary.debugging import is_debug_setting


def pod(name: str, value: str) -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n    - name: shop\n"
        f"      image: nexus:5000/shop:1.0.0\n      env:\n        - name: {name}\n          value: {value}\n"
    )


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    bad=[
        example(pod("FLASK_DEBUG", '"«1»"'), fixed=pod("FLASK_DEBUG", '"0"')),
        example(pod("DEBUG", '"«True»"'), fixed=pod("DEBUG", '"False"')),
        pod("FLASK_ENV", "«development»"),
    ],
    good=[
        pod("FLASK_DEBUG", '"0"'),
        pod("DEBUG", '""'),
        pod("DEBUG", "express:*"),
        pod("FLASK_ENV", "production"),
        pod("DEBUG", '"{{ .Values.debug }}"'),
        {"k8s/overlays/dev/app.yaml": pod("DEBUG", '"true"')},
    ],
)
def debug_enabled(entry: EnvironmentEntry) -> Iterator[Finding]:
    """Container runs in debug mode.

    Debug mode shows stack traces and settings to clients, and Flask's debugger runs code for those who reach it.
    `DEBUG` is a hint, as its meaning depends on the program; so is `FLASK_ENV`, which has had no effect since Flask
    2.3. Not reported in folders for development and tests.
    """
    document, value = entry.document, entry.value
    if is_trial(document.path):
        return
    container = entry.container.display_name
    if entry.name == "FLASK_ENV" and value.value == "development":
        message = f"`FLASK_ENV` of {container} has no effect since Flask 2.3; debug mode is `FLASK_DEBUG`"
        yield Finding(document.content(value), message, (), Severity.HINT)
    elif is_debug_setting(entry.name, value.value):
        off = "0" if value.value == "1" else "False" if value.value[0] == "T" else "false"
        fix = Fix(f"Set `{entry.name}` to `{off}`", partial(replace_scalar, document, value, off))
        severity = Severity.HINT if entry.name == "DEBUG" else None
        yield Finding(document.content(value), f"`{entry.name}` turns on debug mode in {container}", (fix,), severity)
