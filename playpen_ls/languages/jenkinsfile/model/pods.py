"""The pods that agents run in: manifests in `agent { kubernetes { yaml '''…''' } }` and `podTemplate(yaml: …)`.

Source: the Kubernetes plugin of Jenkins. It adds a container `jnlp`, names and labels, and merges what its cloud,
`inheritFrom` and, by `yamlMergeStrategy`, outer templates say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Call, Tree, string_at
from playpen_ls.languages.yaml_loader import yaml_loader
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_MERGES = frozenset(("inheritFrom", "yamlMergeStrategy", "containerTemplate", "containerTemplates", "containers"))
_STRIPS = frozenset(("stripIndent", "stripMargin", "trim"))
_IN_SCALAR = regex(r"\s*(?:-\s+)?(?:[\w.\-/]+|'[^']*'|\"[^\"]*\"):[ \t]+\S*|\s*-\s+\S*")
_LONGEST = 20_000  # characters of a manifest
_IMAGE = regex(r"\bimage:[ \t]*([\"']?)(?P<image>[^\s\"'#,}$]+)\1(?=[ \t]*(?:[,}#\n]|$))")


@dataclass(frozen=True)
class Pod:
    """The manifest of an agent's pod. `inherits` means that other templates can add to it."""

    fragment: Fragment
    inherits: bool


def pods(parsed: Parsed) -> tuple[Pod, ...]:
    """The manifests that are literals in a region; of those with `${…}` only where these are inside of values."""
    return tuple(_pods(Tree(parsed))) if "yaml" in parsed.text else ()


def _pods(tree: Tree) -> Iterator[Pod]:
    for call in tree.named("yaml"):
        around = next(call.enclosing, None)
        if call.receiver or around is None or around.name != "kubernetes" or len(call.arguments) != 1:
            continue
        fragment = _manifest(call.arguments[0])
        if fragment is not None:
            siblings = {one.call.name for one in call.statement.block.statements if one.call is not None}
            yield Pod(fragment, not siblings.isdisjoint(_MERGES))
    for call in tree.named("podTemplate"):
        argument = call.argument("yaml")
        fragment = _manifest(argument) if argument is not None and not call.receiver else None
        if fragment is not None:
            names = {one.name for one in call.arguments}
            yield Pod(fragment, not names.isdisjoint(_MERGES) or _is_nested(call))


def pod_images(parsed: Parsed) -> tuple[tuple[str, Span], ...]:
    """The images of the containers in the manifests, without those that contain `${…}`, each with its range."""
    return tuple(
        (match["image"], pod.fragment.span(*match.span("image")))
        for pod in parsed.derived(pods)
        for match in _IMAGE.finditer(pod.fragment.text)
    )


class Agents(NamedTuple):
    """The agents that a region describes.

    `containers` are those of its pods, `files` the manifests that they are read from, each with the range of its name;
    `known` means that there are no other containers.
    """

    containers: frozenset[str] = frozenset()
    files: tuple[tuple[str, Span], ...] = ()
    pods: bool = False
    known: bool = True


class ContainerUse(NamedTuple):
    """`container('x')` or `defaultContainer 'x'`; `span` is the range of the name."""

    name: str
    span: Span


def agents(parsed: Parsed) -> Agents:
    """A summary of what a region says of agents."""
    if not any(word in parsed.text for word in ("kubernetes", "podTemplate", "label", "node", "podYaml")):
        return Agents()
    tree, names, files, known = Tree(parsed), set[str](), list[tuple[str, Span]](), True
    found = pods(parsed)
    for pod in found:
        inside = containers_in(pod.fragment.text)
        known &= inside is not None and not pod.inherits and not pod.fragment.holes
        names |= inside or set()
    for call in tree.named("yamlFile"):
        literal = call.arguments[0].string if call.arguments else None
        if literal is not None and literal.value:
            files.append((literal.value, literal.inside))
        else:
            known = False
    described = [
        call
        for call in tree.named("kubernetes", "podTemplate")
        if call.block is not None and (call.name == "podTemplate" or _is_agent(call))
    ]
    known &= len(described) == len(found) + len(files)
    known &= not any(_is_other_agent(call) for call in tree.named("label", "node"))
    return Agents(frozenset(names), tuple(files), bool(described), known)


def _is_agent(call: Call) -> bool:
    around = next(call.enclosing, None)
    return around is not None and around.name == "agent"


def _is_other_agent(call: Call) -> bool:
    """Whether the call asks for an agent that can be a pod which Jenkins knows by its label."""
    if call.name == "label":
        return _is_agent(call)
    return bool(call.arguments) and call.arguments[0].text != "POD_LABEL"


def containers_in(manifest: str) -> set[str] | None:
    """The names of the containers of a pod; None if the text is not the manifest of a pod."""
    import yaml

    try:
        documents = list(yaml.load_all(manifest, Loader=yaml_loader())) if len(manifest) <= _LONGEST else []
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    spec = documents[0].get("spec") if len(documents) == 1 and isinstance(documents[0], dict) else None
    listed = spec.get("containers") if isinstance(spec, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return None
    return {str(one.get("name")) for one in listed}


def container_uses(parsed: Parsed) -> tuple[ContainerUse, ...]:
    if "ontainer" not in parsed.text:
        return ()
    found = []
    for call in Tree(parsed).named("container", "defaultContainer"):
        argument = call.argument("name") or next(iter(call.positional), None)
        literal = argument.string if argument is not None else None
        if literal is not None and literal.value and not call.receiver:
            found.append(ContainerUse(literal.value, literal.inside))
    return tuple(found)


def _is_nested(call: Call) -> bool:
    return any(one.name == "podTemplate" for one in call.enclosing)


def _manifest(argument: Argument) -> Fragment | None:
    """The text of a literal, also of `'''…'''.stripIndent()`; None if its structure depends on values."""
    literal = string_at(argument.tree, argument.first)
    if literal is None or not (argument.last == argument.first + 1 or _is_stripped(argument)):
        return None
    fragment = literal.fragment
    if len(fragment.text) > _LONGEST or not all(
        _is_in_scalar(literal, hole.start, hole.end) for hole in fragment.holes
    ):
        return None
    return fragment


def _is_stripped(argument: Argument) -> bool:
    """Whether only methods that leave the manifest as it is are called on the literal."""
    kinds = [argument.tree.tokens[at] for at in range(argument.first + 1, argument.last)]
    if len(kinds) % 4 or not kinds:
        return False
    return all(
        kinds[at][0] == "." and kinds[at + 1][3] in _STRIPS - {"stripMargin"}
        and (kinds[at + 2][0], kinds[at + 3][0]) == ("(", ")")
        for at in range(0, len(kinds), 4)
    )  # fmt: skip


def _is_in_scalar(literal: StringLiteral, start: int, end: int) -> bool:
    """Whether a `${…}` is a value or a part of one, on a single line."""
    text = literal.fragment.text
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return "\n" not in text[start:end] and _IN_SCALAR.match(before) is not None
