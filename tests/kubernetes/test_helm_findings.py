"""Templates of charts are judged as the charts are installed: small charts, each with the findings that are right."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest
from opened import opened

from playpen_ls.api.finding import Refused, Severity
from playpen_ls.cli.main import run
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
"""
TEMPLATE = (
    HEAD
    + """\
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image }}"
"""
)
TAKEN = TEMPLATE + "          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n"
VALUES = "image: nginx:1.25\n"
EMPTY = VALUES + "resources: {}\n"
FULL = VALUES + "resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}\n"
LIMITS = {"no-cpu-limit", "no-memory-limit", "no-resource-requests"}
PROBES = {"no-liveness-probe", "no-readiness-probe"}
ALL = LIMITS | PROBES | {"default-service-account"}
WEB = "web/templates/web.yaml"


def chart(template: str = TEMPLATE, values: str | None = VALUES, **more: str) -> dict[str, str]:
    found = {"web/Chart.yaml": CHART, WEB: template, **more}
    return found if values is None else {**found, "web/values.yaml": values}


def workspace(folder: Path, files: dict[str, str], path: str = WEB) -> Workspace:
    return opened(folder, files, path, "kubernetes")


def found(project: Workspace, path: str = WEB) -> list[Diagnostic]:
    return [one for one in project.check(path).diagnostics if one.rule.name in ALL]


def typing(project: Workspace) -> list[Diagnostic]:
    return [one for one in project.check(WEB, settled=False).diagnostics if one.rule.name in ALL]


def severities(project: Workspace, path: str = WEB) -> dict[str, Severity]:
    return {one.rule.name: one.severity for one in found(project, path)}


def rules(folder: Path, files: dict[str, str], path: str = WEB) -> set[str]:
    return set(severities(workspace(folder, files, path), path))


CONTAINER = HEAD + "        - name: web\n          image: nginx:1.25\n"
LOOP = (
    HEAD
    + """\
        {{- range $name, $one := .Values.containers }}
        - name: {{ $name }}
          image: {{ $one.image }}
          {{- with $one.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        {{- end }}
"""
)
TWO = "containers: {a: {image: a:1, resources: {limits: {memory: 1Gi}}}, b: {image: b:1, resources: {limits: {memory: 1Gi}}}}\n"
NAMED = '{{- define "web.resources" }}\nresources: {limits: {cpu: 1, memory: 1Gi}}\n{{- end }}\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(chart(), ALL, id="no value can give it"),
        pytest.param(chart(CONTAINER), ALL, id="plain text"),
        pytest.param(chart(TAKEN, FULL), ALL - LIMITS, id="a value gives it"),
        pytest.param(chart(TAKEN, EMPTY), ALL, id="a value leaves it open"),
        pytest.param(chart(TAKEN, EMPTY) | {"web/values-prod.yaml": FULL}, ALL - LIMITS, id="another values file gives it"),
        pytest.param(chart(TAKEN, EMPTY) | {"web/ci/full-values.yaml": FULL}, ALL - LIMITS, id="values of a test give it"),
        pytest.param(chart(TAKEN, EMPTY) | {"deploy/values-prod.yaml": "resources: {limits: {cpu: 1}}\n"}, ALL - LIMITS,
                     id="values elsewhere can give it"),
        pytest.param(chart(TAKEN, EMPTY) | {"release.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
                     "metadata: {name: web}\nspec: {values: {resources: {}}}\n"}, ALL - LIMITS, id="a release can give it"),
        pytest.param(chart() | {"deploy/values-prod.yaml": VALUES}, ALL, id="values elsewhere cannot give it"),
        pytest.param(chart(TEMPLATE + "          {{- include \"web.resources\" . | nindent 10 }}\n")
                     | {"web/templates/_names.tpl": NAMED}, ALL - {"no-cpu-limit", "no-memory-limit",
                     "no-resource-requests"}, id="a named template gives it"),
        pytest.param(chart(TAKEN, EMPTY.replace("{}", "{limits: {memory: 1Gi}}")), ALL - {"no-memory-limit"},
                     id="a value gives a part of it"),
        pytest.param(chart(TEMPLATE + "          resources: {limits: {cpu: {{ .Values.cpu | default 1 }}}}\n"),
                     ALL - {"no-cpu-limit"}, id="a default gives it"),
        pytest.param(chart(TEMPLATE + "          {{- if .Values.probed }}\n          livenessProbe: {tcpSocket: {port: 1}}\n"
                     "          {{- end }}\n", VALUES + "probed: true\n"), ALL - {"no-liveness-probe"}, id="a condition gives it"),
        pytest.param(chart("{{- if .Values.enabled }}\n" + TEMPLATE + "{{- end }}\n"), set(), id="it is not installed"),
        pytest.param(chart("{{- if .Values.enabled }}\n" + TEMPLATE + "{{- end }}\n", VALUES + "enabled: true\n"), ALL,
                     id="it is installed"),
        pytest.param(chart("{{- if .Values.enabled }}\n" + TEMPLATE + "{{- end }}\n")
                     | {"web/ci/on-values.yaml": "enabled: true\n"}, ALL, id="it is installed with other values"),
        pytest.param(chart(LOOP, TWO), ALL - {"no-memory-limit"}, id="a loop"),
        pytest.param(chart(LOOP, TWO.replace("b:1, resources: {limits: {memory: 1Gi}}", "b:1")), ALL - {"no-memory-limit"},
                     id="a loop that sometimes gives it"),
        pytest.param(chart(TEMPLATE + "          {{- if .Release.IsInstall }}\n          command: [x]\n          {{- end }}\n"),
                     set(), id="a part is not known"),
        pytest.param(chart(TEMPLATE + "          command: [{{ .Release.Name }}]\n"), ALL, id="a name is not known"),
        pytest.param(chart("{{ fail \"no\" }}\n" + TEMPLATE), set(), id="it cannot be installed"),
        pytest.param(chart("{{ broken\n" + TEMPLATE), set(), id="no template"),
        pytest.param(chart("{{- if .Values.image }}{{ end }}\n" + TEMPLATE, None), ALL, id="no values"),
        pytest.param({"web/templates/web.yaml": TEMPLATE}, set(), id="no chart"),
        pytest.param(chart(TEMPLATE.replace("metadata:\n", "metadata:\n  annotations: {helm.sh/hook: test}\n", 1)), set(),
                     id="a test"),
        pytest.param(chart(TEMPLATE.replace("    spec:\n", "    spec:\n      serviceAccountName: {{ .Values.account }}\n"),
                     VALUES + "account: web\n"), ALL - {"default-service-account"}, id="a value names the account"),
        pytest.param(chart(TEMPLATE.replace("    spec:\n", "    spec:\n      serviceAccountName: {{ .Release.Name }}\n")),
                     ALL - {"default-service-account"}, id="an unknown account"),
    ],
)  # fmt: skip
def test_what_is_missing_is_missing_from_what_is_installed(tmp_path: Path, files: dict[str, str], expected: set[str]):
    assert rules(tmp_path, files) == expected


