"""Comments silence what they name, where they stand, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.api.finding import Refused, Severity
from playpen_ls.config.loader import load
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.suppression import ignore_all, ignore_here, ignore_in_file
from playpen_ls.languages.registry import parse
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

HOST = '"redis.apps.svc.cluster.local"'
KEY = '"k3y-with-0ther-w0rds"'


def diagnostics(text: str, folder: Path, name: str = "app.py", language: str = "python") -> list[Diagnostic]:
    workspace = Workspace(folder)
    workspace.index.complete = True
    workspace.open(Source(name, text), language)
    return workspace.check(name).diagnostics


def rules(text: str, folder: Path, name: str = "app.py", language: str = "python") -> list[str]:
    return [diagnostic.rule.id for diagnostic in diagnostics(text, folder, name, language)]


@pytest.mark.parametrize(
    "text",
    [
        f"host = {HOST}  # playpen: ignore[hard-coded-host] it is a test bed\n",
        f"host = {HOST}  # playpen: ignore[python/hard-coded-host]\n",
        f"# playpen: ignore[hard-coded-host] why not\nhost = {HOST}\n",
        f"# playpen: ignore[hard-coded-host]\n# more words\n\nhosts = [\n    {HOST},\n    {HOST},\n]\n",
        f"# playpen: ignore[hard-coded-host, literal-secret]\nhost, api_key = {HOST}, 1; api_key = {KEY}\n",
        f"#!/usr/bin/env python\n# playpen: ignore-file[hard-coded-host]\n\nx = 1\nhost = {HOST}\n",
        f"def f():\n    # playpen: ignore[hard-coded-host]\n    return [{HOST}]\n",
    ],
)
def test_our_comments_silence(text: str, tmp_path: Path):
    assert rules(text, tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        f'note = "# playpen: ignore[hard-coded-host]"; host = {HOST}\n',
        f"# playpen: ignore[hard-coded-host]\nx = 1\nhost = {HOST}\n",
        f"x = 1\n# playpen: ignore-file[hard-coded-host]\nhost = {HOST}\n",
        f"host = {HOST}  # playpen: ignore[literal-secret]\n",
        f"host = {HOST}  # playpen: ignore\n",
    ],
)
def test_what_they_do_not_name_or_reach_stays(text: str, tmp_path: Path):
    assert "python/hard-coded-host" in rules(text, tmp_path)


@pytest.mark.parametrize(
    ("comment", "message", "left"),
    [
        ("# playpen: ignore[print-as-log]", "unused ignore comment: `print-as-log` is not reported here", "x = 1\n"),
        ("# playpen: ignore[prnt]", "unknown rule `prnt` in ignore comment", "x = 1\n"),
        ("# playpen: ignore", "ignore comment names no rule; write `ignore[rule]`", "x = 1\n"),
        ("# playpen: ignore[]", "ignore comment names no rule; write `ignore[rule]`", "x = 1\n"),
    ],
)
def test_an_unused_comment_is_reported_and_removed(comment: str, message: str, left: str, tmp_path: Path):
    for text in (f"x = 1  {comment}\n", f"{comment}\nx = 1\n"):
        (diagnostic,) = diagnostics(text, tmp_path)
        assert (diagnostic.rule.id, diagnostic.severity, diagnostic.finding.message) == (
            "playpen/unused-ignore",
            Severity.HINT,
            message,
        )
        assert Source("app.py", text).edited(diagnostic.finding.fixes[0].change()).text == left


def test_only_the_unused_name_is_taken_out(tmp_path: Path):
    text = f"host = {HOST}  # playpen: ignore[print-as-log, hard-coded-host] why\n"
    (diagnostic,) = diagnostics(text, tmp_path)
    fixed = Source("app.py", text).edited(diagnostic.finding.fixes[0].change()).text
    assert fixed == f"host = {HOST}  # playpen: ignore[hard-coded-host] why\n"


def test_nothing_is_called_unused_before_every_file_was_read(tmp_path: Path):
    workspace = Workspace(tmp_path)
    workspace.open(Source("app.py", "# playpen: ignore[no-health-route]\nx = 1\n"), "python")
    assert workspace.check("app.py").diagnostics == []


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (f"api_key = {KEY}  # noqa: S105\n", None),
        (f"api_key = {KEY}  # nosec B105\n", None),
        (f"api_key = {KEY}  # pragma: allowlist secret\n", None),
        (f"# pragma: allowlist nextline secret\napi_key = {KEY}\n", None),
        (f"api_key = {KEY}  # noqa\n", Severity.HINT),
        (f"api_key = {KEY}  # nosec\n", Severity.HINT),
        (f"api_key = {KEY}  # noqa: E501\n", Severity.WARNING),
    ],
)
def test_comments_for_other_tools_count(text: str, severity: Severity | None, tmp_path: Path):
    assert [diagnostic.severity for diagnostic in diagnostics(text, tmp_path)] == ([severity] if severity else [])


API_KEY, LOGGED = f"api_key = {KEY}", 'import logging\nlogging.warn("x")'


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (f"{API_KEY}  # noqa: S105, E501\n", None),
        (f"{API_KEY}  # noqa:S105\n", None),
        (f"{API_KEY}  # noqa: E501 S105\n", None),
        (f"{API_KEY}  # NOQA: s105\n", None),
        (f"{API_KEY}  # noqa : S105\n", Severity.HINT),
        (f"# ruff: noqa: S105\n{API_KEY}\n", None),
        (f"x = 1\n# ruff: noqa: E501, S105\n{API_KEY}\n", None),
        (f"# ruff: noqa: E501\n{API_KEY}\n", Severity.WARNING),
        (f"# ruff: noqa\n{API_KEY}\n", Severity.HINT),
        (f"# flake8: noqa\n{API_KEY}\n", Severity.HINT),
        (f"# flake8: noqa: S105\n{API_KEY}\n", Severity.WARNING),  # flake8 takes it as a comment
        (f"{API_KEY}  # ruff: ignore[S105]\n", None),
        (f"{API_KEY}  # ruff: ignore[E501, S105]\n", None),
        (f"{API_KEY}  # ruff: ignore[E501]\n", Severity.WARNING),
        (f"{API_KEY}  # nosec B101, B105\n", None),
        (f"{API_KEY}  # nosec B101\n", Severity.WARNING),
        (f"{API_KEY}  # pragma:allowlist secret\n", None),
        (f"{API_KEY}  # pylint: disable=S105\n", Severity.WARNING),
        # in the line in which a string ends
        ('api_key = "k3y-with-0ther-w0rds\\\n"  # noqa: S105\n', None),
        ('api_key = "k3y-with-0ther-w0rds\\\n"  # ruff: ignore[S105]\n', None),
        (f"{LOGGED}  # noqa: G010\n", None),
        (f"{LOGGED}  # noqa\n", None),
        (f"{LOGGED}  # pylint: disable=deprecated-method\n", None),
        (f"{LOGGED}  # pylint: disable=unused-import, deprecated-method\n", None),
        (f"{LOGGED}  # pylint: disable=unused-import\n", Severity.HINT),
        (f"{LOGGED}  # ruff: ignore[LOG009]\n", None),
    ],
)
def test_each_tool_has_comments_of_its_own(text: str, severity: Severity | None, tmp_path: Path):
    named = ("python/literal-secret", "python/wrong-level")
    found = [one.severity for one in diagnostics(text, tmp_path) if one.rule.id in named]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("comment", "silenced"),
    [
        ("# hadolint ignore=DL3007\n", True),
        ("# hadolint ignore=DL3002, DL3007\n", True),
        ("# HADOLINT ignore=dl3007\n", True),
        ("# hadolint ignore=DL3007\n# another\n", True),
        ("# hadolint global ignore=DL3007\n", True),
        ("# hadolint global ignore=DL3002\n", False),
        ("# hadolint ignore=DL3007\nARG a\n", False),  # it is about the next instruction
        ("# hadolint global ignore=DL3007\nARG a\n", True),
    ],
)
def test_hadolint_has_comments_of_its_own(comment: str, silenced: bool, tmp_path: Path):
    found = rules(f"{comment}FROM node:latest\n", tmp_path, "Dockerfile", "dockerfile")
    assert ("dockerfile/moving-tag" not in found) is silenced


@pytest.mark.parametrize(
    ("directive", "silenced"),
    [
        ("# check=skip=JSONArgsRecommended\n", True),
        ("# check=skip=StageNameCasing,JSONArgsRecommended\n", True),
        ("# check=error=true;skip=JSONArgsRecommended\n", True),
        ("# check=skip=all\n", True),
        ("# check=skip=StageNameCasing\n", False),
        ("# check=error=true\n", False),
    ],
)
def test_buildkit_has_a_directive_of_its_own(directive: str, silenced: bool, tmp_path: Path):
    text = f"{directive}FROM node:20.1.0\nUSER 1000:1000\nCMD node main.js\n"
    named = [rule.id for rule in all_rules() if "JSONArgsRecommended" in rule.like.get("docker", ())]
    found = rules(text, tmp_path, "Dockerfile", "dockerfile")
    assert (not {*named} & {*found}) is silenced


def test_below_the_directives_a_comment_of_buildkit_is_about_the_next_instruction(tmp_path: Path):
    skip = "# check=skip=SecretsUsedInArgOrEnv // public\n"
    text = f"FROM node:20.1.0\nENV DB_PASSWORD=postgres\n{skip}ENV PG_PASSWORD=postgres\nENV MY_PASSWORD=postgres\n"
    assert rules(text, tmp_path, "Dockerfile", "dockerfile").count("dockerfile/secret-in-image") == 2


@pytest.mark.parametrize(
    ("comment", "severity"),
    [
        ("nosemgrep: detected-generic-secret", None),
        ("nosemgrep: generic.secrets.security.detected-generic-secret", None),
        ("nosemgrep:hardcoded-token", None),
        ("nosemgrep: another", Severity.WARNING),
        ("nosemgrep", Severity.HINT),
    ],
)
def test_semgrep_has_comments_of_its_own(comment: str, severity: Severity | None, tmp_path: Path):
    found = [one.severity for one in diagnostics(f"{API_KEY}  # {comment}\n", tmp_path)]
    assert found == ([severity] if severity else [])


def test_hadolint_s_comments_count(tmp_path: Path):
    text = "# hadolint ignore=DL3007,DL3002\nFROM node:latest\n"
    assert "dockerfile/moving-tag" not in rules(text, tmp_path, "Dockerfile", "dockerfile")
    spaced = "# hadolint global ignore = DL3002 , DL3007\nFROM node:20\nFROM node:latest\n"
    assert "dockerfile/moving-tag" not in rules(spaced, tmp_path, "Dockerfile", "dockerfile")
    other = "# hadolint ignore=DL3002\nFROM node:latest\n"
    assert "dockerfile/moving-tag" in rules(other, tmp_path, "Dockerfile", "dockerfile")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", 'x = "# a"\n# b\ny = 1  # c\n"""\n# d\n"""\n'),
        ("dockerfile", "# a\nFROM a\n# b\nRUN x \\\n# c\n  y # d\nRUN <<E\n# e\nE\n"),
        ("jenkinsfile", "// a\npipeline {\n  /* b */ agent any // c\n  x '// d'\n}\n"),
        ("kubernetes", "# a\napiVersion: v1\nkind: Pod # b\nx: |\n  # c\ny: '# d'\n"),
    ],
)
def test_comments_are_their_whole_text(language: str, text: str):
    model = parse(language, Source("x", text))
    comments = list(model.comments())
    assert comments
    for comment in comments:
        assert comment.text == model.source.of(comment.span)
        assert comment.text.startswith(("#", "//", "/*"))
        start, end = model.source.line_start(comment.span.start), model.source.next_line_start(comment.span.end)
        assert comment.alone == (not (text[start : comment.span.start] + text[comment.span.end : end]).strip())
    expected = {"python": "bc", "dockerfile": "abc", "jenkinsfile": "abc", "kubernetes": "ab"}[language]
    letters = "".join(letter for comment in comments for letter in "abcde" if f" {letter}" in comment.text)
    assert letters == expected


