"""Defects that were planted into files, each with the rule that must find it, and the nearest right text.

A privileged pod of an agent is in `jenkinsfile/test_jenkinsfile_pods.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from examples import Project
from playpen_ls.api.example import example
from playpen_ls.engine.registry import rules_of


class Planted(NamedTuple):
    """`change` makes the defect in the first of the files."""

    rule: str
    files: Mapping[str, str]
    change: tuple[str, str]


APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: playpen-apps}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      serviceAccountName: shop
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
          ports: [{name: http, containerPort: 8000}]
          env:
            - {name: LEVEL, value: info}
            - {name: REGION, value: eu}
          securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: shop-data}}]
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shop-data, namespace: playpen-apps}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop, namespace: playpen-apps}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, minReplicas: 2, maxReplicas: 4}
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop, namespace: playpen-apps}
spec: {minAvailable: 1, selector: {matchLabels: {app: shop}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: playpen-apps}
spec:
  type: ClusterIP
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8000}]
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: playpen-apps}
spec:
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop, namespace: playpen-apps}
spec: {podSelector: {matchLabels: {app: shop}}, policyTypes: [Ingress]}
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop, namespace: playpen-apps}
rules:
  - {apiGroups: [apps, '', rbac.authorization.k8s.io], resources: [deployments], verbs: [get]}
"""
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop, namespace: playpen-apps}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}
subjects: [{kind: ServiceAccount, name: shop, namespace: playpen-apps}]
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop, namespace: playpen-apps}\n"
BACKUP = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: playpen-platform}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: dump
              image: postgres:16.4
              command: [bash, -c, pg_dump -h db shop > /backup/shop.sql]
              volumeMounts: [{name: backup, mountPath: /backup}]
          volumes: [{name: backup, persistentVolumeClaim: {claimName: backup}}]
