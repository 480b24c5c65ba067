"""Whether two stages of a declarative pipeline can run at the same time.

Every question is answered with "no" where the text does not say: an unknown step, a computed name,
a script with logic. What is left only checks, and writes nothing that the other one reads.
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
# Work that another stage builds on, or that must not come early: beginnings of words, and whole words.
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
# Two runs in one folder get in each other's way.
_SINGLE = re.compile(
    r"\b(?:(mvn)w?|(gradle)w?|(dotnet)|(sbt)|(ant)|(terraform)|(docker[ -]compose)|(coverage|cov)|(msbuild))\b"
)
_SHORT = 5_000  # characters of a text whose nature is remembered
_OUTPUT = re.compile(
    r"(?:>>?\s*|\s-o[ =]?|--output(?:-file)?[ =]|--junitxml[ =]|--report[ =]|\btee\s+(?:-a\s+)?)([\w./${}-]+)"
)


@dataclass(frozen=True)
class Nature:
    """What the words of a text say: which of them make something, whether it checks, and whether it changes."""

    makes: frozenset[str]
    checks: bool
    changes: bool


def nature(text: str) -> Nature:
    """The shell's `test -f` is no word of a check."""
    return _short_nature(text) if len(text) <= _SHORT else _nature(text)


# From one keystroke to the next all stages but one stay as they are.
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
    """What a stage does, as far as its text says."""

    def __init__(self, stage: Stage, memory: Memory) -> None:
        self.stage = stage
        self.memory = memory
        self.text = stage.call.tree.source.of(stage.call.span)

    @cached_property
    def nature(self) -> Nature:
        return nature(self.text)

    @property
    def verifies(self) -> bool:
        """It only looks: its words are those of a check, and none is of making or changing something."""
        return self.nature.checks and not self.nature.makes and not self.nature.changes

    @cached_property
    def is_plain(self) -> bool:
        """Only known sections and known steps, at least one of them a shell's."""
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
        """The calls in it, in text order."""
        return self.stage.block.calls

    def values(self, name: str) -> set[str | None]:
        """The first argument, or `name:`, of the calls of a step; None stands for code."""
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
        """The code of its own agent; None without one, or where the workspace is the pipeline's."""
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
    """`other` follows `one` and needs nothing of it."""
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
    if any(sonar):  # it reads the coverage that tests leave behind
        return True
    for step in ("junit", "archiveArtifacts"):
        if one.values(step) & other.values(step):
            return True
    return any(
        output.rpartition("/")[2] in work.text for a, work in ((one, other), (other, one)) for output in a.outputs
    )


def in_sequence(pipeline: Pipeline) -> bool:
    """The pipeline reacts to what earlier stages did, so their order counts."""
    options = pipeline.section("options")
    return options is not None and "skipStagesAfterUnstable" in options.tree.source.of(options.span)
