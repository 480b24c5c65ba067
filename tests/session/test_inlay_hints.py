"""Inlay hints: values that are not written where they count."""

from __future__ import annotations

import pytest

from playpen_ls.languages.registry import parse
from playpen_ls.session.inlay_hints import inlay_hints
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

POD = """apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
    - name: x
      image: x:1
      resources:
        requests: {cpu: 500m‹= 0.5 cores›, memory: 512Mi}
        limits: {cpu: 2, memory: "0.5Gi"‹= 512 MiB›, ephemeral-storage: 1000000‹= 976.56 KiB›}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: x}
spec:
  selector: {app: x}
  ports:
    - port: 80‹→ 80›
    - port: 81
      targetPort: 8081
"""


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("dockerfile", "ARG TAG=3.12\nFROM python:${TAG‹=3.12›}\nRUN x\n"),
        ("dockerfile", "FROM a\nARG V=1\nARG W=$V‹=1›.2\nCOPY x-$W‹=1.2› /\n"),
        ("dockerfile", "FROM a\nARG V=1\nENV V=2\nCOPY x-$V /\n"),  # ENV wins
        ("dockerfile", "FROM a\nARG V\nCOPY x-$V /\n"),  # no default
        ("dockerfile", "ARG V=1\nFROM a\nCOPY x-$V /\n"),  # not in scope
        ("dockerfile", "FROM a\nARG DB_PASSWORD=hunter2\nENV P=$DB_PASSWORD\n"),
        ("dockerfile", "FROM a\nARG URL=https://u:s3cr3tpw@h.example.org/\nENV P=$URL\n"),
        ("kubernetes", POD),
        ("kubernetes", SERVICE),
        ("kubernetes", SERVICE.replace("‹→ 80›", "").replace("  selector: {app: x}\n", "")),
        ("kubernetes", SERVICE.replace("‹→ 80›", "").replace("selector:", "type: ExternalName\n  selector:")),
        ("jenkinsfile", "node { }\n"),
    ],
)
def test_hints(language: str, marked: str):
    text = "".join(part.partition("›")[2] if number else part for number, part in enumerate(marked.split("‹")))
    shown = text
    for one in sorted(inlay_hints(parse(language, Source("x", text)), Span(0, len(text))), key=lambda one: -one.offset):
        shown = f"{shown[: one.offset]}‹{one.label}›{shown[one.offset :]}"
    assert shown == marked


def test_only_the_wanted_range():
    text = "FROM a\nARG V=1\nCOPY x-$V /\nFROM b\nARG V=2\nCOPY x-$V /\n"
    model = parse("dockerfile", Source("x", text))
    assert [one.label for one in inlay_hints(model, Span(0, text.index("FROM b")))] == ["=1"]
    assert [one.label for one in inlay_hints(model, Span(text.index("FROM b"), len(text)))] == ["=2"]
