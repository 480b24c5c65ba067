"""ConfigMaps and Secrets that kustomizations generate, and the hash that their names get."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from collections.abc import Iterator

from playpen_ls.languages.kubernetes.kustomize.files import Layer, mappings, scalars
from playpen_ls.languages.kubernetes.kustomize.objects import Built, id_of, pairs
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    Source,
    empty_mapping,
    made,
)
from playpen_ls.languages.kubernetes.syntax.nodes import UNKNOWN, Mapping

_HASH_LETTERS = str.maketrans("013ae", "ghkmt")
_LINE = 70  # characters of base64 in a line, if there is more than one


def generated(layer: Layer, root: PlacedMapping) -> Iterator[Built]:
    """The objects of the generators, in their order. Raises CannotBuild."""
    options = root.mapping("generatorOptions")
    for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for entry in mappings(root.value(key)):
            yield _generated(layer, entry, kind, options)


def _generated(layer: Layer, entry: PlacedMapping, kind: str, common: Mapping | None) -> Built:
    name = entry.value("name")
    if not isinstance(name, PlacedScalar) or name.null:
        raise CannotBuild("a generator has no name")
    own = entry.mapping("options")
    values = dict[str, PlacedScalar]()
    certain = True
    for key, value in _values(layer, entry):
        if key in values:
            raise CannotBuild("a generator gives a key twice")
        values[key] = value
        certain = certain and value.literal
    metadata = empty_mapping(entry).having("name", name)
    namespace = entry.value("namespace")
    if namespace is not None:
        metadata = metadata.having("namespace", namespace)
    for field in ("labels", "annotations"):
        given = empty_mapping(entry)
        for options in (own, common):
            for key, value in pairs(options.get(field) if options is not None else None).items():  # type: ignore[arg-type]
                if given.entry(key) is None:
                    given = given.having(key, made(value.value, value))
        if given.entries:
            metadata = metadata.having(field, given)
    node = empty_mapping(entry)
    node = node.having("apiVersion", made("v1", entry)).having("kind", made(kind, entry)).having("metadata", metadata)
    if values or kind == "Secret":
        data = empty_mapping(entry)
        for key in sorted(values):
            value = values[key]
            data = data.having(key, _encoded(value) if kind == "Secret" else value)
        node = node.having("data", data)
    if kind == "Secret":
        node = node.having("type", made(entry.text("type") or "Opaque", entry))
    if any(options is not None and options.true("immutable") for options in (own, common)):
        node = node.having("immutable", made("true", entry, ""))
    unhashed = any(options is not None and options.true("disableNameSuffixHash") for options in (own, common))
    behavior = entry.text("behavior").lower()
    return Built(node, id_of(node), layer.path, hashed=not unhashed, behavior=behavior, certain=certain)


def _encoded(value: PlacedScalar) -> PlacedScalar:
    if not value.literal:
        return value
    text = base64.b64encode(value.value.encode("utf-8", "surrogateescape")).decode()
    if len(text) >= _LINE:
        text = "".join(f"{text[at : at + _LINE]}\n" for at in range(0, len(text), _LINE))
    return made(text, value)


def _values(layer: Layer, entry: PlacedMapping) -> Iterator[tuple[str, PlacedScalar]]:
    """(key, value) of environment files, literals and files; a file that is no text has an unknown value."""
    environments = [*scalars(entry.value("envs"))]
    single = entry.value("env")
    if isinstance(single, PlacedScalar) and not single.null:
        environments.append(single)
    for path in environments:
        yield from _lines(layer, path)
    for literal in scalars(entry.value("literals")):
        key, separator, text = literal.value.partition("=")
        if not key or not separator:
            raise CannotBuild("a literal of a generator has no key")
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1]
        yield key, made(text, literal)
    for source in scalars(entry.value("files")):
        key, separator, named = source.value.partition("=")
        if not separator:
            key, named = posixpath.basename(source.value), source.value
        file = layer.file(named)
        if file.text is None:
            yield key, made(UNKNOWN, source)
        else:
            place = Source(file.path, 0, file.text)
            yield key, PlacedScalar(0, len(file.text), file.text, '"', place)


def _lines(layer: Layer, path: PlacedScalar) -> Iterator[tuple[str, PlacedScalar]]:
    file = layer.file(path.value)
    if file.text is None:
        raise CannotBuild("an environment file is missing")
    place = Source(file.path, 0, file.text)
    for match in re.finditer(r"[^\n]*\n|[^\n]+", file.text):
        line = match[0].removesuffix("\n").removesuffix("\r")
        written = line.lstrip()
        if not written or written.startswith("#"):
            continue
        key, _, value = written.partition("=")
        end = match.start() + len(line)
        yield key, PlacedScalar(end - len(value), end, value, '"', place)


def content_hash(node: PlacedMapping) -> str:
    """The suffix of the name of an object: ten letters and digits, or an unknown text."""
    kind = node.text("kind")
    content: dict[str, object] = {"kind": kind, "name": "", "data": _plain(node.value("data"))}
    if kind == "Secret":
        content["type"] = node.text("type")
    for key in ("binaryData",) if kind == "ConfigMap" else ("stringData",):
        if node.mapping(key) is not None:
            content[key] = _plain(node.value(key))
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if kind not in ("ConfigMap", "Secret") or UNKNOWN in text:
        return UNKNOWN
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:10].translate(_HASH_LETTERS)


def _plain(node: Placed | None) -> object:
    """Strings by key; what is no string is not hashed as one, so that it is unknown."""
    if not isinstance(node, PlacedMapping):
        return ""
    return {name: value.value if value.style or not value.value[:1].isdigit() else UNKNOWN
            for name, value in pairs(node).items()}  # fmt: skip
