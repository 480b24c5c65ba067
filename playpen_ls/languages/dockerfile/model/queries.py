"""What the parts of a Dockerfile ask of the rest of their file: stages by name and number, ARG defaults, image tags.

Chunk 0 is the text above the first FROM, chunk n the stage with the number n - 1 in `--from=`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from playpen_ls.api.file_view import Outline, located
from playpen_ls.languages.dockerfile.model.expansion import expanded
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, From, Transfer, instruction_of
from playpen_ls.languages.dockerfile.syntax.stage_text import StageText
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference
from playpen_ls.vocabulary.names import nearest

DROPS_ROOT = regex(r"\b(?:gosu|su-exec|setpriv|runuser|s6-setuidgid|chpst|fixuid|s6-overlay|supervisord?)\b")
_DROPS_ROOT_HINTS = ("gosu", "su-exec", "setpriv", "runuser", "s6-", "chpst", "fixuid", "supervisor")
_TEMPLATE_MARKS = ("{{", "{%", "{#", "<%")  # of Go, jq and Mustache, of Jinja, of ERB
_OFFICIAL_FRONTEND = regex(r"(docker\.io/)?docker/dockerfile(:|@|$)(?!.*labs)")
_TEMPLATE_NAME = regex(r".*\.(?:in|template|tmpl|tpl|j2|jinja2?|erb|m4|mustache)", re.IGNORECASE)
# A placeholder for whole lines, as of envsubst.
_TEMPLATE_LINE = regex(r"\$\{\w+\}|\$\w+|@\w+@|%%\w+%%|([\"'])[@!^%#~&*<>+=|?]{2,}[^\"'\s]+\1")


# What a chunk says by itself


@dataclass(frozen=True, slots=True)
class Heading:
    """What follows from the FROM line alone. `image` and `name` (after AS) are in lower case, "" if absent.

    `reference` is the image it pulls, unless an earlier stage has that name; None if it depends on build arguments.
    """

    image: str = ""
    name: str = ""
    reference: ImageReference | None = None


def start_of(content: StageText) -> From:
    """The FROM of a stage."""
    start = instruction_of(content, content.raw[0], 0)
    assert isinstance(start, From)
    return start


def heading(content: StageText) -> Heading:
    """Empty above the first FROM."""
    if content.above:
        return Heading()
    start = start_of(content)
    image, name = start.image, start.stage_name
    reference = ImageReference.parse(image.text) if image is not None and image.plain else None
    if reference is not None and (reference.text == "scratch" or not reference.path):
        reference = None
    return Heading(image.text.lower() if image else "", name.text.lower() if name else "", reference)


def names_dropper(content: StageText) -> bool:
    """Whether it mentions a program that starts as root and switches to another user."""
    hinted = any(word in content.text for word in _DROPS_ROOT_HINTS)
    return hinted and bool(DROPS_ROOT.search(content.text))


def has_template_lines(content: StageText) -> bool:
    """Whether there are lines of a template language, from which a Dockerfile is generated."""
    marked = any(mark in content.text for mark in (*_TEMPLATE_MARKS, "$", "@", "%%"))
    return marked and any(
        raw.keyword.startswith(_TEMPLATE_MARKS) or _TEMPLATE_LINE.fullmatch(raw.logical.strip()) for raw in content.raw
    )


def _installs_from_old_lists(content: StageText) -> bool:
    text = content.text
    installs = re.search(r"\bapt(?:-get)? (?:-\S+ )*install\b", text)
    return installs is not None and not re.search(r"\bapt(?:-get)? (?:-\S+ )*update\b", text[: installs.start()])


def _copied_from(content: StageText) -> frozenset[str]:
    """What `--from=` of COPY and ADD says, in lower case."""
    found = set[str]()
    for index, raw in enumerate(content.raw):
        if raw.keyword.upper() in ("COPY", "ADD") and "--from=" in raw.logical:
            transfer = instruction_of(content, raw, index)
            assert isinstance(transfer, Transfer)
            if transfer.origin is not None:
                found.add(transfer.origin.value.lower())
    return frozenset(found)


def arguments_of(content: StageText) -> Iterator[Argument]:
    for index, raw in enumerate(content.raw):
        if raw.keyword.upper() == "ARG":
            argument = instruction_of(content, raw, index)
            assert isinstance(argument, Argument)
            yield argument


# Stages


def bases(outline: Outline) -> tuple[int | None, ...]:
    """The chunk of the base stage of each chunk: the nearest stage above that has the name of its image."""
    named: dict[str, int] = {}
    found = []
    for number, one in enumerate(outline.each(heading)):
        found.append(named.get(one.image))
        if one.name:
            named[one.name] = number
    return tuple(found)


@located
def base(outline: Outline, chunk: int) -> int | None:
    return outline.ask(bases)[chunk]


def base_of(outline: Outline, number: int) -> int | None:
    found = outline.ask(bases)
    return found[number] if number < len(found) else None


def text_of(outline: Outline, number: int) -> StageText | None:
    """None for a stage that is gone: what an earlier version asked is asked again of the text as it is."""
    content: StageText | None = outline.content(number)
    return content


@located
def is_last(outline: Outline, chunk: int) -> bool:
    return chunk == outline.count - 1


@located
def is_layer_of(outline: Outline, chunk: int, names: tuple[str, ...], last: bool) -> bool:
    """Whether its layers are in the image of one of the named stages (lower case), with `last` also of the last one."""
    return chunk in outline.ask(_layers, names, last)


def _layers(outline: Outline, names: tuple[str, ...], last: bool) -> frozenset[int]:
    """The stages whose layers are in the image of one of these stages."""
    stages, below = outline.each(heading), outline.ask(bases)
    waiting = [number for number, one in enumerate(stages) if number and one.name and one.name in names]
    waiting += [outline.count - 1] if last else []
    seen = set[int]()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            base = below[number]
            waiting += [] if base is None else [base]
    return frozenset(seen)


def feed_last(outline: Outline) -> frozenset[str]:
    """The names of stages, in lower case, from which the image of the last stage copies."""
    return frozenset(name for number in outline.ask(_layers, (), True) for name in outline.each(_copied_from)[number])


@located
def is_continued_by_install(outline: Outline, chunk: int) -> bool:
    """Whether a stage that continues it installs packages with apt from lists that it does not update."""
    below = outline.ask(bases)
    continuing = {chunk}
    for number in range(chunk + 1, outline.count):
        if below[number] in continuing:
            continuing.add(number)
    return any(outline.each(_installs_from_old_lists)[number] for number in continuing - {chunk})


@located
def is_continued(outline: Outline, chunk: int) -> bool:
    """Whether it is the base of another stage."""
    return chunk in outline.ask(_continued)


def _continued(outline: Outline) -> frozenset[int | None]:
    return frozenset(outline.ask(bases))


def has_several_stages(outline: Outline) -> bool:
    return outline.count > 2


def _first_by_name(outline: Outline) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for number, one in enumerate(outline.each(heading)):
        if one.name:
            found.setdefault(one.name, number)
    return found


def stage_names(outline: Outline) -> tuple[str, ...]:
    """The names of all stages that have one, in text order."""
    return tuple(one.name for one in outline.each(heading) if one.name)


def has_stage(outline: Outline, name: str) -> bool:
    """`name` is in lower case."""
    return name in outline.ask(_first_by_name)


def find_stage(outline: Outline, text: str) -> int | None:
    """The chunk of the stage that `--from=` means: the first of that name, or the one with that number."""
    found = outline.ask(_first_by_name).get(text.lower())
    if found is not None or not (text.isascii() and text.isdigit() and len(text) < 10):
        return found
    return int(text) + 1 if int(text) + 1 < outline.count else None


def names_stage(outline: Outline, text: str) -> bool:
    """Whether a stage with a name has this name or number."""
    found = outline.ask(find_stage, text)
    return found is not None and bool(outline.each(heading)[found].name)


@located
def own_number(outline: Outline, chunk: int) -> int:
    return chunk


@located
def is_earlier(outline: Outline, chunk: int, name: str) -> bool:
    """Whether a stage above has this name, in lower case."""
    return outline.ask(_first_by_name).get(name, chunk) < chunk


@located
def is_number_of_earlier(outline: Outline, chunk: int, number: int) -> bool:
    """Whether a stage above has this number, which counts from 0."""
    return number < chunk - 1


@located
def nearest_earlier(outline: Outline, chunk: int, name: str) -> str | None:
    """The name of a stage above that is most similar."""
    return nearest(name, [one.name for one in outline.each(heading)[:chunk] if one.name])


def tags_of(outline: Outline, repository: str) -> frozenset[str]:
    """The tags of a repository, other than `latest`, that stages pull."""
    return outline.ask(_tags).get(repository, frozenset())


def _tags(outline: Outline) -> Mapping[str, frozenset[str]]:
    tags: dict[str, frozenset[str]] = {}
    for one, under in zip(outline.each(heading), outline.ask(bases), strict=True):
        if one.reference is not None and under is None and not one.reference.floats:
            tags[one.reference.repository] = tags.get(one.reference.repository, frozenset()) | {one.reference.tag}
    return tags


# The text above the first FROM


def default_of(outline: Outline, name: str) -> str | None:
    """The default of a global ARG, expanded; None if there is none, or if it is unknown."""
    return outline.ask(_defaults).get(name)


def _defaults(outline: Outline) -> Mapping[str, str]:
    values: dict[str, str] = {}
    for argument in arguments_of(outline.content(0)):
        for pair in argument.pairs:
            value = None if pair.value is None else expanded(pair.value, values)
            if value is not None:
                values[pair.name] = value
    return values


def global_arguments(outline: Outline) -> tuple[str, ...]:
    """The names of the ARGs before the first FROM."""
    return tuple(pair.name for argument in arguments_of(outline.content(0)) for pair in argument.pairs)


def _stage_arguments(content: StageText) -> tuple[str, ...]:
    return () if content.above else tuple(pair.name for one in arguments_of(content) for pair in one.pairs)


@located
def arguments_of_earlier(outline: Outline, chunk: int) -> frozenset[str]:
    """The names of the ARGs of the stages above."""
    return frozenset(name for names in outline.each(_stage_arguments)[:chunk] for name in names)


def has_other_frontend(outline: Outline) -> bool:
    """Whether `# syntax=` names another frontend than Docker's, which can have its own instructions and flags."""
    content: StageText = outline.content(0)
    syntax = next((one.value for one in content.directives if one.key == "syntax"), None)
    return syntax is not None and not _OFFICIAL_FRONTEND.match(syntax)


# All of the file


def is_template(outline: Outline) -> bool:
    """Whether a Dockerfile is generated from it, as its name or lines of a template language say."""
    return bool(_TEMPLATE_NAME.fullmatch(outline.path)) or any(outline.each(has_template_lines))


def drops_root(outline: Outline) -> bool:
    """Whether it mentions a program that starts as root and switches to another user."""
    return any(outline.each(names_dropper))
