"""Charts rendered in memory give what `helm template` of Helm 3 gives.

`helm/*.yaml` are small charts: a document with the files of a project by path, and then the objects that
`helm template relname chart` writes; `refused: true` if it fails. `record.py` writes them anew where the program is
installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from playpen_ls.languages.kubernetes.helm.charts import Rendered, rendered
from playpen_ls.languages.kubernetes.helm.files import Chart, chart_at
from playpen_ls.languages.kubernetes.helm.objects import RenderedDocument
from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Origins, Place, cut, edited, joined, of_file
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence

RECORDED = sorted((Path(__file__).parent / "helm").glob("*.yaml"))


class Texts:
    """The files of a project in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        rest = [path.removeprefix(f"{folder}/") for path in self.texts if path.startswith(f"{folder}/")]
        entries = {name.partition("/")[0] + "/" * ("/" in name) for name in rest}
        return tuple(sorted(name.removesuffix("/") if name.endswith(".tgz/") else name for name in entries))

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        """Those behind the path of an archive."""
        found = {
            name.removeprefix(f"{path}/"): text for name, text in self.texts.items() if name.startswith(f"{path}/")
        }
        return tuple(sorted(found.items())) if path.endswith(".tgz") and found else None


def chart_of(texts: dict[str, str]) -> Chart:
    found = chart_at("chart", Texts(texts))
    assert found is not None
    return found


def render(texts: dict[str, str], values: str | None = None) -> Rendered:
    return rendered(chart_of(texts), (("values-more.yaml", values),) if values is not None else ())


def all_documents(made: Rendered) -> list[RenderedDocument]:
    return [one for output in made.outputs for one in output.documents]


def plain(node: Node | None) -> Any:
    """As PyYAML reads it; what is quoted is a text."""
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node.entries}  # type: ignore[attr-defined]
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if not isinstance(node, Scalar):
        return None
    return node.value if node.style or HOLE in node.value else yaml.safe_load(node.value)


def by_name(objects: list[Any]) -> dict[tuple[str, str], Any]:
    found = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    assert len(found) == len(objects)
    return found


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in RECORDED])
def test_a_chart_gives_what_helm_gives(path: Path):
    project, *expected = yaml.safe_load_all(path.read_text())
    made = render(project)
    if expected == [{"refused": True}]:
        assert made.refused
        return
    assert not made.refused
    found = all_documents(made)
    assert all(one.certain for one in found)
    assert by_name([plain(one.root) for one in found]) == by_name([one for one in expected if one])


CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"


def one(template: str, values: str = "", more: str | None = None, **files: str) -> str:
    """What a chart with one template gives."""
    texts = {"chart/Chart.yaml": CHART, "chart/values.yaml": values, "chart/templates/a.yaml": template}
    made = render(texts | {name.replace("__", "/"): text for name, text in files.items()}, more)
    assert not made.refused
    (found,) = [output.text for output in made.outputs if output.template == "chart/templates/a.yaml"]
    return found


def refusal(template: str, values: str = "") -> str:
    return render({"chart/Chart.yaml": CHART, "chart/values.yaml": values, "chart/templates/a.yaml": template}).refused


def where(text: str, words: str) -> Place | None:
    start = text.index(words)
    return Origins(text).place(start, start + len(words))


VALUES = "image: {repository: nginx, tag: latest}\nreplicas: 2\nenabled: true\nresources: {}\nlabels:\n  team: shop\n"


def place(path: str, text: str, words: str) -> Place:
    return Place(path, text.index(words), text.index(words) + len(words))