PROD_FILE = {"web/values-prod.yaml": FULL}
RELEASE = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n"
APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n"
SKAFFOLD = "apiVersion: skaffold/v4beta1\nkind: Config\ndeploy: {helm: {releases: [{name: web, chartPath: web"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("deploy.sh", "helm upgrade --install web ./web\n", ALL),
        ("deploy.sh", "helm upgrade --install web ./web -f web/values-prod.yaml\n", ALL - LIMITS),
        ("deploy.sh", "helm install web ./web -f web/values-prod.yaml -f web/values-open.yaml\n", ALL),
        ("deploy.sh", "helm install web ./web -f web/values-open.yaml -f web/values-prod.yaml\n", ALL - LIMITS),
        ("deploy.sh", "helm upgrade web ./web\nhelm upgrade web ./web --set image=$IMAGE\n", ALL - LIMITS),
        ("deploy.sh", "helm upgrade web ./web\nhelm upgrade web $CHART -f $VALUES\n", ALL - LIMITS),
        ("deploy.sh", "helm upgrade other ./other\n", ALL - LIMITS),
        ("deploy.sh", "helm upgrade web $CHART\n", ALL - LIMITS),
        ("Makefile", "run:\n\thelm template web ./web\nprod:\n\thelm install web ./web -f values-prod.yaml\n", ALL),
        (".gitlab-ci.yml", "deploy: {script: ['helm upgrade web ./web']}\n", ALL),
        ("Jenkinsfile", "pipeline { agent any; stages { stage('a') { steps { sh 'helm upgrade web ./web' } } } }\n", ALL),
        ("skaffold.yaml", SKAFFOLD + "}]}}\n", ALL),
        ("skaffold.yaml", SKAFFOLD + ", valuesFiles: [web/values-prod.yaml]}]}}\n", ALL - LIMITS),
        ("helmfile.yaml", "releases: [{name: web, chart: ./web}]\n", ALL),
        ("helmfile.yaml", "releases: [{name: web, chart: ./web, values: [web/values-prod.yaml]}]\n", ALL - LIMITS),
        ("helmfile.yaml", "releases: [{name: web, chart: ./web, values: [{a: 1}]}]\n", ALL - LIMITS),
        ("helmfile.yaml", "releases: [{name: web, chart: ./web, set: [{name: a, value: 1}]}]\n", ALL - LIMITS),
        ("helmfile.yaml", "releases: [{name: web, chart: ./web, values: [{{ .Values.a }}]}]\n", ALL - LIMITS),
        ("helmfile.yaml", "bases: [defaults.yaml]\nreleases: [{name: web, chart: ./web}]\n", ALL - LIMITS),
        ("helmfile.yaml", "releases: {a: [\n", ALL - LIMITS),
        ("app.yaml", APPLICATION + "  source: {path: charts/web}\n", ALL),
        ("app.yaml", APPLICATION + "  sources: [{path: web, helm: {valueFiles: [values-prod.yaml]}}]\n", ALL - LIMITS),
        ("app.yaml", APPLICATION + "  source: {path: web, helm: {parameters: [{name: a, value: b}]}}\n", ALL - LIMITS),
        ("app.yaml", APPLICATION + "  source: {path: other}\n", ALL - LIMITS),
        ("release.yaml", RELEASE + "  chart: {spec: {chart: ./charts/web}}\n", ALL),
        ("release.yaml", RELEASE + "  chart: {spec: {chart: web, valuesFiles: [values-prod.yaml]}}\n", ALL - LIMITS),
        ("release.yaml", RELEASE + "  chart: {spec: {chart: ./web}}\n  values: {a: b}\n", ALL - LIMITS),
    ],
)  # fmt: skip
def test_a_statement_says_with_which_values_a_chart_is_installed(
    tmp_path: Path, path: str, text: str, expected: set[str]
):
    files = chart(TAKEN, EMPTY) | PROD_FILE | {"web/values-open.yaml": "resources: null\n", path: text}
    project = workspace(tmp_path, files)
    assert set(severities(project)) == expected
    messages = [one.finding.message for one in found(project) if one.rule.name in LIMITS]
    assert all(f" as `{path}` installs the chart" in one for one in messages)


