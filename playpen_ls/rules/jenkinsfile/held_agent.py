from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.queries import in_pipeline
from playpen_ls.languages.jenkinsfile.model.region import Region as ParsedRegion
from playpen_ls.languages.jenkinsfile.parts import Call, Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed


def pipeline(agent: str, stage: str) -> str:
    return f"pipeline {{\n    agent {agent}\n    stages {{\n        stage('Deploy') {{\n{stage}        }}\n    }}\n}}\n"


STEP = "            steps { «input» 'Deploy?' }\n"


@rule(
    severity=Severity.HINT,
    practice="+",
    bad=[
        pipeline("any", STEP),
        pipeline("none", "            agent any\n" + STEP),
        pipeline("{ label 'x' }", "            «input» { message 'Deploy?' }\n            steps { sh 'x' }\n"),
        pipeline("any", "            steps { timeout(time: 1, unit: 'HOURS') { «input» message: 'Deploy?' } }\n"),
        "node('x') {\n    stage('Deploy') { «input» 'Deploy?' }\n}\n",
    ],
    good=[
        pipeline("none", STEP.replace("«", "").replace("»", "")),
        pipeline("any", "            agent none\n" + STEP.replace("«", "").replace("»", "")),
        pipeline(
            "none", "            agent any\n            input { message 'Deploy?' }\n            steps { sh 'x' }\n"
        ),
        "node('x') {\n    sh 'make'\n}\nstage('Deploy') { input 'Deploy?' }\n",
    ],
)
def held_agent(region: Region) -> Iterator[Finding]:
    """`input` waits for an answer while an agent is held.

    Nobody else can use the agent until somebody answers. Ask in a stage with `agent none`, or with the stage's own
    `input`, which is asked before the stage's agent is allocated; the pipeline's agent must be `none` then.
    """
    agents: dict[int, Call | None] = {}  # by the token of their stage, which can have many inputs
    for call in region.named("input"):
        if not call.receiver and call.statement.call is not None and _is_held(call, agents):
            message = "`input` waits while the pipeline holds an agent; ask where the agent is `none`"
            yield Finding(call.name_span, message)


def _is_held(call: Call, agents: dict[int, Call | None]) -> bool:
    around = list(call.enclosing)
    if around and around[0].name == "stage":  # the directive: the stage's own agent is not allocated yet
        if call.block is None and not any(one.name == "node" for one in around):
            return False
        around = around[1:] if call.block is not None else around
    for outer in around:
        if outer.name == "node":
            return True
        if outer.name == "stage":
            if outer.index not in agents:
                inside = (statement.call for statement in outer.statements)
                agents[outer.index] = next((one for one in inside if one is not None and one.name == "agent"), None)
            agent = agents[outer.index]
            if agent is not None:
                return _is_some(agent)
    return call.file.ask(pipeline_holds_agent)


def _is_some(agent: Call) -> bool:
    return not (agent.arguments and agent.arguments[0].text == "none")


def holds_agent(parsed: Parsed) -> bool:
    """Whether a region has an `agent` other than `none` in no block of its own."""
    calls = (one.call for one in ParsedRegion(parsed).root.statements)
    return any(call is not None and call.name == "agent" and _is_some(call) for call in calls)


def pipeline_holds_agent(outline: Outline) -> bool:
    """Whether the declarative pipeline has an agent for all of its stages."""
    held = outline.each(holds_agent)
    return any(held[number] for number in outline.ask(in_pipeline))
