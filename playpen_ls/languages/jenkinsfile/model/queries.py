"""What rules ask about a Jenkinsfile: pure functions of what its regions say, each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from playpen_ls.api.file_view import Outline, located
from playpen_ls.languages.jenkinsfile.model.credentials import is_credential_entry, variables_of_store
from playpen_ls.languages.jenkinsfile.model.images import ImagePush, ImageUse, pushes, uses, variables_with_images
from playpen_ls.languages.jenkinsfile.model.pipeline import EnvironmentEntry
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.languages.model import Problem
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# Frames: which regions are inside which


class Moves(NamedTuple):
    """How a region changes the frames: `depth` are open where it begins, `ends` says of each one that ends in it,
    innermost first, whether it has its brace, and `opens` whether it opens one for the regions that follow."""

    depth: int
    ends: tuple[bool, ...]
    opens: bool


class Frames(NamedTuple):
    """`around[n]` are the regions that open the frames around region n, outermost first; `unclosed` those whose frame
    has no closing brace."""

    around: tuple[tuple[int, ...], ...]
    unclosed: frozenset[int]


def moves(parsed: Parsed) -> Moves:
    structure = parsed.structure
    return Moves(len(parsed.state.frames), tuple(end >= 0 for end in structure.frame_ends), structure.frame_at >= 0)


def frame_problem(parsed: Parsed) -> Problem | None:
    """What to report if the frame that a region opens is not closed."""
    brace = parsed.structure.frame_at
    if brace < 0:
        return None
    _, start, end, text = parsed.tokens[brace]
    return Problem(Span(start, end), f"unclosed `{text}`")


def frames_of(regions: Sequence[Moves]) -> Frames:
    opened, around, unclosed = list[int](), list[tuple[int, ...]](), set[int]()
    for number, one in enumerate(regions):
        unclosed.update(opened[one.depth :])
        del opened[one.depth :]
        around.append(tuple(opened))
        for closed in one.ends:
            last = opened.pop()
            if not closed:
                unclosed.add(last)
        if one.opens:
            opened.append(number)
    return Frames(tuple(around), frozenset(unclosed.union(opened)))


def frames(outline: Outline) -> Frames:
    return frames_of(outline.each(moves))


def column(parsed: Parsed) -> int:
    """-1 if the region begins a line."""
    return parsed.state.column


@located
def line_goes_on(outline: Outline, chunk: int) -> bool:
    """Whether the next region begins on the last line of this one."""
    return any(one >= 0 for one in outline.each(column)[chunk + 1 : chunk + 2])


# The declarative pipeline


def opens_pipeline(parsed: Parsed) -> bool:
    """Whether it is `pipeline {` at the top level of the file."""
    return pipeline_word(parsed) is not None


def pipeline_word(parsed: Parsed) -> Span | None:
    """The range of the word `pipeline` in a region that opens a declarative pipeline."""
    if parsed.state.frames or parsed.structure.frame_at < 0:
        return None
    call = Statement(Region(parsed), 0).call
    return call.name_span if call is not None and call.name == "pipeline" else None


def pipeline_region(outline: Outline) -> int | None:
    """The region that opens the file's declarative pipeline."""
    return next((number for number, opens in enumerate(outline.each(opens_pipeline)) if opens), None)


def in_pipeline(outline: Outline) -> tuple[int, ...]:
    """The regions of the declarative pipeline, the one that opens it included."""
    opened = outline.ask(pipeline_region)
    if opened is None:
        return ()
    around = outline.ask(frames).around
    return (opened, *(number for number, one in enumerate(around) if one[:1] == (opened,)))


def sections(parsed: Parsed) -> tuple[str, ...]:
    """The names of the calls that are in no block of the region, such as the sections of a pipeline."""
    return tuple(one.call.name for one in Region(parsed).root.statements if one.call is not None)


def section(outline: Outline, name: str) -> int | None:
    """The region with the first section of this name of the declarative pipeline."""
    opened, around = outline.ask(pipeline_region), outline.ask(frames).around
    named = (number for number, names in enumerate(outline.each(sections)) if name in names)
    return next((number for number in named if around[number] == (opened,)), None)


def environment(parsed: Parsed) -> tuple[tuple[str, str | None], ...]:
    """The entries of the first `environment` that is in no block of the region, each with its literal value."""
    entries = (one for one in Region(parsed).assignments if isinstance(one, EnvironmentEntry) and one.scope is None)
    return tuple((one.name, one.value.value) for one in entries)