def test_what_a_statement_leaves_to_the_installer_is_reported_once_a_chart(tmp_path: Path):
    second = "web/templates/zweb.yaml"
    files = chart(TAKEN, EMPTY) | PROD_FILE | {"deploy.sh": "helm upgrade web ./web\n", second: TAKEN}
    assert severities(workspace(tmp_path, files))["no-memory-limit"] == Severity.INFORMATION
    assert not LIMITS & rules(tmp_path, files, second)


def test_another_object_s_values_do_not_matter(tmp_path: Path):
    release = RELEASE + "  chart: {spec: {chart: nginx}}\n  values: {a: b}\n"
    assert rules(tmp_path, chart(TAKEN, EMPTY) | {"release.yaml": release}) == ALL


SUB = "web/charts/database/templates/database.yaml"
SUBCHART = {"web/charts/database/Chart.yaml": CHART.replace("web", "database"), SUB: TAKEN}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(chart() | SUBCHART | {"web/charts/database/values.yaml": FULL}, ALL - LIMITS, id="its own values"),
        pytest.param(chart(values="database:\n  " + FULL.replace("\n", "\n  ") + "\n") | SUBCHART
                     | {"web/charts/database/values.yaml": EMPTY}, ALL - LIMITS, id="the parent's values"),
        pytest.param(chart(TEMPLATE + "          resources: {limits: {memory: 1Gi}}\n") | SUBCHART
                     | {"web/charts/database/values.yaml": EMPTY.replace("{}", "{limits: {cpu: 1}}")},
                     ALL - {"no-cpu-limit"}, id="it lacks something"),
    ],
)  # fmt: skip
def test_a_subchart_is_installed_with_its_parent(tmp_path: Path, files: dict[str, str], expected: set[str]):
    assert rules(tmp_path, files, SUB) >= expected - PROBES - {"default-service-account"}
    assert not rules(tmp_path, files, SUB) & (ALL - expected)


