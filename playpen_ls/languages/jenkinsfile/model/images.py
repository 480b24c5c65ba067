"""Image references in shell scripts and `docker` steps of a Jenkinsfile, and which of them are pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.model.pipeline import assignment
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, ShellStep
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

_ENGINES = frozenset(("docker", "podman", "nerdctl", "buildah"))
_WORDS = ("docker", "podman", "nerdctl", "buildah", "kaniko", "executor", "skopeo", "jib")
_JIB = regex(r"-D(?:jib\.to\.)?image=(?P<reference>.+)")
_IMAGE_NAME = regex(r"^(img|app)$|image", re.IGNORECASE)
_VARIABLE = regex(r"\$\{?(?:env[.:])?([A-Za-z_]\w*)|%([A-Za-z_]\w*)%")


@dataclass(frozen=True)
class Mention:
    """One image reference. `role` is "push" (it goes to a registry), "target" of `docker tag`, or "build".

    "push all" is a repository of which all tags go to a registry.

    `span` is the range of the reference in the file and `tag` that of its tag, or `span` if it has none.
    `word` and `command` are set in a shell script; `flag` is the option before the word (`-t`), if any.
    """

    role: str
    reference: ImageReference
    span: Span
    tag: Span
    literal: StringLiteral
    call: Call
    command: Command | None = None
    word: Word | None = None
    flag: Word | None = None

    @property
    def in_script(self) -> bool:
        return self.command is not None


def floats(reference: ImageReference) -> bool:
    """Whether the tag is `latest` or missing; False if a variable could contain the tag."""
    if reference.digest:
        return False
    return reference.tag == "latest" or (not reference.tag and not reference.variable)


def variables(text: str) -> set[str]:
    """The names of the variables in a reference or script, in the syntax of any shell or of Groovy."""
    return {first or second for first, second in _VARIABLE.findall(text)}


def mentions(region: Region, pushed: Set[str]) -> Iterator[Mention]:
    """Every reference: first those in shell scripts, then those in steps. A `build --push` has the role "push".

    `pushed` are the receivers of the calls of `push()` in the file: the images of `docker` steps that are pushed.
    """
    for step in region.steps_with(_WORDS):
        yield from _in_script(step)
    for built in _built(region):
        if built.handles & pushed or built.call.name == "build":
            yield built.mention("push" if built.handles & pushed else "build")


def receivers(region: Region, images: Set[str]) -> set[str]:
    """The receivers of the calls of `push()` without a tag; `images` are the file's `image_variables`."""
    return {call.receiver for call in image_pushes(region, images) if not call.arguments}


def _in_script(step: ShellStep) -> Iterator[Mention]:
    literal = step.script
    if literal is None:
        return
    for command in step.commands:
        for role, word, prefix, flag in _words(command):
            text = word.text[len(prefix) :]
            if not text or text.startswith("-"):
                continue
            reference = ImageReference.parse(text)
            tag = reference.tag_span
            at = len(prefix)
            span = word.part(at, len(word.text)) if prefix else word.part(0, len(text))
            tag_span = word.part(at + tag.start, at + tag.end) if reference.tag else span
            yield Mention(role, reference, span, tag_span, literal, step, command, word, flag)


Found = tuple[str, Word, str, Word | None]  # role, word, prefix of the word before the reference, flag before the word


def _words(command: Command) -> Iterator[Found]:
    name = command.name
    if name in _ENGINES:
        yield from _engine(command)
    elif name == "executor":
        yield from _destinations(command)
    elif name == "skopeo" and len(command.operands) > 2 and command.operands[0].text == "copy":
        if command.operands[-1].text.startswith("docker://"):
            yield "push", command.operands[-1], "docker://", None
    else:
        for word in command.arguments:
            match = _JIB.match(word.text)
            if match and any("jib" in one.text for one in command.arguments):
                yield "push", word, word.text[: match.start("reference")], None


def _engine(command: Command) -> Iterator[Found]:
    operands = command.operands
    while operands and operands[0].text in ("image", "buildx", "builder", "manifest"):
        operands = operands[1:]
    if not operands:
        return
    verb = operands[0].text
    if verb == "tag" and len(operands) == 3:
        yield "target", operands[2], "", None
    elif verb == "push" and len(operands) >= 2:
        word = operands[-1]
        prefix = "docker://" if word.text.startswith("docker://") else ""
        yield "push all" if command.has("-a", "--all-tags") else "push", word, prefix, None
    elif verb in ("build", "bud"):
        role = "push" if command.has("--push") else "build"
        for option in command.options:
            if option.name in ("-t", "--tag") and option.value is not None:
                own = option.value is option.word
                prefix = option.value.text[: len(option.value.text) - len(option.text)] if own else ""
                yield role, option.value, prefix, None if own else option.word