"""
IMAGE = """\
FROM python:3.12-slim
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
RUN curl -fsSLO https://nexus/shop.tgz
ENV LEVEL=info
EXPOSE 8000
CMD ["flask", "run", "--host=0.0.0.0"]
"""
KUBERNETES = {
    "selector against labels": Planted("mismatching-selector", {"a.yaml": APP}, ("labels: {app: shop}", "labels: {app: cart}")),
    "serviceAccount": Planted("deprecated-field", {"a.yaml": APP}, ("serviceAccountName", "serviceAccount")),
    "missing claim": Planted("dangling-reference", {"a.yaml": APP, "b.yaml": CLAIM}, ("claimName: shop-data", "claimName: shop-dato")),
    "socket of containerd": Planted("privileged-container", {"a.yaml": APP}, (
        "persistentVolumeClaim: {claimName: shop-data}", "hostPath: {path: /run/containerd/containerd.sock}")),
    "hostPort": Planted("privileged-container", {"a.yaml": APP}, ("containerPort: 8000", "containerPort: 8000, hostPort: 80")),
    "duplicate variable": Planted("duplicate-variable", {"a.yaml": APP}, ("name: REGION", "name: LEVEL")),
    "DEBUG": Planted("debug-enabled", {"a.yaml": APP}, ("name: REGION, value: eu", "name: DEBUG, value: 'true'")),
    "FLASK_ENV": Planted("debug-enabled", {"a.yaml": APP}, ("name: REGION, value: eu", "name: FLASK_ENV, value: development")),
    "NET_ADMIN": Planted("privileged-container", {"a.yaml": APP}, ("drop: [ALL]", "add: [NET_ADMIN]")),
    "SYS_PTRACE": Planted("privileged-container", {"a.yaml": APP}, ("drop: [ALL]", "add: [SYS_PTRACE]")),
    "Unconfined": Planted("privileged-container", {"a.yaml": APP}, (
        "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true, seccompProfile: {type: Unconfined}")),
    "procMount": Planted("privileged-container", {"a.yaml": APP}, (
        "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true, procMount: Unmasked")),
    "writable root": Planted("writable-root", {"a.yaml": APP}, ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")),
    "missing volume": Planted("missing-volume", {"a.yaml": APP}, ("volumeMounts: [{name: data", "volumeMounts: [{name: cache")),
    "failureThreshold": Planted("probe-timing", {"a.yaml": APP}, ("failureThreshold: 3", "failureThreshold: 1")),
    "timeout over period": Planted("probe-timing", {"a.yaml": APP}, ("timeoutSeconds: 5", "timeoutSeconds: 15")),
    "missing target": Planted("dangling-reference", {"a.yaml": SCALER + "---\n" + APP}, ("Deployment, name: shop", "Deployment, name: cart")),
    "budget of no pods": Planted("dangling-selector", {"a.yaml": BUDGET, "b.yaml": APP}, ("app: shop", "app: shpo")),
    "budget without room": Planted("blocking-disruption-budget", {"a.yaml": BUDGET, "b.yaml": APP}, ("minAvailable: 1", "minAvailable: 2")),
    "missing backend": Planted("dangling-reference", {"a.yaml": INGRESS, "b.yaml": SERVICE}, ("service: {name: shop", "service: {name: shpo")),
    "policy of no pods": Planted("dangling-selector", {"a.yaml": POLICY + "---\n" + APP}, ("app: shop}}, policy", "app: cart}}, policy")),
    "reads Secrets": Planted("sensitive-permission", {"a.yaml": ROLE}, ("[deployments]", "[secrets]")),
    "pods/exec": Planted("sensitive-permission", {"a.yaml": ROLE}, ("[deployments], verbs: [get]", "[pods/exec], verbs: [create]")),
    "escalate, bind": Planted("sensitive-permission", {"a.yaml": ROLE}, ("[deployments], verbs: [get]", "[roles], verbs: [escalate, bind]")),
    "impersonate": Planted("sensitive-permission", {"a.yaml": ROLE}, ("[deployments], verbs: [get]", "[users], verbs: [impersonate]")),
    "missing role": Planted("dangling-reference", {"a.yaml": BINDING, "b.yaml": ROLE}, ("Role, name: shop", "Role, name: shpo")),
    "missing subject": Planted("dangling-reference", {"a.yaml": BINDING, "b.yaml": ACCOUNT, "c.yaml": ROLE},
                               ("ServiceAccount, name: shop", "ServiceAccount, name: shpo")),
    "everyone": Planted("binding-to-everyone", {"a.yaml": BINDING}, ("kind: ServiceAccount, name: shop", "kind: Group, name: 'system:authenticated'")),
    "dump into an emptyDir": Planted("backup-in-vain", {"a.yaml": BACKUP}, ("persistentVolumeClaim: {claimName: backup}", "emptyDir: {}")),
    "restartPolicy": Planted("invalid-restart-policy", {"a.yaml": BACKUP}, ("OnFailure", "Always")),
    "NodePort": Planted("external-service", {"a.yaml": SERVICE}, ("type: ClusterIP", "type: NodePort\n  externalIPs: [192.0.2.1]")),
    "extensions/v1beta1": Planted("removed-api-version", {"a.yaml": APP}, ("apps/v1", "extensions/v1beta1")),
}  # fmt: skip
DOCKERFILE = {
    "update alone": Planted("update-without-install", {"Dockerfile": IMAGE}, ("update && ", "update\nRUN ")),
    "--trusted-host": Planted("insecure-transport", {"Dockerfile": IMAGE}, ("--no-cache-dir", "--no-cache-dir --trusted-host nexus")),
    "curl -k": Planted("insecure-transport", {"Dockerfile": IMAGE}, ("-fsSLO", "-kfsSLO")),
    "EXPOSE": Planted("invalid", {"Dockerfile": IMAGE}, ("8000", "99999")),
    "ENV DEBUG": Planted("debug-enabled", {"Dockerfile": IMAGE}, ("LEVEL=info", "DEBUG=1")),
    "flask --debug": Planted("debug-enabled", {"Dockerfile": IMAGE}, ('"run"', '"run", "--debug"')),
    "two CMD": Planted("overridden-instruction", {"Dockerfile": IMAGE}, ("CMD", "CMD flask run\nCMD")),
}  # fmt: skip

REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "b1"
down_revision = "a1"


def upgrade():
    op.add_column("orders", sa.Column("note", sa.String()))


def downgrade():
    op.drop_column("orders", "note")
"""
MIGRATION = {"alembic/versions/b1.py": REVISION, "alembic/env.py": "", "alembic/versions/a1.py": (
    'revision = "a1"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n')}  # fmt: skip
