"""The work for a text grows no faster than the text: function calls are counted for texts that are twice as long."""

from __future__ import annotations

from pathlib import Path

import pytest
from counting import calls

from playpen_ls.cli.results import Reporter
from playpen_ls.engine.masking import Mask
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

LANGUAGES = {"Dockerfile": "dockerfile", "Jenkinsfile": "jenkinsfile", "app.py": "python", "deploy.yaml": "kubernetes"}
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: a}
  template:
    metadata:
      labels: {app: a}
    spec:
      containers:
"""
PASSWORD = """      - name: c
        env:
        - name: DB_PASSWORD
          value: Zq8vN3pL9x
"""
FASTAPI = "from fastapi import FastAPI\n\n"


def lines(line: str, before: str = "", after: str = "") -> tuple[str, str, str]:
    return before, line, after


SHAPES = {
    "logins in one RUN": (
        "Dockerfile", lines("  docker login -u me -p s3cr3tPass9 nexus:5000 && \\\n", "FROM a\nRUN x && \\\n", "  y\n")
    ),
    "secrets in a RUN each": ("Dockerfile", lines("RUN export DB_PASSWORD=Zq8vN3pL9x\n", "FROM a\n")),
    "build arguments": ("Dockerfile", lines("ARG DB_PASSWORD=Zq8vN3pL9x\n", "FROM a\n")),
    "health checks": ("Dockerfile", lines("HEALTHCHECK CMD curl http://localhost:8000/\n", "FROM a\n", "CMD a\n")),
    "ports": ("Dockerfile", lines("EXPOSE 8000\n", "FROM a\n")),
    "stages of one name": (
        "Jenkinsfile",
        lines("    stage('a') { steps { sh 'x' } }\n", "pipeline {\n  agent any\n  stages {\n", "  }\n}\n"),
    ),
    "inputs in a node": ("Jenkinsfile", lines("    input 'Go on?'\n", "node {\n  stage('a') {\n", "  }\n}\n")),
    "secrets in a dict": ("app.py", lines("    'password': 'Zq8vN3pL9x',\n", "x = {\n", "}\n")),
    "prints in a function": ("app.py", lines('    print(f"loaded {x}")\n', FASTAPI + "def f(x):\n")),
    "prints": ("app.py", lines('print(f"loaded {x}")\n', FASTAPI)),
    "passwords in a function": (
        "app.py",
        lines("    e = create_engine('postgresql://me:Zq8vN3pL@db/x')\n", "from sqlalchemy import create_engine\ndef f():\n"),
    ),
    "passwords of containers": ("deploy.yaml", lines(PASSWORD, DEPLOYMENT)),
    "passwords of documents": ("deploy.yaml", lines(f"---\n{DEPLOYMENT}{PASSWORD}")),
}  # fmt: skip


def cost(path: str, text: str, folder: Path) -> int:
    """The function calls that a check and all fixes need."""
    workspace = Workspace(folder, indexed=False)
    workspace.open(Source(path, text), LANGUAGES[path])

    def work() -> None:
        workspace.check(path)
        workspace.fixed(path, lambda *_: True)

    return calls(work)


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_costs_twice_as_much(shape: str, tmp_path: Path):
    path, (before, line, after) = SHAPES[shape]
    cost(path, f"{before}{line}{after}", tmp_path)  # what is imported or cached once
    once, twice, four_times = (cost(path, before + line * number + after, tmp_path) for number in (20, 40, 80))
    assert four_times - twice < 2.3 * (twice - once)


def test_a_line_with_twice_as_many_findings_costs_twice_as_much(tmp_path: Path):
    def reported(number: int) -> int:
        source = Source("app.py", "é = 1; " + "; ".join(['DB_PASSWORD = "Zq8vN3pL@9x"'] * number) + "\n")
        workspace = Workspace(tmp_path, indexed=False)
        workspace.open(source, "python")
        found = workspace.check("app.py")
        reporter = Reporter(tmp_path, Mask(source, found.secrets), workspace.text, lambda *_: None)
        diagnostics = list(found.diagnostics)
        assert len(diagnostics) == number
        return calls(lambda: list(map(reporter.finding, diagnostics)))

    reported(1)  # what is compiled or cached once
    once, twice, four_times = map(reported, (50, 100, 200))
    assert four_times - twice < 2.3 * (twice - once)


def test_all_stages_of_one_name_are_renamed_at_once(tmp_path: Path):
    _, (before, line, after) = SHAPES["stages of one name"]
    workspace = Workspace(tmp_path, indexed=False)
    workspace.open(Source("Jenkinsfile", before + line * 120 + after), "jenkinsfile")
    fixed = workspace.fixed("Jenkinsfile", lambda *_: True)
    names = [f"'a {number}'" for number in range(2, 121)]
    assert fixed.stopped == ""
    assert all(fixed.source.text.count(name) == 1 for name in ("'a'", *names))
