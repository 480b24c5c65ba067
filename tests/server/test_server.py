"""The server under the capabilities of real editors: what each does from opening a file to closing it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import pytest
from lsprotocol import types as lsp

from editor import WAIT, Editor, client_position


@dataclass(frozen=True)
class Case:
    """A file with one finding to look at, with an emoji before it, and what its default fix makes of it."""

    name: str
    text: str
    rule: str
    words: str
    fixed: str
    others: tuple[tuple[str, str], ...] = ()


CASES = [
    Case(
        "Dockerfile",
        "FROM playpen/python-base:latest\r\nLABEL mood=😀\r\nWORKDIR /app\r\nCOPY . .\r\n"
        "RUN pip install --no-cache-dir -r requirements.txt\r\n",
        "dockerfile/copy-before-install",
        "COPY . .",
        "FROM playpen/python-base:latest\r\nLABEL mood=😀\r\nWORKDIR /app\r\nCOPY requirements.txt .\r\n"
        "RUN pip install --no-cache-dir -r requirements.txt\r\nCOPY . .\r\n",
        (("requirements.txt", "flask==3.0.0\n"),),
    ),
    Case(
        "Jenkinsfile",
        "pipeline {\n    agent any\n    stages {\n        stage('😀') {\n            steps {\n"
        "                /* 😀 */ sh 'docker push nexus:5000/app:latest'\n            }\n        }\n    }\n}\n",
        "jenkinsfile/moving-tag",
        "latest",
        "pipeline {\n    agent any\n    stages {\n        stage('😀') {\n            steps {\n"
        "                /* 😀 */ sh 'docker push nexus:5000/app:v1.0.0-${BUILD_NUMBER}'\n            }\n        }\n    }\n}\n",
    ),
    Case(
        "k8s/web.yaml",
        "apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata: {name: web, annotations: {mood: 😀}}\r\nspec:\r\n"
        "  selector: {matchLabels: {app: web}}\r\n  template:\r\n    spec:\r\n      serviceAccountName: web\r\n"
        "      containers:\r\n      - image: nexus:5000/web:1.0\r\n        env: [{name: MOOD, value: 😀}]\r\n"
        "        name: web\r\n        ports: [{containerPort: 8000}]\r\n",
        "kubernetes/no-liveness-probe",
        "web",
        "livenessProbe:\r\n          tcpSocket:\r\n            port: 8000\r\n",
    ),
    Case(
        "app.py",
        'import os\n\nmood = "😀"; db_host = "postgres.playpen-platform.svc.cluster.local"  # Hard-coded 😀\n',
        "python/hard-coded-host",
        '"postgres.playpen-platform.svc.cluster.local"',
        'import os\n\nmood = "😀"; db_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")'
        "  # Hard-coded 😀\n",
    ),
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


async def opened(editor: Editor, case: Case) -> lsp.Diagnostic:
    """Open the file; gives the diagnostic to look at."""
    for name, text in case.others:
        (editor.folder / name).write_text(text)
    await editor.open(case.name, case.text)
    found = await editor.until(case.name, lambda found: any(one.code == case.rule for one in found))
    return next(one for one in found if one.code == case.rule)


@each_case
@pytest.mark.asyncio
async def test_open_see_fix_clean_close(each_editor: Editor, case: Case):
    editor = each_editor
    diagnostic = await opened(editor, case)
    assert diagnostic.source == "playpen"
    assert editor.words(case.name, diagnostic) == case.words
    assert diagnostic.code_description
    assert diagnostic.code_description.href.startswith("https://hiranofficial.github.io/playpen/")

    actions = await editor.actions(case.name, diagnostic.range, only=["quickfix"])
    action = next(one for one in actions if one.diagnostics and one.diagnostics[0].code == case.rule)
    await editor.apply(action)
    assert case.fixed in editor.texts[case.name]
    assert "\r" not in editor.texts[case.name].replace("\r\n", "")
    await editor.until(case.name, lambda found: all(one.code != case.rule for one in found))

    uri = editor.uri(case.name)
    editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
    editor.versions[case.name] = None  # what is published on closing has no version
    assert await editor.diagnostics(case.name) == []


FIX_ALL_BEFORE = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f(user):\n    try:\n        user()\n"
    '    except Exception:\n        logger.error("😀 failed")\n    logger.warn("old")\n    logger.info(f"{user}")\n'
)
FIX_ALL_AFTER = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f(user):\n    try:\n        user()\n"
    '    except Exception:\n        logger.error("😀 failed", exc_info=True)\n    logger.warning("old")\n'
    '    logger.info("%s", user)\n'
)


@pytest.mark.asyncio
async def test_fix_all_mends_what_is_safe(each_editor: Editor):
    editor = each_editor
    await editor.open("app.py", FIX_ALL_BEFORE)
    (action,) = await editor.whole("app.py", ["source.fixAll"])
    assert action.kind == "source.fixAll.playpen"
    await editor.apply(action)
    assert editor.texts["app.py"] == FIX_ALL_AFTER
    assert await editor.whole("app.py", ["source.organizeImports"]) == []


@pytest.mark.asyncio
async def test_half_typed_text_does_not_blank_the_file(each_editor: Editor):
    editor = each_editor
    text = 'a_host = "redis.apps.svc.cluster.local"\n\n\ndef f():\n    pass\n\n\nb_host = "orders.apps.svc.cluster.local"\n'
    await editor.open("app.py", text)
    await editor.until("app.py", lambda found: len(found) == 2)
    at = text.index("    pass")
    for char in '    value = call("x", [1, {"😀": (2,':
        found = await editor.change("app.py", (at, at, char))
        assert len(found) == 2, editor.texts["app.py"]
        at += len(char)


@pytest.mark.asyncio
async def test_half_typed_yaml_does_not_blank_the_file(each_editor: Editor):
    editor = each_editor
    case = next(case for case in CASES if case.name.endswith(".yaml"))
    await opened(editor, case)
    second = case.text.count("\n")
    await editor.change(case.name, (len(case.text), len(case.text), "---\r\n" + case.text))

    def below(found: list[lsp.Diagnostic]) -> list[object]:
        return [one.code for one in found if one.range.start.line > second]

    before = await editor.until(case.name, lambda found: case.rule in below(found))
    at = case.text.index("name: web\r\n", case.text.index("containers"))
    for char in "args: [a, '😀":
        found = await editor.change(case.name, (at, at, char))
        assert below(found) == below(before), editor.texts[case.name]
        at += len(char)


@pytest.mark.asyncio
async def test_every_edit_is_answered_with_its_version(editor: Editor):
    await editor.open("app.py", "x = 1\n")
    for _ in range(5):
        await editor.change("app.py", (0, 0, "#"))
    for _ in range(30):
        editor.type("app.py", (0, 0, "\n"))
    assert (await editor.publish("app.py")).version == 36


@pytest.mark.asyncio
async def test_the_light_bulb_gets_titles_and_the_menu_what_works(editor: Editor):
    case = CASES[0]
    diagnostic = await opened(editor, case)
    automatic = await editor.actions(case.name, diagnostic.range, automatic=True)
    assert automatic
    assert all(action.edit is None for action in automatic)
    invoked = await editor.actions(case.name, diagnostic.range)
    assert {action.title for action in invoked} >= {
        "Ignore `copy-before-install` here",
        next(action.title for action in automatic),
    }


@pytest.mark.asyncio
async def test_resolve_takes_any_action(editor: Editor):
    await editor.open("app.py", "x = 1\n")
    bare = await editor.resolved(lsp.CodeAction("somebody else's"))
    assert bare.edit is None
    odd = await editor.resolved(lsp.CodeAction("odd", data=["not", "ours"]))
    assert odd.edit is None


@pytest.mark.asyncio
async def test_an_action_for_an_older_text_gets_no_edit(editor: Editor):
    case = CASES[3]
    diagnostic = await opened(editor, case)
    action = (await editor.actions(case.name, diagnostic.range, only=["quickfix"]))[0]
    await editor.change(case.name, (0, 0, "# above\n"))
    assert (await editor.resolved(action)).edit is None


@pytest.mark.asyncio
async def test_ignore_here_silences_the_finding(editor: Editor):
    case = CASES[3]
    diagnostic = await opened(editor, case)
    actions = await editor.actions(case.name, diagnostic.range, only=["quickfix"])
    await editor.apply(next(action for action in actions if action.title == "Ignore `hard-coded-host` here"))
    assert "# playpen: ignore[hard-coded-host] TODO: reason\n" in editor.texts[case.name]
    assert case.rule not in [one.code for one in await editor.diagnostics(case.name)]


@pytest.mark.asyncio
async def test_all_findings_of_a_rule_are_fixed_by_one_action(editor: Editor):
    text = 'a_host = "redis.apps.svc.cluster.local"\nb_host = "orders.apps.svc.cluster.local"\n'
    await editor.open("app.py", text)
    found = await editor.until("app.py", lambda found: len(found) == 2)
    actions = await editor.actions("app.py", found[0].range, only=["quickfix"])
    await editor.apply(next(action for action in actions if action.title == "Fix all `hard-coded-host` in this file"))
    assert await editor.diagnostics("app.py") == []
    assert editor.texts["app.py"].count("os.getenv") == 2
    assert editor.texts["app.py"].count("import os") == 1


@pytest.mark.asyncio
async def test_hover_on_a_finding_is_short(editor: Editor):
    diagnostic = await opened(editor, CASES[3])
    params = lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri("app.py")), diagnostic.range.start)
    hover = await editor.client.text_document_hover_async(params)
    assert hover
    assert isinstance(hover.contents, lsp.MarkupContent)
    text = hover.contents.value
    assert text.startswith("host `postgres.playpen-platform.svc.cluster.local` is hard-coded")
    assert "([python/hard-coded-host](https://hiranofficial.github.io/playpen/" in text
    assert len(text.splitlines()) <= 5
    above = lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri("app.py")), lsp.Position(0, 0))
    assert await editor.client.text_document_hover_async(above) is None


@pytest.mark.asyncio
async def test_settings_count_at_once(editor: Editor):
    await opened(editor, CASES[3])
    editor.client.set_configuration({"playpen": {"severity": {"python/hard-coded-host": "hint"}}})
    editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings=None))
    await editor.until("app.py", lambda found: [one.severity for one in found] == [lsp.DiagnosticSeverity.Hint])
    editor.client.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams(settings={"playpen": {"ignore": ["python"]}})
    )
    editor.client.set_configuration({"playpen": {"ignore": ["python"]}})
    await editor.until("app.py", lambda found: found == [])
    (editor.folder / "strict.toml").write_text('select = ["python"]\nseverity = {"python/hard-coded-host" = "error"}\n')
    for settings, severities in (
        ({"configuration": "strict.toml"}, [lsp.DiagnosticSeverity.Error]),
        ({"select": ["dockerfile"]}, []),
        ({"select": None}, [lsp.DiagnosticSeverity.Warning]),
    ):
        editor.client.set_configuration({"playpen": settings})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"playpen": settings}))
        await editor.until(
            "app.py",
            lambda found, severities=severities: [one.severity for one in found] == severities,  # type: ignore[misc]
        )


@pytest.mark.asyncio
async def test_the_configuration_is_checked_and_counts_as_it_is_typed(editor: Editor):
    await opened(editor, CASES[3])
    await editor.open("playpen.toml", 'ignore = ["python/hard-coded-hos"]\n')
    (problem,) = await editor.diagnostics("playpen.toml")
    assert problem.code == "playpen/invalid-config"
    assert "did you mean `python/hard-coded-host`?" in problem.message
    assert editor.words("playpen.toml", problem) == "python/hard-coded-hos"
    at = editor.texts["playpen.toml"].index('"]')
    await editor.change("playpen.toml", (at, at, "t"))
    assert await editor.diagnostics("playpen.toml") == []
    await editor.until("app.py", lambda found: found == [])


@pytest.mark.asyncio
async def test_missing_things_do_not_flicker_while_they_are_typed(editor: Editor):
    text = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/health")\ndef health() -> dict[str, str]:\n    return {}\n'
    await editor.open("app.py", text)
    await editor.until("app.py", lambda found: found == [])
    at = text.index("health")
    found = await editor.change("app.py", (at, at + len("health"), "orders"))
    assert found == []  # held back until a quiet spell
    await editor.until("app.py", lambda found: [one.code for one in found] == ["python/no-health-route"])
    found = await editor.change("app.py", (at, at + len("orders"), "health"))
    assert found == []  # gone at once


@pytest.mark.asyncio
async def test_a_buffer_without_a_file_is_checked_too(editor: Editor):
    item = lsp.TextDocumentItem("untitled:Untitled-1", "python", 1, CASES[3].text)
    editor.texts["untitled"], editor.versions["untitled"] = CASES[3].text, 1
    editor.uri = lambda name: "untitled:Untitled-1"  # type: ignore[method-assign]
    editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    await editor.until("untitled", lambda found: [one.code for one in found] == [CASES[3].rule])


@pytest.mark.asyncio
async def test_texts_that_are_not_ours_are_left_alone(editor: Editor):
    assert await editor.open("docker-compose.yml", "services: {}\n", "dockercompose") == []
    assert await editor.open("big.py", "x = 1\n" * 500_000) == []
    assert await editor.open("binary.py", 'password = "hunter2"\0\n') == []
    # A manifest becomes one when it says so.
    assert await editor.open("new.yaml", "kind: Pod\nspec:\n  containers:\n  - {name: b, image: c}\n") == []
    await editor.change("new.yaml", (0, 0, "apiVersion: v1\n"))
    await editor.until("new.yaml", lambda found: any(str(one.code).startswith("kubernetes/") for one in found))


HOST = 'host = "redis.apps.svc.cluster.local"\n'
HARD_CODED = ["python/hard-coded-host"]


def rules(found: list[lsp.Diagnostic]) -> list[object]:
    return [one.code for one in found]


@pytest.mark.asyncio
async def test_a_table_that_is_taken_out_of_pyproject_counts_no_more(editor: Editor):
    table = '[tool.playpen]\nignore = ["python"]\n'
    await editor.open("pyproject.toml", f"{table}[project]\n")
    assert await editor.open("app.py", HOST) == []
    assert await editor.change("pyproject.toml", (0, len(table), "")) == []
    await editor.until("app.py", lambda found: rules(found) == HARD_CODED)
    # A file that says nothing to us is nobody's business, half-typed or not.
    assert await editor.change("pyproject.toml", (0, 1, "")) == []


@pytest.mark.asyncio
async def test_a_saved_profile_counts_for_those_that_extend_it(editor: Editor):
    profile = editor.folder / "platform" / "playpen.toml"
    profile.parent.mkdir()
    profile.write_text("")
    (editor.folder / "playpen.toml").write_text('extend = "platform/playpen.toml"\n')
    await editor.open("app.py", HOST)
    await editor.until("app.py", lambda found: rules(found) == HARD_CODED)
    await editor.open("platform/playpen.toml", "")
    await editor.change("platform/playpen.toml", (0, 0, 'ignore = ["python"]\n'))
    profile.write_text(editor.texts["platform/playpen.toml"])
    document = lsp.TextDocumentIdentifier(editor.uri("platform/playpen.toml"))
    editor.client.text_document_did_save(lsp.DidSaveTextDocumentParams(document))
    await editor.until("app.py", lambda found: found == [])


@pytest.mark.asyncio
async def test_all_fixes_of_a_rule_make_the_files_that_each_makes(each_editor: Editor):
    editor = each_editor
    case = CASES[2]
    entries = "{name: DB_PASSWORD, value: hunter2x1}, {name: API_TOKEN, value: abcd3fghijk1}"
    await editor.open(case.name, case.text.replace("{name: MOOD, value: 😀}", entries))
    found = await editor.until(case.name, lambda found: rules(found).count("kubernetes/literal-secret") == 2)
    where = next(one for one in found if one.code == "kubernetes/literal-secret").range
    actions = await editor.actions(case.name, where, only=["quickfix"])
    action = next(one for one in actions if one.title.startswith("Fix all `literal-secret` in this file"))
    created = await editor.apply(action)
    if created:
        ((_, stub),) = created.items()
        assert "db-password:" in stub
        assert "api-token:" in stub
    else:
        assert action.title.endswith("yourself)")
    assert editor.texts[case.name].count("secretKeyRef") == 2


@pytest.mark.asyncio
async def test_one_file_under_two_uris_is_no_trouble_for_the_others(editor: Editor):
    await editor.open("app.py", HOST)
    await editor.open("other.py", HOST)
    twin = editor.uri("app.py").replace("app.py", "%61pp.py")
    editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(twin, "python", 1, HOST)))
    document = lsp.TextDocumentIdentifier(editor.uri("app.py"))
    editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(document))
    editor.client.set_configuration({"playpen": {"ignore": ["python"]}})
    editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings=None))
    await editor.until("other.py", lambda found: found == [])


@pytest.mark.asyncio
async def test_what_stood_in_a_deleted_folder_is_forgotten(editor: Editor):
    folder = editor.folder / "jobs"
    folder.mkdir()
    (folder / "backup.yaml").write_text(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: backup, namespace: a}\nspec:\n  schedule: 0 2 * * *\n"
        "  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n"
        "          - {name: dump, image: 'postgres:16', command: [pg_dump, app]}\n"
    )
    database = (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: postgres, namespace: a}\nspec:\n  selector: {}\n"
        "  template:\n    spec:\n      containers:\n      - {name: postgres, image: 'postgres:16'}\n"
    )
    # A comment is called unused only when every file has been read.
    await editor.open("db.yaml", database)
    await editor.open("app.py", "x = 1  # playpen: ignore[print-as-log]\n")
    await editor.until("app.py", lambda found: rules(found) == ["playpen/unused-ignore"])
    assert "kubernetes/no-backup" not in rules(await editor.diagnostics("db.yaml"))
    (folder / "backup.yaml").unlink()
    folder.rmdir()
    event = lsp.FileEvent(folder.as_uri(), lsp.FileChangeType.Deleted)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
    await editor.until("db.yaml", lambda found: "kubernetes/no-backup" in rules(found))


DEPLOYED = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n"
    "  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n"
    "        - name: web  # 😀\n          image: nexus:5000/shop:1.0\n"
    "        - name: cache\n          image: redis:7.4\n"
)


async def hovered(editor: Editor, name: str, words: str) -> lsp.Hover | None:
    """The hover at the start of these words, once the project has been read."""
    at = client_position(editor.texts[name], editor.texts[name].index(words), editor.encoding)
    params = lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri(name)), at)
    async with asyncio.timeout(WAIT):
        while True:
            hover = await editor.client.text_document_hover_async(params)
            if hover is None or "Dockerfile" in hover.contents.value:
                return hover
            await asyncio.sleep(0.05)


@pytest.mark.asyncio
async def test_hover_on_an_image_tells_what_it_is_built_from(each_editor: Editor):
    editor = each_editor
    (editor.folder / "shop").mkdir()
    (editor.folder / "shop/Dockerfile").write_text('FROM x\nCMD ["uvicorn", "main:app", "--port", "8000"]\n')
    (editor.folder / "Makefile").write_text("build:\n\tdocker build -t nexus:5000/shop shop\n")
    await editor.open("app.yaml", DEPLOYED)
    await editor.until("app.yaml", lambda found: any(one.code == "kubernetes/no-liveness-probe" for one in found))
    hover = await hovered(editor, "app.yaml", "nexus:5000")
    assert hover
    told = hover.contents.value.replace("`", "")
    assert "built from shop/Dockerfile (certain)" in told
    assert "Makefile:2: builds image shop from shop/Dockerfile" in told
    assert "program: uvicorn main:app" in told
    assert "ports: 8000" in told
    assert len(told.splitlines()) <= 12
    start = editor.texts["app.yaml"].index("nexus:5000")
    assert hover.range.start == client_position(editor.texts["app.yaml"], start, editor.encoding)
    hover = await hovered(editor, "app.yaml", "web  #")
    assert hover
    shown = [line for line in hover.contents.value.splitlines() if line.strip()]
    assert len(shown) <= 12
    assert "kubernetes/" in hover.contents.value
    assert re.fullmatch(r"(- )?and \d more", shown[-1])


@pytest.mark.asyncio
async def test_hover_on_a_container_comes_before_its_findings(editor: Editor):
    await editor.open("app.yaml", DEPLOYED)
    await editor.until("app.yaml", lambda found: any(one.code == "kubernetes/no-liveness-probe" for one in found))
    hover = await hovered(editor, "app.yaml", "web")
    assert hover
    told = hover.contents.value
    assert told.startswith("- not linked to a Dockerfile: the project has no Dockerfile\n")
    (line,) = [line for line in told.splitlines() if "([kubernetes/no-liveness-probe](" in line]
    assert line.startswith("- container `web` has no `livenessProbe`")
    assert "#" not in told.replace("best-practices#", "")
    assert len(told.splitlines()) <= 14  # of five findings the first has its reason
    assert await hovered(editor, "app.yaml", "kind:") is None
