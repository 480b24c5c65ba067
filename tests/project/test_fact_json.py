"""Facts as JSON: what another process read arrives as it was, and nothing else arrives."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playpen_ls.api import fact_types as facts
from playpen_ls.api.fact_types import Backup, Created, EnvironmentRead, Exposed, ServiceSelector
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.project.fact_json import fact_of, plain
from playpen_ls.project.typed_json import Malformed, reader
from playpen_ls.text.span import Span

KNOWN = [
    kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
]
PLACES = st.builds(
    lambda start, end, text: Place("a/b", Span(start, end), text), st.integers(), st.integers(), st.text()
)


def any_fact(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    hints = get_type_hints(kind)
    values = {one.name: st.from_type(hints[one.name]) for one in fields(kind) if one.name != "place"}
    return st.builds(kind, place=PLACES, **values)


@given(st.one_of([any_fact(kind) for kind in KNOWN]))
def test_a_fact_is_the_same_afterwards(fact: Fact):
    again = fact_of("a/b", json.loads(json.dumps(plain("a/b", fact))))
    assert again == fact
    assert hash(again) == hash(fact)


def test_names_that_are_no_text_survive():
    fact = Backup(Place("\udcff.py", Span(0, 1)), "\udcfe")
    assert fact_of("\udcff.py", json.loads(json.dumps(plain("\udcff.py", fact)))) == fact


def test_every_type_in_facts_has_a_form():
    assert len(KNOWN) > 25
    for kind in KNOWN:
        with pytest.raises(Malformed, match=f"{kind.__name__}: expected"):
            fact_of("a", [kind.__name__, 0, 1, "", *[None] * 20])


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, "Backup", ["Backup"], [["Backup"], 0, 1, "", "/x", ""], [{}, 0, 1, "", "/x", ""],
        ["Fact", 0, 1, ""], ["Place", 0, 1, ""], ["Facts", 0, 1, ""], ["Files", 0, 1, ""], ["Web", 0, 1, ""],
        ["dataclass", 0, 1, ""], ["os.system", 0, 1, "", "true"], ["__builtins__", 0, 1, ""],
        ["Backup", 0, 1, ""], ["Backup", 0, 1, "", "/x", "", "/y"], ["Backup", 0, 1, "", 1, ""], ["Backup", 0, 1, "", None, ""],
        ["Backup", 0, 1, "", ["/x"], ""], ["Backup", 0.0, 1, "", "/x", ""], ["Backup", True, 1, "", "/x", ""],
        ["Backup", 0, "1", "", "/x", ""], ["Backup", 0, 1, None, "/x", ""],
        ["Exposed", 0, 1, "", True, False, []], ["Exposed", 0, 1, "", 80, 0, []], ["Exposed", 0, 1, "", 80, False, "ab"],
        ["Exposed", 0, 1, "", 80, False, [1]], ["Exposed", 0, 1, "", 80, False, None],
        ["EnvironmentRead", 0, 1, "", "A", 1, True],
        ["ServiceSelector", 0, 1, "", "n", [["a", "b", "c"]], []], ["ServiceSelector", 0, 1, "", "n", ["ab"], []],
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(data: Any):
    with pytest.raises(Malformed):
        fact_of("a", data)


def test_what_fits_is_taken():
    place = Place("a", Span(0, 1), "m")
    assert fact_of("a", ["Exposed", 0, 1, "m", 80, False, ["A"]]) == Exposed(place, 80, False, ("A",))
    assert fact_of("a", ["EnvironmentRead", 0, 1, "m", "A", None, True]) == EnvironmentRead(place, "A", None, True)
    assert fact_of("a", ["ServiceSelector", 0, 1, "m", "n", [["a", "b"]], []]) == ServiceSelector(
        place, "n", (("a", "b"),)
    )


def test_only_what_would_come_back_is_sent():
    class Other(Created):
        pass

    place = Place("a", Span(0, 1))
    with pytest.raises(Malformed, match="Other"):
        plain("a", Other(place, "x", "y"))
    with pytest.raises(Malformed, match="placed in 'b'"):
        plain("b", Created(place, "x", "y"))


def test_a_type_without_a_form_is_an_error_of_ours():
    for hint in (float, object, list[str], dict[str, str], Place):
        with pytest.raises(TypeError):
            reader(hint)