def pack(folder: Path, place: str, files: dict[str, str]) -> None:
    """Write an archive with the files of a chart."""
    (folder / place).parent.mkdir(parents=True)
    with tarfile.open(folder / place, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


def test_a_packed_subchart_is_installed_with_its_parent(tmp_path: Path):
    sub = {"database/Chart.yaml": CHART.replace("web", "database"), "database/templates/a.yaml": TAKEN}
    pack(tmp_path, "web/charts/database-1.0.0.tgz", sub | {"database/values.yaml": EMPTY})
    files = chart(TAKEN, EMPTY + "database: {image: nginx}\n")
    assert severities(workspace(tmp_path, files))["no-memory-limit"] == Severity.INFORMATION
    assert marked(tmp_path, files, VALUES_FILE) == files[VALUES_FILE].replace("{image: nginx}", "{image: «nginx»}")


def test_what_is_left_to_the_installer_is_information_once_a_chart(tmp_path: Path):
    files = chart(TAKEN, EMPTY) | {"web/templates/zweb.yaml": TAKEN}
    first = severities(workspace(tmp_path, files))
    assert {name: severity for name, severity in first.items() if name in LIMITS} == dict.fromkeys(
        LIMITS, Severity.INFORMATION
    )
    assert first["no-liveness-probe"] == Severity.WARNING
    second = severities(workspace(tmp_path, files, "web/templates/zweb.yaml"), "web/templates/zweb.yaml")
    assert not LIMITS & set(second)


def test_messages_show_the_expression_and_what_is_meant(tmp_path: Path):
    messages = {one.rule.name: one.finding.message for one in found(workspace(tmp_path, chart(TAKEN, EMPTY)))}
    assert messages["no-memory-limit"] == (
        "container `{{ .Chart.Name }}` has no memory limit with the chart's values; a leak can exhaust the node's memory"
    )
    assert messages["default-service-account"].startswith("Deployment `{{ .Release.Name }}` uses the `default`")


def test_a_fix_edits_the_values(tmp_path: Path):
    values = "# The web server.\nimage: nginx:1.25\nserver:\n  resources: {} # as usual\n  other: 1\n"
    files = chart(TAKEN.replace(".Values.resources", ".Values.server.resources"), values)
    project = workspace(tmp_path, files)
    (one,) = [each for each in project.look(WEB).diagnostics if each.rule.name == "no-memory-limit"]
    (fix,) = one.finding.fixes
    assert fix.title.startswith("Set `resources` in `values.yaml` to the platform's defaults (")
    change = project.fix_verifier(WEB)(one, fix)
    (path,) = change.edits
    assert path == "web/values.yaml"
    assert Source(path, values).edited(change.edits[path]).text == values.replace(
        "  resources: {} # as usual\n",
        "  resources: # as usual\n    requests:\n      cpu: 100m\n      memory: 128Mi\n"
        "    limits:\n      cpu: 500m\n      memory: 512Mi\n",
    )


def test_a_fix_does_not_guess_how_values_are_written(tmp_path: Path):
    project = workspace(tmp_path, chart(TAKEN, "{image: nginx, resources: {}}\n"))
    (one,) = [each for each in project.look(WEB).diagnostics if each.rule.name == "no-memory-limit"]
    with pytest.raises(Refused, match="is not an empty block"):
        project.fix_verifier(WEB)(one, one.finding.fixes[0])


def fixed(project: Workspace, rule: str, number: int = 0) -> str:
    """The template after a fix of a finding in it. Raises Refused."""
    (one,) = [each for each in project.look(WEB).diagnostics if each.rule.name == rule]
    change = project.fix_verifier(WEB)(one, one.finding.fixes[number])
    assert change.edits.keys() == {WEB}
    before = project.documents[WEB].model.source
    return before.edited(change.edits[WEB]).text


DEFAULTS = """\
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              cpu: 500m
              memory: 512Mi
"""
PORT = "          ports:\n            - {name: http, containerPort: {{ .Values.port }}}\n"
ARGS = "          args:\n            {{- with .Values.args }}\n            {{- toYaml . | nindent 12 }}\n            {{- end }}\n"
ENVIRONMENT = """\
          env:
            - {name: A, value: a}
            {{- with .Values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
"""
WITH = TEMPLATE + "          {{- with .Values.args }}\n          args: {{ toJson . }}\n          {{- end }}\n"


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        pytest.param(TEMPLATE, VALUES, TEMPLATE + DEFAULTS, id="at the end"),
        pytest.param(TEMPLATE + PORT, VALUES + "port: 80\n", TEMPLATE + PORT + DEFAULTS, id="behind the ports"),
        pytest.param(WITH, VALUES, WITH.replace(TEMPLATE, TEMPLATE + DEFAULTS), id="before a condition"),
        pytest.param(TEMPLATE + "          resources: {}  # none\n", VALUES, TEMPLATE + DEFAULTS.replace(
                     "resources:", "resources:  # none"), id="an empty block in the template"),
        pytest.param(TEMPLATE.replace("          image", "          {{- if .Values.image }}\n          image")
                     + "          {{- end }}\n", VALUES, TEMPLATE.replace("          image", DEFAULTS
                     + "          {{- if .Values.image }}\n          image") + "          {{- end }}\n",
                     id="a key under a condition"),
        pytest.param(TEMPLATE + "          resources: {limits: {cpu: 1}, requests: {memory: 1Mi}}\n", VALUES, TEMPLATE
                     + "          resources: {limits: {cpu: 1, memory: 512Mi}, requests: {memory: 1Mi}}\n", id="flow"),
        pytest.param(TEMPLATE + ARGS, VALUES, TEMPLATE + DEFAULTS + ARGS, id="values behind a key"),
        pytest.param(TEMPLATE + ENVIRONMENT, VALUES, TEMPLATE + DEFAULTS + ENVIRONMENT, id="values behind an item"),
        pytest.param(TEMPLATE + "{{- if .Values.web }}\n---\n" + CONTAINER + "{{- end }}\n", VALUES, TEMPLATE + DEFAULTS
                     + "{{- if .Values.web }}\n---\n" + CONTAINER + "{{- end }}\n", id="a condition behind it"),
    ],
)  # fmt: skip
def test_a_fix_edits_the_plain_text_of_a_template(tmp_path: Path, template: str, values: str, expected: str):
    project = workspace(tmp_path, chart(template, values))
    text = fixed(project, "no-memory-limit")
    assert text == expected
    project.edit(WEB, Source(WEB, text))
    assert "no-memory-limit" not in severities(project)


