"""The shell inside build files: which programs run, with which words, and where those stand."""

from __future__ import annotations

import pytest
from counting import calls
from hypothesis import given
from hypothesis import strategies as st

from playpen_ls.languages.shell.parser import Command, commands
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.span import Span


def read(text: str) -> tuple[Command, ...]:
    return commands(Fragment.verbatim(text, Span(0, len(text))))


def words(text: str) -> list[list[str]]:
    return [[word.text for word in command.words] for command in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c || d; e | f & g\nh", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["h"]]),
        ("a \\\n  b \\\n  && c", [["a", "b"], ["c"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a # b c\nd", [["a"], ["d"]]),
        ("a x#y", [["a", "x#y"]]),
        ("FOO=1 BAR='2 3' a", [["a"]]),
        ("sudo -u app env A=1 nice -n 5 a b", [["a", "b"]]),
        ("timeout -s KILL 10 a", [["a"]]),
        ("python3.12 -m pip install x", [["pip", "install", "x"]]),
        ("/a/python -I -X utf8 -m pip install x", [["pip", "install", "x"]]),
        ("python -c x -m pip", [["python", "-c", "x", "-m", "pip"]]),
        ("python -u a.py -m pip", [["python", "-u", "a.py", "-m", "pip"]]),
        ("doas -u app a; stdbuf -o L b; ionice -c 3 c; runuser -u app -- d", [["a"], ["b"], ["c"], ["d"]]),
        ("if [ -f x ]; then a; elif b; then c; else d; fi", [["[", "-f", "x", "]"], ["a"], ["b"], ["c"], ["d"]]),
        ("for x in 1 2; do a $x; done", [["a", "$x"]]),
        ("while read x; do a; done < f", [["read", "x"], ["a"]]),
        ("case $x in a|b) c ;; *) d ;; esac", [["c"], ["d"]]),
        ("(a; b) && { c; }", [["a"], ["b"], ["c"]]),
        ("a $(b c) `d`", [["a", "$(b c)", "`d`"], ["b", "c"], ["d"]]),
        ('a "$(b "c d")"', [["a", '$(b "c d")'], ["b", "c d"]]),
        ("sh -c 'a b; c'", [["sh", "-c", "a b; c"], ["a", "b"], ["c"]]),
        ("bash -euo pipefail -c 'a | b'", [["bash", "-euo", "pipefail", "-c", "a | b"], ["a"], ["b"]]),
        ("bash a.sh -c 'b'", [["bash", "a.sh", "-c", "b"]]),
        ("su - app -c 'a; b'", [["su", "-", "app", "-c", "a; b"], ["a"], ["b"]]),
        ("a > out 2>&1 < in", [["a"]]),
        ("cat <<EOF\nrm -rf /\nEOF\na", [["cat"], ["a"]]),
        ("cat <<-'E O' && b\n\trm\n\tE O\na", [["cat"], ["b"], ["a"]]),
        ("", []),
    ],
)
def test_simple_commands(text: str, expected: list[list[str]]):
    assert words(text) == expected


def test_options_take_the_values_that_their_program_gives_them():
    (command,) = read("pip install --index-url https://x -r requirements.txt --no-cache-dir -c=c.txt flask -- -odd")
    assert [word.text for word in command.operands] == ["install", "flask", "-odd"]
    assert [(option.name, option.text) for option in command.options] == [
        ("--index-url", "https://x"),
        ("-r", "requirements.txt"),
        ("--no-cache-dir", ""),
        ("-c", "c.txt"),
    ]
    assert command.runs("pip", "install")
    assert not command.runs("pip", "download")


def test_short_options_written_as_one_share_their_dash():
    (command,) = read("pip install -qr requirements.txt flask")
    assert [word.text for word in command.operands] == ["install", "flask"]
    assert [(option.name, option.text) for option in command.options] == [("-q", ""), ("-r", "requirements.txt")]
    (command,) = read("curl -fsSLo /a https://x")
    assert [(option.name, option.text) for option in command.options] == [("-fsSL", ""), ("-o", "/a")]
    (command,) = read("docker run -it image")  # `-t` has a value only where docker builds
    assert [word.text for word in command.operands] == ["run", "image"]


def test_a_value_has_its_exact_place():
    text = "docker login --password='s e' -pX -u  \"me\""
    (command,) = read(text)
    spans = {option.name: option.value_span for option in command.options}
    assert text[spans["-u"].start : spans["-u"].end] == '"me"'
    assert text[spans["-p"].start : spans["-p"].end] == "X"


def test_plain_words_are_those_that_the_shell_leaves_alone():
    (command,) = read('a b \'c $x\' "d" "$e" f* $g h~ \\i')
    assert [word.plain for word in command.words] == [True, True, True, True, False, False, False, False, True]


def test_places_follow_the_host_through_escapes():
    # In the host `it\'s x` stands for `it's x`, from offset 10.
    starts = (10, 11, 12, 14, 15, 16)
    fragment = Fragment('it"s x', starts, (11, 12, 14, 15, 16, 17))
    (command,) = commands(fragment)
    assert command.span == Span(10, 17)


@given(st.text(alphabet="ab '\"$(){}`\\\n;&|<>#=-", max_size=60))
def test_any_text_is_read_and_words_lie_in_it_in_order(text: str):
    for command in read(text):
        assert 0 <= command.start <= command.end <= len(text)
        for word in command.words:
            assert word.start < word.end <= len(text)


class Counted(str):
    """A text that counts the characters that are looked through in it."""

    looked_at = 0

    def find(self, part, start=0, end=None):  # type: ignore[override]
        found = super().find(part, start, len(self) if end is None else end)
        self.looked_at += (len(self) if end is None else end) - start if found < 0 else found - start
        return found

    def __getitem__(self, key):
        taken = super().__getitem__(key)
        self.looked_at += len(taken)
        return taken


def work(text: str) -> int:
    """Calls made and characters looked through while all commands are read."""
    counted = Counted(text)
    fragment = Fragment(counted, range(len(text)), range(1, len(text) + 1))
    return calls(lambda: commands(fragment)) + counted.looked_at


@pytest.mark.parametrize(
    "piece", ["$(", "`", "'", '"', "(", "\\", "a\\", "<<E\n", '"$(', "{", "${", "$(a `", "&&", "a 'b' "]
)
def test_hostile_texts_take_linear_work(piece: str):
    few, many = work(piece * 500), work(piece * 2_000)
    assert few > 20
    assert many < 5 * few  # four times the text; a quadratic reader needs sixteen times the work
