"""A copied key becomes a mounted secret only where that is proven to be the same; else the reason is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.finding import Refused
from playpen_ls.engine.fixer import verified
from playpen_ls.engine.registry import rules_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

RULE = next(rule for rule in rules_of("dockerfile") if rule.name == "secret-in-image")
GIT = "RUN git clone https://h/a\n"
MOUNTED = "RUN --mount=type=secret,id=netrc,target=/app/.netrc,required=true git clone https://h/a\n"


def mounted(text: str) -> str:
    """The text after the fix of its only finding. Raises Refused."""
    project = Project(RULE, Example({"Dockerfile": text}))
    look = project.look()
    (diagnostic,) = look.diagnostics
    change = verified(look, diagnostic, diagnostic.finding.fixes[0], project.look, project.text)
    return Source("Dockerfile", text).edited(change.edits["Dockerfile"]).text


@pytest.mark.parametrize(
    ("copy", "left"),
    [
        ("COPY .netrc /app/\n", ""),
        ("COPY .netrc /app/.netrc\n", ""),
        ("WORKDIR /app\nCOPY .netrc ./\n", "WORKDIR /app\n"),
        ("WORKDIR /app\nCOPY .netrc /app\n", "WORKDIR /app\n"),
        ("COPY --chown=1 .netrc a b /app/\n", "COPY --chown=1 a b /app/\n"),
        ("COPY a \\\n  .netrc \\\n  b /app/\n", "COPY a \\\n  b /app/\n"),
        ('COPY [".netrc", "/app/"]\n', ""),
    ],
)
def test_the_file_is_mounted_where_it_was_copied(copy: str, left: str):
    assert mounted(f"FROM a\n{copy}{GIT}") == f"FROM a\n{left}{MOUNTED}"


def test_only_what_reads_it_gets_it():
    text = f"FROM a\nRUN git x\nCOPY .netrc /app/\nRUN make\n{GIT}RUN make && curl x\n"
    assert mounted(text) == "FROM a\nRUN git x\nRUN make\n" + MOUNTED + (
        "RUN --mount=type=secret,id=netrc,target=/app/.netrc,required=true make && curl x\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("COPY .netrc .\n" + GIT, "the destination in the image is unknown, since no `WORKDIR` is set"),
        ("COPY .netrc /app\n" + GIT, "it is unknown whether `/app` is a folder"),
        (
            "COPY .netrc /app/\nRUN make\n",
            "no `RUN` is known to read the secret file; pass it to the container at startup instead",
        ),
        ("COPY .netrc /app/\n" + GIT + "CMD cat .netrc\n", "`CMD` also mentions the secret file"),
        ("COPY .netrc /app/\nRUN echo x.netrc\n", "`RUN` mentions the secret file, but is not known to read it"),
        (
            "COPY .netrc /app/\nRUN chmod 1 .netrc && git x\n",
            "`chmod` modifies the secret file, which is not possible for a mounted secret",
        ),
        ("COPY .netrc /app/\nRUN git x && rm .netrc a\n", "`rm` does more than delete the secret file"),
        ("COPY .netrc /app/\nRUN git x \\\n# done\n && rm .netrc\n", "the edit would delete a comment"),
        ("COPY .netrc /app/\nUSER me\n" + GIT, "user `me` cannot read the mounted secret, which is owned by root"),
        ("COPY .netrc /app/\nCOPY . /b\n" + GIT, "`COPY .` also copies the secret file; add it to `.dockerignore`"),
        ("COPY *.key /app/\n" + GIT, "the files that `*.key` matches are known only during the build"),
        ('COPY [".netrc", "a", "/app/"]\n' + GIT, "`COPY` of several files in JSON form is not supported"),
    ],
)
def test_what_is_not_proven_is_refused(text: str, reason: str):
    with pytest.raises(Refused) as refused:
        mounted("FROM a\n" + text)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM a AS b\nCOPY .netrc /app/\nRUN git x\nFROM b\n", "another stage is based on this one"),
        (
            "FROM a AS b\nCOPY .netrc /app/\nRUN git x\nFROM a\nCOPY --from=0 /app /app\n",
            "`COPY --from=0` copies the secret file",
        ),
    ],
)
def test_another_stage_may_need_it(text: str, reason: str):
    with pytest.raises(Refused) as refused:
        mounted(text)
    assert str(refused.value) == reason


def test_names_of_secrets_are_printed_and_secrets_are_not(tmp_path: Path):
    text = "FROM a\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN\nENV API_TOKEN=tk_0f1e2d3c4b5a6978\nCOPY .env /app/\n"
    workspace = Workspace(tmp_path)
    workspace.open(Source("Dockerfile", text), "dockerfile")
    for _ in range(2):  # once found, once remembered
        report = workspace.check("Dockerfile")
        assert [diagnostic.finding.message for diagnostic in report.diagnostics if diagnostic.rule is RULE] == [
            "value of build argument `NPM_TOKEN` is recorded in the image history",
            "hard-coded secret in `ENV API_TOKEN`; `ENV` values are recorded in the image history",
            "secret file `.env` is copied into an image layer",
        ]
        assert [text[span.start : span.end] for span in report.secrets] == ["tk_0f1e2d3c4b5a6978"]