LOOP_HEAD = HEAD.replace("containers:\n", "containers:\n      {{- range list 1 2 }}\n")
LOOPED = TEMPLATE.replace(HEAD, LOOP_HEAD).replace("{{ .", "{{ $.") + "      {{- end }}\n"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(chart(LOOPED), id="a loop"),
        pytest.param(chart(TEMPLATE.replace("labels: {app: web}", "annotations: {sum: '{{ include (print "
                     "$.Template.BasePath \"/web.yaml\") . | sha256sum }}'}")), id="a checksum of the template"),
        pytest.param(chart() | PROD_FILE | {"deploy.sh": "helm upgrade web web -f values-prod.yaml\n"}, id="other values"),
        pytest.param(chart() | {"web/templates/other.yaml": TAKEN}, id="other templates"),
    ],
)  # fmt: skip
def test_a_fix_adds_the_same_in_every_way_to_install_the_chart(tmp_path: Path, files: dict[str, str]):
    assert DEFAULTS in fixed(workspace(tmp_path, files), "no-memory-limit")


@pytest.mark.parametrize(
    ("template", "rule", "reason"),
    [
        pytest.param(TEMPLATE.replace("name: {{ .Release.Name }}", "name: web"), "default-service-account",
                     "the document contains template expressions", id="a new object"),
        pytest.param(TEMPLATE.replace("        - name", "        - &web\n          name"), "no-memory-limit",
                     "the mapping has an anchor or a tag", id="an anchor"),
        pytest.param(TEMPLATE + "          ports:\n            - {name: http, containerPort: {{ .Values.port }}}\n",
                     "no-liveness-probe", "no TCP port is declared", id="a port that a value gives"),
    ],
)  # fmt: skip
def test_a_fix_of_a_template_is_refused(tmp_path: Path, template: str, rule: str, reason: str):
    project = workspace(tmp_path, chart(template, VALUES + "port: 80\n"))
    with pytest.raises(Refused, match=re.escape(reason)):
        fixed(project, rule)


@pytest.mark.parametrize(
    ("rule", "added"),
    [
        ("default-service-account", "      automountServiceAccountToken: false\n"),
        ("no-liveness-probe", "          livenessProbe:\n            tcpSocket:\n              port: 80\n"),
    ],
)
def test_other_fixes_edit_templates(tmp_path: Path, rule: str, added: str):
    template = TEMPLATE + "          ports:\n            - {containerPort: 80}\n"
    assert added in fixed(workspace(tmp_path, chart(template)), rule)


