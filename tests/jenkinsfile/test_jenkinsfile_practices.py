"""What the practices page calls good gives no finding of any rule; what it tells to avoid becomes the good."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of

RULES = [rule for rule in rules_of("jenkinsfile") if rule.enabled]


def in_steps(text: str) -> str:
    return f"pipeline {{\n    agent any\n    stages {{\n        stage('X') {{\n            steps {{\n{text}\n            }}\n        }}\n    }}\n}}\n"


def in_pod(text: str) -> str:
    pod = "    agent {\n        kubernetes {\n            yaml '''\nspec:\n  containers:\n  - name: kaniko\n    image: gcr.io/kaniko-project/executor:latest\n'''\n        }\n    }\n"
    steps = (
        f"            steps {{\n                container('kaniko') {{\n{text}\n                }}\n            }}\n"
    )
    return f"pipeline {{\n{pod}    stages {{\n        stage('X') {{\n{steps}        }}\n    }}\n}}\n"


PARALLEL = """\
pipeline {
agent any
stages {
stage('Test') {
parallel {
stage('Unit Tests') {
steps {
sh 'pytest tests/unit'
}
}
stage('Integration Tests') {
steps {
sh 'pytest tests/integration'
}
}
}
}
}
}
"""
LOGIN = """\
withCredentials([usernamePassword(
credentialsId: 'nexus-credentials',
usernameVariable: 'NEXUS_USER',
passwordVariable: 'NEXUS_PASS'
)]) {
sh 'docker login -u $NEXUS_USER -p $NEXUS_PASS nexus:5000'
}"""
BACKUP = """\
sh '''
kubectl exec -n playpen-platform postgres-0 -- \\\\
pg_dump -U playpen playpen | gzip > backup-$(date +%Y%m%d).sql.gz
'''"""
GOOD = [
    "pipeline {\n    agent any\n    stages {\n        stage('Build') {\n            steps {\n                sh 'make build'\n            }\n        }\n    }\n}\n",
    "pipeline { agent any; stages { stage('Build') { steps { sh 'make build' } } } }\n",
    PARALLEL,
    *(
        place(text)
        for place in (in_steps, in_pod)
        for text in (
            LOGIN,
            BACKUP,
            "sh 'docker tag my-app:latest nexus:5000/my-app:1.0.0'",
            "sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'",
            'sh "docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}"',
            "sh '/kaniko/executor --destination=nexus:5000/my-app:1.0.0'",
        )
    ),
]


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_good_is_clean(rule, text):
    project = Project(rule, Example({"Jenkinsfile": text}))
    assert [
        (project.source.of(diagnostic.span), diagnostic.finding.message) for diagnostic in project.look().diagnostics
    ] == []


@pytest.mark.parametrize("place", [in_steps, in_pod])
def test_the_tag_to_avoid_becomes_the_good_one(place):
    rule = next(rule for rule in RULES if rule.name == "moving-tag")
    project = Project(rule, Example({"Jenkinsfile": place("sh 'docker tag my-app:latest nexus:5000/my-app:latest'")}))
    fixed = project.fixed().source.text
    assert fixed == place("sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'")