@pytest.mark.parametrize(
    ("template", "words", "of"),
    [
        ("a: plain\n", "plain", None),
        ("a: {{ .Values.image.tag }}\n", "latest", "latest"),
        ("a: {{ .Values.image.tag | quote }}\n", "latest", "latest"),
        ("a: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 }}\n", "latest", "latest"),
        ('a: {{ printf "%s:%s" .Values.image.repository .Values.image.tag }}\n', "latest", "latest"),
        ("a: {{ .Values.replicas }}\n", "2", "2"),
        ("a: {{ .Values.enabled }}\n", "true", "true"),
        ("a:\n  {{- toYaml .Values.labels | nindent 2 }}\n", "shop", "shop"),
        ("a:\n  {{- toYaml .Values.labels | nindent 2 }}\n", "team", "team"),
        ("a:\n  {{- toYaml .Values.resources | nindent 2 }}\n", "{}", "{}"),
        ("a: {{ tpl .Values.image.tag . }}\n", "latest", "latest"),
        ('{{ define "x" }}{{ .Values.image.tag }}{{ end }}a: {{ include "x" . | upper }}\n', "LATEST", "latest"),
        ("{{ $tag := .Values.image.tag }}a: {{ $tag }}\n", "latest", "latest"),
        ("{{ range $k, $v := .Values.labels }}a: {{ $v }}\n{{ end }}", "shop", "shop"),
        ("{{ with .Values.image }}a: {{ .tag }}{{ end }}\n", "latest", "latest"),
        ("a: {{ .Values.image.tag | trimSuffix \"t\" }}\n", "lates", "lates"),
    ],
)  # fmt: skip
def test_text_knows_where_it_is_written(template: str, words: str, of: str | None):
    expected = place("chart/values.yaml", VALUES, of) if of else place("chart/templates/a.yaml", template, words)
    assert where(one(template, VALUES), words) == expected


def test_text_in_several_places_has_no_single_one():
    text = one('a: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n', VALUES)
    assert where(text, "nginx:latest") is None
    assert where(text, "nginx") == place("chart/values.yaml", VALUES, "nginx")


def test_nodes_have_the_places_of_their_texts():
    template = "kind: A\nmetadata:\n  {{- toYaml .Values.labels | nindent 2 }}\nspec: {name: plain}\n"
    (document,) = all_documents(
        render({"chart/Chart.yaml": CHART, "chart/values.yaml": VALUES, "chart/templates/a.yaml": template})
    )
    assert isinstance(document.root, Mapping)
    metadata, spec = document.root.mapping("metadata"), document.root.mapping("spec")
    assert metadata is not None
    assert spec is not None
    team, name = metadata.scalar("team"), spec.scalar("name")
    assert team is not None
    assert name is not None
    assert document.place(team) == place("chart/values.yaml", VALUES, "shop")
    assert document.place(metadata) == place("chart/values.yaml", VALUES, "team")
    start = template.index("{name")
    assert document.place(spec) == Place("chart/templates/a.yaml", start, start + 1)
    assert document.place(name) == place("chart/templates/a.yaml", template, "plain")


