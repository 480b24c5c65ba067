"""Settings of the client: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from playpen_ls.engine.registry import rules_of
from playpen_ls.server.client_settings import settings_from


def test_rules_are_left_to_tools_that_have_them():
    found = settings_from({"playpen": {"ignore": ["python"], "dockerfile": {"leaveTo": ["hadolint"]}}})
    assert found is not None
    left = {rule.id for rule in rules_of("dockerfile") if "hadolint" in rule.like}
    assert {*found.ignore} == {"python"} | left
    assert "dockerfile/moving-tag" in left
    assert "dockerfile/copy-before-install" not in left


def test_an_empty_selection_is_none():
    found = settings_from({"select": []})
    assert found is not None
    assert found.select is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dockerfile": {"leaveTo": ["hadolnt"]}}, "must be a list of "),
        ({"dockerfile": {"leaveTo": "hadolint"}}, "must be a list of "),
        ({"select": "python"}, "playpen.select is 'python'; it must be a list of rules"),
        ({"languages": {"ruby": False}}, "playpen.languages is {'ruby': False}; it must be an object of true or false"),
        ({"languages": ["python"]}, "playpen.languages is ['python']; it must be an object of true or false"),
        ({"configuration": 1}, "playpen.configuration is 1; it must be the path of a file"),
    ],
)
def test_wrong_settings_are_said_and_ignored(settings: object, words: str, caplog: pytest.LogCaptureFixture):
    found = settings_from({"playpen": settings})
    assert found is not None
    assert (found.ignore, found.config_file) == ((), "")
    assert words in caplog.text
