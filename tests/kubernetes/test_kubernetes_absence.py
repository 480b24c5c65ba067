"""Rules that report what a manifest does not contain: when they may conclude that it is missing."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import pytest
from parts import parts_in

from playpen_ls.api.fact_types import ChartInstall, KustomizeBuild, Kustomized, Overlay, ValuesFile
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.finding import Place
from playpen_ls.api.rule import Rule
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.kubernetes.model.manifests import parse
from playpen_ls.languages.kubernetes.parts import Container, Resource, Workload
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.rules.kubernetes._builds import Builds
from playpen_ls.rules.kubernetes._charts import Charts
from playpen_ls.rules.kubernetes._completeness import Absence, is_missing
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    spec:
      containers:
        - name: web
          image: nexus:5000/web:1.0
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n"


def absence(*partial: str) -> Absence:
    overlays = [Overlay(Place("kustomization.yaml", Span(0, 0)), partial, (), ())] if partial else []
    files = ProjectFiles(Path(), lambda _: None)
    builds, charts = (
        Builds(files, Facts(Kustomized, Table()), Facts(KustomizeBuild, Table())),
        Charts(files, Facts(ValuesFile, Table()), Facts(ChartInstall, Table())),
    )
    return Absence(Facts(Overlay, Table(overlays)), builds, charts)


def certain(text: str, *partial: str, path: str = "k8s/app.yaml") -> set[bool]:
    """What is said of the containers, workloads and other objects of a file."""
    parts = parts_in(parse(Source(path, text)))
    checked = [part for part in parts if isinstance(part, Container | Resource)]
    assert checked
    return {absence(*partial).is_certain(part) for part in checked}


@pytest.mark.parametrize("text", [DEPLOYMENT, SERVICE, "apiVersion: v1\nkind: List\nitems:\n- " + SERVICE.replace(
    "\n", "\n  ") + "\n"])  # fmt: skip
def test_a_whole_object_lacks_what_it_does_not_contain(text: str):
    assert certain(text) == {True}
    assert certain(text, "k8s/other.yaml", "charts/web/templates/") == {True}


@pytest.mark.parametrize(
    "text",
    [
        DEPLOYMENT.replace("  selector: {matchLabels: {app: web}}\n", ""),
        DEPLOYMENT.replace("          image: nexus:5000/web:1.0\n", ""),
        DEPLOYMENT + "          $patch: merge\n",
        SERVICE + "  $patch: replace\n",
        DEPLOYMENT + "          {{- with .Values.probe }}\n          {{- end }}\n",
        SERVICE + "  type: {{ .Values.type }}\n",
        SERVICE + "  a: '{{ .Values.a }}'\n  b: {{ .Values.b }}\n",
        SERVICE + "  a: '{{ .Values.a }}'  # {% if x %}\n  {% endif %}\n",
        SERVICE + "  a: |\n    {{ .Values.a }}\n  {{ .Values.b }}\n",
        SERVICE + "  a: |\n    {{ .Values.a }}\n  #@ for b in c:\n",
    ],
)
def test_nothing_is_missing_from_a_patch_or_a_template(text: str):
    assert certain(text) == {False}


@pytest.mark.parametrize(
    "more",
    [
        "  a: '{{ $labels.pod }}'\n",
        '  a: "{{ $labels.pod }} {{ $value }}"\n  # {{ x }}\n',
        "  a: |\n    {{ range .Alerts }}\n    {{ .Name }}\n    {{ end }}\n  b: c\n",
        "  a: >-\n    x {{ b }}\n",
    ],
)
def test_an_expression_in_a_quoted_or_block_scalar_adds_no_key(more: str):
    assert certain(SERVICE + more) == {True}
    assert certain(SERVICE + more, "k8s/") == {False}


@pytest.mark.parametrize("partial", ["k8s/app.yaml", "k8s/"])
@pytest.mark.parametrize("text", [DEPLOYMENT, SERVICE])
def test_nothing_is_missing_from_what_an_overlay_or_a_chart_reads(text: str, partial: str):
    assert certain(text, partial) == {False}


def test_nothing_is_missing_beside_a_half_typed_line():
    parts = parts_in(parse(Source("app.yaml", DEPLOYMENT + "          liv\n---\n" + SERVICE)))
    by_type = {type(part): absence().is_certain(part) for part in parts if isinstance(part, Container | Resource)}
    assert by_type == {Workload: False, Container: False, Resource: True}


@pytest.mark.parametrize(("value", "lacks"), [("", True), (" {}", True), (" ~", True), (" {cpu: 1}", False)])
def test_an_empty_value_counts_as_none(value: str, lacks: bool):
    text = DEPLOYMENT + f"          resources:{value}\n"
    (container,) = (part for part in parts_in(parse(Source("app.yaml", text))) if isinstance(part, Container))
    assert is_missing(container, "resources") is lacks
    assert is_missing(container, "livenessProbe")


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in rules_of("kubernetes")])
def test_a_rule_that_asks_for_absences_reports_them_only_after_a_pause(rule: Rule):
    if Absence in get_type_hints(rule.function).values():
        assert rule.reports_absence


def test_a_variable_is_not_called_missing_while_the_container_is_typed(tmp_path: Path):
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    dockerfile = 'FROM playpen/python-base:latest\nCMD ["python", "main.py"]\n'
    image = "nexus:5000/shop:1.0.0"
    for path, language, written in [
        ("shop/main.py", "python", 'import os\n\nhost = os.environ["REGION"]\n'),
        ("shop/Dockerfile", "dockerfile", dockerfile),
        ("k8s/app.yaml", "kubernetes", DEPLOYMENT.replace("nexus:5000/web:1.0", "nginx")),
    ]:
        workspace.open(Source(path, written), language)
        workspace.check(path)
    at = workspace.documents["k8s/app.yaml"].source.text.index("nginx")
    edit = Edit(at, at + len("nginx"), image)
    workspace.edit("k8s/app.yaml", workspace.documents["k8s/app.yaml"].source.edited([edit]), [edit])
    reported = [
        "unset-variable" in {hit.rule.name for hit in workspace.check("k8s/app.yaml", settled=settled).diagnostics}
        for settled in (False, True)
    ]
    assert reported == [False, True]
