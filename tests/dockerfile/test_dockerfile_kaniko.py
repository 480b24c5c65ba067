"""What each version of the Kaniko executor does with the syntax of BuildKit, and which Dockerfile it builds."""

from __future__ import annotations

import pytest

from playpen_ls.languages.dockerfile.build_context.kaniko import verdict
from playpen_ls.vocabulary.kaniko import FORK, ORIGINAL, Executor, Version, dockerfiles_of, executor_of


@pytest.mark.parametrize(
    ("image", "flavor", "version"),
    [
        ("gcr.io/kaniko-project/executor:v1.9.0-debug", ORIGINAL, Version(1, 9, 0)),
        ("gcr.io/kaniko-project/executor:debug", ORIGINAL, Version(1, 24, 0)),
        ("gcr.io/kaniko-project/executor", ORIGINAL, Version(1, 24, 0)),
        ("gcr.io/kaniko-project/executor@sha256:0b5e", ORIGINAL, None),
        ("gcr.io/kaniko-project/executor:${VERSION}", ORIGINAL, None),
        ("ghcr.io/osscontainertools/kaniko:v1.28.3-slim", FORK, Version(1, 28, 3)),
        ("martizih/kaniko:latest", FORK, None),
        ("nexus:5000/kaniko/executor:v1.9.0", "", None),
        ("", "", None),
    ],
)
def test_the_image_says_which_executor_it_is(image: str, flavor: str, version: Version | None):
    assert executor_of(image) == Executor(flavor, version)


ORIGINALS = [(1, 7, 0), (1, 22, 0), (1, 23, 0), (1, 24, 0)]
FORKS = [(1, 25, 3), (1, 25, 4), (1, 26, 0), (1, 27, 0), (1, 28, 0)]


@pytest.mark.parametrize(
    ("syntax", "originals", "forks", "unknown"),
    [
        # r: rejects, i: ignores, h: ignores, as a hint, n: does not run, o: octal only, -: supports, m: one of them
        ("cache", "rhhh", "hh---", "-"),
        ("secret", "riii", "iii--", "-"),
        ("bind", "riii", "iiii-", "-"),
        ("bind from", "riii", "iiiii", "m"),
        ("ssh", "riii", "iiiii", "m"),
        ("tmpfs", "rhhh", "hhhhh", "m"),
        ("option", "rhhh", "hhhhh", "m"),
        ("heredoc", "rnnn", "n----", "-"),
        ("copied heredoc", "rnnn", "n----", "-"),
        ("flag", "rrrr", "iiiii", "m"),
        ("checksum", "riii", "iiiii", "m"),
        ("chmod", "ri--", "-----", "-"),
        ("symbolic chmod", "rioo", "oooo-", "-"),
    ],
)
def test_each_version_supports_what_it_supports(syntax: str, originals: str, forks: str, unknown: str):
    def letter(executor: Executor) -> str:
        found = verdict(syntax, executor)
        if found is None:
            return "-"
        letters = {
            "rejects": "r", "ignores": "i", "does not run": "n", "ignores or rejects": "m",
            "accepts only octal modes for": "o",
        }  # fmt: skip
        return "h" if found.how == "ignores" and found.severity.label == "hint" else letters[found.how]

    assert "".join(letter(Executor(ORIGINAL, Version(*one))) for one in ORIGINALS) == originals
    assert "".join(letter(Executor(FORK, Version(*one))) for one in FORKS) == forks
    assert letter(Executor("", None)) == unknown


@pytest.mark.parametrize(
    ("syntax", "executor", "severity"),
    [
        ("heredoc", Executor(ORIGINAL, Version(1, 24, 0)), "error"),
        ("heredoc", Executor(ORIGINAL, Version(1, 9, 0)), "warning"),
        ("heredoc", Executor(FORK, Version(1, 25, 3)), "warning"),
        ("copied heredoc", Executor(ORIGINAL, Version(1, 24, 0)), "warning"),
    ],
)
def test_a_body_that_silently_does_not_run_is_an_error(syntax: str, executor: Executor, severity: str):
    found = verdict(syntax, executor)
    assert found is not None
    assert found.severity.label == severity


@pytest.mark.parametrize(
    ("flag", "version", "syntax"),
    [
        ("FF_KANIKO_RUN_MOUNT_CACHE", (1, 25, 6), "cache"),
        ("FF_KANIKO_RUN_MOUNT_SECRET", (1, 26, 3), "secret"),
        ("FF_KANIKO_RUN_MOUNT_BIND", (1, 27, 3), "bind"),
    ],
)
def test_a_feature_flag_counts_from_its_version_on(flag: str, version: tuple[int, int, int], syntax: str):
    major, minor, patch = version
    assert verdict(syntax, Executor(FORK, Version(*version), frozenset([flag]))) is None
    assert verdict(syntax, Executor(FORK, Version(*version))) is not None
    assert verdict(syntax, Executor(FORK, Version(major, minor, patch - 1), frozenset([flag]))) is not None
    assert verdict(syntax, Executor(ORIGINAL, Version(1, 24, 0), frozenset([flag]))) is not None


@pytest.mark.parametrize(
    ("folder", "context", "sub_path", "dockerfile", "expected"),
    [
        ("", "`pwd`", "", "`pwd`/docker/Dockerfile", ["docker/Dockerfile"]),
        ("", "dir://$(pwd)/web", "", "", ["Dockerfile", "web/Dockerfile"]),
        ("", "${WORKSPACE}", "", "${env.WORKSPACE}/a/Dockerfile", ["a/Dockerfile"]),
        ("web", ".", "", "", ["web/Dockerfile"]),
        ("", "git://h/a/b.git#refs/heads/main", "web", "", ["Dockerfile", "web/Dockerfile"]),
        ("", "dir:///workspace/", "", "/workspace/web/Dockerfile", ["web/Dockerfile"]),
        ("", "s3://bucket/context.tar.gz", "", "Dockerfile", []),
        ("", "$CONTEXT", "", "", []),
        (None, ".", "", "", []),
    ],
)
def test_where_the_executor_looks_for_the_dockerfile(
    folder: str | None, context: str, sub_path: str, dockerfile: str, expected: list[str]
):
    assert list(dockerfiles_of(folder, context, sub_path, dockerfile)) == expected
