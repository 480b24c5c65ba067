"""The reordering moves and adds; it never loses, changes or repeats an instruction."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.finding import Refused
from playpen_ls.engine.fixer import CheckedText, verified
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.dockerfile.model.dockerfile import parse
from playpen_ls.languages.dockerfile.parts import Run
from playpen_ls.text.edit import narrowed
from playpen_ls.text.source import Source

RULE = next(rule for rule in rules_of("dockerfile") if rule.name == "copy-before-install")
FILES = {
    "requirements.txt": "flask==3.0.0\n-r base.txt\n",
    "base.txt": "click\n",
    "package.json": "{}",
    "package-lock.json": "{}",
    "pyproject.toml": "",
    "poetry.lock": "",
    "go.mod": "module a\n",
    "backend/requirements.txt": "flask\n",
    ".dockerignore": "node_modules\n.venv\n",
    "Dockerfile": "",
}
MANIFESTS = {
    "requirements.txt",
    "base.txt",
    "package.json",
    "package-lock.json",
    "pyproject.toml",
    "poetry.lock",
    "go.mod",
}
BROAD = [
    "COPY . .",
    "COPY . /app/",
    "copy --chown=1:1 ./ /app",
    'COPY [".", "."]',
    "ADD . .",
    "COPY backend/ ./",
    "COPY * ./",
]
INSTALLS = [
    "RUN pip install --no-cache-dir -r requirements.txt",
    "RUN pip install \\\n    # why\n    -r requirements.txt",
    "RUN <<EOF\nset -e\npip install -r requirements.txt\nEOF",
    "RUN npm ci",
    "RUN poetry install",
    "RUN poetry install --no-root",
    "RUN go mod download",
    "RUN go build -o /out/app .",
    'RUN ["pip", "install", "-r", "requirements.txt"]',
    "RUN --mount=type=cache,target=/root/.cache pip install -r requirements.txt",
]
OTHERS = [
    "ENV A=1", "ARG B", "LABEL a=b", "# a comment", "# hadolint ignore=DL3007", "", "USER app", "WORKDIR /srv", "EXPOSE 80",
    "RUN apt-get update && apt-get install -y curl", "RUN make", "COPY start.sh /bin/", "RUN corepack enable", "VOLUME /app",
    "COPY requirements.txt ./", "CMD x", "    RUN echo x",
]  # fmt: skip


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    some = st.lists(st.sampled_from(OTHERS), max_size=2)
    parts = ["FROM playpen/base:1", *draw(some), "WORKDIR /app", *draw(some), draw(st.sampled_from(BROAD)), *draw(some)]
    for install in draw(st.lists(st.sampled_from(INSTALLS), min_size=1, max_size=3)):
        parts += [install, *draw(some)]
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = "\n".join(parts) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", newline)


def instructions(text: str) -> Counter[str]:
    read = parse(Source("Dockerfile", text))
    return Counter(text[one.span.start : one.span.end] for one in read.instructions)


PROJECT = Project(
    RULE, Example({"Dockerfile": "", **{path: text for path, text in FILES.items() if text or path != "Dockerfile"}})
)


def offered(look: CheckedText):
    """(result, new files) of each fix that would be offered, tried out as the engine does it."""
    for diagnostic in look.diagnostics:
        for fix in diagnostic.finding.fixes:
            try:
                change = verified(look, diagnostic, fix, PROJECT.look, PROJECT.text)
            except Refused:
                continue
            yield look.model.source.edited(change.edits["Dockerfile"]), change


@settings(max_examples=300, deadline=None)
@given(dockerfiles())
def test_what_it_does_to_any_dockerfile(text: str):
    look = PROJECT.look(Source("Dockerfile", text))
    for result, change in offered(look):
        before, after = instructions(text), instructions(result.text)
        assert before - after == Counter(), "an instruction is gone or changed"
        for added in (after - before).elements():
            one = parse(Source("Dockerfile", "FROM a\n" + added)).instructions[1]
            if isinstance(one, Run):
                assert added.endswith(("--no-root", "go mod download")), added
            else:
                assert one.name == "COPY"
                assert {word.text.rpartition("/")[2] for word in one.words[:-1]} <= MANIFESTS
        assert len(result.text.split("\n")) >= len(text.split("\n"))
        assert [problem.message for problem in parse(result).problems] == [one.message for one in look.model.problems]
        assert ("\r\n" in result.text) == ("\r\n" in text)
        assert result.text.endswith("\n") == text.endswith("\n")
        assert Counter(one.text for one in parse(result).comments()) == Counter(
            one.text for one in look.model.comments()
        )
        back = narrowed(0, result.text, text)
        assert result.edited([back]).text == text
        again = PROJECT.look(result, change.creates)
        assert [other for other, _ in offered(again) if other.text == result.text] == []
        assert len(again.diagnostics) < len(look.diagnostics) + 1


@settings(max_examples=100, deadline=None)
@given(dockerfiles())
def test_fixing_it_twice_changes_nothing(text: str):
    once = PROJECT.fixed(Source("Dockerfile", text))
    assert once.stopped == ""
    assert PROJECT.fixed(once.source).source.text == once.source.text


@pytest.mark.parametrize("install", INSTALLS)
def test_the_texts_above_are_worth_looking_at(install: str):
    """Each install is one that something is offered for, so that the properties say something."""
    look = PROJECT.look(Source("Dockerfile", f"FROM a\nWORKDIR /app\nCOPY . .\n{install}\n"))
    assert len(list(offered(look))) == 1