def test_text_is_cut_and_edited_with_its_places():
    text = joined([of_file("a", "one two"), " ", of_file("b", "three")])
    assert where(cut(text, 4, 13), "two") == Place("a", 4, 7)
    changed = edited(text, [(0, 0, "> "), (3, 4, "_"), (8, 8, "4")])
    assert changed == "> one_two 4three"
    assert where(changed, "two") == Place("a", 4, 7)
    assert where(changed, "three") == Place("b", 0, 5)
    assert where(changed, "4") is None


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a: {{ .Release.Name }}-web", f"a: {HOLE}-web"),
        ("a: {{ .Release.Namespace }}", f"a: {HOLE}"),
        ("a: {{ randAlphaNum 5 | b64enc }}", f"a: {HOLE}"),
        ("a: {{ printf \"%s-x\" .Release.Name | trunc 63 | trimSuffix \"-\" }}", f"a: {HOLE}-x"),
        # Both ways, what is the same is known.
        ("{{ if .Release.IsInstall }}a: 1{{ else }}a: 1{{ end }}", "a: 1"),
        ("{{ if .Release.IsInstall }}a: old{{ else }}a: new{{ end }}", f"a: {HOLE}"),
        ("{{ if .Capabilities.APIVersions.Has \"v2\" }}a: g/v2{{ else }}a: g/v1{{ end }}", f"a: g/v{HOLE}"),
        ("a: 1\n{{- if .Release.IsInstall }}\nb: 2\n{{- end }}\nc: 3", f"a: 1\n{GAP}\nc: 3"),
        ("a: 1\n{{- range (lookup \"v1\" \"Pod\" \"\" \"\") }}\nb: 2\n{{- end }}\nc: 3", f"a: 1\n{GAP}\nc: 3"),
        ("{{ $x := 1 }}{{ if .Release.IsInstall }}{{ $x = 2 }}{{ end }}a: {{ $x }}", f"a: {GAP}"),
        ("{{ $x := 1 }}{{ if .Release.IsInstall }}{{ $x = 1 }}{{ end }}a: {{ $x }}", "a: 1"),
        ("{{ if and .Release.IsInstall false }}a: 1{{ end }}", ""),
        ("{{ if or .Release.IsInstall true }}a: 1{{ end }}", "a: 1"),
        ("{{ $x := \"a\" }}{{ if .Release.IsInstall }}{{ $x = \"b-a\" }}{{ end }}a: {{ $x }}", f"a: {HOLE}a"),
        ("a: {{ ternary \"new\" \"old\" .Release.IsInstall }}-x", f"a: {HOLE}-x"),
        ("a: {{ list .Release.Name | uniq | join \";\" }}", f"a: {HOLE}"),
        ("a: {{ .Release.Revision }} {{ .Release.IsInstall }}", f"a: {HOLE} {HOLE}"),
        # A release has a name and a namespace.
        ("{{ if .Release.Namespace }}a: {{ .Release.Namespace }}{{ end }}", f"a: {HOLE}"),
        ("a: {{ default \"x\" .Release.Name }}", f"a: {HOLE}"),
        # Helm would refuse one of the ways.
        ("{{ if .Release.IsInstall }}a: 1{{ else }}{{ fail \"no\" }}{{ end }}", "a: 1"),
        ("a: {{ eq .Release.Name \"x\" | ternary 1 2 }}", f"a: {GAP}"),
        ("a: {{ \"x\" | sha256sum }}", f"a: {HOLE}"),
        ("{{ $d := dict \"a\" 1 }}{{ if .Release.IsInstall }}{{ $_ := set $d \"b\" 2 }}{{ end }}a: {{ $d.a }}", "a: 1"),
        ("{{ $d := dict \"a\" 1 }}{{ if .Release.IsInstall }}{{ $_ := set $d \"b\" 2 }}{{ end }}a: {{ $d.b }}", f"a: {GAP}"),
        ("a: {{ hasPrefix \"x-\" (printf \"x-%s\" .Release.Name) }}", "a: true"),
        ("a: {{ eq (printf \"x-%s\" .Release.Name) \"y\" }}", "a: false"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_marked(template: str, expected: str):
    assert one(template) == expected


def test_a_document_with_unknown_lines_is_not_certain():
    texts = {
        "chart/Chart.yaml": CHART,
        "chart/templates/a.yaml": "a: 1\n{{ if .Release.IsInstall }}\nb: 2\n{{ end }}\n---\nb: {{ .Release.Name }}\n",
    }
    assert [(plain(one.root), one.certain) for one in all_documents(render(texts))] == [
        ({"a": 1}, False),
        ({"b": HOLE}, True),
    ]


def test_values_of_another_file_are_merged():
    values = "image: {repository: nginx, tag: '1'}\nlist: [a, b]\ngone: here\n"
    more = "image: {tag: '2'}\nlist: [c]\ngone: null\n"
    assert one("a: {{ toJson .Values }}", values, more) == (
        'a: {"image":{"repository":"nginx","tag":"2"},"list":["c"]}'
    )


def test_a_template_that_changes_values_changes_them_for_the_next_one():
    texts = {
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": "a: 1\n",
        "chart/templates/z.yaml": "{{ $_ := set .Values \"a\" 2 }}z: {{ .Values.a }}",
        "chart/templates/a.yaml": "a: {{ .Values.a }}",
    }  # fmt: skip
    made = render(texts)
    assert {one.template: one.text for one in made.outputs} == {
        "chart/templates/z.yaml": "z: 2",
        "chart/templates/a.yaml": "a: 2",
    }
    assert one('{{ $d := deepCopy .Values }}{{ $_ := set $d "a" 2 }}a: {{ .Values.a }}', "a: 1\n") == "a: 1"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ if }}", "missing value"),
        ("{{ hasKey .Values.nothing \"a\" }}", "`hasKey` is called with wrong arguments"),
        ("{{ if true }}", "`if` without `end`"),
        ("{{ end }}", "unexpected `end` or `else`"),
        ("{{ .a", "unclosed action"),
        ("{{ \"a }}", "unexpected character `\"`"),
        ("{{ nothing }}", "the function `nothing` is not known"),
        ("{{ include \"nothing\" . }}", "a template that is not defined"),
        ("{{ $x }}", "a variable that is not declared"),
        ("{{ fail \"secret words\" }}", "the chart refuses these values"),
        ("{{ .Chart.Nothing }}", "a field of a value that has none"),
        ("{{ trunc \"a\" \"b\" }}", "`trunc` is called with wrong arguments"),
        ("{{ \"a\" \"b\" }}", "a value is called like a function"),
        ("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}", "templates include each other too deeply"),
        ("{{ range until 100000 }}a{{ end }}", "a list is too long"),
        ("{{ range until 9999 }}{{ range until 9999 }}a{{ end }}{{ end }}", "the templates take too many steps"),
        ("{{ repeat 1000000 \"ab\" }}", "a text is too long"),
        ("{{ $x := \"ab\" }}{{ range until 64 }}{{ $x = print $x $x }}{{ end }}", "a text is too long"),
        ("{{ $x := repeat 99999 \"a\" }}{{ range until 99 }}{{ $x }}{{ end }}", "the templates give too much text"),
        ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "nested too deeply"),
        ("{{ if true }}" * 200 + "{{ end }}" * 200, "nested too deeply"),
        ("{{ regexMatch \"(a+)+$\" \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\" }}", "a pattern that is not understood"),
    ],
)  # fmt: skip
def test_a_chart_that_cannot_be_rendered_says_why(template: str, reason: str):
    assert refusal(template) == reason


