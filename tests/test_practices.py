"""The practices page is law: every "Good" is clean of every rule that is on, every "Avoid" is found and mended into its "Good".

Each snippet of the page stands here in the smallest whole project that it belongs to. Where the page
has no "Avoid", or no snippet at all, the obvious one is written beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from examples import TOO_WIDE
from playpen_ls.engine.registry import all_rules
from playpen_ls.languages.detection import language_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

PYTHON_FILES = {"requirements.txt": "fastapi==0.115.0\n", "app.py": "print\n"}


@dataclass(frozen=True)
class Practice:
    """`good` is clean. In `bad`, whose first file is looked at, `rule` marks `words`; its fix gives `statement`."""

    name: str
    good: dict[str, str]
    bad: dict[str, str] = field(default_factory=dict)
    rule: str = ""
    words: str = ""
    statement: str = ""


def pipeline(*stages: str, before: str = "") -> str:
    return "pipeline {\n    agent any\n" + before + "    stages {\n" + "".join(stages) + "    }\n}\n"


def stage(name: str, *steps: str) -> str:
    body = "".join(f"                {line}\n" for step in steps for line in step.split("\n"))
    return f"        stage('{name}') {{\n            steps {{\n{body}            }}\n        }}\n"


def deployment(container: str = "", spec: str = "      serviceAccountName: web\n", resources: bool = True) -> str:
    limits = (
        "          resources:\n            requests:\n              cpu: 100m\n              memory: 128Mi\n"
        "            limits:\n              cpu: 500m\n              memory: 512Mi\n"
    )
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: playpen-apps\nspec:\n  selector:\n"
        "    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n"
        f"{spec}      containers:\n        - name: web\n          image: nexus:5000/web:1.0.0\n"
        "          ports:\n            - containerPort: 8000\n" + (limits if resources else "") + container
    )


PROBES = """\
          livenessProbe:
            httpGet:
              path: /health
              port: 8000
            initialDelaySeconds: 30
            periodSeconds: 10
          readinessProbe:
            httpGet:
              path: /ready
              port: 8000
            initialDelaySeconds: 5
            periodSeconds: 5
