"""Kinds of Python files: tests, scripts, and files without application code."""

from __future__ import annotations

import re

from playpen_ls.text.regex import regex

_TEST = regex(
    r"(?:^|/)(?:tests?(?:[_-](?:e2e|unit|integration|smoke|utils|helpers))?|t/(?:unit|integration|smoke)|testing"
    r"|__tests__|e2e|fixtures)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?|tests?|conftest|pytest_plugin|testing_utils)\.pyw?$"
)
_MIGRATION = regex(r"(?:^|/)(?:_?migrations|alembic(?:/versions)?)/|_pb2(?:_grpc)?\.py$")
_GENERATED = regex(
    r"^[ \t]*(?:#|\"{3}|'{3})?.*(?:@generated\b|\b(?:code|file|module)\b.{0,40}\bgenerated\b|\bdo not edit\b)"
    r"|^[ \t]*(?:#+|\"{3}|'{3})[ \t]*(?:auto-?[ ]?generated|automatically generated|generated (?:by|from|with))\b"
    r"|^[ \t]*(?:#+|\"{3}|'{3}).{0,60}\b(?:(?:is|was|been)[ ]auto-?[ ]?generated|The Versioneer)\b",
    re.MULTILINE | re.IGNORECASE,
)
_MARKS = ("generated", "do not edit", "versioneer")
_REVISION = regex(r"^Revision ID: |^down_revision\b[^\n=]*=", re.MULTILINE)
_SCRIPT = regex(
    r"(?:^|/)(?:scripts?|bin|tools?|examples?|docs?|docs_src|samples?|demos?|benchmarks?|hack|cli|management)/"
    r"|(?:^|/)(?:manage|management|setup|noxfile|fabfile|tasks|conftest|locustfile|__main__|cli)\.py$"
)


def is_test(path: str) -> bool:
    return bool(_TEST.search(path))


def is_in_tests(path: str) -> bool:
    """Whether the file is in a folder of tests, whatever its name."""
    return bool(_TEST.search(path.rpartition("/")[0] + "/"))


def is_script(path: str) -> bool:
    """Whether the file is a script or tool, whose output is for its user."""
    return bool(_SCRIPT.search(path))


def is_without_application_code(path: str) -> bool:
    """Tests and migrations."""
    return is_test(path) or bool(_MIGRATION.search(path))


HEAD = 1000  # characters at the start of a file that are searched for the mark of a generator


def is_generated(head: str) -> bool:
    """Whether the start of a file says that a program made it; revisions of Alembic begin as it made them."""
    head = head[:HEAD]
    if "evision" in head and _REVISION.search(head):
        return True
    lowered = head.lower()
    return any(mark in lowered for mark in _MARKS) and bool(_GENERATED.search(head))


def is_left_alone(path: str, text: str) -> bool:
    """Tests, migrations and generated files, which are only checked for keys of known providers."""
    return is_without_application_code(path) or is_generated(text)
