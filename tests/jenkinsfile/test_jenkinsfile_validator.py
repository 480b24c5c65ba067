"""Jenkins' own messages, by the statement that brings each about, at the words at fault."""

from __future__ import annotations

import pytest

from examples import unmarked
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile
from playpen_ls.languages.jenkinsfile.validator import faults_of
from playpen_ls.languages.jenkinsfile.validator.faults import misspelled
from playpen_ls.text.source import Source

STAGE = "stage('A') {\n steps { sh 'x' }\n}"


def faults(text: str) -> list[tuple[str, str, bool]]:
    file = parse(Source("Jenkinsfile", text))
    assert not file.problems
    return [(fault.kind, file.source.of(fault.span), fault.sure) for fault in faults_of(file)]


def marked(text: str) -> list[str]:
    plain, spans = unmarked(text)
    return [plain[span.start : span.end] for span in spans]


def of_pipeline(sections: str, stages: str = STAGE, agent: str = "agent any\n") -> str:
    return f"pipeline {{\n{agent}{sections}\nstages {{\n{stages}\n}}\n}}\n"


def of_stage(sections: str) -> str:
    return of_pipeline("", f"stage('A') {{\n{sections}\n}}")


def of_steps(text: str) -> str:
    return of_stage(f"steps {{\n{text}\n}}")


