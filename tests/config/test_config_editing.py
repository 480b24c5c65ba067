"""Rules that an editor adds to the configuration."""

from __future__ import annotations

import pytest

from playpen_ls.api.finding import Refused
from playpen_ls.config.editing import ignoring
from playpen_ls.text.source import Source

RULE = "python/print-as-log"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", f'ignore = ["{RULE}"]\n'),
        ('ignore = ["a/b"]\n', f'ignore = ["a/b", "{RULE}"]\n'),
        ('ignore = []  # none\n[platform]\n', f'ignore = ["{RULE}"]  # none\n[platform]\n'),
        ('ignore = [\n  "a/b",  # ]\n]\n', f'ignore = [\n  "a/b",\n  "{RULE}",  # ]\n]\n'),
        ('ignore = [\n    "a/b"\n]\n', f'ignore = [\n    "a/b",\n    "{RULE}"\n]\n'),
        ('# ours\nselect = ["python"]\n', f'# ours\n\nignore = ["{RULE}"]\n\nselect = ["python"]\n'),
        ('[severity]\n"a/b" = "off"\n', f'ignore = ["{RULE}"]\n\n[severity]\n"a/b" = "off"\n'),
        ('exclude = ["a"]\r\n', f'ignore = ["{RULE}"]\r\n\r\nexclude = ["a"]\r\n'),
        ("[per-path]\n'x' = {{ ignore = ['a'] }}\n".replace("{{", "{").replace("}}", "}"),
         f"ignore = [\"{RULE}\"]\n\n[per-path]\n'x' = {{ ignore = ['a'] }}\n"),
    ],
)  # fmt: skip
def test_a_rule_is_added(text: str, after: str):
    source = Source("playpen.toml", text)
    assert source.edited([ignoring(source, RULE)]).text == after


def test_a_rule_is_added_to_a_table_of_pyproject():
    text = '[project]\nname = "x"\n\n[tool.playpen]\nexclude = ["a"]\n\n[tool.ruff]\nignore = ["E501"]\n'
    source = Source("pyproject.toml", text)
    changed = source.edited([ignoring(source, RULE, "tool.playpen")]).text
    assert changed == text.replace("[tool.playpen]\n", f'[tool.playpen]\nignore = ["{RULE}"]\n')


@pytest.mark.parametrize("text", ["ignore = 1\n", "= x\n", 'ignore = ["a"', "'ignore' = ['a']\n"])
def test_what_is_not_understood_is_left_alone(text: str):
    source = Source("playpen.toml", text)
    with pytest.raises(Refused):
        ignoring(source, RULE)
