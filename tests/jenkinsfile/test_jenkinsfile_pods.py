"""The manifests of agents' pods inside pipelines are checked by the rules for manifests that hold for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from examples import unmarked
from playpen_ls.api.finding import Change, Finding, Fix, Refused
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Configured, RuleContext
from playpen_ls.engine.check import Checked, check
from playpen_ls.engine.embedded import EmbeddedPart
from playpen_ls.engine.registry import embedded_rules
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.model import Embedded
from playpen_ls.languages.registry import parse
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.project.index import Index
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

RULES = RuleSet((), (), lambda: RuleSet(Configured(rule) for rule in embedded_rules("jenkinsfile")))
LIMITS = "resources: {limits: {memory: 1Gi}}"


def pipeline(manifest: str, quote: str = "'''", more: str = "") -> str:
    head = f"pipeline {{\n    agent {{\n        kubernetes {{\n{more}            yaml {quote}\n"
    stages = "    stages { stage('A') { steps { sh 'x' } } }\n"
    return f"{head}{manifest}            {quote}\n        }}\n    }}\n{stages}}}\n"


def pod(containers: str, indentation: int = 16) -> str:
    text = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{containers}"
    return "".join(f"{' ' * indentation}{line}\n" for line in text.split("\n"))


def checked(text: str, memory=None) -> Checked:
    index = Index()  # incomplete: what other files say does not matter
    given = RuleContext(
        Platform(), ProjectFiles(Path("/nonexistent"), lambda _: None), lambda kind: index.facts(kind, "")
    )
    return check(parse("jenkinsfile", Source("Jenkinsfile", text)), RULES, given, memory)


def found(text: str) -> list[tuple[str, str, str]]:
    return [
        (one.rule.name, one.severity.label, text[one.span.start : one.span.end]) for one in checked(text).diagnostics
    ]


def fixed(text: str) -> str:
    (one,) = checked(text).diagnostics
    change = one.finding.fixes[0].change()
    edits = change.edits["Jenkinsfile"] if isinstance(change, Change) else change
    return Source("Jenkinsfile", text).edited(edits).text


@pytest.mark.parametrize("quote", ["'''", '"""'])
def test_wrong_values_are_found_where_they_are_written(quote: str):
    text = pipeline(
        pod(
            "    - name: build\n      image: maven:«latest»\n"
            "      resources: {requests: {memory: «2Gi»}, limits: {memory: 1Gi}}\n"
            "      env: [{name: DB_PASSWORD, value: «Zebra-9912»}]\n"
            "      securityContext: {«privileged: true»}"
        ),
        quote,
    )
    plain, spans = unmarked(text)
    rules = ["moving-tag", "request-over-limit", "literal-secret", "privileged-container"]
    assert sorted(one[2] for one in found(plain)) == sorted(plain[span.start : span.end] for span in spans)
    assert sorted(one[0] for one in found(plain)) == sorted(rules)


def test_names_are_unique_and_volumes_exist():
    twice = pod(f'    - {{name: a, image: "b:1", {LIMITS}}}\n    - {{name: a, image: "c:1", {LIMITS}}}')
    assert found(pipeline(twice)) == [("duplicate-name", "error", "a")]
    mounts = "volumeMounts: [{name: workspace-volume, mountPath: /w}, {name: cache, mountPath: /c}]"
    mounting = pod(f'    - {{name: a, image: "b:1", {LIMITS}, {mounts}}}')
    assert found(pipeline(mounting)) == [("missing-volume", "error", "cache")]
    assert found(pipeline(mounting, more="            inheritFrom 'base'\n")) == []


def test_what_an_agent_does_not_need_is_not_asked_for():
    assert found(pipeline(pod(f'    - {{name: a, image: "maven:3.9", command: [cat], tty: true, {LIMITS}}}'))) == []


def test_a_missing_memory_limit_is_a_hint_unless_another_template_can_set_it():
    manifest = pod('    - {name: build, image: "maven:3.9"}')
    assert found(pipeline(manifest)) == [("no-memory-limit", "hint", "build")]
    assert all(not one.finding.fixes for one in checked(pipeline(manifest)).diagnostics)
    assert found(pipeline(manifest, more="            inheritFrom 'base'\n")) == []
    assert found(pipeline(manifest, more="            yamlMergeStrategy merge()\n")) == []


@pytest.mark.parametrize(
    "image",
    ["maven:${TAG}", "${IMAGE}", '"${IMAGE}"', "${params.REGISTRY}/web"],
)
def test_a_value_that_groovy_writes_is_not_reported(image: str):
    assert found(pipeline(pod(f"    - name: a\n      image: {image}\n      {LIMITS}"), '"""')) == []


def test_the_rest_of_a_manifest_with_values_of_groovy_is_checked():
    manifest = pod(f"    - name: ${{NAME}}\n      image: maven:latest\n      {LIMITS}")
    assert found(pipeline(manifest, '"""')) == [("moving-tag", "warning", "latest")]