@pytest.mark.parametrize(
    "text",
    [
        f"def f():\n    host = {HOST}  # playpen: ignore[hard-coded-host]\n    return (\n",
        f"# playpen: ignore[hard-coded-host]\nhosts = [\n    {HOST},\n",
    ],
)
def test_no_comment_is_called_unused_or_removed_while_the_text_does_not_parse(text: str, tmp_path: Path):
    assert diagnostics(text, tmp_path) == []


def test_the_configuration_can_silence_and_weigh_unused_comments(tmp_path: Path):
    text = "x = 1  # playpen: ignore[print-as-log]\n"
    config = tmp_path / "playpen.toml"
    for said in ('ignore = ["playpen/unused-ignore"]\n', '[severity]\n"playpen/unused-ignore" = "off"\n',
                 '[per-path]\n"*.py" = { ignore = ["playpen/unused-ignore"] }\n'):  # fmt: skip
        config.write_text(said)
        assert load(config).problems == ()
        assert diagnostics(text, tmp_path) == []
    config.write_text('[severity]\n"playpen/unused-ignore" = "error"\n')
    assert [diagnostic.severity for diagnostic in diagnostics(text, tmp_path)] == [Severity.ERROR]


def test_a_comment_may_speak_to_another_tool_and_to_us(tmp_path: Path):
    text = f"api_key, host = {KEY}, {HOST}  # nosec B105 playpen: ignore[hard-coded-host]\n"
    assert rules(text.replace("api_key, host", "host").replace(f"{KEY}, ", ""), tmp_path) == []
    assert rules(f"api_key = {KEY}  # nosec B105 playpen: ignore[hard-coded-host]\n", tmp_path) == [
        "playpen/unused-ignore"
    ]


