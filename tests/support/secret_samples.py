"""Made-up keys of every known shape, generated from a pattern of the shape."""

from __future__ import annotations

import base64
import random
import re
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

from playpen_ls.vocabulary.secret_shapes import _AFTER_PREFIX, _AROUND_MARK


def sample(pattern: str, seed: int = 0) -> str:
    """A text that matches a pattern of literals, classes, groups and repetitions; letters and digits mixed at random."""
    chance = random.Random(f"{pattern}{seed}")
    for _ in range(200):
        text = "".join(_made(parser.parse(pattern), chance))
        if re.search(r"\d", text) or "[A-Za-z]" in pattern or not re.search(r"0-9|\\d|a-f0|2-7", pattern):
            return text
    return text


def _made(parsed, chance: random.Random) -> list[str]:
    pieces = []
    for kind, given in parsed:
        if kind is constants.LITERAL:
            pieces.append(chr(given))
        elif kind is constants.IN:
            pieces.append(chance.choice(_members(given)))
        elif kind is constants.ANY:
            pieces.append("x")
        elif kind is constants.CATEGORY:
            pieces.append(chance.choice(_members([(kind, given)])))
        elif kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
            low, high, inner = given
            times = low if low else (0 if high == 1 else 1)
            for _ in range(min(max(times, low), 400)):
                pieces += _made(inner, chance)
        elif kind is constants.SUBPATTERN:
            pieces += _made(given[3], chance)
        elif kind is constants.BRANCH:
            pieces += _made(given[1][0], chance)
        elif kind in (constants.ASSERT, constants.ASSERT_NOT, constants.AT):
            continue
        else:
            raise NotImplementedError(kind)
    return pieces


def _members(given) -> str:
    found = ""
    for kind, value in given:
        if kind is constants.LITERAL:
            found += chr(value)
        elif kind is constants.RANGE:
            found += "".join(map(chr, range(value[0], value[1] + 1)))
        elif kind is constants.CATEGORY:
            found += "0123456789" if value is constants.CATEGORY_DIGIT else "ABCDXYZabcxyz0123456789_"
    return found


PREFIXED = [(prefix, after) for prefixes, after in _AFTER_PREFIX for prefix in prefixes.split()]
KEYS = [sample(prefix.replace(".", r"\.") + after, seed) for prefix, after in PREFIXED for seed in range(3)]
KEYS += [sample(pattern, seed) for mark, pattern in _AROUND_MARK if mark != "ZXlK" for seed in range(3)]
KEYS.append(
    base64.b64encode(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r").decode()
)
