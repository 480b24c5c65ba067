"""Kinds of configuration files, by their paths."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.purposes import is_for_trial

_EXAMPLE = regex(r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|dist)(?:[._-]|$)", re.IGNORECASE)
# `messages.properties`, `app_de.properties`, `i18n/app.properties`
_TRANSLATION = regex(
    r"(?:.*/)?(?:(?:i18n|l10n|nls|locales?|lang|languages?|translations?|messages|bundles?)/.*"
    r"|(?:[^/]*[_-])?(?:messages|labels|strings|bundle|i18n|translations?|resources|texts?)[^/]*"
    r"|[^/]*_[a-z]{2}(?:[_-](?:[A-Z]{2}|[A-Z][a-z]{3}))*)\.properties",
    re.IGNORECASE,
)
_TEST = regex(r"(?:^|/)(?:tests?|[\w-]*[-_]tests?|[a-z]+Tests?|testing|testdata|__tests__|e2e|fixtures?|mocks?)/")
_FOR_COMPOSE = regex(r"\.env\.docker(?:\.[^/]*)?$")


@dataclass(frozen=True)
class Kind:
    """`form` is "" for a file that nothing is reported in: an example to copy, or a bundle of translations."""

    form: str
    development: bool = False
    """Serves development only: a plain word is no secret that matters."""
    test: bool = False
    """Serves tests only: just keys of providers matter."""


@cache
def kind_of(path: str, form: str) -> Kind:
    """What a file of this form is, by its path."""
    if _EXAMPLE.search(posixpath.basename(path)) or _TRANSLATION.fullmatch(path):
        return Kind("")
    development = form == "compose" or is_for_trial(path) or bool(_FOR_COMPOSE.search(path))
    return Kind(form, development, bool(_TEST.search(path)))
