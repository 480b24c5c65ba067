"""From a name to its definition: the cursor is in the name between « and », the definitions are between ⟨ and ⟩.

`⟨⟩` at the start of a file stands for the file itself. In MEANING every ⟨name⟩ means the same, and each finds all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from marked import ACCOUNT, APP, CONFIG, DOCKERFILE, POD, SECRET, SERVICE, at, opened, to

from playpen_ls.languages.detection import language_of
from playpen_ls.session.references.search import definition_at, highlights_at, references_at
from playpen_ls.text.source import Source

CHART = {
    "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "web/templates/_helpers.tpl": '{{ define "name" }}{{ .Release.Name | trunc 9 }}{{ end }}',
}
TEMPLATED = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      envFrom:\n"
    '        - configMapRef:\n            name: {{ include "name" . }}-config\n'
)
MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "{{ include "name" $ }}-config"\ndata: {a: b}\n'
NAMED = 'apiVersion: v1\nkind: Service\nmetadata: {name: {{ include "name" . }}, labels: {}}\nspec: {}\n'
BACKEND = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n    - http:\n"
    "        paths:\n          - path: /\n            backend:\n              service:\n"
    '                name: {{ include "name" . }}\n                port: {number: 80}\n'
)
SCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"
    "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}}\n"
)
BINDING = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n"
    "subjects: [{kind: ServiceAccount, name: shop, namespace: a}, {kind: User, name: shop}]\n"
)
FOUND: Mapping[str, Mapping[str, str]] = {
    "image → Dockerfile": {
        "k8s/app.yaml": at(POD, "image: |nexus:5000/shop:1.0.0|"),
        "shop/Dockerfile": "⟨⟩" + DOCKERFILE,
    },
    "probe path → route": {
        "k8s/app.yaml": at(POD, "path: |/health|"),
        "shop/Dockerfile": DOCKERFILE,
        "shop/main.py": to(APP, '@|app.get("/health")|'),
    },
    "port of a probe → port": {"app.yaml": to(at(POD, "port: |http|}}"), "name: |http|, containerPort")},
    "mount → volume": {"app.yaml": to(at(POD, "{name: |data|, mountPath"), "{name: |data|, empty")},
    "key → key of the ConfigMap": {
        "k8s/app.yaml": at(POD, "key: |level|"),
        "k8s/config.yaml": "---\n" + to(CONFIG, "|level|: info"),
    },
    "key of a Secret in the same file": {
        "k8s/app.yaml": at(POD, "key: |token|") + "---\n" + to(SECRET, "{|token|: <set"),
    },
    "name → ConfigMap": {
        "k8s/app.yaml": at(POD, "name: |shop-config|"),
        "k8s/config.yaml": to(CONFIG, "name: |shop-config|"),
    },
    "key → key of the ConfigMap in the same folder": {
        "k8s/app.yaml": at(POD, "key: |level|"),
        "k8s/config.yaml": to(CONFIG, "|level|: info"),
        "other/config.yaml": CONFIG,
    },
    "service account": {
        "app.yaml": at(POD, "serviceAccountName: |shop|") + "---\n" + to(ACCOUNT, "name: |shop|"),
    },
    "variable → code that reads it": {
        "k8s/app.yaml": at(POD, "name: |LEVEL|"),
        "shop/Dockerfile": DOCKERFILE,
        "shop/main.py": to(APP, "|os.environ['LEVEL']|"),
    },
    "selector → workload": {"app.yaml": to(POD, "metadata: {name: |shop|}\nspec:\n  selector") + "---\n"
                            + at(SERVICE, "app: |shop|")},
    "target port → port": {
        "service.yaml": at(SERVICE, "targetPort: |http|"),
        "app.yaml": to(POD, "name: |http|, containerPort"),
    },
    "value of a template → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\nspec: {{ .Values.image.«tag» | quote }}\n",
        "web/values.yaml": "tag: a\nimage:\n  ⟨tag⟩: b\n",
    },
    "first part of a value → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\n{{- if $.Values.«image».tag }}{{ end }}\n",
        "web/values.yaml": "tag: a\n⟨image⟩:\n  tag: b\n",
    },
    "value of a subchart → keys of both": {
        "web/Chart.yaml": "name: web\n",
        "web/charts/db/Chart.yaml": "name: db\n",
        "web/charts/db/templates/db.yaml": "apiVersion: v1\nkind: Pod\nspec: {{ .Values.«tag» }}\n",
        "web/charts/db/values.yaml": "⟨tag⟩: a\n",
        "web/values.yaml": "tag: b\ndb: {⟨tag⟩: c}\n",
        "web/values-prod.yaml": "db: {⟨tag⟩: c}\n",
    },
    "value inside of with → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\n{{ with .Values.image }}a: {{ .«tag» }}{{ end }}\n",
        "web/values.yaml": "tag: a\nimage:\n  ⟨tag⟩: b\n",
    },
    "value of a loop → keys of the items": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\n{{ range $i, $v := .Values.all }}a: {{ $v.«tag» }}{{ end }}\n",
        "web/values.yaml": "tag: a\nall:\n  - {⟨tag⟩: b}\n  - {⟨tag⟩: c}\n",
    },
    "value of a variable → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\n{{ $i := .Values.image | default dict }}a: {{ ($i).«tag» }}\n",
        "web/values.yaml": "tag: a\nimage:\n  ⟨tag⟩: b\n",
    },
    "value by index → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": 'apiVersion: v1\nkind: Pod\na: {{ index .Values "a-b" "«tag»" }}\n',
        "web/values.yaml": "tag: a\na-b:\n  ⟨tag⟩: b\n",
    },
    "value in a partial → key of the values": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/_helpers.tpl": '{{ define "web.name" }}{{ .Values.«tag» }}{{ end }}\n',
        "web/values.yaml": "⟨tag⟩: a\n",
    },
    "include → named template": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/_helpers.tpl": '{{- define "⟨web.name⟩" -}}web{{- end }}\n',
        "web/templates/web.yaml": 'apiVersion: v1\nkind: Pod\na: {{ include "«web.name»" . }}\n',
    },
    "template → named template of a subchart": {
        "web/Chart.yaml": "name: web\n",
        "web/charts/db/Chart.yaml": "name: db\n",
        "web/charts/db/templates/_helpers.tpl": '{{- define "⟨db.name⟩" -}}db{{- end }}\n',
        "web/templates/web.yaml": 'apiVersion: v1\nkind: Pod\na: {{ template "«db.name»" . }}\n',
    },
    "name in a template → ConfigMap of the chart": CHART | {
        "web/templates/pod.yaml": TEMPLATED.replace('{{ include "name" . }}-config', '«{{ include "name" . }}-config»'),
        "web/templates/config.yaml": MAP.replace('{{ include "name" $ }}-config', '⟨{{ include "name" $ }}-config⟩'),
    },
    "name that is not known in a template → Service of the chart": CHART | {
        "web/templates/ingress.yaml": BACKEND.replace('{{ include "name" . }}', '«{{ include "name" . }}»'),
        "web/templates/service.yaml": NAMED.replace('{{ include "name" . }}', '⟨{{ include "name" . }}⟩'),
        "web/templates/config.yaml": MAP,
    },
    "literal name in a template → ConfigMap of the chart": {
        "web/Chart.yaml": "name: web\nversion: 1.0.0\n",
        "web/templates/pod.yaml": TEMPLATED.replace('{{ include "name" . }}-config', "«web-config»"),
        "web/templates/config.yaml": MAP.replace('{{ include "name" $ }}-config', "⟨{{ .Chart.Name }}-config⟩"),
    },
    "backend of an Ingress → Service": {
        "k8s/ingress.yaml": BACKEND.replace('{{ include "name" . }}', "«shop»"),
        "k8s/service.yaml": to(SERVICE, "metadata: {name: |shop|}"),
        "k8s/app.yaml": POD,
    },
    "port of an Ingress → port of the Service": {
        "k8s/ingress.yaml": BACKEND.replace('{{ include "name" . }}', "shop").replace("number: 80", "number: «80»"),
        "k8s/service.yaml": to(SERVICE, "{port: |80|,"),
    },
    "target of an autoscaler → workload": {
        "hpa.yaml": SCALER.replace("shop", "«shop»"),
        "app.yaml": to(POD, "metadata: {name: |shop|}\nspec:\n  selector"),
    },
    "subject of a binding → account": {"rbac.yaml": BINDING.replace("name: shop,", "name: «shop»,"),
                                       "account.yaml": to(ACCOUNT, "name: |shop|")},
    "role of a binding → role": {
        "rbac.yaml": BINDING.replace("name: reader", "name: «reader»"),
        "role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: ⟨reader⟩}\nrules: []\n",
    },
    "account with the prefix of a kustomization → account": {
        "k8s/kustomization.yaml": "resources: [app.yaml, account.yaml]\nnamePrefix: eu-\n",
        "k8s/app.yaml": at(POD.replace("serviceAccountName: shop", "serviceAccountName: eu-shop"), "Name: |eu-shop|"),
        "k8s/account.yaml": to(ACCOUNT, "name: |shop|"),
    },
    "ConfigMap with the hash of a kustomization → generator": {
        "k8s/kustomization.yaml": "resources: [app.yaml]\n"
        "configMapGenerator: [{name: ⟨shop-config⟩, literals: [LEVEL=info]}]\n",
        "k8s/app.yaml": at(POD.replace("name: shop-config", "name: shop-config-2748f727mg"), "name: |shop-config-2748f727mg|"),
    },
    "kustomization → file": {
        "k8s/kustomization.yaml": "resources: [«app.yaml»]\n",
        "k8s/app.yaml": "⟨⟩" + POD,
    },
    "kustomization → folder's kustomization": {
        "k8s/over/kustomization.yaml": "resources:\n  - «../base»\n",
        "k8s/base/kustomization.yaml": "⟨⟩resources: []\n",
    },
    "FROM → stage": {"Dockerfile": "FROM debian:12 AS ⟨base⟩\nRUN a\n\nFROM «base»\nRUN b\n"},
    "--from → stage": {"Dockerfile": "FROM debian:12 AS ⟨build⟩\nRUN a\nFROM debian:12\nCOPY --from=«Build» /a /b\n"},
    "--from=0 → FROM": {"Dockerfile": "# x\n⟨FROM⟩ debian:12\nRUN a\nFROM debian:12\nCOPY --from=«0» /a /b\n"},
    "variable → ENV of the base stage": {
        "Dockerfile": "FROM debian:12 AS base\nENV A=1 ⟨DIR⟩=/x\nFROM base\nWORKDIR ${«DIR»}/y\n",
    },
    "variable → nearest ARG": {"Dockerfile": "ARG V=1\nFROM debian:12\nARG V\nARG ⟨V⟩=2\nLABEL v=$«V»\n"},
    "variable of FROM → global ARG": {"Dockerfile": "ARG ⟨TAG⟩=12\nFROM debian:$«TAG»\nARG TAG\n"},
    "image that is built here": {
        "base/Dockerfile": "⟨⟩FROM debian:12\nRUN a\n",
        "app/Dockerfile": "FROM «nexus:5000/team/base:1.0»\nRUN b\n",
        "Jenkinsfile": "node { sh 'docker build -t nexus:5000/team/base:1.0 base' }\n",
    },
    "COPY source → file": {
        "app/Dockerfile": "FROM debian:12\nCOPY «requirements.txt» main.py ./\n",
        "app/requirements.txt": "⟨⟩flask\n",
        "app/main.py": "",
    },
    "load → file": {"Jenkinsfile": "node { def a = load '«ci/a.groovy»' }\n", "ci/a.groovy": "⟨⟩return this\n"},
    "yamlFile → file": {
        "Jenkinsfile": "pipeline { agent { kubernetes { yamlFile \"«ci/pod.yaml»\" } } }\n",
        "ci/pod.yaml": "⟨⟩kind: Pod\n",
    },
    "step → shared library": {
        "Jenkinsfile": "node { «deploy» 'shop' }\n",
        "vars/deploy.groovy": "def ⟨call⟩(String name) { sh name }\n",
    },
}  # fmt: skip

NONE: Mapping[str, Mapping[str, str]] = {
    "an image that nothing builds": {"app.yaml": at(POD, "image: |nexus:5000/shop:1.0.0|")},
    "a key": {"app.yaml": at(POD, "|image|: nexus"), "shop/Dockerfile": DOCKERFILE},
    "a value in another namespace": {
        "app.yaml": at(POD.replace("{name: shop}\nspec", "{name: shop, namespace: one}\nspec"), "name: |shop-config|"),
        "config.yaml": CONFIG.replace("{name: shop-config}", "{name: shop-config, namespace: two}"),
    },
    "a public image": {"Dockerfile": "FROM «debian:12»\nRUN a\n"},
    "an image that only the one Dockerfile can be": {
        "Dockerfile": "FROM a\n",
        "proxy/Dockerfile": "FROM «ubuntu/squid:6.6»\nRUN b\n",
    },
    "a later stage": {"Dockerfile": "FROM debian:12\nCOPY --from=«b» /a /b\nFROM debian:12 AS b\n"},
    "a variable that the base image may set": {"Dockerfile": "FROM debian:12\nENV PATH=/x:$«PATH»\n"},
    "a value of no chart": {
        "templates/web.yaml": "apiVersion: v1\nkind: Pod\nspec: {{ .Values.«tag» }}\n",
        "values.yaml": "tag: a\n",
    },
    "a value outside of an expression": {
        "Chart.yaml": "name: web\n",
        "templates/web.yaml": "apiVersion: v1\nkind: Pod\na: .Values.«tag»\n",
        "values.yaml": "tag: a\n",
    },
    "a file outside of the project": {"kustomization.yaml": "resources: ['«../../etc/passwd»']\n"},
    "a step that Jenkins has": {"Jenkinsfile": "node { «echo» 'a' }\n"},
    "a computed path": {"Jenkinsfile": 'node { load "«${dir}»/a.groovy" }\n', "a.groovy": ""},
    "a Python name": {"app.py": "import os\n«os».getenv('A')\n"},
    "a broken file": {"app.yaml": "apiVersion: v1\nkind: [«x»\n"},
}


PROBED = {
    "k8s/app.yaml": to(POD, "path: |/health|"),
    "shop/Dockerfile": DOCKERFILE.replace(
        "CMD", "HEALTHCHECK CMD curl -f http://localhost:8000⟨/health⟩ || exit 1\nCMD"
    ),
    "shop/main.py": to(APP, 'get("|/health|")'),
    "shop/other.py": "# /health\n",
}
MEANING: Mapping[str, Mapping[str, str]] = {
    "route": PROBED,
    "value of a chart": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\nspec: {a: {{ .Values.image.⟨tag⟩ }}, b: {{ .Values.other.tag }}}\n",
        "web/templates/other.yaml": "apiVersion: v1\nkind: Pod\nspec: {{ $.Values.image.⟨tag⟩ | quote }}\n",
        "web/values.yaml": "image: {⟨tag⟩: b}\nother: {tag: c}\n",
        "web/values-prod.yaml": "image:\n  ⟨tag⟩: c\n",
        "api/Chart.yaml": "name: api\n",
        "api/templates/api.yaml": "apiVersion: v1\nkind: Pod\nspec: {{ .Values.image.tag }}\n",
        "api/values.yaml": "image: {tag: b}\n",
    },
    "value inside of with": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/web.yaml": "apiVersion: v1\nkind: Pod\n{{ with .Values.image }}a: {{ .⟨tag⟩ }}{{ end }}\n",
        "web/templates/_helpers.tpl": '{{ define "a" }}{{ .Values.image.⟨tag⟩ }}{{ .tag }}{{ end }}',
        "web/values.yaml": "tag: a\nimage:\n  ⟨tag⟩: b\n",
    },
    "named template": {
        "web/Chart.yaml": "name: web\n",
        "web/templates/_helpers.tpl": '{{ define "⟨web.name⟩" }}web{{ end }}{{ define "b" }}{{ include "⟨web.name⟩" . }}{{ end }}',
        "web/templates/web.yaml": 'apiVersion: v1\nkind: Pod\na: {{ template "⟨web.name⟩" . }}\n',
        "other/Chart.yaml": "name: other\n",
        "other/templates/web.yaml": 'apiVersion: v1\nkind: Pod\na: {{ template "web.name" . }}\n',
    },
    "names that a chart gives": CHART
    | {
        "web/templates/a.yaml": TEMPLATED.replace('{{ include "name" . }}-config', '⟨{{ include "name" . }}-config⟩'),
        "web/templates/b.yaml": TEMPLATED.replace(
            '{{ include "name" . }}-config', '⟨{{ .Values.n }}{{ template "name" . }}-config⟩'
        ),
        "web/templates/c.yaml": TEMPLATED.replace('{{ include "name" . }}-config', '{{ include "name" . }}-other'),
        "web/templates/config.yaml": MAP.replace('{{ include "name" $ }}-config', '⟨{{ include "name" $ }}-config⟩'),
    },
    "ConfigMap of a generator": {
        "k8s/kustomization.yaml": "resources: [app.yaml, ready.yaml]\n"
        "configMapGenerator: [{name: ⟨shop-config⟩, literals: [LEVEL=info]}]\n",
        "k8s/app.yaml": to(POD, "name: |shop-config|"),
        "k8s/ready.yaml": to(
            POD.replace("name: shop-config", "name: shop-config-2748f727mg").replace("{name: shop}", "{name: b}"),
            "name: |shop-config-2748f727mg|",
        ),
    },
    "account with a prefix": {
        "k8s/kustomization.yaml": "resources: [app.yaml, account.yaml]\nnamePrefix: eu-\n",
        "k8s/app.yaml": to(POD.replace("serviceAccountName: shop", "serviceAccountName: eu-shop"), "Name: |eu-shop|"),
        "k8s/account.yaml": to(ACCOUNT.replace("name: shop", "name: 'shop'"), "name: '|shop|'"),
    },
    "Service of Ingresses": {
        "a.yaml": BACKEND.replace('{{ include "name" . }}', "⟨shop⟩"),
        "b.yaml": to(SERVICE, "metadata: {name: |shop|}"),
        "c/b.yaml": BACKEND.replace('{{ include "name" . }}', "other"),
    },
    "pods of a Service and an autoscaler": {
        "hpa.yaml": SCALER.replace("shop", "⟨shop⟩"),
        "app.yaml": to(POD, "metadata: {name: |shop|}\nspec:\n  selector"),
        "b.yaml": to(SERVICE, "app: |shop|"),
    },
    "environment variable": {
        "k8s/app.yaml": to(POD, "name: |LEVEL|"),
        "k8s/other.yaml": to(POD, "name: |LEVEL|"),
        "shop/Dockerfile": DOCKERFILE,
        "shop/main.py": to(APP, "['|LEVEL|']"),
        "other/Dockerfile": DOCKERFILE,
        "other/main.py": APP,
    },
    "key": {
        "k8s/app.yaml": to(POD, "key: |level|").replace(
            "[{name: data, emptyDir: {}}]",
            "[{name: data, configMap: {name: shop-config, items: [{key: ⟨level⟩, path: a}]}}]",
        ),
        "k8s/config.yaml": to(CONFIG, "|level|: info"),
        "k8s/other.yaml": CONFIG.replace("shop-config", "other"),
    },
    "ConfigMap": {"k8s/app.yaml": to(POD, "name: |shop-config|"), "config.yaml": to(CONFIG, "name: |shop-config|")},
    "Secret": {"app.yaml": to(POD, "name: |shop-secrets|") + "---\n" + to(SECRET, "name: |shop-secrets|")},
    "ServiceAccount": {"app.yaml": to(POD, "Name: |shop|\n"), "a/account.yaml": to(ACCOUNT, "name: |shop|")},
    "port": {
        "service.yaml": to(SERVICE, "targetPort: |http|"),
        "app.yaml": to(POD, "name: |http|, containerPort").replace("port: http}", "port: ⟨http⟩}"),
    },
    "volume": {"app.yaml": to(POD, "{name: |data|, mountPath").replace("[{name: data,", "[{name: ⟨data⟩,")},
    "pods": {"app.yaml": to(POD, "metadata: {name: |shop|}\nspec:\n  selector"), "b.yaml": to(SERVICE, "app: |shop|")},
    "image": {
        "k8s/app.yaml": to(POD, "image: |nexus:5000/shop:1.0.0|"),
        "shop/Dockerfile": DOCKERFILE.replace("FROM", "⟨FROM⟩"),
        "other/Dockerfile": DOCKERFILE,
    },
    "stage": {
        "Dockerfile": "FROM a AS ⟨base⟩\nFROM ⟨Base⟩ AS b\nFROM b\nCOPY --from=⟨base⟩ /a /b\n"
        "RUN --mount=type=bind,from=⟨base⟩,target=/x true\n",
    },
    "ARG of a stage": {
        "Dockerfile": "ARG V=1\nFROM a\nARG ⟨V⟩=2\nRUN echo $⟨V⟩ '$V' \"${⟨V⟩}\" \\$V\nCMD echo $V\nFROM a\nRUN echo $V\n",
    },
    "global ARG": {"Dockerfile": "ARG ⟨V⟩=1\nFROM a:$⟨V⟩\nARG V=2\nRUN V=3; echo $V\n"},
    "ENV": {"Dockerfile": "FROM a AS x\nENV ⟨DIR⟩=/x\nFROM x\nWORKDIR ${⟨DIR⟩}/y\nCMD cat $⟨DIR⟩\n"},
    "COPY source": {
        "Dockerfile": "FROM a\nCOPY ⟨app.py⟩ /x\nFROM b\nCOPY ⟨app.py⟩ other.py /y\n",
        "app.py": "",
        "other.py": "",
    },
    "credential": {
        "Jenkinsfile": "node { withCredentials([string(credentialsId: '⟨nexus⟩', variable: 'T')]) { sh 'nexus' } }\n",
        "b/Jenkinsfile": "pipeline { environment { T = credentials('⟨nexus⟩')\n } }\n",
        "c/Jenkinsfile": "node { withCredentials([string(credentialsId: 'nexus2', variable: 'T')]) { sh 'x' } }\n",
    },
    "step of a library": {
        "Jenkinsfile": "node {\n ⟨deploy⟩ 'shop'\n x.deploy 'y' }\n",
        "b/Jenkinsfile": "node { ⟨deploy⟩('shop') }\n",
        "vars/deploy.groovy": "def ⟨call⟩(String name) { sh name }\n",
    },
    "variable of a pipeline": {
        "Jenkinsfile": 'pipeline {\n  environment {\n    ⟨TAG⟩ = "1.0"\n    OTHER = "$⟨TAG⟩-1"\n  }\n  stages {\n'
        "    stage('A') { steps { sh 'echo $⟨TAG⟩ ${⟨TAG⟩}'; echo \"${env.⟨TAG⟩}\"; echo env.⟨TAG⟩ } }\n"
        "    stage('B') { steps { echo ⟨TAG⟩; x.TAG = 'TAG'; y(TAG: 1) } }\n  }\n}\n",
    },
    "revision": {
        "versions/a_x.py": "revision = '⟨a1⟩'\ndown_revision = None\n",
        "versions/b_x.py": "revision: str = 'b2'\ndown_revision: Union[str, None] = '⟨a1⟩'\n",
        "versions/c_x.py": "revision = 'c3'\ndown_revision = ('b2', '⟨a1⟩')\n",
    },
}


def looked_up(tmp_path: Path, files: Mapping[str, str]) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]]]:
    """(the name that has a definition, where it leads, where it should lead); places as (path, text before + text)."""
    wanted, cursor = [], None
    for path, text in files.items():
        for mark in re.finditer(r"⟨(.*?)⟩", re.sub("[«»]", "", text)):
            wanted.append((path, re.sub("[⟨⟩]", "", mark.string[: mark.start()]), mark[1]))
        bare = re.sub("[⟨⟩]", "", text)
        if "«" in bare:
            cursor = path, bare.index("«")
    assert cursor is not None
    path, offset = cursor
    workspace = opened(tmp_path, files)
    found = definition_at(workspace, path, offset)
    if found is None:
        return "", [], wanted
    places = []
    for target in found.targets:
        text = workspace.text(target.path) or ""
        places.append((target.path, text[: target.span.start], text[target.span.start : target.span.end]))
    return workspace.documents[path].source.of(found.span), places, wanted


@pytest.mark.parametrize("name", FOUND)
def test_a_name_leads_to_its_definition(name: str, tmp_path: Path):
    files = FOUND[name]
    marked = next(text for text in files.values() if "«" in text)
    span, found, wanted = looked_up(tmp_path, files)
    assert wanted
    assert found == wanted
    assert span == re.search("«(.*?)»", marked)[1]  # type: ignore[index]


@pytest.mark.parametrize("name", NONE)
def test_where_nothing_is_known_there_is_no_definition(name: str, tmp_path: Path):
    assert looked_up(tmp_path, NONE[name])[:2] == ("", [])


@pytest.mark.parametrize("name", MEANING)
def test_all_places_that_mean_the_same_find_each_other(name: str, tmp_path: Path):
    files = MEANING[name]
    workspace = opened(tmp_path, files)
    wanted = []
    for path, text in files.items():
        for number, mark in enumerate(re.finditer(r"⟨(.*?)⟩", text)):
            start = mark.start() - 2 * number
            wanted.append((path, start, start + len(mark[1])))
    assert len(wanted) > 1
    for path, start, end in (one for one in wanted if not one[0].startswith("vars/")):
        source = Source(path, workspace.text(path) or "")
        workspace.open(source, language_of(path, lambda: source.text) or "")  # noqa: B023
        found = references_at(workspace, path, (start + end) // 2, True)
        assert [(one.path, one.span.start, one.span.end) for one in found or ()] == sorted(wanted), (path, start)
        shown = highlights_at(workspace, path, start)
        assert [(path, one.span.start, one.span.end) for one in shown or ()] == [
            one for one in sorted(wanted) if one[0] == path
        ]
        workspace.close(path)