def test_a_fix_of_values_is_refused_where_it_would_change_another_way_to_install_the_chart(tmp_path: Path):
    prod = VALUES + "resources: {limits: {cpu: 1, memory: 1Gi}}\n"
    files = chart(TAKEN, EMPTY) | {PROD: prod, "deploy.sh": "helm upgrade web ./web\n"}
    project = workspace(tmp_path, files)
    (one,) = [each for each in project.look(WEB).diagnostics if each.rule.name == "no-memory-limit"]
    with pytest.raises(Refused, match="it would change other parts of the chart, too"):
        project.fix_verifier(WEB)(one, one.finding.fixes[0])


def test_findings_follow_the_values(tmp_path: Path):
    project = workspace(tmp_path, chart(TAKEN, EMPTY))
    assert set(severities(project)) >= LIMITS
    project.open(Source("web/values.yaml", FULL), "yaml")
    assert not LIMITS & set(severities(project))


def test_findings_follow_the_template(tmp_path: Path):
    project = workspace(tmp_path, chart(TEMPLATE))
    assert set(severities(project)) >= LIMITS
    for text in (TAKEN, TEMPLATE + "          resources: {limits: {cpu: 1, memory: 1Gi}}\n"):
        project.edit(WEB, Source(WEB, text))
        assert bool(LIMITS & set(severities(project))) is (text == TAKEN)


def test_typing_waits_with_what_values_leave_open(tmp_path: Path):
    project = workspace(tmp_path, chart(TAKEN, EMPTY))
    before = {one.rule.name: one.start for one in found(project)}
    assert set(before) == ALL
    at = TAKEN.index("metadata:")
    typed = TAKEN[:at] + "#\n" + TAKEN[at:]
    project.edit(WEB, Source(WEB, typed), [Edit(at, at, "#\n")])
    assert {one.rule.name: one.start - 2 for one in typing(project)} == before
    line = typed.index("- name: {{ .Chart.Name }}") + len("- name: {{ .Chart.Name }}")
    more = typed[:line] + " # a" + typed[line:]
    project.edit(WEB, Source(WEB, more), [Edit(line, line, " # a")])
    behind = {name: start + 2 + len(" # a") * (start + 2 > line) for name, start in before.items()}
    assert {one.rule.name: one.start for one in typing(project)} == behind
    given = more + "          livenessProbe: {tcpSocket: {port: 80}}\n"
    project.edit(WEB, Source(WEB, given), [Edit(len(more), len(more), given[len(more) :])])
    assert {one.rule.name for one in typing(project)} == ALL - {"no-liveness-probe"}
    assert {one.rule.name for one in found(project)} == ALL - {"no-liveness-probe"}
    project.edit(WEB, Source(WEB, more), [Edit(len(more), len(given), "")])
    assert {one.rule.name for one in typing(project)} == ALL - {"no-liveness-probe"}
    assert {one.rule.name for one in found(project)} == ALL


def test_comments_keep_what_waits_silent(tmp_path: Path):
    template = TEMPLATE.replace(
        "          image", "          # playpen: ignore[kubernetes/no-liveness-probe]\n          image"
    ).replace("        - name", "        # playpen: ignore[kubernetes/no-readiness-probe]\n        - name")
    project = workspace(tmp_path, chart(template))
    settled = [one.rule.name for one in project.check(WEB).diagnostics]
    assert "no-readiness-probe" not in settled
    assert "unused-ignore" in settled
    at = template.index("metadata:")
    project.edit(WEB, Source(WEB, template[:at] + "#\n" + template[at:]), [Edit(at, at, "#\n")])
    assert [one.rule.name for one in project.check(WEB, settled=False).diagnostics] == settled


RUN = (
    TEMPLATE.replace('"{{ .Values.image }}"', '"{{ .Values.image.name }}:{{ .Values.image.tag }}"')
    + """\
          securityContext: {{- toYaml .Values.context | nindent 12 }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
          env:
            - {name: DB_PASSWORD, value: {{ .Values.database.password | quote }}}
            - {name: PASSWORD, value: {{ .Values.other }}}
"""
)
BAD = """\
image:
  name: nginx
  tag: «latest»  # moving-tag
context:
  «privileged: true»  # privileged-container
resources:
  limits: {memory: «512m»}  # suspicious-quantity
database:
  password: «hunter2-Horse»  # configuration
other: «hunter2-Horse»  # literal-secret
"""
LATEST = "image: {name: nginx, tag: «latest»}\n"
TAGGED = "image: {name: nginx, tag: 1.25.3}\n"
PLAIN = TEMPLATE.replace('"{{ .Values.image }}"', '"{{ .Values.image.name }}:{{ .Values.image.tag }}"')