@pytest.mark.parametrize(
    "manifest",
    [
        pod("${CONTAINERS}\n    - {name: a, image: maven:latest}"),
        pod("    - {name: a, image: maven:latest}\n  ${MORE}: {}"),
        pod("    - {name: a, image: maven:latest}\n    ${MORE.collect { '- ' + it }.join('x')}"),
        pod("    - {name: a, image: maven:latest"),
    ],
)
def test_a_manifest_whose_structure_is_not_known_is_not_checked(manifest: str):
    assert found(pipeline(manifest, '"""')) == []


def test_a_manifest_in_a_variable_is_not_checked():
    assert found(pipeline("").replace("yaml '''\n            '''", "yaml manifest")) == []


def test_scripted_templates_are_checked():
    manifest = pod(f"    - {{name: a, image: maven:latest, {LIMITS}}}", 0)
    for call in (f"yaml: '''{manifest}'''", f"label: 'x', yaml: '''{manifest}'''.stripIndent().trim()"):
        assert found(f"podTemplate({call}) {{\n    node(POD_LABEL) {{ sh 'x' }}\n}}\n") == [
            ("moving-tag", "warning", "latest")
        ]


@pytest.mark.parametrize("quote", ["'''", '"""'])
def test_a_fix_changes_the_manifest_where_it_is_written(quote: str):
    manifest = pod(f"    - name: a\n      image: maven:3\n      securityContext: {{privileged: true}}\n      {LIMITS}")
    text = pipeline(manifest, quote)
    assert fixed(text) == text.replace("privileged: true", "privileged: false")


def test_a_fix_of_a_string_on_one_line_is_escaped():
    manifest = pod(f"    - name: it's\n      securityContext: {{privileged: true}}\n      {LIMITS}", 0)
    written = manifest.replace("'", "\\'").replace("\n", "\\n")
    text = pipeline("").replace("yaml '''\n            '''", f"yaml '{written}'")
    assert fixed(text) == text.replace("privileged: true", "privileged: false")


def test_a_fix_does_not_replace_what_groovy_writes():
    manifest = pod('    - name: build\n      image: "maven:3.9"\n      resources: ${RESOURCES}')
    fragment = Fragment.verbatim(manifest, Span(0, len(manifest)))
    hole = Span(manifest.index("${"), manifest.index("}") + 1)
    part = EmbeddedPart(None, Embedded("kubernetes", replace(fragment, holes=(hole,)), True), "Jenkinsfile", 0)

    def changed(start: int, end: int) -> Change:
        finding = Finding(Span(0, 3), "", (Fix("", lambda: [Edit(start, end, "x")]),))
        return part.in_host(finding).fixes[0].change()

    for start, end in ((hole.start, hole.end), (hole.start - 2, hole.start + 1), (hole.start + 1, hole.start + 1)):
        with pytest.raises(Refused):
            changed(start, end)
    assert changed(0, 3) == [Edit(0, 3, "x")]
    assert part.in_host(Finding(hole, "")) is None


def test_an_edit_elsewhere_keeps_the_findings():
    text = pipeline(pod("    - {name: a, image: maven:latest}"))
    before = checked(text, memory=checked(text).memory)
    longer = "// a line more\n" + text.replace("sh 'x'", "sh 'xy'")
    after = checked(longer, memory=before.memory)
    assert (
        [(one.rule.name, longer[one.span.start : one.span.end]) for one in after.diagnostics]
        == [(name, words) for name, _, words in found(longer)]
        != []
    )


def test_rules_for_manifests_are_not_loaded_for_a_pipeline_without_pods():
    loaded = []
    rules = RuleSet((), (), lambda: loaded.append(1) or RULES.embedded)
    text = pipeline(pod("    - {name: a, image: maven:latest}"))
    index = Index()
    index.complete = True
    given = RuleContext(Platform(), ProjectFiles(Path("/none"), lambda _: None), lambda kind: index.facts(kind, ""))
    for source, expected in (("node { sh 'x' }\n", []), (text, [1])):
        check(parse("jenkinsfile", Source("Jenkinsfile", source)), rules, given)
        assert loaded == expected
    assert "kubernetes/moving-tag" in rules.reported


def test_the_file_of_a_pod_is_not_asked_for_what_its_template_adds(tmp_path: Path):
    agent = "pipeline {\n    agent { kubernetes { yamlFile 'ci/pod.yaml' } }\n    stages { }\n}\n"
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci/pod.yaml").write_text(pod("    - {name: a, image: maven:latest}", 0))
    for jenkinsfile, expected in (("", True), (agent, False)):
        (tmp_path / "Jenkinsfile").write_text(jenkinsfile)
        workspace = Workspace(tmp_path)
        for path in ("Jenkinsfile", "ci/pod.yaml"):
            source = Source(path, (tmp_path / path).read_text())
            language = "jenkinsfile" if path == "Jenkinsfile" else "kubernetes"
            workspace.open(source, language)
        workspace.index.complete = True
        workspace.check("Jenkinsfile")
        rules = {one.rule.name for one in workspace.check("ci/pod.yaml").diagnostics}
        assert "moving-tag" in rules
        assert ("no-liveness-probe" in rules, "default-service-account" in rules) == (expected, expected)
