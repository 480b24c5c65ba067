"""Image references in shell scripts and `docker` steps of a Jenkinsfile, and which of them are pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playpen_ls.languages.jenkinsfile.model.pipeline import assignment
from playpen_ls.languages.jenkinsfile.model.steps import ShellStep
from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

if TYPE_CHECKING:
    from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile

_ENGINES = frozenset(("docker", "podman", "nerdctl", "buildah"))
_WORDS = ("docker", "podman", "nerdctl", "buildah", "kaniko", "executor", "skopeo", "jib")
_JIB = re.compile(r"-D(?:jib\.to\.)?image=(?P<reference>.+)")
_IMAGE_NAME = re.compile(r"^(img|app)$|image", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(?:env[.:])?([A-Za-z_]\w*)|%([A-Za-z_]\w*)%")


@dataclass(frozen=True)
class Mention:
    """One image reference. `role` is "push" (it goes to a registry), "target" of `docker tag`, or "build".

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
    def floats(self) -> bool:
        """Whether the tag is `latest` or missing; False if a variable could contain the tag."""
        if self.reference.digest:
            return False
        return self.reference.tag == "latest" or (not self.reference.tag and not self.reference.variable)

    @property
    def variables(self) -> set[str]:
        return variables(self.reference.text)


def variables(text: str) -> set[str]:
    """The names of the variables in a reference or script, in the syntax of any shell or of Groovy."""
    return {first or second for first, second in _VARIABLE.findall(text)}


def mentions(file: Jenkinsfile) -> Iterator[Mention]:
    """Every reference: first those in shell scripts, then those in steps. A `build --push` has the role "push"."""
    for step in file.steps_with(_WORDS):
        yield from file.of_step(step, _in_script)
    made = file.named("build", "image")
    if made:
        pushed = {call.receiver for call in image_pushes(file) if not call.arguments}
        for call in made:
            yield from _in_call(call, pushed)


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
    elif verb == "push" and len(operands) >= 2 and not command.has("-a", "--all-tags"):
        word = operands[-1]
        prefix = "docker://" if word.text.startswith("docker://") else ""
        yield "push", word, prefix, None
    elif verb in ("build", "bud"):
        role = "push" if command.has("--push") else "build"
        for option in command.options:
            if option.name in ("-t", "--tag") and option.value is not None:
                own = option.value is option.word
                prefix = option.value.text[: len(option.value.text) - len(option.text)] if own else ""
                yield role, option.value, prefix, None if own else option.word


def _destinations(command: Command) -> Iterator[Found]:
    words = command.arguments
    for index, word in enumerate(words):
        if word.text in ("-d", "--destination") and index + 1 < len(words):
            yield "push", words[index + 1], "", word
        elif word.text.startswith("--destination="):
            yield "push", word, "--destination=", None


def _in_call(call: Call, pushed: set[str]) -> Iterator[Mention]:
    """`docker.build('REF')`, and `docker.image('REF')` if `push()` without a tag pushes this reference."""
    if call.receiver != "docker" or not call.arguments:
        return
    literal = call.arguments[0].string
    if literal is None or call.arguments[0].name is not None:
        return
    reference = ImageReference.parse(literal.fragment.text)
    if not reference.path:
        return
    made = assignment(call.statement)
    sent = (made is not None and made.name in pushed) or f"docker.{call.tree.source.of(call.span)}" in pushed
    if call.name == "image" and not sent:
        return
    tag = reference.tag_span
    span = literal.inside
    tag_span = literal.fragment.span(tag.start, tag.end) if reference.tag else span
    yield Mention("push" if sent else "build", reference, span, tag_span, literal, call)


def image_pushes(file: Jenkinsfile) -> Iterator[Call]:
    """The `push` calls on a Docker image: `img.push('1.0')`, `docker.build('x').push()`."""
    pushes = [call for call in file.named("push") if call.receiver]
    made = set[str]()
    for call in file.named("build", "image") if pushes else ():
        one = assignment(call.statement) if call.receiver == "docker" else None
        if one is not None:
            made.add(one.name)
    for call in pushes:
        receiver = call.receiver
        known = receiver in made or receiver.startswith("docker.") or _IMAGE_NAME.search(receiver) is not None
        if known or any(one.receiver == "docker" and one.name == "withRegistry" for one in call.enclosing):
            yield call