def test_a_value_that_holds_itself_is_refused():
    assert refusal("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}")  # fmt: skip


def test_charts_in_charts_are_bounded():
    texts = {"chart/" + "charts/web/" * depth + "Chart.yaml": CHART for depth in range(30)}
    assert len(list(chart_of(texts).all())) < 12


def test_a_packed_subchart_gives_what_an_unpacked_one_gives():
    template = 'a: {{ .Values.image }}-{{ .Files.Get "note" }}\n{{- include "sub" . }}'
    sub = {
        "Chart.yaml": "name: sub\nversion: 1.0.0\n",
        "values.yaml": "image: nginx\n",
        "note": "b",
        "templates/a.yaml": template,
        "templates/_sub.tpl": '{{ define "sub" }}{{ end }}',
    }
    outer = {"chart/Chart.yaml": CHART, "chart/templates/a.yaml": 'b: {{ include "sub" . }}'}
    folder = render(outer | {f"chart/charts/sub/{path}": text for path, text in sub.items()})
    archive = render(outer | {f"chart/charts/sub-1.0.0.tgz/sub/{path}": text for path, text in sub.items()})
    assert sorted(one.text for one in folder.outputs) == ["a: nginx-b", "b: "]
    assert sorted(one.text for one in archive.outputs) == ["a: nginx-b", "b: "]


