"""What a file, a folder, an image or a build stage is for, by the words of its name."""

from __future__ import annotations

import re

from playpen_ls.vocabulary.names import words

DEVELOPMENT = frozenset("dev devel develop development debug test tests testing local ci e2e".split())
"""Words of what serves development and tests only."""
_TRIAL = DEVELOPMENT | frozenset(
    "example examples sample samples demo demos preview playground sandbox testdata doc docs tutorial tutorials".split()
)


def is_for_development(name: str) -> bool:
    """Whether a stage or file of this name is for development or tests: `api-dev`, `Dockerfile.test`."""
    return not DEVELOPMENT.isdisjoint(words(name))


def is_for_trial(path: str) -> bool:
    """Whether a path names development, tests, examples or previews: `examples/web`, `application-dev2.properties`."""
    return any(word.rstrip("0123456789") in _TRIAL for word in re.split(r"[/._-]+", path.lower()))
