"""Tables of facts that are kept up to date say what tables made anew would say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playpen_ls.api.fact_types import ImageUse, Listens
from playpen_ls.api.facts import Fact, Facts
from playpen_ls.api.finding import Place
from playpen_ls.project.index import Index
from playpen_ls.text.span import Span

PATHS = ("a", "a/b", "a/c", "ab", "b", "b/a")


def letters(use: ImageUse) -> str:
    return use.reference


def use(path: str, reference: str) -> ImageUse:
    return ImageUse(Place(path, Span(0, 0)), reference)


said = st.dictionaries(st.sampled_from(PATHS), st.lists(st.text("xyz", max_size=3), max_size=3))
changes = st.lists(st.tuples(st.sampled_from(PATHS), st.lists(st.text("xyz", max_size=3), max_size=3)), max_size=8)


def seen(facts: Facts[ImageUse]) -> dict[str, object]:
    """What can be asked of them."""
    asked = {f"having {letter}": facts.having(letters, letter) for letter in "xyz"}
    asked |= {f"of {path}": facts.of(path) for path in PATHS}
    asked |= {f"below {folder}": facts.below(folder) for folder in ("", "a", "b", "c")}
    return {**asked, "all": facts.items, "number": len(facts)}


def expected(texts: dict[str, list[str]], but: str) -> dict[str, object]:
    every = [use(path, text) for path in sorted(texts) for text in texts[path] if path != but]
    asked: dict[str, object] = {
        f"having {letter}": tuple(one for one in every if letter in one.reference) for letter in "xyz"
    }
    asked |= {f"of {path}": tuple(one for one in every if one.place.path == path) for path in PATHS}
    below = {folder: [one for one in every if f"{one.place.path}".startswith(f"{folder}/")] for folder in "abc"}
    asked |= {f"below {folder}": tuple(below[folder] if folder else every) for folder in ("", "a", "b", "c")}
    return {**asked, "all": tuple(every), "number": len(every)}


@given(said, changes)
def test_an_index_says_what_its_files_said_last(first: dict[str, list[str]], later: list[tuple[str, list[str]]]):
    index = Index()
    for path, texts in first.items():
        index.put(path, [use(path, text) for text in texts])
    now, ever = dict(first), {path for path, texts in first.items() if texts}
    for path, texts in later:
        before = {but: index.facts(ImageUse, but) for but in ("", *PATHS)}
        changed = index.put(path, [use(path, text) for text in texts])
        assert bool(changed) == (now.get(path, []) != texts)
        now[path] = texts
        for but, facts in before.items():
            if not changed or (but == path and path in ever):
                assert index.facts(ImageUse, but) is facts, "nothing that is remembered of it must be made anew"
            assert seen(index.facts(ImageUse, but)) == expected(now, but)
        ever |= {path} if texts else set()


@given(said, said, st.sampled_from(("", *PATHS)))
def test_an_overlaid_index_is_what_it_would_be(texts: dict[str, list[str]], other: dict[str, list[str]], but: str):
    index = Index()
    for path, own in texts.items():
        index.put(path, [use(path, text) for text in own])
    overlaid = index.with_overrides({path: [use(path, text) for text in own] for path, own in other.items()}, but)
    assert seen(overlaid.facts(ImageUse, but)) == expected({**texts, **other}, but)
    assert overlaid.facts(ImageUse, but) is overlaid.facts(ImageUse, but)
    assert seen(index.facts(ImageUse, but)) == expected(texts, but)
    listens = index.facts(Listens, but)
    assert overlaid.facts(Listens, but) is listens, "what nothing is laid over stays as it is"


def test_a_fact_with_a_key_twice_is_found_once():
    def keys(_: Fact) -> str:
        return "xx"

    index = Index()
    index.put("a", [use("a", "x")])
    assert index.facts(ImageUse, "").having(keys, "x") == (use("a", "x"),)
