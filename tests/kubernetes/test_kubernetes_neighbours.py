"""What is remembered of a document while another one is typed in is what a fresh look would find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playpen_ls.api.finding import Place
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: NAME\nspec:\n  selector: {app: NAME}\n  ports: [{port: 80}]\n"
)
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata:
      labels: {app: NAME}
    spec:
      serviceAccountName: NAME
      containers:
        - name: NAME
          image: nexus:5000/NAME:1.0
          envFrom: [{configMapRef: {name: NAME-config}}]
          env:
            - name: MODE
              valueFrom: {configMapKeyRef: {name: NAME-config, key: mode}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME-config\ndata:\n  mode: fast\n  level: info\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: NAME}\nstringData: {}\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: NAME\n"
LIMITS = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: all}\nspec: {limits: [{default: {cpu: 1, memory: 1Gi}}]}\n"
FILE = "---\n".join(
    [one.replace("NAME", name) for name in ("web", "shop") for one in (SERVICE, WORKLOAD, CONFIG, SECRET, ACCOUNT)]
    + [LIMITS]
)


def workspace(text: str) -> Workspace:
    made = Workspace(Path("/nonexistent"))
    made.index.complete = True
    made.open(Source("app.yaml", text), "kubernetes", on_disk=False)
    made.check("app.yaml")
    return made


def found(made: Workspace) -> list[tuple[str, int, str, tuple[Place, ...]]]:
    return [
        (diagnostic.rule.id, diagnostic.span.start, diagnostic.finding.message, diagnostic.finding.related)
        for diagnostic in made.check("app.yaml").diagnostics
    ]


EDITS = st.tuples(
    st.integers(0, len(FILE) - 1), st.integers(0, 6), st.sampled_from(["", "x", "s", "web", "\n", "---\n"])
)


@settings(deadline=None)
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_what_is_remembered_is_what_is_so(edits: list[tuple[int, int, str]]):
    made = workspace(FILE)
    for at, length, text in edits:
        source = made.documents["app.yaml"].source
        edit = Edit(min(at, len(source.text)), min(at + length, len(source.text)), text)
        made.edit("app.yaml", source.edited([edit]), [edit])
        made.check("app.yaml")
    model = made.model("app.yaml")
    assert model is not None
    if not any(chunk.broken for chunk in model.chunks):
        assert found(made) == found(workspace(made.documents["app.yaml"].source.text))


@pytest.mark.parametrize(
    ("old", "new", "others"),
    [
        ("  level: info\n", "  level: infos\n", 0),  # a value
        ("  level: info\n", "  levels: info\n", 1),  # a key, which the workload that names the ConfigMap reads
        ("image: nexus:5000/web:1.0", "image: nexus:5000/web:2.0", 0),
        ("selector: {app: web}", "selector: {app: webs}", 1),  # the workload that it selected
        ("  name: shop-config\n", "  name: shops-config\n", 1),  # only the workload that named it misses it
    ],
)
def test_an_edit_leads_to_another_look_at_those_that_read_it(old: str, new: str, others: int):
    made = workspace(FILE)
    before = made.documents["app.yaml"].memory.pairs
    made.edit("app.yaml", Source("app.yaml", FILE.replace(old, new, 1)))
    made.check("app.yaml")
    after = made.documents["app.yaml"].memory.pairs
    assert sum(now is not then for now, then in zip(after, before, strict=True)) == 1 + others


def test_a_finding_points_to_another_document_of_its_file_and_follows_it():
    text = (SERVICE.replace("{app: NAME}", "{app: NAME-api}") + "---\n" + WORKLOAD).replace("NAME", "store")
    text = text.replace("store-api", "stores")
    made = workspace(text)
    assert related(made) == [("app.yaml", "store")]
    head = "# one more line\n---\n"
    for edited in (head + text, head + text.replace("replicas", "x"), head + text.replace("spec:", "spec:  # said")):
        made.edit("app.yaml", Source("app.yaml", edited))
        assert related(made) == [("app.yaml", "store")]
        (place,) = places(made)
        assert edited[: place.span.start].endswith("kind: Deployment\nmetadata:\n  name: ")


def test_a_probe_of_a_port_that_has_no_such_name_points_to_the_ports():
    ports = "          ports: [{name: http, containerPort: 8000}]\n"
    probe = "          readinessProbe: {httpGet: {path: /, port: htpp}}\n"
    made = workspace((WORKLOAD + ports + probe).replace("NAME", "store"))
    assert related(made) == [("app.yaml", "ports")]


def test_a_key_that_a_config_map_of_the_file_lacks_points_to_it():
    made = workspace((WORKLOAD.replace("key: mode", "key: mood") + "---\n" + CONFIG).replace("NAME", "store"))
    assert related(made) == [("app.yaml", "store-config")]


def places(made: Workspace) -> list[Place]:
    diagnostics = made.check("app.yaml").diagnostics
    return [place for diagnostic in diagnostics for place in diagnostic.finding.related]


def related(made: Workspace) -> list[tuple[str, str]]:
    text = made.documents["app.yaml"].source
    return [(place.path, text.of(place.span)) for place in places(made)]