IN_PIPELINE = [
    ("UndefinedSection", "«foo» { }"),
    ("UndefinedSection", "«matrix» { axes { } }"),
    ("InvalidSectionDefinition", "«foo»"),
    ("InvalidSectionDefinition", "«def x = 1»"),
    ("ExpectedBlockFor", "«environment» 'x'"),
    ("ExpectedBlockFor", "«tools» 'x'"),
    ("ExpectedBlock", "«post» 'x'"),
    ("Renamed.properties", "«properties» { }"),
    ("Renamed.jobProperties", "«jobProperties» { }"),
    ("Renamed.notifications", "«notifications» { }"),
    ("Renamed.postBuild", "«postBuild» { }"),
    ("Renamed.wrappers", "«wrappers» { }"),
    ("NoEnvVars", "«environment» { }"),
    ("DuplicateEnvVar", "environment { A = 'a'\n «A» = 'b' }"),
    ("InvalidIdentifierInEnv", "environment { «1A» = 'a' }"),
    ("InvalidIdentifierInEnv", "environment { «A-B» = 'a' }"),
    ("InvalidIdentifierInEnv", "environment { «'A'» = 'a' }"),
    ("InvalidIdentifierInEnv", "environment { «class» = 'a' }"),
    ("InvalidEnvironmentIdentifier", "environment { «foo('x')» }"),
    ("ExpectedNVPairs", "environment { A = 'a'\n «if (b) { c() }» }"),
    ("InvalidEnvironmentValue", "environment { A = «env.B» }"),
    ("InvalidEnvironmentValue", "environment { A = «['b']» }"),
    ("InvalidEnvironmentValue", "environment { A = «env.B ?: 'b'» }"),
    ("InvalidEnvironmentOperation", "environment { A = «'b' - 'c'» }"),
    ("InvalidEnvironmentConcatValue", "environment { A = 'b' + «env.C» }"),
    ("InvalidInternalFunctionArg", "environment { A = credentials(«env.C») }"),
    ("BareDollarCurly", "environment { A = «${B}» }"),
    ("EmptySection", "«options» { }"),
    ("EmptySection", "«triggers» { }"),
    ("EmptySection", "«parameters» { }"),
    ("EmptySection", "«post» { }"),
    ("EmptySection", "«libraries» { }"),
    ("NoTools", "«tools» { }"),
    ("ExpectedTool", "tools { «maven» }"),
    ("TooManyArgsForTool", "tools { «maven» 'a', 'b' }"),
    ("NoArgForTool", "tools { «maven»() }"),
    ("ExpectedOption", "options { «timestamps» }"),
    ("ExpectedTrigger", "triggers { «cron» }"),
    ("ExpectedBuildParameter", "parameters { «string» }"),
    ("MapNotAllowed", "options { «[a: 1]» }"),
    ("CannotHaveBlocks", "options { «timeout»(5) { sh 'x' } }"),
    ("CannotHaveBlocks", "triggers { «cron»('x') { } }"),
    ("CannotHaveBlocks", "libraries { lib('y')\n «lib»('x') { } }"),
    ("MethodCallWithClosure", "triggers { upstream(upstreamProjects: «{ 'a' }») }"),
    ("MixedNamedAndUnnamedParameters", "parameters { «string»(name: 'a', 'b') }"),
    ("DuplicateOptionName", "options { timestamps()\n «timestamps»() }"),
    ("DuplicateTriggerName", "triggers { cron('a')\n «cron»('b') }"),
    ("RejectParameters", "options { «parameters»([]) }"),
    ("RejectTriggers", "options { «pipelineTriggers»([]) }"),
    ("BlockedStep", "triggers { cron(«node»('a')) }"),
    ("BlockedStep", "triggers { cron(«properties»([])) }"),
    ("DuplicateBuildCondition", "post { always { sh 'x' }\n «always» { sh 'y' } }"),
    ("InvalidBuildCondition", "post { «sh 'x'» }"),
    ("NoSteps", "post { «always» { } }"),
]
MISSPELLED = [
    ("InvalidSectionType", "options { «discardBuilds»(logRotator(numToKeepStr: '1')) }"),
    ("InvalidSectionType", "parameters { «boolParam»(name: 'x', defaultValue: true) }"),
    ("InvalidBuildCondition", "post { «allways» { sh 'x' } }"),
    ("InvalidSectionType", "options { «timestamp»() }"),
    ("InvalidSectionType", "triggers { «crom»('x') }"),
    ("InvalidSectionType", "triggers { «pollScm»('x') }"),
    ("InvalidSectionType", "parameters { «strin»(name: 'x') }"),
    ("InvalidSectionType", "parameters { «textParam»(name: 'x') }"),
    ("InvalidSectionType", "tools { «mavn» 'x' }"),
    ("InvalidStepParameter", "parameters { string(«nmae»: 'x') }"),
    ("UndefinedSection", "«enviroment» { A = 'x' }"),
]
MISSPELLED_IN_STAGE = [
    ("UnknownStageSection", "«step» { sh 'x' }"),
    ("UnknownStageSection", "«Steps» { sh 'x' }"),
    ("UnknownStageSection", "«paralel» { stage('B') { steps { sh 'x' } } }"),
    ("UnknownWhenConditional", "when { «brnach» 'a' }\nsteps { sh 'x' }"),
    ("InvalidAgentType", "agent { «lable» 'a' }\nsteps { sh 'x' }"),
    ("InvalidAgentParameter", "agent { docker { «imgae» 'a' } }\nsteps { sh 'x' }"),
    ("InvalidInputField", "input { «mesage» 'a' }\nsteps { sh 'x' }"),
    (
        "UndefinedSection",
        "matrix { axes { axis { name 'A'\n values 'b' } }\n«statges» { stage('B') { steps { sh 'x' } } } }",
    ),
    (
        "UndefinedSection",
        "matrix { axes { axis { name 'A'\n «value» 'b' } }\nstages { stage('B') { steps { sh 'x' } } } }",
    ),
    ("InvalidStepParameter", "steps { sh script: 'x', «retrunStdout»: true }"),
]
BY_TABLE = [
    ("InvalidBuildCondition", "post { «never» { sh 'x' } }"),
    ("InvalidSectionType", "options { «echo»('x') }"),
    ("InvalidSectionType", "parameters { «checkbox»(name: 'x', defaultValue: true) }"),
    ("TooManyUnnamedParameters", "options { «unknownOption»('a', 1) }"),
    ("InvalidSectionType", "tools { «sh» 'x' }"),
    ("InvalidParameterType", "parameters { string(name: «12») }"),
    ("WrongNumberOfStepParameters", "triggers { «cron»() }"),
    ("TooManyUnnamedParameters", "parameters { «string»('a', 'b') }"),
]
IN_STAGE = [
    ("UnknownStageSection", "«foo» { }\nsteps { sh 'x' }"),
    ("InvalidStageSectionDefinition", "«foo»\nsteps { sh 'x' }"),
    ("MultipleOfSection", "steps { sh 'x' }\nagent any\n«agent» none"),
    ("NoSteps", "«steps» { }"),
    ("ExpectedBlockFor", "«steps» 'x'"),
    ("ExpectedBoolean", "«failFast» 'x'\nparallel { stage('B') { steps { sh 'x' } } }"),
    ("EmptyWhen", "when { }\nsteps { sh 'x' }".replace("when", "«when»")),
    ("ExpectedWhen", "when { «env.A == 'b'» }\nsteps { sh 'x' }"),
    ("ExpectedBoolean", "when { «beforeAgent» 'x'\n branch 'a' }\nsteps { sh 'x' }"),
    ("StepWithoutBlock", "when { «expression» 'x' }\nsteps { sh 'x' }"),
    ("NestedWhenNoArgs", "when { «allOf»('x') { branch 'a' } }\nsteps { sh 'x' }"),
    ("NestedWhenWithoutChildren", "when { «anyOf» { } }\nsteps { sh 'x' }"),
    ("NestedWhenWrongChildrenCount", "when { «not» { branch 'a'\n branch 'b' } }\nsteps { sh 'x' }"),
    ("NoNestedWhenAllowed", "when { «branch» { branch 'a' } }\nsteps { sh 'x' }"),
    ("changelog.missingParameter", "when { «changelog»() }\nsteps { sh 'x' }"),
    ("changelog.badPattern", "when { changelog «'*a'» }\nsteps { sh 'x' }"),
    ("MissingInputMessage", "«input» { ok 'x' }\nsteps { sh 'x' }"),
    ("InvalidInputField", "input { message 'x'\n «foo» 'y' }\nsteps { sh 'x' }"),
    ("NoArgForField", "input { «message»() }\nsteps { sh 'x' }"),
    ("TooManyArgsForField", "input { «message» 'a', 'b' }\nsteps { sh 'x' }"),
    ("MultipleOfSection", "input { message 'a'\n «message» 'b' }\nsteps { sh 'x' }"),
    ("AgentInNestedStages", "«agent» any\nparallel { stage('B') { steps { sh 'x' } } }"),
    ("ToolsInNestedStages", "«tools» { jdk 'x' }\nparallel { stage('B') { steps { sh 'x' } } }"),
    ("NoStages", "«stages» { }"),
    (
        "NoNestedWithinNestedStages",
        "parallel { stage('B') { stages { stage('C') { «parallel» { stage('D') { steps { sh 'x' } } } } } } }",
    ),
    ("RequiredSection", "«matrix» { stages { stage('B') { steps { sh 'x' } } } }"),
    ("RequiredSection", "«matrix» { axes { axis { name 'A'\n values 'b' } } }"),
    ("NoAgentType", "«agent» { }\nsteps { sh 'x' }"),
    ("ExpectedAgent", "agent { «'linux'» }\nsteps { sh 'x' }"),
    ("OneAgentMax", "«agent» { label 'a'\n docker 'b' }\nsteps { sh 'x' }"),
    ("InvalidAgent", "agent «'linux'»\nsteps { sh 'x' }"),
    ("NoArgForAgent", "«agent»()\nsteps { sh 'x' }"),
    ("ExpectedMapMethod", "agent { docker { image 'a'\n «args» } }\nsteps { sh 'x' }"),
    ("TooManyArgsForMapMethodKey", "agent { docker { «image» 'a', 'b' } }\nsteps { sh 'x' }"),
    ("NoArgForMapMethodKey", "agent { docker { «image»() } }\nsteps { sh 'x' }"),
]
IN_MATRIX = [
    ("NoAxes", "«axes» { }"),
    ("RequiredSection", "axes { «axis» { values 'b' } }"),
    ("RequiredSection", "axes { «axis» { name 'A' } }"),
    ("DuplicateAxisName", "axes { axis { name 'A'\n values 'b' }\n «axis» { name 'A'\n values 'c' } }"),
    ("DuplicateAxisValue", "axes { axis { name 'A'\n values 'b', «'b'» } }"),
    ("ExpectedStringLiteralButGot", "axes { axis { name 'A'\n values «\"${x}\"» } }"),
    ("InvalidIdentifierInEnv", "axes { axis { name «'A-B'»\n values 'b' } }"),
    ("NoExcludes", "axes { axis { name 'A'\n values 'b' } }\n«excludes» { }"),
    ("NoAxes", "axes { axis { name 'A'\n values 'b' } }\nexcludes { «exclude» { } }"),
    (
        "MatrixExcludeAxisValuesOrNotValues",
        "axes { axis { name 'A'\n values 'b' } }\nexcludes { exclude { axis { name 'A'\n values 'b'\n «notValues» 'c' } } }",
    ),
]
IN_STEPS = [
    ("ExpectedStep", "«x = 1»"),
    ("ExpectedStep", "«deleteDir»"),
    ("ExpectedStep", "dir('a') { «if (b) { sh 'x' }» }"),
    ("ObjectMethodCall", "«foo.bar»()"),
    ("ExpectedSymbol", "«env.foo.bar()»"),
    ("BlockedStep", "«stage»('B') { sh 'x' }"),
    ("BlockedStep", "«properties»([])"),
    ("BlockedStep", "sh 'x'\n«parallel» a: { sh 'y' }"),
    ("StepWithoutBlock", "«script»()"),
    ("BareDollarCurly", "echo «${A}»"),
    ("BigIntegerValue", "sleep «9223372036854775808»"),
    ("DuplicateNamedParameter", "stash name: 'a', name: «'b'»"),
    ("ExpectedClosureOrFailFast", "parallel a: { sh 'x' }, b: «'y'»"),
    ("ExpectedBoolean", "parallel a: { sh 'x' }, failFast: «'y'»"),
    ("DuplicateParallelName", "parallel a: { sh 'x' }, a: «{ sh 'y' }»"),
]
BY_TABLE_IN_STEPS = [
    ("MissingRequiredStepParameter", "«timeout»(unit: 'HOURS') { sh 'x' }"),
    ("InvalidStepParameter", "sh script: 'x', «quiet»: true"),
    ("InvalidParameterType", "timeout(time: «'5'», unit: 'HOURS') { sh 'x' }"),
    ("InvalidUnnamedParameterType", "echo «5»"),
    ("TooManyUnnamedParameters", "«writeFile» 'a', 'b'"),
    ("NotSingleRequiredParameter", "«mail» 'a'"),
]


