"""Comments that users wrote for hadolint and for BuildKit's checks silence the rules that say the same."""

from __future__ import annotations

import re

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.rule import Rule
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.suppression import suppress
from playpen_ls.text.source import Source

RULES = rules_of("dockerfile")
# https://docs.docker.com/reference/build-checks/
BUILD_CHECKS = frozenset(
    """
    ConsistentInstructionCasing CopyIgnoredFile DuplicateStageName ExposeInvalidFormat ExposeProtoCasing FromAsCasing
    FromPlatformFlagConstDisallowed InvalidBaseImagePlatform InvalidDefaultArgInFrom InvalidDefinitionDescription
    JSONArgsRecommended LegacyKeyValueFormat MaintainerDeprecated MultipleInstructionsDisallowed NoEmptyContinuation
    RedundantTargetPlatform ReservedStageName SecretsUsedInArgOrEnv StageNameCasing UndefinedArgInFrom UndefinedVar
    WorkdirRelativePath
    """.split()
)


def equivalents(rule: Rule) -> dict[str, set[str]]:
    """The checks of the tools whose comments are tried here."""
    return {tool: set(codes) for tool, codes in rule.like.items() if tool in ("hadolint", "docker")}


CASES = [
    pytest.param(rule, example, tool, code, id=f"{rule.name}-{number}-{code}")
    for rule in RULES
    for number, example in enumerate(rule.bad)
    for tool, codes in equivalents(rule).items()
    for code in sorted(codes)
]


def test_the_equivalents_are_checks_of_the_tools():
    found = [equivalents(rule) for rule in RULES]
    assert {code for of_rule in found for code in of_rule.get("docker", ())} <= BUILD_CHECKS
    assert all(re.fullmatch(r"DL[134]\d{3}", code) for of_rule in found for code in of_rule.get("hadolint", ()))


def commented(project: Project, tool: str, code: str) -> Source:
    """The text with a comment for all of it, or above each instruction in which something is found."""
    if tool == "docker":
        return Source(project.path, f"# check=skip={code}\n{project.source.text}")
    look = project.look()
    edits = [
        look.model.comment_above(diagnostic.span.start, f"# hadolint ignore={code}") for diagnostic in look.diagnostics
    ]
    return project.source.edited({edit for edit in edits if edit is not None})


@pytest.mark.parametrize(("rule", "example", "tool", "code"), CASES)
def test_their_comments_silence_ours(rule: Rule, example: Example, tool: str, code: str):
    project = Project(rule, example)
    look = project.look(commented(project, tool, code))
    assert look.diagnostics != []
    assert suppress(look.model, look.diagnostics, [rule.id]).kept == []
    other = project.look(commented(project, tool, "DL9999"))
    assert suppress(other.model, other.diagnostics, [rule.id]).silenced == []


@pytest.mark.parametrize("comment", ["# check=skip=all", "# check=error=true;skip=all"])
def test_skipping_all_checks_of_buildkit_silences_their_equivalents_only(comment: str):
    kept = {}
    for name, text in {
        "shell-form-command": "FROM a\nCMD serve\n",
        "secret-in-image": "FROM a\nENV API_TOKEN=tk_0f1e2d3c4b5a6978\n",
        "moving-tag": "FROM debian\n",
    }.items():
        rule = next(rule for rule in RULES if rule.name == name)
        look = Project(rule, Example({"Dockerfile": f"{comment}\n{text}"})).look()
        kept[name] = [
            diagnostic.severity.label for diagnostic in suppress(look.model, look.diagnostics, [rule.id]).kept
        ]
    assert kept == {"shell-form-command": [], "secret-in-image": ["hint"], "moving-tag": ["warning"]}