def test_a_chart_with_an_archive_that_cannot_be_read_is_not_rendered():
    class Unreadable(Texts):
        def archive(self, path: str) -> None:
            return None

    chart = chart_at("chart", Unreadable({"chart/Chart.yaml": CHART, "chart/charts/sub.tgz/sub/Chart.yaml": ""}))
    assert chart is not None
    assert rendered(chart).refused == "not all files of the chart are known"


def test_a_rendered_text_is_kept_while_only_another_template_changes():
    texts = {"chart/Chart.yaml": CHART, "chart/templates/a.yaml": "a: 1", "chart/templates/b.yaml": "b: 1"}
    before = {one.template: one for one in render(texts).outputs}
    after = {one.template: one for one in render(texts | {"chart/templates/b.yaml": "b: 2"}).outputs}
    assert after["chart/templates/a.yaml"] is before["chart/templates/a.yaml"]
    assert after["chart/templates/b.yaml"].text == "b: 2"


def test_equal_texts_from_different_places_are_not_mixed_up():
    template = "a:\n  {{- toYaml .Values.b | nindent 2 }}\n"
    for values in ("b: {c: d}\n", "# A comment.\nb: {c: d}\n"):
        texts = {"chart/Chart.yaml": CHART, "chart/values.yaml": values, "chart/templates/a.yaml": template}
        (document,) = all_documents(render(texts))
        assert isinstance(document.root, Mapping)
        inner = document.root.mapping("a")
        assert inner is not None
        start = values.index("c:")
        assert document.place(inner) == Place("chart/values.yaml", start, start + 1)


EMPTY = 'dict "a" "" "b" false "c" 0 "d" list "e" dict "f" nil "g" "x"'
FULL = 'dict "a" "1" "b" true "c" 1 "d" (list 1) "e" (dict "x" 1) "f" 1'


@pytest.mark.parametrize(
    ("expression", "gives"),
    [
        (f"mergeOverwrite ({FULL}) ({EMPTY})", '{"a":"","b":false,"c":0,"d":[],"e":{"x":1},"f":null,"g":"x"}'),
        (f"mergeOverwrite dict ({EMPTY})", '{"a":"","b":false,"c":0,"d":[],"e":{},"f":null,"g":"x"}'),
        (f"merge ({FULL}) ({EMPTY})", '{"a":"1","b":true,"c":1,"d":[1],"e":{"x":1},"f":1,"g":"x"}'),
        (f"merge dict ({EMPTY})", '{"a":"","b":false,"c":0,"d":[],"e":{},"g":"x"}'),
        (f"merge ({EMPTY}) ({FULL})", '{"a":"1","b":true,"c":1,"d":[1],"e":{"x":1},"f":1,"g":"x"}'),
        ('mergeOverwrite (dict "a" (dict "x" 1)) (dict "a" "s")', '{"a":"s"}'),
        ('mergeOverwrite (dict "a" "s") (dict "a" (dict "x" 1))', '{"a":{"x":1}}'),
        ('mergeOverwrite (dict "a" (dict "x" 1)) (dict "a" (dict "x" nil "y" nil "z" ""))',
         '{"a":{"x":null,"y":null,"z":""}}'),
        ('merge (dict "a" (dict "x" nil)) (dict "a" (dict "x" nil "y" nil))', '{"a":{"x":null}}'),
        ('merge (dict "a" (dict "x" 1)) (dict "a" "s")', '{"a":{"x":1}}'),
    ],
)  # fmt: skip
def test_maps_are_merged_as_helm_3_merges_them(expression: str, gives: str):
    assert one(f"{{{{ {expression} | toJson }}}}") == gives


RETURNS = (
    '{{ define "name" }}{{ range $_ := list 1 }}{{ if contains "web" .root.Release.Name }}EARLY{{ break }}{{ end }}'
    "LATE{{ break }}{{ end }}{{ end }}"
)