def marked(folder: Path, files: dict[str, str], path: str) -> str:
    """The values file with marks around what is reported in it."""
    files = {name: text.replace("«", "").replace("»", "") for name, text in files.items()}
    project = opened(folder, files, path, "configuration")
    text, wrong = files[path], {"moving-tag", "privileged-container", "suspicious-quantity", "literal-secret"}
    reported = [one for one in project.check(path).diagnostics if one.rule.name in wrong]
    for one in sorted(reported, key=lambda one: one.start, reverse=True):
        text = f"{text[: one.start]}«{text[one.start : one.end]}»{text[one.end :]}"
    return text


VALUES_FILE, PROD = "web/values.yaml", "web/values-prod.yaml"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param(chart(RUN, BAD), VALUES_FILE, id="wrong values"),
        pytest.param(chart(PLAIN, LATEST), VALUES_FILE, id="flow"),
        pytest.param(chart(PLAIN, LATEST) | {PROD: "replicas: 2\n"}, VALUES_FILE, id="other values that leave it"),
        pytest.param(chart(PLAIN, LATEST.replace("«latest»", "latest")) | {PROD: TAGGED}, VALUES_FILE,
                     id="other values set it"),
        pytest.param(chart(PLAIN, TAGGED) | {PROD: LATEST}, PROD, id="other values are wrong"),
        pytest.param(chart(PLAIN, LATEST.replace("«latest»", "latest")) | {"deploy/values-prod.yaml": TAGGED},
                     VALUES_FILE, id="values elsewhere"),
        pytest.param(chart("{{- if .Values.on }}\n" + PLAIN + "{{- end }}\n", LATEST.replace("«latest»", "latest")),
                     VALUES_FILE, id="it is not installed"),
        pytest.param(chart("{{- if .Release.IsInstall }}\n" + PLAIN + "{{- end }}\n",
                     LATEST.replace("«latest»", "latest")), VALUES_FILE, id="whether it is installed is not known"),
        pytest.param(chart(TEMPLATE, "image: «nginx»\n"), VALUES_FILE, id="no tag"),
        pytest.param(chart(TEMPLATE, "image: nginx\n") | {"web/Chart.yaml": CHART + "type: library\n"}, VALUES_FILE,
                     id="a library"),
        pytest.param({"values.yaml": "image: nginx\n", "templates/web.yaml": TEMPLATE}, "values.yaml", id="no chart"),
        pytest.param(chart(TAKEN, "image: a:1\n") | SUBCHART | {"web/charts/database/values.yaml": "image: «nginx»\n"},
                     "web/charts/database/values.yaml", id="a subchart"),
        pytest.param(chart(TAKEN, "image: a:1\ndatabase: {image: a:1}\n") | SUBCHART
                     | {"web/charts/database/values.yaml": "image: nginx\n"},
                     "web/charts/database/values.yaml", id="a subchart's value that is overridden"),
        pytest.param(chart(TAKEN, "image: a:1\ndatabase: {image: «nginx»}\n") | SUBCHART, VALUES_FILE,
                     id="a value for a subchart"),
        *(pytest.param(chart(PLAIN, LATEST.replace("«latest»", "latest")) | {path: text}, VALUES_FILE, id=f"set: {path}")
          for path, text in {
            "deploy.sh": "helm upgrade --install web ./web --set image.tag=$TAG\n",
            "Makefile": "deploy:\n\thelm upgrade web $(CHART) --set-string image.tag=$(TAG)\n",
            "Jenkinsfile": "pipeline { agent any; stages { stage('a') { steps {\n"
                           "sh 'helm upgrade web web -f prod.yaml'\n} } } }\n",
            ".github/workflows/a.yaml": "jobs: {a: {steps: [{run: 'helm upgrade web charts/web --reuse-values'}]}}\n",
            ".gitlab-ci.yml": "deploy: {script: ['helm upgrade $ARGS web web']}\n",
            "skaffold.yaml": "apiVersion: skaffold/v4beta1\nkind: Config\ndeploy: {helm: {releases: [{name: web, "
                             "chartPath: web, setValueTemplates: {image.tag: '{{.IMAGE_TAG}}'}}]}}\n",
          }.items()),
        *(pytest.param(chart(PLAIN, LATEST) | {"deploy.sh": text}, VALUES_FILE, id=f"not set: {text}")
          for text in ("helm upgrade web ./web\n", "helm upgrade db ./db --set a=b\n", "helm list --set\n",
                       "helm upgrade web ./web -f web/values.yaml\n")),
        pytest.param(chart(PLAIN + PLAIN.replace(HEAD, ""), LATEST), VALUES_FILE, id="once for two containers"),
    ],
)  # fmt: skip
def test_wrong_values_are_reported_where_they_are_written(tmp_path: Path, files: dict[str, str], path: str):
    assert marked(tmp_path, files, path) == files[path]


