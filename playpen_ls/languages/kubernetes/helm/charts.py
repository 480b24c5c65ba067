"""Renders a chart: the values of its subcharts, which of them are on, and its templates one after the other."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator
from dataclasses import field, replace

from playpen_ls.languages.kubernetes.helm.evaluate import INCLUDES_ITSELF, Evaluator, Mutates, Named
from playpen_ls.languages.kubernetes.helm.files import Chart
from playpen_ls.languages.kubernetes.helm.merge import at_path, coalesced, put_at
from playpen_ls.languages.kubernetes.helm.objects import Output
from playpen_ls.languages.kubernetes.helm.syntax import InvalidTemplate, parsed
from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Text, of_file
from playpen_ls.languages.kubernetes.helm.value_functions import semver_compare
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    UNKNOWN_NUMBER,
    CannotRender,
    Filled,
    List,
    Map,
    Method,
    Object,
    TooLarge,
    Unknown,
    Value,
    copied,
    float_text,
    is_vague,
)
from playpen_ls.languages.kubernetes.helm.yaml_text import read_yaml, to_yaml
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.text_cache import cached_by_text


@dataclass(frozen=True, eq=False)
class Rendered:
    """What the templates of a chart give, in Helm's order; their paths are those in the project.

    `refused` says why nothing is known, "" if the chart can be rendered.
    """

    outputs: tuple[Output, ...] = ()
    refused: str = ""
    limited: bool = False
    """It is refused because of a limit."""

    @property
    def endless(self) -> bool:
        """Whether templates include each other without end."""
        return self.refused == INCLUDES_ITSELF


Given = tuple[tuple[str, str], ...]
"""(path, text) of values files besides `values.yaml`, the strongest last."""


def rendered(chart: Chart, given: Given = ()) -> Rendered:
    """Render a chart with its values, and with those of other values files. Never raises.

    Each template is rendered on its own, so that after an edit only that one is, unless one changes the values that
    the others see.
    """
    if not chart.complete:
        return Rendered(refused="not all files of the chart are known")
    prepared = _prepared(_frame(chart), given)
    if isinstance(prepared, Rendered):
        return prepared
    try:
        found = tuple([_one(prepared, name, where, text) for name, where, text in prepared.order(chart)])
    except Mutates:
        return _in_order(chart, given)
    except _REFUSALS as error:
        return _refused(error)
    return Rendered(found)


_REFUSALS = (CannotRender, InvalidTemplate, Unparsable, RecursionError)


def _refused(error: Exception) -> Rendered:
    return Rendered(refused=_reason(error), limited=isinstance(error, TooLarge | RecursionError))


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidTemplate):
        return error.message
    if isinstance(error, Unparsable):
        return "a values file is not valid YAML"
    return str(error) if isinstance(error, CannotRender) else "nested too deeply"


@cached_by_text(4_000_000)  # its texts are those of the files, which others keep, too
def _frame(chart: Chart) -> Chart:
    """The chart without the texts of templates that no other template needs."""
    templates = tuple((path, text if _is_needed(path, text) else "") for path, text in chart.templates)
    return replace(chart, templates=templates, charts=tuple(map(_frame, chart.charts)))


_DEFINES = regex(r"\{\{-?\s*(?:define|block)\b")


def _is_needed(path: str, text: str) -> bool:
    return posixpath.basename(path).startswith("_") or _DEFINES.search(text) is not None


@cached_by_text(1_000_000)
def _prepared(frame: Chart, given: Given) -> _Render | Rendered:
    """What the templates of a chart have in common, or why it cannot be rendered."""
    try:
        return _Render(frame, _merged(given))
    except _REFUSALS as error:
        return _refused(error)


@cached_by_text(2_000_000)  # an umbrella chart with its packed subcharts has 700,000 characters
def _one(prepared: _Render, name: str, path: str, text: str) -> Output:
    return Output(path, prepared.render(name, _template(path, text), True))


@cached_by_text(1_000_000)
def _template(path: str, text: str) -> Named:
    return Named(of_file(path, text), parsed(text).body)


@cached_by_text(500_000)
def _in_order(chart: Chart, given: Given) -> Rendered:
    """All templates one after the other, which can change the values for those behind them."""
    try:
        made = _Render(chart, _merged(given))
        return Rendered(
            tuple([Output(where, made.render(name, _template(where, text), False))
                   for name, where, text in made.order(chart)])
        )  # fmt: skip
    except _REFUSALS as error:
        return _refused(error)


@cached_by_text(500_000)
def _read(path: str, text: str) -> tuple[Value, ...]:
    return read_yaml(of_file(path, text))


def values_of(path: str, text: str | None) -> Map:
    """The values of a file. Raises CannotRender and Unparsable."""
    found = _read(path, text) if text is not None else ()
    if not found:
        return Map()
    if not isinstance(found[0], Map):
        raise CannotRender("a values file is not a map")
    return copied(found[0])  # type: ignore[no-any-return]


def _merged(given: Given) -> Map:
    values = Map()
    for path, text in given:
        values = coalesced(values_of(path, text), values, keeps_nulls=True)
    return values


@dataclass(eq=False)
class _Enabled:
    """A chart that is rendered, with the name that its parent gives it, and its values."""

    chart: Chart
    name: str
    metadata: Map
    path: str
    own: Map
    """Its `values.yaml`, with what it imports from its subcharts."""
    root: bool = False
    values: Map = field(default_factory=Map)
    charts: list[_Enabled] = field(default_factory=list)
    imports: list[tuple[str, Value]] = field(default_factory=list)
    """(the name of a subchart, `import-values` of the dependency)."""


class _Render:
    """A chart with its values and named templates."""

    def __init__(self, chart: Chart, given: Map) -> None:
        metadata = values_of(posixpath.join(chart.folder, "Chart.yaml"), chart.metadata)
        name = _name(metadata)
        self._root = _Enabled(chart, name, metadata, name, _own_values(chart), root=True)
        if metadata.get("type") == "library":
            raise CannotRender("a library chart is not installed")
        self._enable(self._root, given)
        self._import(self._root)
        self._root.values = self._coalesce(self._root, given)
        _share(self._root.values)
        self._scopes: dict[str, Map | None] = {}
        self._paths: list[tuple[str, str, str]] = []
        self._named: dict[str, Named] = {}
        self._collect(self._root)
        self._paths.sort(key=lambda one: (one[0].count("/"), one[0]), reverse=True)
        for _, path, text in self._paths:
            if text:
                template = parsed(text)
                whole = of_file(path, text)
                self._named.update({key: Named(whole, body) for key, body in template.defined.items()})

    # Values and subcharts

    def _enable(self, one: _Enabled, given: Map, tags: Value = None) -> None:
        """Find the subcharts that are on. `tags` are those of the outermost chart."""
        values = coalesced(given, one.own)
        tags = values.get("tags") if one.root else tags
        found = [self._sub(one, sub) for sub in one.chart.charts]
        listed = self._dependencies(one)
        chosen = [sub for sub in found if not any(_is_meant(dependency, sub) for dependency in listed)]
        meant = list[tuple[str, Map, bool]]()
        for dependency in listed:
            name = str(dependency.get("alias") or dependency.get("name") or "")
            sub = next((sub for sub in found if _is_meant(dependency, sub)), None)
            if sub is not None:
                chosen.append(self._sub(one, sub.chart, name))
            there = sub is not None or any(dependency.get("name") == other.name for other in found)
            meant.append((name, dependency, there))
        defaults = {sub.name: coalesced(_map(values.get(sub.name)), sub.own) for sub in chosen}
        off = set[str]()
        for name, dependency, there in meant:
            on = self._is_on(dependency, Map({**values, **defaults}), tags)
            if on is False:
                off.add(name)
            elif not there:
                if one.root:  # Helm does not look for those of subcharts
                    raise CannotRender("a dependency is not in the chart")
            elif on is None:
                raise CannotRender("whether a subchart is on is not known")
            else:
                one.imports.append((name, dependency.get("import-values")))
        one.charts = [sub for sub in chosen if sub.name not in off]
        for sub in one.charts:
            self._enable(sub, _map(values.get(sub.name)), tags)

    def _sub(self, parent: _Enabled, sub: Chart, name: str = "") -> _Enabled:
        metadata = values_of(posixpath.join(sub.folder, "Chart.yaml"), sub.metadata)
        name = name or _name(metadata)
        return _Enabled(sub, name, metadata, f"{parent.path}/charts/{name}", _own_values(sub))

    def _import(self, one: _Enabled) -> None:
        """Take over the values that subcharts give to the charts that they are in, below those of these charts.

        A chart that lists its subcharts has all of their values, so that a null in these removes the key.
        """
        for sub in one.charts:
            self._import(sub)
        if not self._dependencies(one):
            return
        imports = [(name, listed) for name, listed in one.imports if isinstance(listed, List)]
        values = self._coalesce(one, Map(), keeps_nulls=True)
        imported = Map()
        for name, listed in imports:
            for entry in listed:
                inner, outer = f"exports.{entry}", "."
                if isinstance(entry, Map):
                    inner, outer = str(entry.get("child")), str(entry.get("parent"))
                table = at_path(values, f"{name}.{inner}")
                if isinstance(table, Map):
                    imported = coalesced(imported, put_at(outer, table), keeps_nulls=True)
        one.own = coalesced(values, imported, keeps_nulls=True)

    def _dependencies(self, one: _Enabled) -> list[Map]:
        listed = one.metadata.get("dependencies")
        if not listed and one.chart.requirements is not None:
            path = posixpath.join(one.chart.folder, "requirements.yaml")
            listed = values_of(path, one.chart.requirements).get("dependencies")
        return [entry for entry in listed or () if isinstance(entry, Map)]

    def _is_on(self, dependency: Map, values: Map, tags: Value) -> bool | None:
        on = True
        tagged = dependency.get("tags")
        if isinstance(tagged, list) and tagged:
            told = [_map(tags).get(tag) for tag in tagged if isinstance(tag, str)]
            told = [one for one in told if isinstance(one, bool)]
            on = True in told if told else True
        for condition in str(dependency.get("condition") or "").split(","):
            value = at_path(values, condition.strip()) if condition.strip() else None
            if isinstance(value, bool):
                return value
            if isinstance(value, Unknown):
                return None
        return on

    def _coalesce(self, one: _Enabled, given: Map, keeps_nulls: bool = False) -> Map:
        values = coalesced(given, one.own, keeps_nulls, {sub.name for sub in one.charts})
        for sub in one.charts:
            theirs = values.get(sub.name)
            if theirs is None:
                theirs = Map()
            if not isinstance(theirs, Map):
                raise CannotRender("the values of a subchart are no map")
            inner = copied(theirs)
            outer = values.get("global")
            if isinstance(outer, Map):
                below = inner.get("global")
                inner.put("global", coalesced(outer, below, True) if isinstance(below, Map) else copied(outer),
                          *values.places.get("global", (None, None)))  # fmt: skip
            elif "global" not in inner:
                inner.put("global", Map())
            sub.values = self._coalesce(sub, inner, keeps_nulls)
            values.put(sub.name, sub.values, *values.places.get(sub.name, (None, None)))
        return values

    # Templates

    def order(self, chart: Chart) -> Iterator[tuple[str, str, str]]:
        """(name, path, text) of the templates that give documents; the chart has their texts."""
        texts = {posixpath.join(one.folder, path): text for one in chart.all() for path, text in one.templates}
        for name, path, _ in self._paths:
            partial = posixpath.basename(name).startswith("_") or name.endswith("NOTES.txt")
            if self._scopes[name] is not None and not partial:
                yield name, path, texts[path]

    def render(self, name: str, template: Named, shared: bool) -> Text:
        """The text of a template. Raises Mutates if it changes values that are `shared`."""
        scope = self._scopes[name]
        assert scope is not None
        dot = Map(scope)
        dot["Template"] = Map({"Name": name, "BasePath": _base_path(name)})
        return Evaluator(self._named, frozenset(self._scopes), shared).render(template, dot)

    def _collect(self, one: _Enabled) -> Map:
        subs = {sub.name: self._collect(sub) for sub in one.charts}
        one.values.methods = True
        scope = Map(
            {
                "Chart": _chart_object(one),
                "Files": _files(dict(one.chart.files)),
                "Release": _release(),
                "Capabilities": _capabilities(),
                "Values": one.values,
                "Subcharts": Map(subs),
            }
        )
        library = one.metadata.get("type") == "library"
        for path, text in one.chart.templates:
            self._paths.append((f"{one.path}/{path}", posixpath.join(one.chart.folder, path), text))
            self._scopes[f"{one.path}/{path}"] = None if library else scope
        return scope


def _share(values: Value) -> None:
    if isinstance(values, Map):
        values.shared = True
        for one in values.values():
            _share(one)
    elif isinstance(values, list):
        for one in values:
            _share(one)


def _base_path(name: str) -> str:
    return name[: name.rindex("/templates/") + len("/templates")] if "/templates/" in name else posixpath.dirname(name)


def _name(metadata: Map) -> str:
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise CannotRender("a chart has no name")
    return name


def _own_values(chart: Chart) -> Map:
    return values_of(posixpath.join(chart.folder, "values.yaml"), chart.values)


def _map(value: Value) -> Map:
    return value if isinstance(value, Map) else Map()


def _is_meant(dependency: Map, sub: _Enabled) -> bool:
    """Whether a dependency asks for the chart, which has its own name."""
    version = str(dependency.get("version") or ""), str(sub.metadata.get("version") or "")
    return dependency.get("name") == sub.name and _fits(*version)


def _fits(wanted: str, version: str) -> bool:
    if not wanted:
        return True
    try:
        return semver_compare(wanted, version)
    except (ValueError, CannotRender):
        return True


_FIELDS = "name home version description icon apiVersion condition tags appVersion kubeVersion type".split()


def _chart_object(one: _Enabled) -> Object:
    fields: dict[str, Value] = {}
    for key in _FIELDS:
        value = one.metadata.get(key)
        if isinstance(value, float):
            value = str(int(value)) if value.is_integer() else float_text(value)
        elif isinstance(value, bool):
            value = "true" if value else "false"
        field = {"apiVersion": "APIVersion", "kubeVersion": "KubeVersion", "appVersion": "AppVersion"}.get(key)
        fields[field or key.title()] = value if value is not None else ""
    fields["Name"] = one.name if one.name != one.metadata.get("name") else fields["Name"]
    for key in ("sources", "keywords", "maintainers", "dependencies"):
        value = one.metadata.get(key)
        fields[key.title()] = value if isinstance(value, List) and key in ("sources", "keywords") else UNKNOWN
    annotations = one.metadata.get("annotations")
    fields["Annotations"] = annotations if isinstance(annotations, Map) else Map()
    fields["Deprecated"] = one.metadata.get("deprecated") is True
    fields["IsRoot"] = one.root
    return Object("Chart", fields)


def _release() -> Map:
    """Name and namespace are given at installation."""
    return Map(
        {
            "Name": Filled(HOLE),
            "Namespace": Filled(HOLE),
            "Service": "Helm",
            "IsInstall": UNKNOWN_NUMBER,
            "IsUpgrade": UNKNOWN_NUMBER,
            "Revision": UNKNOWN_NUMBER,
        }
    )


def _capabilities() -> Object:
    version = Object(
        "KubeVersion",
        {
            **dict.fromkeys(("Version", "GitVersion", "Major", "Minor", "String"), HOLE),
        },
        True,
    )
    versions = Object("APIVersions", {"Has": Method(lambda *_: UNKNOWN)}, True)
    return Object("Capabilities", {"KubeVersion": version, "APIVersions": versions, "HelmVersion": UNKNOWN})


def _files(texts: dict[str, str | None]) -> Object:
    def get(name: Value) -> Value:
        if is_vague(name) or not isinstance(name, str):
            return UNKNOWN
        if name not in texts:
            return ""
        found = texts[name]
        return GAP if found is None else found

    def glob(pattern: Value) -> Value:
        if is_vague(pattern) or not isinstance(pattern, str):
            return UNKNOWN
        matches = _globbed(pattern)
        return _files({name: text for name, text in texts.items() if matches.fullmatch(name)})

    def lines(name: Value) -> Value:
        found = get(name)
        if not isinstance(found, str) or is_vague(found):
            return UNKNOWN
        return List(found.removesuffix("\n").split("\n")) if found else List()

    def as_config() -> Value:
        if any(text is None for text in texts.values()):
            return GAP
        return to_yaml(Map({posixpath.basename(name): text for name, text in texts.items()}))

    def as_secrets() -> Value:
        if any(text is None for text in texts.values()):
            return GAP
        encoded = {posixpath.basename(name): base64.b64encode((text or "").encode("utf-8", "replace")).decode()
                   for name, text in texts.items()}  # fmt: skip
        return to_yaml(Map(encoded))

    return Object(
        "Files",
        {
            "Get": Method(get),
            "GetBytes": Method(get),
            "Glob": Method(glob),
            "Lines": Method(lines),
            "AsConfig": Method(as_config),
            "AsSecrets": Method(as_secrets),
        },
        True,
        Map({name: GAP if text is None else text for name, text in texts.items()}),
    )


def _globbed(pattern: str) -> re.Pattern[str]:
    """A pattern of `gobwas/glob` with the separator `/`."""
    if re.search(r"[\\\[\]]", pattern):
        raise CannotRender("a pattern that is not understood")
    made, depth = "", 0
    for token in re.findall(r"\*\*|\*|\?|\{|\}|,|[^*?{},]+", pattern):
        if token == "{":
            depth += 1
            made += "(?:"
        elif token == "}" and depth:
            depth -= 1
            made += ")"
        elif token == "," and depth:
            made += "|"
        else:
            made += {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token) or re.escape(token)
    if depth:
        raise CannotRender("a pattern that is not understood")
    return re.compile(made)