def _destinations(command: Command) -> Iterator[Found]:
    words = command.arguments
    kept = command.option("--no-push")
    role = "push" if kept is None or kept.text == "false" else "build"
    for index, word in enumerate(words):
        if word.text in ("-d", "--destination") and index + 1 < len(words):
            yield role, words[index + 1], "", word
        elif word.text.startswith("--destination="):
            yield role, word, "--destination=", None


@dataclass(frozen=True)
class _Built:
    """`docker.build('REF')` or `docker.image('REF')`. `handles` are the receivers whose `push()` pushes this image."""

    call: Call
    literal: StringLiteral
    reference: ImageReference
    handles: frozenset[str]

    def mention(self, role: str) -> Mention:
        tag, span = self.reference.tag_span, self.literal.inside
        tag_span = self.literal.fragment.span(tag.start, tag.end) if self.reference.tag else span
        return Mention(role, self.reference, span, tag_span, self.literal, self.call)


def _built(region: Region) -> Iterator[_Built]:
    for call in region.named("build", "image"):
        if call.receiver != "docker" or not call.arguments:
            continue
        literal = call.arguments[0].string
        if literal is None or call.arguments[0].name is not None:
            continue
        reference = ImageReference.parse(literal.fragment.text)
        if reference.path:
            made = assignment(call.statement)
            handles = {f"docker.{region.of(call.span)}"} | ({made.name} if made is not None else set())
            yield _Built(call, literal, reference, frozenset(handles))


def image_variables(region: Region) -> Iterator[str]:
    """The variables that are set to an image: `img = docker.build('x')`."""
    for call in region.named("build", "image"):
        one = assignment(call.statement) if call.receiver == "docker" else None
        if one is not None:
            yield one.name


def image_pushes(region: Region, images: Set[str]) -> Iterator[Call]:
    """The `push` calls on a Docker image: `img.push('1.0')`, `docker.build('x').push()`.

    `images` are the file's `image_variables`.
    """
    for call in region.named("push"):
        if call.receiver and (call.receiver in images or _is_image(call)):
            yield call


def _is_image(call: Call) -> bool:
    receiver = call.receiver
    if receiver.startswith("docker.") or _IMAGE_NAME.search(receiver) is not None:
        return True
    return any(one.receiver == "docker" and one.name == "withRegistry" for one in call.enclosing)


# What a region says about images, without its syntax tree.


class ImageUse(NamedTuple):
    """A mention, with ranges that count from the start of the region.

    `in_script` is true in a shell script. Otherwise the role depends on whether one of its `handles` is pushed.
    `host` is the range of the registry's host, where it is written as it is.
    """

    role: str
    reference: ImageReference
    span: Span
    tag: Span
    in_script: bool
    host: Span | None
    handles: frozenset[str] = frozenset()
    built: bool = True


class ImagePush(NamedTuple):
    """A call of `push` with a receiver. `is_image` is false if only the receiver's value can tell.

    `argument` is the source of the tag, `tag` its value if it is a literal, `span` its range without quotes. `block` is
    the number of the block in the region, 0 for what is around the region.
    """

    receiver: str
    is_image: bool
    has_arguments: bool
    argument: str
    tag: str | None
    span: Span
    block: int


def uses(parsed: Parsed) -> tuple[ImageUse, ...]:
    return tuple(_uses(Region(parsed)))


def _uses(region: Region) -> Iterator[ImageUse]:
    for step in region.steps_with(_WORDS):
        for one in _in_script(step):
            yield ImageUse(one.role, one.reference, one.span, one.tag, True, _host(region, one))
    for built in _built(region):
        one = built.mention("build")
        host, is_build = _host(region, one), built.call.name == "build"
        yield ImageUse(one.role, one.reference, one.span, one.tag, False, host, built.handles, is_build)


def _host(region: Region, one: Mention) -> Span | None:
    host = one.reference.registry
    span = Span(one.span.start, one.span.start + len(host))
    return span if host and region.of(span) == host else None


def pushes(parsed: Parsed) -> tuple[ImagePush, ...]:
    return tuple(_push(call) for call in Region(parsed).named("push") if call.receiver)


def _push(call: Call) -> ImagePush:
    first = next(iter(call.positional), None)
    literal = first.string if first is not None else None
    span = literal.inside if literal is not None else call.name_span
    tag, text = literal.value if literal is not None else None, first.text if first is not None else ""
    block = call.statement.block.number
    return ImagePush(call.receiver, _is_image(call), bool(call.arguments), text, tag, span, block)


def variables_with_images(parsed: Parsed) -> tuple[str, ...]:
    return tuple(image_variables(Region(parsed)))
