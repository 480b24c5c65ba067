"""The practices page is law: its health probes in a whole Deployment are clean of every rule."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.api.example import example
from playpen_ls.engine.registry import rules_of

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: playpen-apps
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: nexus:5000/web:1.0.0
          ports:
            - containerPort: 8000
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
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              cpu: 500m
              memory: 512Mi
"""


@pytest.mark.parametrize("rule", rules_of("kubernetes"), ids=lambda rule: rule.name)
def test_the_page_s_own_example_is_clean(rule):
    assert Project(rule, example({"app.yaml": DEPLOYMENT})).look().diagnostics == []


@pytest.mark.parametrize("rule", rules_of("kubernetes"), ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kustomization.yaml", "resources: [base]\npatches: [{path: app.yaml}]\n"),
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ],
)
def test_what_is_missing_in_a_part_is_no_finding(rule, path, text):
    """A patch and a chart's template say only a part of their object."""
    bare = DEPLOYMENT[: DEPLOYMENT.index("          ports")].replace("      serviceAccountName: web\n", "")
    name = "templates/app.yaml" if path == "Chart.yaml" else "app.yaml"
    project = Project(rule, example({name: bare}))
    from playpen_ls.languages.registry import model_facts, parse
    from playpen_ls.text.source import Source

    project.index.put(path, model_facts(parse("kubernetes", Source(path, text))))
    assert project.look().diagnostics == []
