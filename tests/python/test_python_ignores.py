"""Comments that users have for other tools silence what those tools would have said."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

LOGGER = "import flask\nimport logging\n\nlogger = logging.getLogger(__name__)\n"
SECRET = 'api_key = "k3y-with-0ther-w0rds"'


def severities(text: str) -> list[Severity]:
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", text), "python")
    return [diagnostic.severity for diagnostic in workspace.check("app.py").diagnostics]


@pytest.mark.parametrize(
    ("code", "comment"),
    [
        (SECRET, "# noqa: S105"),
        (SECRET, "# noqa: E501, S105"),
        (SECRET, "# NOQA: S105"),
        ('login(password="k3y-with-0ther-w0rds")', "# noqa: S106"),
        ('def f(password="k3y-with-0ther-w0rds"): pass', "# noqa: S107"),
        (SECRET, "# nosec B105"),
        (SECRET, "# pragma: allowlist secret"),
        ('print("x")', "# noqa: T201"),
        ('print("x")', "# noqa"),
        ('logger.info(f"x {y}")', "# noqa: G004"),
        ('logger.info("x %s" % y)', "# noqa: G002"),
        ('logger.info("x " + y)', "# noqa: G003"),
        ('logger.info("x {}".format(y))', "# noqa: G001"),
        ('logging.info("x")', "# noqa: LOG015"),
        ('logger.warn("x")', "# noqa: G010"),
        ('logger.info("x", extra={"name": 1})', "# noqa: G101"),
        (SECRET, "# nosemgrep: python.lang.security.audit.hardcoded-password-default-argument"),
        ('logger.info(f"x {y}")', "# pylint: disable=logging-fstring-interpolation"),
        ('logger.info("x {}".format(y))', "# pylint: disable=logging-format-interpolation"),
        ('logger.info("x %s" % y)', "# pylint: disable=logging-not-lazy"),
        (SECRET, "# ruff: ignore[S105]"),
    ],
)
def test_a_comment_that_names_the_code_silences(code: str, comment: str):
    assert severities(LOGGER + f"{code}\n") != []
    assert severities(LOGGER + f"{code}  {comment}\n") == []


def test_of_an_error_in_an_except():
    text = LOGGER + 'try:\n    f()\nexcept ValueError:\n    logger.error("x"){}\n'
    assert severities(text.format("")) != []
    assert severities(text.format("  # noqa: TRY400")) == []


@pytest.mark.parametrize("comment", ["# noqa", "# nosec", "# NOQA", "# nosemgrep"])
def test_a_bare_comment_lowers_a_secret_and_never_hides_it(comment: str):
    assert severities(f"{SECRET}  {comment}\n") == [Severity.HINT]


def test_it_stands_on_the_last_line_of_a_string():
    text = 'api_key = """k3y-with-\n0ther-w0rds"""'
    assert severities(f"{text}  # noqa: S105\n") == []


def test_the_line_above_and_the_whole_file():
    assert severities(f"# pragma: allowlist nextline secret\n{SECRET}\n") == []
    assert severities(f"# ruff: noqa: S105\n\nx = 1\n{SECRET}\n") == []
    assert severities(f"# ruff: noqa: E501\n\nx = 1\n{SECRET}\n") == [Severity.WARNING]
    assert severities(f"# ruff: noqa\n\n{SECRET}\n") == [Severity.HINT]
    assert severities(f"# flake8: noqa\n{LOGGER}print('x')\n") == []
    assert severities(f"{SECRET}  # ruff: ignore[S105]\n") == []


def test_another_code_silences_nothing():
    assert severities(f"{SECRET}  # noqa: E501\n") == [Severity.WARNING]
    assert severities(LOGGER + 'print("x")  # noqa: E501\n') != []
