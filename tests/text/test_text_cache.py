"""What is made of texts is remembered up to a number of characters."""

from dataclasses import dataclass

import pytest

from playpen_ls.text.text_cache import TextCache, cached_by_text, length_of


def test_a_text_is_read_once_while_it_is_used():
    made = list[str]()

    @cached_by_text(10_000)
    def read(text: str) -> str | None:
        made.append(text)
        return None  # a result as any other

    for number in range(100):
        read("used all the time")
        read(f"version {number}" + " " * 1_000)
    assert made.count("used all the time") == 1
    assert len(made) == 101


def test_what_is_kept_has_at_most_so_many_characters():
    made = list[str]()

    @cached_by_text(10_000)
    def read(text: str) -> int:
        made.append(text)
        return len(text)

    texts = [f"{number:1000}" for number in range(50)]
    for text in texts:
        read(text)
    made.clear()
    for text in reversed(texts):  # the last ones first: what is read again takes no place of these
        assert read(text) == 1_000
    assert 40 < len(made) < 50


def test_a_text_that_is_longer_than_all_that_is_kept():
    cache = TextCache[int](10)
    cache.put("long", 1, 1_000)
    assert cache.get("long") == 1
    cache.put("longer", 2, 2_000)
    cache.put("longest", 3, 3_000)
    assert [cache.get(one) for one in ("long", "longest")] == [None, 3]


def test_an_exception_is_not_remembered():
    asked = list[str]()

    @cached_by_text(1_000)
    def read(text: str) -> int:
        asked.append(text)
        raise ValueError(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            read("x")
    assert asked == ["x", "x"]


def test_the_length_of_a_key_is_that_of_all_its_texts():
    @dataclass(frozen=True)
    class File:
        path: str
        text: str | None
        others: tuple["File", ...] = ()

    assert length_of(File("a", "x" * 5_000, (File("b", "y" * 7_000), File("c", None)))) - 12_003 < 1_000
    assert length_of(File("a", "x" * 5_000, (File("b", "y" * 7_000),))) >= 12_002
