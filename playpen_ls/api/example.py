"""Examples of a rule: its tests and its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from playpen_ls.api.platform import Platform
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Example:
    """A text, or a project of `{path: text}` whose first file is checked; `«»` mark findings.

    `fixed` is the first file after the default fixes of its findings were applied one by one, None if no
    fix is offered; `creates` are the files that the fix creates.
    """

    files: Mapping[str, str]
    fixed: str | None = None
    creates: Mapping[str, str] = field(default_factory=dict)
    platform: Platform = Platform()
    options: Mapping[str, Any] = field(default_factory=dict)


def example(
    text: str | Mapping[str, str],
    *,
    fixed: str | None = None,
    creates: Mapping[str, str] | None = None,
    platform: Platform | None = None,
    **options: Any,
) -> Example:
    files = {"": text} if isinstance(text, str) else text
    return Example(files, fixed, creates or {}, platform or Platform(), options)


def unmarked(text: str) -> str:
    """The text of an example without its marks."""
    return text.replace("«", "").replace("»", "")