def pipeline_environment(outline: Outline) -> tuple[tuple[str, str | None], ...]:
    """The entries of the declarative pipeline's own `environment`."""
    number = outline.ask(section, "environment")
    return outline.each(environment)[number] if number is not None else ()


# Credentials and variables


def frame_credentials(parsed: Parsed) -> tuple[str, ...]:
    """The names of the entries `NAME = credentials('id')` that the innermost frame's `environment` sets."""
    if "credentials" not in parsed.text:
        return ()
    found = (one for one in Region(parsed).assignments if is_credential_entry(one))
    return tuple(one.name for one in found if isinstance(one, EnvironmentEntry) and one.scope is None)


def credentials_by_frame(outline: Outline) -> Mapping[int, tuple[str, ...]]:
    """The credential entries by the region that opens the frame in which they are visible; -1 is the file."""
    around, found = outline.ask(frames).around, dict[int, tuple[str, ...]]()
    for number, names in enumerate(outline.each(frame_credentials)):
        if names:
            frame = around[number][-1] if around[number] else -1
            found[frame] = found.get(frame, ()) + names
    return found


@located
def credentials_around(outline: Outline, chunk: int) -> tuple[str, ...]:
    """The names of the credential entries that are visible in a region, except those that it sets itself inside."""
    found = outline.ask(credentials_by_frame)
    if not found:
        return ()
    return tuple(name for frame in (-1, *outline.ask(frames).around[chunk]) for name in found.get(frame, ()))


def declared(parsed: Parsed) -> frozenset[str]:
    """The variables that a region declares."""
    return frozenset(one.name for one in Region(parsed).assignments if one.declared)


def declared_names(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(declared))


def declares(outline: Outline, name: str) -> bool:
    """Whether the file declares a variable."""
    return name in outline.ask(declared_names)


def lists_of_store(parsed: Parsed) -> frozenset[tuple[str, tuple[str, ...]]]:
    """The local lists of entries for a store of secrets, with the variables that they set."""
    if "envVar" not in parsed.text:
        return frozenset()
    found = ((one.name, variables_of_store(one.value.text)) for one in Region(parsed).assignments)
    return frozenset(one for one in found if one[1])


def store_lists(outline: Outline) -> frozenset[tuple[str, tuple[str, ...]]]:
    return frozenset(outline.every(lists_of_store))


def set_to_literals(parsed: Parsed) -> frozenset[str]:
    """The variables that a region sets to a literal that is not empty."""
    return frozenset(one.name for one in Region(parsed).assignments if one.value.value)


def literal_names(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(set_to_literals))


def sets_literal(outline: Outline, name: str) -> bool:
    """Whether the file sets a variable to a literal that is not empty."""
    return name in outline.ask(literal_names)


_WORD = regex(r"\w+")
_CREDENTIAL_ID = regex(r"(?:credentialsId|credentials\(|withRegistry|sshagent)([^\r\n]*)")


def credential_id_words(parsed: Parsed) -> frozenset[str]:
    """The words after `credentialsId` and the like on their line: a variable among them contains an id."""
    return frozenset(word for match in _CREDENTIAL_ID.finditer(parsed.text) for word in _WORD.findall(match[1]))


def credential_ids(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(credential_id_words))


def is_credential_id(outline: Outline, name: str) -> bool:
    """Whether a variable is used as the id of a credential."""
    return name in outline.ask(credential_ids)


# Images


def images(outline: Outline) -> frozenset[str]:
    """The variables that are set to an image."""
    return frozenset(outline.every(variables_with_images))


def image_pushes(outline: Outline) -> tuple[tuple[int, ImagePush], ...]:
    """The calls of `push` on an image, each with its region."""
    known = outline.ask(images)
    return tuple(
        (number, one)
        for number, found in enumerate(outline.each(pushes))
        for one in found
        if one.is_image or one.receiver in known
    )


def image_uses(outline: Outline) -> tuple[tuple[int, ImageUse], ...]:
    """The image references, each with its region: first those in shell scripts, then those in `docker` steps."""
    pushed = {one.receiver for _, one in outline.ask(image_pushes) if not one.has_arguments}
    found = [(number, one) for number, every in enumerate(outline.each(uses)) for one in every]
    return (*(one for one in found if one[1].in_script), *_resolved(found, pushed))


def _resolved(found: Sequence[tuple[int, ImageUse]], pushed: set[str]) -> Iterator[tuple[int, ImageUse]]:
    for number, one in found:
        if not one.in_script:
            sent = not one.handles.isdisjoint(pushed)
            if sent or one.built:
                yield number, one._replace(role="push" if sent else "build")
