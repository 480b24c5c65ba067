"""Whether two stages of a declarative pipeline can run in parallel.

The analysis is conservative: unknown steps, computed names and scripts with logic count as dependent.
Stages count as independent if they only run checks, or run the same kind of build on different agents,
and neither writes what the other one reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playpen_ls.languages.jenkinsfile.model.pipeline import Stage
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, ShellStep
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

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
_WORD = regex(r"build_(?:number|id|url|tag)|[a-z]+")
_SECTIONS = frozenset(("steps", "agent", "when", "environment", "tools", "post", "options"))
_STEPS = frozenset(
    """sh bat powershell pwsh echo junit archiveArtifacts recordIssues publishHTML dir container withCredentials withEnv
    timeout retry script stash unstash withSonarQubeEnv nodejs catchError warnError ansiColor timestamps cobertura
    jacoco""".split()
)
_READERS = frozenset("junit archiveArtifacts recordIssues publishHTML cobertura jacoco".split())
_NAMED = ("stash", "unstash", "junit", "archiveArtifacts")
# Two concurrent runs in the same workspace conflict.
_SINGLE = regex(
    r"\b(?:(mvn)w?|(gradle)w?|(dotnet)|(sbt)|(ant)|(terraform)|(docker[ -]compose)|(coverage|cov)|(msbuild))\b"
)
_DISTURBING = ("cleanWs", "deleteDir", "-delete", "--fix", "-i.bak")
_OUTPUT = regex(
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

    @property
    def verifies(self) -> bool:
        """Whether it only checks: it has words for checks, none for producing artifacts or side effects."""
        return self.checks and not self.makes and not self.changes


def nature(text: str) -> Nature:
    """The classification of a text; `test -f` of a shell does not count as a check."""
    words = frozenset(_WORD.findall(text.lower().replace("test -", "")))
    makes = {word for word in words if word.startswith(_PRODUCES) and not word.startswith("build_")}
    changes = not words.isdisjoint(_SIDE_EFFECT) or any(
        word.startswith(_SIDE_EFFECTS) and word not in _HARMLESS for word in words
    )
    makes |= words & ({"dist", "ci"} if "npm" in words else {"dist"})
    return Nature(frozenset(makes), not words.isdisjoint(_VERIFY), changes)


@dataclass(frozen=True)
class StageSummary:
    """What of a stage tells whether it may be independent of others; `is_parallel` if it has a section `parallel`."""

    name: str | None
    name_span: Span
    nature: Nature
    sections: frozenset[str]

    @property
    def is_parallel(self) -> bool:
        return "parallel" in self.sections


def summary_of(stage: Stage) -> StageSummary:
    return StageSummary(stage.name, stage.name_span, nature(stage.call.text), frozenset(stage.sections))


def can_be_independent(one: StageSummary, other: StageSummary) -> bool:
    """Whether two stages do work of a kind that could run at the same time."""
    return _is_of_one_kind(one.nature, other.nature)


def _is_of_one_kind(one: Nature, other: Nature) -> bool:
    if one.verifies and other.verifies:
        return True
    return not (one.changes or other.changes) and bool(one.makes) and one.makes == other.makes


@dataclass(frozen=True)
class StageWork:
    """What a stage does, as far as its text shows.

    `is_plain` says that all sections and steps are known, and a shell step precedes all steps that read its reports.
    `values` are by step those of `name:`, or else of the first argument; None for computed ones. `agent` is the source
    of the stage's own agent, None if it uses the pipeline's workspace. `single` are what only one build can use at a
    time, `disturbs` says that others cannot work in its folder. `parallel` are the stages of its section `parallel`.
    """

    text: str
    single: frozenset[str]
    disturbs: bool
    nature: Nature
    is_plain: bool
    agent: str | None
    values: tuple[frozenset[str | None], ...]
    outputs: frozenset[str]
    parallel: tuple[StageWork, ...]

    def of(self, step: str) -> frozenset[str | None]:
        return self.values[_NAMED.index(step)]


def work_of(stage: Stage) -> StageWork:
    text, calls = stage.call.text, stage.block.calls
    values = tuple(_values(calls, step) for step in _NAMED)
    outputs = frozenset(match for match in _OUTPUT.findall(text) if not match.startswith(("/dev/", "&")))
    inner = tuple(work_of(one) for one in stage.children) if stage.section("parallel") is not None else ()
    single = frozenset(found[found.lastindex or 0] for found in _SINGLE.finditer(text))
    # SonarQube scanners read the coverage reports of tests.
    disturbs = any(map(text.__contains__, _DISTURBING)) or "sonar" in text.lower()
    return StageWork(
        text, single, disturbs, nature(text), _is_plain(stage, calls), _agent(stage), values, outputs, inner
    )


def _is_plain(stage: Stage, calls: Sequence[Call]) -> bool:
    names = [one.call.name if one.call else "" for one in stage.block.statements]
    if stage.name is None or stage.steps is None or not _SECTIONS.issuperset(names) or len(set(names)) < len(names):
        return False
    post = stage.section("post")
    blocks = [one.block for one in (stage.steps, post) if one is not None and one.block is not None]
    if not all(_only_steps(block) for block in blocks):
        return False
    first = next((call for call in calls if call.name in _READERS or isinstance(call, ShellStep)), None)
    return isinstance(first, ShellStep)


def _values(calls: Sequence[Call], step: str) -> frozenset[str | None]:
    return frozenset(
        (call.argument("name") or call.arguments[0]).value for call in calls if call.name == step and call.arguments
    )


def _agent(stage: Stage) -> str | None:
    agent = stage.section("agent")
    text = agent.tree.of(agent.span) if agent else ""
    shared = "reuseNode" in text or re.fullmatch(r"agent\s*\(?\s*(any|none)\s*\)?", text)
    return text if agent and not shared else None


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
    if not _is_of_one_kind(one.nature, other.nature):
        return False
    if not (one.nature.verifies and other.nature.verifies) and (
        one.agent is None or other.agent is None or one.agent == other.agent
    ):
        return False
    if not one.is_plain or not other.is_plain:
        return False
    apart = one.agent is not None and other.agent is not None and one.agent != other.agent
    if one.of("stash") & other.of("unstash") or None in one.of("stash") | other.of("unstash"):
        return False
    if one.of("stash") & other.of("stash") or "copyArtifacts" in other.text:
        return False
    if apart:
        return True
    return not _share_files(one, other)


def _share_files(one: StageWork, other: StageWork) -> bool:
    if one.single & other.single or one.disturbs or other.disturbs:
        return True
    for step in ("junit", "archiveArtifacts"):
        if one.of(step) & other.of(step):
            return True
    return any(
        output.rpartition("/")[2] in work.text for a, work in ((one, other), (other, one)) for output in a.outputs
    )
