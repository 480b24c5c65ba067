"""Secrets in what is said of a text, and in what is made of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playpen_ls.engine import masking
from playpen_ls.engine.masking import MASK, Mask
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import bound_values

SECRET = "k3y-with-0ther-w0rds"


def mask(text: str, *secrets: str, path: str = "x.yaml") -> Mask:
    """The mask of a text in which rules have found these secrets, each where it first stands."""
    return Mask(Source(path, text), [Span(text.index(one), text.index(one) + len(one)) for one in secrets])


def test_a_secret_is_masked_in_its_line_and_the_columns_behind_it_are_known():
    masked = mask(f"a: 1\nb: {SECRET} # {SECRET}!\nc: 2", SECRET)
    assert masked.line(0) == ("a: 1", [])
    by = len(MASK) - len(SECRET)
    assert masked.line(1) == (f"b: {MASK} # {MASK}!", [(3 + len(SECRET), by), (3 + 2 * len(SECRET) + 3, 2 * by)])
    assert masked.line(2) == ("c: 2", [])


def test_a_secret_of_several_lines_is_masked_on_each_of_them():
    masked = mask("key: |\n  first-l1ne\n  ab\n  second-l1ne\nend: 1\n", "first-l1ne\n  ab\n  second-l1ne")
    lines = [masked.line(number)[0] for number in range(5)]
    assert lines == ["key: |", f"  {MASK}", MASK, MASK, "end: 1"]
    assert masked.line(2)[1] == [(4, len(MASK) - 4)]
    assert masked.text("+  second-l1ne") == f"+  {MASK}"
    assert masked.text("first-l1ne") == MASK
    assert masked.text("+  ab") == "+  ab"  # too short to say where it is from
    assert mask("key: |\n  sh0rt6\n  l0ng67\n", "sh0rt6\n  l0ng67").text("sh0rt6, l0ng67") == f"{MASK}, {MASK}"
    assert mask("key: |\n  sh0r5\n  l0n67\n", "sh0r5\n  l0n67").text("sh0r5, l0n67") == "sh0r5, l0n67"


def test_ranges_that_overlap_are_masked_once():
    masked = mask("a: first-s3cret-part", "first-s3cret", "s3cret-part")
    assert masked.line(0) == (f"a: {MASK}{MASK}", [(15, len(MASK) - 12), (20, 2 * len(MASK) - 17)])
    assert masked.edited("a: first-s3cret-part") == f"a: {MASK}{MASK}"


def test_a_range_inside_another_is_not_masked_again():
    masked = mask("a: first-s3cret-part", "first-s3cret-part", "s3cret-part")
    assert masked.line(0) == (f"a: {MASK}", [(20, len(MASK) - 17)])


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        (SECRET, f"x{SECRET}x", f"x{MASK}x"),
        # a short or plain word only as a whole, or behind a flag of one letter
        ("a1b2c", "a1b2c xa1b2c a1b2cx (a1b2c)", f"{MASK} xa1b2c a1b2cx ({MASK})"),
        ("a1b2c3", "xa1b2c3x", f"x{MASK}x"),
        ("correcthorse", "correcthorses, correcthorse", f"correcthorses, {MASK}"),
        ("correcthorse", "mysql -pcorrecthorse --pcorrecthorse", f"mysql -p{MASK} --pcorrecthorse"),
        # without its quotes, and as it is written: no pattern
        ('"a.b-c.d"', "a.b-c.d 'a.b-c.d' axb-cxd", f"{MASK} '{MASK}' axb-cxd"),
    ],
)
def test_a_secret_is_masked_in_other_texts(secret: str, text: str, masked: str):
    assert mask(f"a: {secret}", secret).text(text) == masked


def test_the_longest_of_several_secrets_is_masked():
    masked = mask(
        "a: one-s3cret\nb: one-s3cret-more\nc: tiny\nd: tinybit", "one-s3cret", "one-s3cret-more", "tiny", "tinybit"
    )
    assert masked.text("one-s3cret-more, one-s3cret, tinybit, tiny") == f"{MASK}, {MASK}, {MASK}, {MASK}"


def test_a_common_word_is_masked_where_it_stands_and_behind_the_same_text():
    masked = Mask(Source("x.yaml", "password: password\n"), [Span(10, 18)])
    assert masked.text("password") == "password"
    assert masked.text("the password is weak") == "the password is weak"
    assert masked.text("+  password: password") == f"+  password: {MASK}"
    assert masked.text("password: passwords") == "password: passwords"
    text = "password: letmein\n"
    assert mask(text).edited(text) == f"password: {MASK}\n"


@pytest.mark.parametrize(
    ("marked", "text", "masked"),
    [
        ("postgres://ci:«ci»@db/ci", "./ci/build ci postgres://ci:ci@db/ci", f"./ci/build ci postgres://ci:{MASK}@db/ci"),
        ("x -p '«sst»' sst", "y -p 'sst' --sst sst", f"y -p '{MASK}' --sst sst"),
        ("x -p «'sst'» sst", "y -p 'sst' --sst sst", f"y -p '{MASK}' --sst sst"),
        ("DB_PASSWORD=«root»", "USER root\nDB_PASSWORD: root", f"USER root\nDB_PASSWORD: {MASK}"),
        ("«sst»", "sst", "sst"),  # nothing says what it is
    ],
)  # fmt: skip
def test_a_short_or_common_word_hides_no_other_words(marked: str, text: str, masked: str):
    start, end = marked.index("«"), marked.index("»") - 1
    made = Mask(Source("x.yaml", marked.replace("«", "").replace("»", "")), [Span(start, end)])
    assert made.text(text) == masked


def test_what_is_bound_to_the_name_of_a_secret_is_masked_without_a_finding():
    text = f"api_token: {SECRET}\nx: {SECRET}\n"
    masked = mask(text)
    assert masked.edited(text) == f"api_token: {MASK}\nx: {MASK}\n"
    assert masked.text(SECRET) == MASK
    code = "api_token: Zebra9912\n"
    assert mask(code, path="app.py").edited(code) == code  # a name, not a literal
    assert mask(code, path="app.pyi").edited(code) == code
    assert MASK in mask(code, path="app.yaml").edited(code)


def test_a_plain_password_is_masked_elsewhere_and_a_common_word_is_not():
    masked = mask("DB_PASSWORD: correct-horse-battery\nADMIN_PASSWORD: grafana\nname: grafana\n")
    assert masked.text("loaded correct-horse-battery of `grafana`") == f"loaded {MASK} of `grafana`"


def test_an_empty_range_masks_nothing():
    text = "a: ''\n"
    assert Mask(Source("x.yaml", text), [Span(3, 5), Span(0, 0)]).text("any 'text'") == "any 'text'"
    assert mask("a: 1").text("any text") == "any text"


def test_a_secret_keeps_its_mask_in_what_edits_make_of_the_text():
    text = "password: password\npath: password\n"
    masked = mask(text, "password\npath")  # a range, whose word is in no other text
    assert masked.edited(f"# more\n{text}") == f"# more\n{masked.edited(text)}"
    assert masked.edited(text[:-1] + "s\n").endswith(": passwords\n")


def test_where_an_edit_divides_a_secret_the_rest_of_it_is_masked():
    text = "a: abcdefgh # xyz\n"
    masked = Mask(Source("x.yaml", text), [Span(3, 11)])
    assert masked.edited("a: abcd-efgh # xyz\n") == f"a: {MASK}-{MASK} # xyz\n"
    assert masked.edited("a: efgh # xyz\n") == f"a: {MASK} # xyz\n"
    assert masked.edited("a: abcd # xyz\n") == f"a: {MASK} # xyz\n"
    assert masked.edited("a: abcdefgh # xyzz\n") == f"a: {MASK} # xyzz\n"
    assert masked.edited("aa: abcdefgh # xyz\n") == f"aa: {MASK} # xyz\n"
    assert masked.edited("a: 12 # xyz\n") == "a: 12 # xyz\n"

    below = Mask(Source("x.yaml", f"x: 1\ny: 2\n{text}"), [Span(13, 21)])
    assert below.edited("x: 12\ny: 2\na: abcd-efgh # xyz\n") == f"x: 12\ny: 2\na: {MASK}-{MASK} # xyz\n"


def test_line_ends_inside_a_secret_stay():
    text = "k: |\r\n  first-l1ne\r\n  second-l1ne\r\n"
    assert mask(text, "first-l1ne\r\n  second-l1ne").edited(text) == f"k: |\r\n  {MASK}\r\n{MASK}\r\n"


def test_a_text_of_which_nothing_is_said_is_not_searched(monkeypatch: pytest.MonkeyPatch):
    searched: list[str] = []

    def counted(text: str, **options: bool) -> Iterator[tuple[str, Span]]:
        searched.append(text)
        return bound_values(text, **options)

    monkeypatch.setattr(masking, "bound_values", counted)
    masked = mask(f"password: {SECRET}\n")
    assert not searched
    assert [masked.text(SECRET), masked.line(0)[0]] == [MASK, f"password: {MASK}"]
    assert len(searched) == 1
