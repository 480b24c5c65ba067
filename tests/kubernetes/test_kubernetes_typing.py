"""A manifest that is typed in, character by character, between two others."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

OTHER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec:
      hostNetwork: true
      containers:
        - name: one
          image: other
          env: [{name: DB_PASSWORD, value: hunter2x}]
          ports: [{containerPort: 80}]
"""
BEFORE, AFTER = OTHER.replace("%s", "before") + "---\n", "\n---\n" + OTHER.replace("%s", "after")
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web  # the shop's
  labels: {app: web}
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
      securityContext:
        runAsUser: 1000
      containers:
        - name: web
          image: "nexus:5000/web:1.0"
          command: ["python", "-m", "web"]
          ports:
            - name: http
              containerPort: 8000
          env:
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: {name: db, key: password}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits:
              cpu: "1"
              memory: 512Mi
          livenessProbe:
            httpGet:
              path: /health
              port: http
          readinessProbe: {httpGet: {path: /ready, port: 8000}}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8000
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_manifest_that_is_typed_in_makes_no_noise(tmp_path: Path, newline: str):
    """Nothing is found in the whole of it, so nothing may be shown on the way; the others stay as they are."""
    before, typed, after = (text.replace("\n", newline) for text in (BEFORE, DEPLOYMENT, AFTER))
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("app.yaml", before + after), "kubernetes")
    at = len(before)
    shown = [(diagnostic.rule.id, diagnostic.start) for diagnostic in workspace.check("app.yaml").diagnostics]
    assert len([start for _, start in shown if start < at]) == len(shown) / 2 > 5
    for done in range(1, len(typed) + 1):
        edit = Edit(at + done - 1, at + done - 1, typed[done - 1])
        workspace.edit("app.yaml", Source("app.yaml", before + typed[:done] + after), [edit])
        diagnostics = workspace.check("app.yaml", settled=False).diagnostics
        expected = [(rule, start + done if start >= at else start) for rule, start in shown]
        assert [(diagnostic.rule.id, diagnostic.start) for diagnostic in diagnostics] == expected, typed[:done][-40:]
    assert len(workspace.check("app.yaml").diagnostics) == len(shown)