def case(frame, cases, sure=True):
    return [pytest.param(frame(text), kind, marked(text), sure, id=f"{kind}: {text[:40]}") for kind, text in cases]


@pytest.mark.parametrize(
    ("text", "kind", "words", "sure"),
    [
        *case(of_pipeline, IN_PIPELINE),
        *case(of_pipeline, BY_TABLE, sure=False),
        *case(lambda text: of_pipeline("", text), [("StageWithoutBlock", "«stage»('A', 'b') { steps { sh 'x' } }")]),
        *case(of_stage, IN_STAGE),
        *case(of_stage, [("UnknownWhenConditional", "when { «weather» 'a' }\nsteps { sh 'x' }")], sure=False),
        *case(of_stage, [("MissingAgentParameter", "agent { «docker» { args 'a' } }\nsteps { sh 'x' }")], sure=False),
        *case(of_stage, [("InvalidAgentParameter", "agent { docker { image 'a'\n «foo» 'b' } }\nsteps { sh 'x' }")], sure=False),
        *case(lambda text: of_stage(f"matrix {{\n{text}\nstages {{ {STAGE} }}\n}}"), IN_MATRIX),
        *case(of_steps, IN_STEPS),
        *case(of_steps, BY_TABLE_IN_STEPS, sure=False),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_words(text: str, kind: str, words: list[str], sure: bool):
    assert (kind, words[0], sure) in faults(unmarked(text)[0])


@pytest.mark.parametrize(
    ("text", "kind", "words", "sure"), [*case(of_pipeline, MISSPELLED), *case(of_stage, MISSPELLED_IN_STAGE)]
)
def test_a_misspelled_name_is_one_fault(text: str, kind: str, words: list[str], sure: bool):
    assert faults(unmarked(text)[0]) == [(kind, words[0], sure)]


def test_what_is_near_several_names_or_short_is_no_misspelling():
    known = ("string", "git", "branch", "find", "fine", "image")
    assert [misspelled(one, known) for one in ("gif", "fins", "brunhc", "imagine", "x" * 100)] == ["", "", "", "", ""]
    assert [misspelled(one, known) for one in ("String", "brnach", "imgae")] == ["string", "branch", "image"]


def test_the_parameter_that_jenkins_proposes():
    (fault,) = faults_of(parse(Source("Jenkinsfile", of_steps("timeout(time: 5, banana: 'x') { sh 'y' }"))))
    assert fault.message == 'Invalid parameter "banana", did you mean "unit"?'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pipeline {\nagent any\n}\n", ("RequiredSection", "pipeline")),
        (of_pipeline("", agent=""), ("RequiredSection", "pipeline")),
        (of_pipeline("", "foo { }"), ("ExpectedStage", "foo { }")),
        (of_pipeline("", "stage { steps { sh 'x' } }"), ("ExpectedStageName", "stage")),
        (of_pipeline("", 'stage("a${b}") { steps { sh \'x\' } }'), ("ExpectedStringLiteral", '"a${b}"')),
        (of_pipeline("", f"{STAGE}\n{STAGE}"), ("DuplicateStageName", "A")),
        (of_pipeline("", "stage('B') { agent any }"), ("NothingForStage", "B")),
        (of_pipeline("", f"stage('B') {{ steps {{ sh 'x' }}\nstages {{ {STAGE} }} }}"), ("TwoOfStepsStagesParallel", "B")),
        (f"timeout(5) {{\n{of_pipeline('')}}}\n", ("PipelineBlockNotAtTop", "pipeline")),
        ("pipeline()\n", ("PipelineStepWithoutBlock", "pipeline")),
    ],
)  # fmt: skip
def test_each_fault_of_a_whole_is_found(text: str, expected: tuple[str, str]):
    assert [(kind, words) for kind, words, _ in faults(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        of_pipeline(""),
        of_pipeline("libraries { lib('a@1') }\ntools { maven 'x'\n 'hudson.plugins.groovy.GroovyInstallation' 'y' }"),
        of_pipeline("options { buildDiscarder(logRotator(numToKeepStr: '1'))\n timeout(time: 1, unit: 'HOURS') }"),
        of_pipeline("options { acmeProperty(foo: 'x') }\ntriggers { acmeTrigger(a: 1) }\nparameters { acme(name: 'x')\n acme2(name: 'x', defaultValue: true, acme: 1) }"),
        of_pipeline("environment { A = 'a'\n B = 1\n C = true\n D = f(env.X)\n E = 'a' +\n 'b' + \"${A}\"\n F = sh(script: 'x', returnStdout: true).trim() }"),
        of_pipeline("environment { def A = 'a'\n String B = 'b' }"),
        of_pipeline("post { always { script { x.y() }\n junit 'a' }\n cleanup { deleteDir() } }"),
        of_stage("agent { kubernetes { yaml '''\nfoo: [\n'''\n defaultContainer 'a' } }\nsteps { container('a') { sh 'x' } }"),
        of_stage("agent { dockerfile true }\nsteps { sh 'x' }"),
        of_stage("agent { docker 'a' }\nsteps { sh 'x' }"),
        of_stage("agent { node { label 'a'\n customWorkspace 'b' } }\nsteps { sh 'x' }"),
        of_stage("agent { label env.A }\nsteps { sh 'x' }"),
        of_stage("when { beforeAgent true\n allOf { not { branch 'a' }\n environment name: 'A', value: 'b'\n expression { x.y() } } }\nsteps { sh 'x' }"),
        of_stage("when { tag 'v*'\n buildingTag()\n changeRequest()\n triggeredBy 'TimerTrigger'\n equals expected: 1, actual: x }\nsteps { sh 'x' }"),
        of_stage("input { message 'a'\n parameters { string(name: 'x', defaultValue: 'y') } }\nsteps { sh 'x' }"),
        of_stage("options { timeout(5)\n skipDefaultCheckout true\n lock('a') }\nsteps { sh 'x' }"),
        of_steps("script { def x = 1\n foo.bar() }"),
        of_steps("unknownStep 1, 2\nunknown { sh 'x' }\nthis.foo()"),
        of_steps("retry(3) { sh 'x' }\nsleep time: 5, unit: 'SECONDS'\ntimeout(time: env.T) { sh 'x' }"),
        of_steps("parallel a: { sh 'x' }, b: { sh 'y' }, failFast: true"),
        of_steps("step([$class: 'Foo', bar: 1])\ncheckout([$class: 'GitSCM', branches: [[name: 'a']]])"),
        of_steps("sh script: '''\n foo \\\n  bar\n''',\n returnStatus: true"),
        of_steps("git branch: 'a',\n    url: 'b'\nsh(\"\"\"\n  ${x.y}\n\"\"\")"),
        "node { stage('A') { x = 1 } }\n",
        "buildPlugin(foo: 1)\n",
        "pipeline\n{\nagent any\nstages\n{\nstage('A')\n{\nsteps\n{\nsh 'x'\n}\n}\n}\n}\n",
        "def call(Map config) {\n pipeline {\n foo { }\n }\n}\n",
    ],
)  # fmt: skip
def test_what_jenkins_takes_is_no_fault(text: str):
    assert faults(text) == []