"""

DATABASE = (
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: postgres\n  namespace: playpen-platform\nspec:\n"
    "  serviceName: postgres\n  selector:\n    matchLabels:\n      app: postgres\n  template:\n    metadata:\n"
    "      labels:\n        app: postgres\n    spec:\n      serviceAccountName: postgres\n      containers:\n"
    "        - name: postgres\n          image: postgres:16.4\n          resources:\n"
    "            requests: {cpu: 100m, memory: 128Mi}\n            limits: {cpu: 500m, memory: 512Mi}\n"
    "          livenessProbe:\n            exec: {command: [pg_isready, -U, playpen]}\n"
    "          readinessProbe:\n            exec: {command: [pg_isready, -U, playpen, -q]}\n"
    "          volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]\n  volumeClaimTemplates:\n"
    "    - metadata: {name: data}\n      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}\n"
)

# The program of the image, which shows the paths.
SERVICE = {
    "web/Dockerfile": "FROM playpen/python-base:latest\nWORKDIR /app\nCOPY . .\nUSER 1000\n"
    'CMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "web/app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
    '@app.get("/health")\ndef health():\n    return {}\n\n\n@app.get("/ready")\ndef ready():\n    return {}\n',
    "web/.dockerignore": ".git\n",
}

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"

DOCKERFILE = "FROM playpen/python-base:latest\nWORKDIR /app\n"
GOOD_LAYERS = "# Good - dependencies first\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n"
AVOID_LAYERS = "# Avoid - copy everything first\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n"

MULTI_STAGE = """\
# Build stage
FROM playpen/python-base:latest AS builder
WORKDIR /build
COPY requirements.txt .
RUN pip install --user -r requirements.txt
# Runtime stage
FROM playpen/python-base:latest
WORKDIR /app
COPY --from=builder /root/.local /root/.local
COPY . .
ENV PATH=/root/.local/bin:$PATH
CMD ["python", "app.py"]
"""

PARALLEL = """\
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
"""

CREDENTIALS = """\
withCredentials([usernamePassword(
credentialsId: 'nexus-credentials',
usernameVariable: 'NEXUS_USER',
passwordVariable: 'NEXUS_PASS'
)]) {
sh 'docker login -u $NEXUS_USER -p $NEXUS_PASS nexus:5000'
}"""

BACKUP = (
    "sh '''\nkubectl exec -n playpen-platform postgres-0 -- \\\\\n"
    "pg_dump -U playpen playpen | gzip > backup-$(date +%Y%m%d).sql.gz\n'''"
)

PRACTICES = [
    Practice(
        "Use base images",
        {"Dockerfile": "FROM playpen/python-base:latest\n"},
        {"Dockerfile": "FROM python:3.11\n"},
        "dockerfile/foreign-base-image",
        "python:3.11",
        "FROM playpen/python-base:latest\n",
    ),
    Practice(
        "Layer caching",
        {"Dockerfile": DOCKERFILE + GOOD_LAYERS, **PYTHON_FILES},
        {"Dockerfile": DOCKERFILE + AVOID_LAYERS, **PYTHON_FILES},
        "dockerfile/copy-before-install",
        "COPY . .",
        "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"
        "# Avoid - copy everything first\nCOPY . .\n",
    ),
    Practice(
        "Environment variables",
        {
            "app.py": "# Good\nimport os\n"
            'db_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")\n'
        },
        {"app.py": '# Avoid\ndb_host = "postgres.playpen-platform.svc.cluster.local" # Hard-coded\n'},
        "python/hard-coded-host",
        '"postgres.playpen-platform.svc.cluster.local"',
        'db_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local") # Hard-coded\n',
    ),
    Practice(
        "Health checks",
        {
            "app.py": 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/health")\nasync def health():\n'
            '    return {"status": "healthy"}\n'
        },
        {"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"},
        "python/no-health-route",
        "FastAPI()",
        '@app.get("/health")\nasync def health() -> dict[str, str]:\n    return {"status": "healthy"}\n',
    ),
    Practice(
        "Declarative pipelines",
        {"Jenkinsfile": "pipeline { agent any; stages { stage('Build') { steps { sh 'make build' } } } }\n"},
        {"Jenkinsfile": "node {\n    stage('Build') {\n        sh 'make build'\n    }\n}\n"},
        "jenkinsfile/scripted-pipeline",
        "node",
        "        stage('Build') {\n            steps {\n                sh 'make build'\n            }\n        }\n",
    ),
    Practice(
        "Parallel execution",
        {"Jenkinsfile": pipeline(PARALLEL)},
        {
            "Jenkinsfile": pipeline(
                stage("Unit Tests", "sh 'pytest tests/unit'"),
                stage("Integration Tests", "sh 'pytest tests/integration'"),
            )
        },
        "jenkinsfile/sequential-stages",
        "Integration Tests",
        PARALLEL.replace("stage('Test')", "stage('Verify')"),
    ),
    Practice(
        "Credential management",
        {"Jenkinsfile": pipeline(stage("Push", CREDENTIALS))},
        {"Jenkinsfile": pipeline(stage("Push", "sh 'docker login -u admin -p n3xu5-pass nexus:5000'"))},
        "jenkinsfile/literal-credential",
        "n3xu5-pass",
        "withCredentials([usernamePassword(credentialsId: 'nexus-credentials', usernameVariable: 'NEXUS_USER', "
        "passwordVariable: 'NEXUS_PASS')]) {\n",
    ),
    Practice(
        "Image tagging",
        {
            "Jenkinsfile": pipeline(
                stage(
                    "Tag",
                    "sh 'docker tag my-app:latest nexus:5000/my-app:1.0.0'",
                    "sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'",
                )
            )
        },
        {"Jenkinsfile": pipeline(stage("Tag", "sh 'docker tag my-app:latest nexus:5000/my-app:latest' // Avoid"))},
        "jenkinsfile/moving-tag",
        "latest",
        "sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}' // Avoid\n",
    ),
    Practice(
        "Multi-stage builds",
        {"Dockerfile": MULTI_STAGE, **PYTHON_FILES},
        {
            "Dockerfile": DOCKERFILE + "RUN apt-get update && apt-get install -y --no-install-recommends gcc "
            "&& rm -rf /var/lib/apt/lists/*\n" + GOOD_LAYERS + 'CMD ["python", "app.py"]\n',
            **PYTHON_FILES,
        },
        "dockerfile/single-stage-build",
        "FROM",
        "# Runtime stage\nFROM playpen/python-base:latest\nWORKDIR /app\n"
        "COPY --from=builder /root/.local /root/.local\nCOPY . .\nENV PATH=/root/.local/bin:$PATH\n"
        'CMD ["python", "app.py"]\n',
    ),
    Practice(
        "Database migrations",
        {
            "models.py": "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
        },
        {
            "models.py": "from sqlalchemy.orm import DeclarativeBase\n\nfrom database import engine\n\n\n"
            "class Base(DeclarativeBase):\n    pass\n\n\nBase.metadata.create_all(engine)\n",
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": "",
        },
        "python/create-all",
        "create_all",
        "class Base(DeclarativeBase):\n    pass\n",
    ),
    Practice(
        "Connection pooling",
        {
            "database.py": "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n"
            'engine = create_engine(\n"postgresql://user:pass@host/db",\npoolclass=QueuePool,\npool_size=10,\n'
            "max_overflow=20\n)\n"
        },
        {
            "database.py": 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://user:pass@host/db")\n'
        },
        "python/default-pool",
        "create_engine",
        "engine = create_engine(\n"
        '    "postgresql://user:pass@host/db", poolclass=QueuePool, pool_size=10, max_overflow=20\n)\n',
    ),
    Practice(
        "Backup strategy",
        {
            "db.yaml": DATABASE,
            "Jenkinsfile": pipeline(
                stage("Backup", BACKUP), before="    triggers {\n        cron('H 2 * * *')\n    }\n"
            ),
        },
        {"db.yaml": DATABASE},
        "kubernetes/no-backup",
        "postgres",
    ),
    Practice(
        "Secrets management",
        {"app.py": 'import os\n\ndb_password = os.environ["DB_PASSWORD"]\n'},
        {"app.py": 'db_password = "s3cr3t-w0rd"  # the database\n'},
        "python/literal-secret",
        '"s3cr3t-w0rd"',
        'import os\n\ndb_password = os.environ["DB_PASSWORD"]  # the database\n',
    ),
    Practice(
        "Least privilege",
        {"web.yaml": deployment(PROBES)},
        {"web.yaml": deployment(PROBES, spec="")},
        "kubernetes/default-service-account",
        "web",
        "      serviceAccountName: web\n",
    ),
    Practice(
        "Resource limits",
        {"web.yaml": deployment(PROBES)},
        {"web.yaml": deployment(PROBES, resources=False)},
        "kubernetes/no-memory-limit",
        "web",
        "            limits:\n              cpu: 500m\n              memory: 512Mi\n",
    ),
    Practice(
        "Health probes",
        {"web.yaml": deployment(PROBES), **SERVICE},
        {"web.yaml": deployment(PROBES[: PROBES.index("          readinessProbe")]), **SERVICE},
        "kubernetes/no-readiness-probe",
        "web",
        PROBES[PROBES.index("          readinessProbe") :],
    ),
    Practice(
        "Structured logging",
        {
            "app.py": LOGGER + 'logger.info("User login", extra={\n"user_id": user_id,\n"ip_address": ip_address,\n'
            '"timestamp": datetime.now().isoformat()\n})\n'
        },
        {"app.py": LOGGER + '\n\ndef login(user_id: int) -> None:\n    logger.info(f"User login {user_id}")  # who\n'},
        "python/formatted-log-message",
        'f"User login {user_id}"',
        '    logger.info("User login %s", user_id)  # who\n',
    ),
    Practice(
        "Log levels",
        {
            "app.py": LOGGER
            + 'logger.debug("Detailed debugging information")\nlogger.info("General informational message")\n'
            'logger.warning("Warning message")\nlogger.error("Error occurred", exc_info=True)\n'
        },
        {"app.py": LOGGER + '\ntry:\n    work()\nexcept RuntimeError:\n    logger.error("Error occurred")\n'},
        "python/error-without-traceback",
        "logger.error",
        'logger.error("Error occurred", exc_info=True)\n',
    ),
]
each_practice = pytest.mark.parametrize("practice", PRACTICES, ids=lambda practice: practice.name)


def opened(folder: Path, files: dict[str, str]) -> Workspace:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    workspace = Workspace(folder)
    workspace.closed.read_all()
    for name, text in files.items():
        language = language_of(name, lambda text=text: text)
        if language:
            workspace.open(Source(name, text), language)
    return workspace


@each_practice
def test_good_is_clean_of_every_rule_that_is_on(practice: Practice, tmp_path: Path):
    workspace = opened(tmp_path, practice.good)
    for name in workspace.documents:
        diagnostics = workspace.check(name).diagnostics
        assert [
            (name, diagnostic.rule.id, workspace.documents[name].source.of(diagnostic.span))
            for diagnostic in diagnostics
        ] == [], TOO_WIDE


@each_practice
def test_avoid_is_found_at_its_words(practice: Practice, tmp_path: Path):
    workspace = opened(tmp_path, practice.bad)
    name = next(iter(practice.bad))
    report = workspace.check(name)
    found = [
        report.source.of(diagnostic.span) for diagnostic in report.diagnostics if diagnostic.rule.id == practice.rule
    ]
    assert found == [practice.words]


@pytest.mark.parametrize("practice", [one for one in PRACTICES if one.statement], ids=lambda practice: practice.name)
def test_its_fix_gives_the_good_statement(practice: Practice, tmp_path: Path):
    workspace = opened(tmp_path, practice.bad)
    name = next(iter(practice.bad))
    fixed = workspace.fixed(
        name, lambda diagnostic, fix: diagnostic.rule.id == practice.rule and fix is diagnostic.finding.fixes[0]
    )
    assert fixed.stopped == ""
    assert practice.statement in fixed.source.text
    if practice.name == "Environment variables":
        assert fixed.source.text.startswith("import os\n")
    if practice.name == "Database migrations":
        assert "create_all" not in fixed.source.text


def test_each_of_the_page_s_18_practices_has_a_rule():
    assert len(PRACTICES) == 18
    assert {practice.name for practice in PRACTICES} <= {rule.practice for rule in all_rules()}