@pytest.mark.parametrize(
    ("template", "gives"),
    [
        (RETURNS.replace(".root", "$").replace("EARLY", "a-b").replace("LATE", "a-c") + 'x: {{ include "name" . }}', "x: a-?"),
        (RETURNS.replace(".root", "$").replace("EARLY", "a").replace("LATE", "a") + 'x: {{ include "name" . }}', "x: a"),
        ("{{ $a := 1 }}{{ range list 1 }}{{ if $.Release.IsInstall }}{{ $a = 2 }}{{ break }}{{ end }}"
         "{{ $a = 2 }}{{ end }}x: {{ $a }}", "x: 2"),
        ("{{ $a := 1 }}{{ range list 1 }}{{ if $.Release.IsInstall }}{{ break }}{{ end }}{{ $a = 2 }}{{ end }}x: {{ $a }}",
         "x: !"),
        ("{{ range list 1 2 }}{{ if $.Release.IsInstall }}{{ continue }}{{ end }}{{ end }}x: b", "x: b"),
        ("{{ range list 1 2 }}{{ if $.Release.IsInstall }}{{ break }}{{ end }}y: a\n{{ end }}x: b", "!\nx: b"),
        ("{{ $m := dict }}{{ range list 1 }}{{ if $.Release.IsInstall }}{{ break }}{{ end }}{{ $_ := set $m \"a\" 1 }}{{ end }}"
         "x: {{ $m.a }}", "x: !"),
        ('x: {{ get (fromJson (toJson (dict "a" now))) "a" }}', "x: !"),
        ('x: {{ fromJson "null" | len }}', "x: 0"),
        ('x: {{ fromYaml "null" | len }}', "x: 0"),
        ("x: {{ .Values.AsMap.a }}", "x: 1"),
        ('x: {{ int "010" }} {{ int "0x1F" }} {{ int "08" }} {{ int "1_0" }} {{ int "5.0" }} {{ int "-007" }}', "x: 8 31 0 10 5 -7"),
        ("x: {{ list 1e-9 1e-5 1.5e-6 1e-7 1e21 0.0001 -0.00002 1e-12 | toJson }}",
         "x: [1e-9,0.00001,0.0000015,1e-7,1e+21,0.0001,-0.00002,1e-12]"),
        ("x: {{ list 123456789.5 1e20 1e18 1e-5 0.5 | toYaml | replace (printf `%c` 10) ` ` }}",
         "x: - 1.234567895e+08 - 1e+20 - 1000000000000000000 - 1e-05 - 0.5"),
        ('x: {{ float64 "010" }} {{ float64 "0x10" }}', "x: 10 0"),
        ('x: {{ printf "%s %d %q" 1 "a" 2 }}', 'x: ? %!d(string=a) ?'),
        ('x: {{ merge (dict "a" .Release.Name) (dict "a" "b") | toJson }}', 'x: {"a":"?"}'),
        ('x: {{ merge (dict "a" (randAlpha 0)) (dict "a" "b") | toJson }}', "x: ?"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_unknown_and_nothing_else(template: str, gives: str):
    assert one(template, "a: 1\n").replace(HOLE, "?").replace(GAP, "!").strip() == gives


VERSION = r"^([0-9]+)(\.[0-9]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?$"


@pytest.mark.parametrize(
    ("pattern", "is_matched"),
    [
        (VERSION, True),
        (r"^(a+)+$", False),
        (r"^((\.[a-z]+)*)*$", False),
        (r"^(-[a-z-]+)*$", False),
        (r"^(.[a-z]+)*$", False),
    ],
)
def test_patterns_that_can_take_very_long_are_not_matched(pattern: str, is_matched: bool):
    found = refusal(f"x: {{{{ regexMatch `{pattern}` `1.2-{'a.' * 500}!` }}}}")
    assert found == ("" if is_matched else "a pattern that is not understood")