def test_words_that_only_begin_like_a_comment_of_another_tool_are_none(tmp_path: Path):
    assert [diagnostic.severity for diagnostic in diagnostics(f"api_key = {KEY}  # nosecrets here\n", tmp_path)] == [
        Severity.WARNING
    ]


WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    ANNOTATION
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: web:latest
          securityContext: {runAsUser: 0}
          env: [{name: DB_PASSWORD, value: hunter2-5}]
"""
LIVENESS, TAG, ROOT, SECRET = (
    f"kubernetes/{name}" for name in ("no-liveness-probe", "moving-tag", "runs-as-root", "literal-secret")
)


@pytest.mark.parametrize(
    ("annotation", "silenced"),
    [
        ("ignore-check.kube-linter.io/latest-tag: reason", {TAG}),
        ("ignore-check.kube-linter.io/no-liveness-probe: ''", {LIVENESS}),
        ("kube-linter.io/ignore-all: legacy", {LIVENESS, TAG, ROOT}),
        ("kube-score/ignore: pod-probes, container-image-tag", {LIVENESS, TAG}),
        ("kube-score/ignore: '*'", {LIVENESS, TAG, ROOT}),
        ("polaris.fairwinds.com/tagNotSpecified-exempt: 'true'", {TAG}),
        ("polaris.fairwinds.com/livenessProbeMissing-exempt: true", {LIVENESS}),
        ("polaris.fairwinds.com/tagNotSpecified-exempt: 'false'", set()),
        ("polaris.fairwinds.com/exempt: 'true'", {LIVENESS, TAG, ROOT}),
        ("checkov.io/skip1: CKV_K8S_14=it moves", {TAG}),
        ("ignore-check.kube-linter.io/dangling-service: x", set()),
        ("owner: kube-linter.io/ignore-all", set()),
    ],
)
def test_annotations_for_other_tools_count_for_their_object(annotation: str, silenced: set[str], tmp_path: Path):
    text = WEB.replace("ANNOTATION", annotation)
    two = text + "---\n" + WEB.replace("ANNOTATION", "a: b").replace("name: web\n", "name: other\n")
    every = {LIVENESS, TAG, ROOT, SECRET}
    found = diagnostics(two, tmp_path, "web.yaml", "kubernetes")
    first = {diagnostic.rule.id for diagnostic in found if diagnostic.span.start < len(text)} & every
    assert first == every - silenced
    assert {diagnostic.rule.id for diagnostic in found if diagnostic.span.start > len(text)} >= every
    (secret,) = (
        diagnostic for diagnostic in found if diagnostic.rule.id == SECRET and diagnostic.span.start < len(text)
    )
    everything = annotation.startswith(("kube-linter.io/", "polaris.fairwinds.com/exempt"))
    assert secret.severity == (Severity.HINT if everything else Severity.ERROR)


@pytest.mark.parametrize(
    ("annotation", "silences"),
    [
        ("ignore-check.kube-linter.io/env-var-secret: known", True),
        ("polaris.fairwinds.com/sensitiveContainerEnvVar-exempt: 'true'", True),
        ("ignore-check.kube-linter.io/run-as-non-root: known", False),
    ],
)
def test_an_annotation_that_names_the_check_silences_a_secret_too(annotation: str, silences: bool, tmp_path: Path):
    assert (SECRET in rules(WEB.replace("ANNOTATION", annotation), tmp_path, "web.yaml", "kubernetes")) != silences


def test_an_annotation_of_the_pods_template_and_of_an_item_counts(tmp_path: Path):
    text = WEB.replace("ANNOTATION", "a: b")
    of_pods = text.replace(
        "      labels: {app: web}\n", "      labels: {app: web}\n      annotations: {kube-score/ignore: pod-probes}\n"
    )
    assert LIVENESS not in rules(of_pods, tmp_path, "web.yaml", "kubernetes")
    items = (
        WEB.replace("ANNOTATION", "ignore-check.kube-linter.io/latest-tag: x")
        + "---\n"
        + WEB.replace("ANNOTATION", "a: b")
    )
    listed = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        "  - " + one.replace("\n", "\n    ").rstrip() + "\n" for one in items.split("---\n")
    )
    assert rules(listed, tmp_path, "web.yaml", "kubernetes").count(TAG) == 1


def test_our_comment_beside_an_annotation_is_not_called_unused(tmp_path: Path):
    text = WEB.replace("ANNOTATION", "ignore-check.kube-linter.io/latest-tag: x").replace(
        "          image:", "          # playpen: ignore[moving-tag]\n          image:"
    )
    found = rules(text, tmp_path, "web.yaml", "kubernetes")
    assert TAG not in found
    assert "playpen/unused-ignore" not in found


# Checks of other tools that report what several of our rules do: a comment for one of them is meant for each.
DIVIDED = {
    ("kube-linter", "unset-cpu-requirements"): {"kubernetes/no-cpu-limit", "kubernetes/no-resource-requests"},
    ("kube-linter", "unset-memory-requirements"): {"kubernetes/no-memory-limit", "kubernetes/no-resource-requests"},
    # Requests and limits of CPU and memory.
    ("kube-score", "container-resources"): {
        "kubernetes/no-cpu-limit", "kubernetes/no-memory-limit", "kubernetes/no-resource-requests",
    },
    # One check until kube-score 1.10: user, group, privileged mode and root file system.
    ("kube-score", "container-security-context"): {"kubernetes/privileged-container", "kubernetes/runs-as-root"},
    # Either probe is missing, or (until there was `pod-probes-identical`) they are the same.
    ("kube-score", "pod-probes"): {
        "kubernetes/no-liveness-probe", "kubernetes/no-readiness-probe", "kubernetes/same-probe-endpoint",
    },
    # A secret in any value of any file.
    ("checkov", "CKV_SECRET_6"): {
        "configuration/literal-secret", "kubernetes/literal-secret", "kubernetes/secret-in-configmap",
    },
    ("detect-secrets", "secret"): {
        "configuration/literal-secret",
        "kubernetes/committed-secret", "kubernetes/literal-secret", "kubernetes/secret-in-configmap",
        "python/literal-secret",
    },
}  # fmt: skip


def test_a_check_of_another_tool_belongs_to_one_rule():
    """One comment would silence both. Where it should, `DIVIDED` says so."""
    claims: dict[tuple[str, str], set[str]] = {}
    for rule in all_rules():
        for tool, checks in rule.like.items():
            for check in checks:
                claims.setdefault((tool, check), set()).add(rule.id)
    several = {check: rules for check, rules in claims.items() if len(rules) > 1}
    assert several == DIVIDED, "`like` of two rules names one check: give it to the rule that is nearest to it"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python/no-such-rule", "unknown rule `python/no-such-rule` in ignore comment"),
        ("no-such-rule", "unknown rule `no-such-rule` in ignore comment"),
        ("dockerfile/moving-tag", None),  # of another language
        ("other/rule", None),
        ("python/hard-coded-host", "unused ignore comment: `python/hard-coded-host` is not reported here"),
    ],
)
def test_a_name_that_silences_nothing_is_explained(name: str, message: str | None, tmp_path: Path):
    found = [one.finding.message for one in diagnostics(f"x = 1  # playpen: ignore[{name}]\n", tmp_path)]
    assert found == ([message] if message else [])


def ignored(text: str, folder: Path, reason: str = "", name: str = "app.py", language: str = "python") -> str:
    """The text with comments for all its findings."""
    source = Source(name, text)
    return source.edited(ignore_all(parse(language, source), diagnostics(text, folder, name, language), reason)).text


def test_comments_are_added_one_for_a_construct(tmp_path: Path):
    text = f"def f():\n    host, api_key = {HOST}, 1; api_key = {KEY}\n    return [{HOST}, {HOST}]\n"
    expected = (
        f"def f():\n    # playpen: ignore[hard-coded-host, literal-secret] known\n"
        f"    host, api_key = {HOST}, 1; api_key = {KEY}\n"
        f"    # playpen: ignore[hard-coded-host] known\n    return [{HOST}, {HOST}]\n"
    )
    assert ignored(text, tmp_path, "known") == expected
    assert diagnostics(expected, tmp_path) == []
    assert ignored(expected, tmp_path) == expected


def test_no_comment_is_added_where_none_is_possible(tmp_path: Path):
    pod = '{"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": true, "containers": []}}\n'
    found = diagnostics(pod, tmp_path, "pod.json", "kubernetes")
    assert found
    assert ignored(pod, tmp_path, name="pod.json", language="kubernetes") == pod
    with pytest.raises(Refused, match="a comment is not possible here"):
        ignore_here(parse("kubernetes", Source("pod.json", pod)), found[:1])


@pytest.mark.parametrize("head", ["", "#!/usr/bin/env python\n", "#!/usr/bin/env python\n# coding: utf-8\n"])
def test_the_comment_for_a_file_comes_behind_the_lines_that_must_be_first(head: str):
    source = Source("app.py", f"{head}# about it\nx = 1\n")
    rule = next(one for one in all_rules() if one.id == "python/print-as-log")
    after = source.edited(ignore_in_file(parse("python", source), rule, "by hand"))
    assert after.text == f"{head}# playpen: ignore-file[print-as-log] by hand\n# about it\nx = 1\n"