def test_what_is_remembered_is_found_where_it_is_now():
    text = of_pipeline("options { }", f"{STAGE}\nstage('B') {{ steps {{ foo.bar() }} }}")
    before = parse(Source("Jenkinsfile", text))
    assert [fault.kind for fault in faults_of(before)] == ["EmptySection", "ObjectMethodCall"]
    longer = "// one line more\n" + text
    after = parse(Source("Jenkinsfile", longer), before)
    fresh = parse(Source("Jenkinsfile", longer))
    assert faults_of(after) == faults_of(fresh)
    assert [after.source.of(fault.span) for fault in faults_of(after)] == ["options", "foo.bar"]


def test_a_stage_that_moves_into_a_parallel_block_is_judged_again():
    inner = "stage('B') { parallel { stage('C') { steps { sh 'x' } } } }"
    before = parse(Source("Jenkinsfile", of_pipeline("", inner)))
    assert faults_of(before) == []
    after: Jenkinsfile = parse(
        Source("Jenkinsfile", of_pipeline("", f"stage('A') {{ parallel {{ {inner} }} }}")), before
    )
    assert [fault.kind for fault in faults_of(after)] == ["NoNestedWithinNestedStages"]


def test_no_message_holds_the_text_of_a_string():
    text = of_steps("echo 5\nfoo 'hunter2'").replace("agent any", "agent any\n'hunter2'\nenvironment { f('hunter2') }")
    assert not [fault.message for fault in faults_of(parse(Source("Jenkinsfile", text))) if "hunter2" in fault.message]
