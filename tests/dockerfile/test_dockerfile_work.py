"""What the rules do grows with the text, however often something stands in one stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from counting import calls

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def work(folder: Path, text: str) -> int:
    """Function calls made while a file is checked."""
    workspace = Workspace(folder)
    workspace.index.complete = True
    workspace.open(Source("Dockerfile", text), "dockerfile")
    return calls(lambda: workspace.check("Dockerfile"))


@pytest.mark.parametrize(
    "piece",
    [
        "RUN apt-get update && apt-get install -y curl\n",
        "RUN pip install x\n",
        "ENV PIP_NO_CACHE_DIR=\n",
        "CMD x\n",
        'SHELL ["sh", "-c"]\nRUN pip install x\nCMD x\n',
        "COPY a /x\n",
        "ARG NPM_TOKEN\nRUN x $NPM_TOKEN\n",
        "USER a\nUSER root\n",
        "RUN <<EOF\npip install x\nEOF\n",
        "FROM a AS b\nCOPY --from=0 /x /y\n",
    ],
)
def test_the_work_of_the_rules_grows_with_the_text(tmp_path: Path, piece: str):
    work(tmp_path, f"FROM python\n{piece}")  # loads what is needed
    few, many = (work(tmp_path, "FROM python\n" + piece * times) for times in (50, 200))
    assert many < 5 * few  # four times the text


def test_a_menu_asks_nothing_again_of_the_rest_of_the_file(tmp_path: Path):
    stages = [f"FROM python AS s{number}\nCOPY --from=s{number - 1} /a /b\n" for number in range(1, 200)]
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("Dockerfile", "FROM python AS s0\n" + "".join(stages)), "dockerfile")
    checking = calls(lambda: workspace.check("Dockerfile"))
    assert calls(lambda: workspace.look("Dockerfile", Span(0, 5))) < checking / 20
