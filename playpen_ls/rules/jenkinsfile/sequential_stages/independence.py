"""Whether two stages of a declarative pipeline can run in parallel.

The analysis is conservative: unknown steps, computed names and scripts with logic count as dependent.
Stages count as independent if they only run checks, or run the same kind of build on different agents,
and neither writes what the other one reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from playpen_ls.languages.jenkinsfile.model.pipeline import Pipeline, Stage
from playpen_ls.languages.jenkinsfile.model.steps import ShellStep
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.memo import Memory
from playpen_ls.languages.jenkinsfile.syntax.tree import Block

_VERIFY = frozenset(
    f"{word}{ending}"
    for word in """test unit lint check style static analysis sonar scan audit sast type format spotbugs checkstyle
    pylint flake mypy pytest hadolint trivy bandit ruff eslint shellcheck yamllint""".split()
    for ending in ("", "s", "ing", "er")
)
# Work with side effects, whose order matters: prefixes of words, then whole words.
_SIDE_EFFECTS = tuple(
    """push publish deploy releas upload upgrad destroy rollback commit promot approv notif migrat waitfor currentbuild
    seed setup prepar start stop clean teardown init creat generat download fetch checkout login smoke""".split()
)
_SIDE_EFFECT = frozenset("tag tags tagged apply rm scp rsync ssh gate up down git report set until sleep wait".split())
_PRODUCES = ("build", "compil", "packag", "install", "assembl")
_HARMLESS = frozenset(("publishhtml", "publishchecks", "publishcoverage"))
_WORD = re.compile(r"build_(?:number|id|url|tag)|[a-z]+")
_SECTIONS = frozenset(("steps", "agent", "when", "environment", "tools", "post", "options"))
_STEPS = frozenset(
    """sh bat powershell pwsh echo junit archiveArtifacts recordIssues publishHTML dir container withCredentials withEnv
    timeout retry script stash unstash withSonarQubeEnv nodejs catchError warnError ansiColor timestamps cobertura
    jacoco""".split()
)
_READERS = frozenset("junit archiveArtifacts recordIssues publishHTML cobertura jacoco".split())
# Two concurrent runs in the same workspace conflict.
_SINGLE = re.compile(
    r"\b(?:(mvn)w?|(gradle)w?|(dotnet)|(sbt)|(ant)|(terraform)|(docker[ -]compose)|(coverage|cov)|(msbuild))\b"
)
_SHORT = 5_000  # characters; results for longer texts are not cached
_OUTPUT = re.compile(
    r"(?:>>?\s*|\s-o[ =]?|--output(?:-file)?[ =]|--junitxml[ =]|--report[ =]|\btee\s+(?:-a\s+)?)([\w./${}-]+)"
)


@dataclass(frozen=True)
class Nature:
    """Classification of a text by its words: `makes` are those that produce artifacts.

    `checks` and `changes` say whether any word is that of a check or of a side effect.
    """

    makes: frozenset[str]
    checks: bool
    changes: bool


def nature(text: str) -> Nature:
    """The classification of a text; `test -f` of a shell does not count as a check."""
    return _short_nature(text) if len(text) <= _SHORT else _nature(text)


# With each keystroke only one stage changes.
@lru_cache(maxsize=1000)
def _short_nature(text: str) -> Nature:
    return _nature(text)


def _nature(text: str) -> Nature:
    words = frozenset(_WORD.findall(text.lower().replace("test -", "")))
    makes = {word for word in words if word.startswith(_PRODUCES) and not word.startswith("build_")}
    changes = not words.isdisjoint(_SIDE_EFFECT) or any(
        word.startswith(_SIDE_EFFECTS) and word not in _HARMLESS for word in words
    )
    makes |= words & ({"dist", "ci"} if "npm" in words else {"dist"})
    return Nature(frozenset(makes), not words.isdisjoint(_VERIFY), changes)


class StageWork:
    """What a stage does, as far as its text shows."""

    def __init__(self, stage: Stage, memory: Memory) -> None:
        self.stage = stage
        self.memory = memory
        self.text = stage.call.tree.source.of(stage.call.span)

    @cached_property
    def nature(self) -> Nature:
        return nature(self.text)

    @property
    def verifies(self) -> bool:
        """Whether the stage only checks: it has words for checks, none for producing artifacts or side effects."""
        return self.nature.checks and not self.nature.makes and not self.nature.changes

    @cached_property
    def is_plain(self) -> bool:
        """Whether all sections and steps are known, and a shell step precedes all steps that read its reports."""
        return self.memory.of(("plain", self.text), self._is_plain)

    def _is_plain(self) -> bool:
        stage = self.stage
        names = [one.call.name if one.call else "" for one in stage.block.statements]
        if stage.name is None or stage.steps is None or not _SECTIONS.issuperset(names) or len(set(names)) < len(names):
            return False
        post = stage.section("post")
        blocks = [one.block for one in (stage.steps, post) if one is not None and one.block is not None]
        if not all(_only_steps(block) for block in blocks):
            return False
        first = next((call for call in self.calls if call.name in _READERS or isinstance(call, ShellStep)), None)
        return isinstance(first, ShellStep)

    @cached_property
    def calls(self) -> list[Call]:
        """The calls in the stage, in text order."""
        return self.stage.block.calls

    def values(self, name: str) -> set[str | None]:
        """The values of `name:`, or else of the first argument, in the calls of a step; None for computed ones."""
        found: set[str | None] = set()
        for call in self.calls:
            if call.name == name and call.arguments:
                argument = call.argument("name") or call.arguments[0]
                found.add(argument.value)
        return found

    @cached_property
    def outputs(self) -> set[str]:
        return {match for match in _OUTPUT.findall(self.text) if not match.startswith(("/dev/", "&"))}

    @cached_property
    def agent(self) -> str | None:
        """The source text of the stage's own agent; None if the stage uses the pipeline's workspace."""
        agent = self.stage.section("agent")
        text = agent.tree.source.of(agent.span) if agent else ""
        return (
            text
            if agent and "reuseNode" not in text and not re.fullmatch(r"agent\s*\(?\s*(any|none)\s*\)?", text)
            else None
        )


def _only_steps(block: Block) -> bool:
    for statement in block.statements:
        call = statement.call
        if call is None:
            return False
        condition = block.call is not None and block.call.name == "post"
        if not condition and call.name not in _STEPS:
            return False
        if call.block is not None and not _only_steps(call.block):
            return False
    return True


def can_run_together(one: StageWork, other: StageWork) -> bool:
    """Whether `other`, which follows `one`, does not depend on it."""
    return one.memory.of(("together", one.text, other.text), lambda: _can_run_together(one, other))


def _can_run_together(one: StageWork, other: StageWork) -> bool:
    if not (one.verifies and other.verifies):
        if one.nature.changes or other.nature.changes or not one.nature.makes or one.nature.makes != other.nature.makes:
            return False
        if one.agent is None or other.agent is None or one.agent == other.agent:
            return False
    if not one.is_plain or not other.is_plain:
        return False
    apart = one.agent is not None and other.agent is not None and one.agent != other.agent
    if one.values("stash") & other.values("unstash") or None in one.values("stash") | other.values("unstash"):
        return False
    if one.values("stash") & other.values("stash") or "copyArtifacts" in other.text:
        return False
    if apart:
        return True
    return not _share_files(one, other)


def _share_files(one: StageWork, other: StageWork) -> bool:
    if set(_SINGLE.findall(one.text)) & set(_SINGLE.findall(other.text)):
        return True
    if any(word in one.text + other.text for word in ("cleanWs", "deleteDir", "-delete", "--fix", "-i.bak")):
        return True
    sonar = [bool(re.search("sonar", work.text, re.IGNORECASE)) for work in (one, other)]
    if any(sonar):  # SonarQube scanners read the coverage reports of tests
        return True
    for step in ("junit", "archiveArtifacts"):
        if one.values(step) & other.values(step):
            return True
    return any(
        output.rpartition("/")[2] in work.text for a, work in ((one, other), (other, one)) for output in a.outputs
    )


def in_sequence(pipeline: Pipeline) -> bool:
    """Whether the order of stages matters for the whole pipeline: `skipStagesAfterUnstable`."""
    options = pipeline.section("options")
    return options is not None and "skipStagesAfterUnstable" in options.tree.source.of(options.span)