ADDED = 'op.add_column("orders", sa.Column("note", sa.String()))'
ALEMBIC = {
    "drop_table": Planted("destructive-migration", MIGRATION, (ADDED, 'op.drop_table("orders")')),
    "drop_column": Planted("destructive-migration", MIGRATION, (ADDED, 'op.drop_column("orders", "price")')),
    "rename": Planted("destructive-migration", MIGRATION, (ADDED, 'op.rename_table("orders", "purchases")')),
    "change type": Planted("locking-migration", MIGRATION, (
        ADDED, 'op.alter_column("orders", "n", existing_type=sa.Integer(), type_=sa.BigInteger())')),
    "NOT NULL without default": Planted("locking-migration", MIGRATION, ("sa.String()))", "sa.String(), nullable=False))")),
    "index": Planted("locking-migration", MIGRATION, (ADDED, 'op.create_index("ix_note", "orders", ["note"])')),
    "foreign key": Planted("locking-migration", MIGRATION, (
        ADDED, 'op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])')),
    "TRUNCATE": Planted("destructive-migration", MIGRATION, (ADDED, 'op.execute("TRUNCATE orders")')),
    "two heads": Planted("branched-migrations", {"alembic/versions/c1.py": (
        'revision = "c1"\ndown_revision = "b1"\n\n\ndef upgrade():\n    pass\n'), **MIGRATION}, ('= "b1"', '= "a1"')),
}  # fmt: skip
PIPELINE = """\
pipeline {
    agent none
    parameters {
        string(name: 'VERSION', defaultValue: '1.0.0')
        password(name: 'TOKEN', defaultValue: '')
    }
    stages {
        stage('Build') {
            agent {
                kubernetes {
                    yaml '''
                        apiVersion: v1
                        kind: Pod
                        spec:
                          containers:
                            - name: build
                              image: maven:3.9.9
                              securityContext: {privileged: false}
                    '''
                }
            }
            environment { NEXUS = credentials('nexus-credentials') }
            steps {
                sh 'curl -fsSLO https://nexus/shop.tgz'
                sh 'docker run --rm -v /tmp:/tmp nexus:5000/tools:1.0.0 build'
                sh "make VERSION=1"
                sh 'docker push nexus:5000/shop:1.0.0'
                sh 'git clone https://git.playpen.local/shop.git'
                httpRequest url: 'https://nexus/api', customHeaders: [[name: 'Authorization', value: "Bearer ${TOKEN}"]]
            }
        }
        stage('Approve') {
            input { message 'Deploy?' }
            steps { echo 'approved' }
        }
    }
}
"""
JENKINSFILE = {
    "password default": Planted("literal-credential", {"Jenkinsfile": PIPELINE}, ("defaultValue: ''", "defaultValue: 'Tr0ub4dor'")),
    "token default": Planted("literal-credential", {"Jenkinsfile": PIPELINE}, (
        "string(name: 'VERSION', defaultValue: '1.0.0')", "string(name: 'API_TOKEN', defaultValue: 'Tr0ub4dor7x')")),
    "URL credential": Planted("literal-credential", {"Jenkinsfile": PIPELINE}, ("https://git.", "https://ci:Tr0ub4dor@git.")),
    "input holds an agent": Planted("held-agent", {"Jenkinsfile": PIPELINE}, ("sh 'docker push", "input 'Push?'\n                sh 'docker push")),
    "parameter in a script": Planted("shell-injection", {"Jenkinsfile": PIPELINE}, ("VERSION=1", "VERSION=${params.VERSION}")),
    "curl -k": Planted("insecure-transport", {"Jenkinsfile": PIPELINE}, ("-fsSLO", "-kfsSLO")),
    "docker.sock": Planted("docker-socket", {"Jenkinsfile": PIPELINE}, (
        "-v /tmp:/tmp", "-v /var/run/docker.sock:/var/run/docker.sock")),
    "set -x": Planted("logged-secret", {"Jenkinsfile": PIPELINE}, (
        "sh 'docker push nexus:5000/shop:1.0.0'", "sh 'set -x; mysql -p$TOKEN'")),
    "echoed secret": Planted("logged-secret", {"Jenkinsfile": PIPELINE}, ("sh 'docker push nexus:5000/shop:1.0.0'", "sh 'echo $NEXUS_PSW'")),
    "Bearer literal": Planted("literal-credential", {"Jenkinsfile": PIPELINE}, ("Bearer ${TOKEN}", "Bearer Tr0ub4dor7xQ")),
    "push of latest": Planted("moving-tag", {"Jenkinsfile": PIPELINE}, ("push nexus:5000/shop:1.0.0", "push nexus:5000/shop:latest")),
    "crane": Planted("moving-tag", {"Jenkinsfile": PIPELINE}, ("docker push nexus:5000/shop:1.0.0", "crane copy a:1 nexus:5000/shop:latest")),
    "set image": Planted("moving-tag", {"Jenkinsfile": PIPELINE}, (
        "docker push nexus:5000/shop:1.0.0", "kubectl set image deploy/shop shop=nexus:5000/shop:latest")),
    "helm": Planted("moving-tag", {"Jenkinsfile": PIPELINE}, (
        "docker push nexus:5000/shop:1.0.0", "helm upgrade shop ./chart --set image.tag=latest")),
}  # fmt: skip
LANGUAGES = {"kubernetes": KUBERNETES, "dockerfile": DOCKERFILE, "python": ALEMBIC, "jenkinsfile": JENKINSFILE}


@pytest.mark.parametrize(
    ("language", "planted"),
    [pytest.param(language, one, id=name) for language, some in LANGUAGES.items() for name, one in some.items()],
)
def test_a_planted_defect_is_found_and_the_right_text_is_not(language: str, planted: Planted):
    rule = next(one for one in rules_of(language) if one.name == planted.rule)
    assert rule.enabled or rule.preset
    (path, right), *others = planted.files.items()
    wrong = right.replace(*planted.change, 1)
    assert wrong != right
    assert Project(rule, example({path: wrong, **dict(others)})).look().diagnostics
    assert Project(rule, example(planted.files)).look().diagnostics == []