def test_a_secret_in_values_is_reported_once(tmp_path: Path):
    files = chart(RUN, BAD.replace("«", "").replace("»", ""))
    reported = list(opened(tmp_path, files, VALUES_FILE, "configuration").check(VALUES_FILE).diagnostics)
    secrets = [one.rule.id for one in reported if one.rule.masks_text]
    assert secrets == ["configuration/literal-secret", "kubernetes/literal-secret"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  limits: {memory: 512m}", "  limits: {memory: 512Mi}"),
        ("  privileged: true", "  privileged: false"),
    ],
)
def test_a_fix_of_a_value_changes_the_value(tmp_path: Path, before: str, after: str):
    values = BAD.replace("«", "").replace("»", "")
    project = opened(tmp_path, chart(RUN, values), VALUES_FILE, "configuration")
    (one,) = [each for each in project.look(VALUES_FILE).diagnostics
              if values[each.start : each.end] in before and each.finding.fixes]  # fmt: skip
    change = project.fix_verifier(VALUES_FILE)(one, one.finding.fixes[0])
    edits = change.edits[VALUES_FILE]
    assert Source(VALUES_FILE, values).edited(edits).text == values.replace(before, after)


def test_wrong_values_wait_while_values_are_typed(tmp_path: Path):
    values = LATEST.replace("«", "").replace("»", "")
    project = opened(tmp_path, chart(PLAIN, values), VALUES_FILE, "configuration")
    assert [one.rule.name for one in project.check(VALUES_FILE).diagnostics] == ["moving-tag"]
    at = values.index("latest")
    typed = values[:at] + "1" + values[at:]
    project.edit(VALUES_FILE, Source(VALUES_FILE, typed), [Edit(at, at, "1")])
    assert [one.start for one in project.check(VALUES_FILE, settled=False).diagnostics] == [at + 1]
    assert not project.check(VALUES_FILE).diagnostics


def test_a_values_file_alone_is_checked_with_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    values = LATEST.replace("«", "").replace("»", "")
    for name, text in (chart(PLAIN, values) | {"deploy.sh": "helm upgrade web ./web\n"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    run(["check", "--no-fixes", VALUES_FILE])
    assert "image `nginx:latest` uses a mutable tag" in capsys.readouterr().out
    (tmp_path / "deploy.sh").write_text("helm upgrade web ./web --set image.tag=$TAG\n")
    run(["check", "--no-fixes", VALUES_FILE])
    assert "mutable tag" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}', "templates include each other too deeply"),
        ("{{ range until 100000000 }}a{{ end }}", "a list is too long"),
    ],
)
def test_a_chart_that_reaches_a_limit_is_said_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    template: str,
    reason: str,
):
    for name, text in chart(TAKEN, FULL).items() | {("web/templates/z.yaml", template)}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--no-fixes", "--select", "kubernetes/dangling-service", "."]) == 0
    said = f"web/Chart.yaml: not checked: what it builds is not known: {reason}\n0 findings in "
    assert capsys.readouterr().out.startswith(said)


def test_a_packed_subchart_that_is_not_read_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name, text in (chart(TAKEN, FULL) | {"web/charts/a.tgz": "no archive"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    run(["check", "--no-fixes", "--select", "kubernetes/dangling-service", "."])
    said = capsys.readouterr().out
    assert said.count("web/Chart.yaml") == 1
    assert "`charts/a.tgz` is too large, or no valid archive" in said


def test_the_summary_counts_what_charts_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    files = chart(TAKEN + "---\n" + TAKEN, FULL) | SUBCHART | {"other/Chart.yaml": CHART, "other/templates/a.yaml": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    run(["check", "--no-fixes", "."])
    assert capsys.readouterr().out.endswith("; 3 objects built from 1 chart\n")


def test_a_comment_with_expressions_hides_nothing(tmp_path: Path):
    comment = "          {{- /* livenessProbe:\n            {{- toYaml .Values.probe | nindent 12 }}*/}}\n"
    project = workspace(tmp_path, chart(TEMPLATE + comment + "          resources: {limits: {cpu: 1}}\n"))
    assert "no-liveness-probe" in {one.rule.name for one in found(project)}
    assert "no-cpu-limit" not in {one.rule.name for one in found(project)}
