"""The menu of what can be done: each thing once, the reason where nothing can be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from in_process import session
from lsprotocol import types as lsp

from editor import PROFILES, Editor, client_position, profile
from playpen_ls.engine.check import Checked
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.span import Span

VSCODE = "visual_studio_code_v1.139.1"
REASONS = {"commands": ["playpen.ignoreWithReason"]}
CONTAINER = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec:\n      serviceAccountName: web\n      containers:\n"
    "        - name: web\n          image: nexus:5000/web:1.0\n          ports: [{containerPort: 8000}]\n"
)
DOCKERFILE = (
    "FROM playpen/python-base:1.0\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n"
)
PRINTS = 'import logging\n\nlogger = logging.getLogger(__name__)\nlogger.warn("a")\nlogger.warn("b")\n'


async def listed(
    editor: Editor, name: str, words: str, *, automatic: bool = False, only: Sequence[str] | None = None
) -> Any:
    """The actions at the first of these words."""
    text = editor.texts[name]
    at = client_position(text, text.index(words), editor.encoding)
    trigger = lsp.CodeActionTriggerKind.Automatic if automatic else lsp.CodeActionTriggerKind.Invoked
    context = lsp.CodeActionContext([], only=only, trigger_kind=trigger)
    params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(editor.uri(name)), lsp.Range(at, at), context)
    return await editor.client.text_document_code_action_async(params) or []


async def shown(editor: Editor, name: str, text: str, rule: str) -> list[lsp.Diagnostic]:
    await editor.open(name, text)
    return await editor.until(name, lambda found: any(one.code == rule for one in found))


def titles(actions: Any) -> list[str]:
    return [one.title for one in actions]


async def run(editor: Editor, name: str, *given: Any) -> Any:
    params = lsp.ExecuteCommandParams(f"playpen-ls.{name}", list(given))
    return await editor.client.workspace_execute_command_async(params)


@pytest.mark.parametrize("automatic", [False, True])
@pytest.mark.asyncio
async def test_equal_fixes_are_one_action_for_all_their_findings(editor: Editor, automatic: bool):
    await shown(editor, "web.yaml", CONTAINER, "kubernetes/no-cpu-limit")
    actions = await listed(editor, "web.yaml", "web\n          image", automatic=automatic)
    assert len(titles(actions)) == len(set(titles(actions)))
    (resources,) = [one for one in actions if "default `resources`" in one.title]
    about = {one.code for one in resources.diagnostics}
    assert about >= {"kubernetes/no-cpu-limit", "kubernetes/no-memory-limit", "kubernetes/no-resource-requests"}
    kinds = [title.split()[0] for title in titles(actions)]
    assert kinds.count("Explain") == 1
    assert kinds[-1] == "Explain"
    ignoring = [number for number, kind in enumerate(kinds) if kind == "Ignore"]
    assert ignoring == list(range(len(kinds) - 1 - len(ignoring), len(kinds) - 1))
    assert len(ignoring) <= 4
    await editor.apply(resources)
    found = await editor.until("web.yaml", lambda found: all(one.code not in about for one in found))
    assert found  # the others are still there


@pytest.mark.asyncio
async def test_several_rules_are_ignored_by_one_comment(editor: Editor):
    await shown(editor, "web.yaml", CONTAINER, "kubernetes/no-cpu-limit")
    actions = await listed(editor, "web.yaml", "web\n          image")
    (every,) = [one for one in actions if one.title.startswith("Ignore these ")]
    await editor.apply(every)
    assert editor.texts["web.yaml"].count("# playpen: ignore[") == 1
    await editor.until("web.yaml", lambda found: all("limit" not in str(one.code) for one in found))


@pytest.mark.asyncio
async def test_why_there_is_no_fix_stands_in_the_title_and_is_shown_by_clients_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "requirements.txt").write_text("-e .\n")
    (tmp_path / ".dockerignore").write_text(".git\n")
    for number, name in enumerate(PROFILES):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "requirements.txt").write_text("-e .\n")
        (folder / ".dockerignore").write_text(".git\n")
        async with session(profile(name), folder, monkeypatch) as editor:
            await shown(editor, "Dockerfile", DOCKERFILE, "dockerfile/copy-before-install")
            actions = await listed(editor, "Dockerfile", "COPY")
            assert actions[-1].title.startswith("Explain `copy-before-install` (no fix: `requirements.txt`")
            assert len(actions[-1].title) <= 80
            disabled = [one for one in actions if getattr(one, "disabled", None)]
            support = profile(name).text_document.code_action.disabled_support  # type: ignore[union-attr]
            assert len(disabled) == bool(support)
            for one in disabled:
                assert "-e ." in one.disabled.reason
                assert one.edit is None
            assert not any(
                getattr(one, "disabled", None) for one in await listed(editor, "Dockerfile", "COPY", automatic=True)
            )


@pytest.mark.asyncio
async def test_all_safe_fixes_are_offered_only_where_there_are_any(editor: Editor):
    await shown(editor, "web.yaml", CONTAINER, "kubernetes/no-cpu-limit")
    assert "Playpen: Apply All Safe Fixes" not in titles(await listed(editor, "web.yaml", "web\n          image"))
    assert await listed(editor, "web.yaml", "web\n          image", only=["source.fixAll"]) == []
    await shown(editor, "app.py", PRINTS, "python/wrong-level")
    assert titles(await listed(editor, "app.py", "import"))[-1:] == ["Playpen: Apply All Safe Fixes"]
    (action,) = await listed(editor, "app.py", "import", only=["source.fixAll"])
    assert action.edit is not None  # the client asks for it in order to apply it


@pytest.mark.asyncio
async def test_to_know_whether_anything_is_safe_only_findings_with_safe_fixes_are_looked_at(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
):
    text = "".join(f"FROM python:latest AS a{number}\n" for number in range(30))
    text += "FROM playpen/python-base:1.0\nRUN apt-get update && apt-get install curl\n"
    found = await shown(editor, "Dockerfile", text, "dockerfile/foreign-base-image")
    assert len(found) > 30
    looked: list[Span | None] = []
    look = Workspace.look

    def counted(workspace: Workspace, path: str, within: Span | None = None) -> Checked:
        looked.append(within)
        return look(workspace, path, within)

    monkeypatch.setattr(Workspace, "look", counted)
    actions = await listed(editor, "Dockerfile", "python:latest")
    assert titles(actions)[-1] == "Playpen: Apply All Safe Fixes"
    assert len(looked) == 2


@pytest.mark.asyncio
async def test_a_rule_is_fixed_in_the_workspace(editor: Editor):
    (editor.folder / "closed.py").write_text(PRINTS)
    (editor.folder / "app.py").write_text(PRINTS)
    await shown(editor, "app.py", PRINTS, "python/wrong-level")
    actions = await listed(editor, "app.py", "logger.warn")
    (everywhere,) = [one for one in actions if one.title == "Fix all `wrong-level` in the workspace"]
    name, arguments = everywhere.command.command, everywhere.command.arguments
    assert await run(editor, name.partition(".")[2], *arguments) is True
    (edit,) = editor.client.edits
    assert {one.text_document.uri for one in edit.document_changes} == {editor.uri("app.py"), editor.uri("closed.py")}


@pytest.mark.asyncio
async def test_a_rule_is_ignored_in_the_file_and_in_the_project(editor: Editor):
    (editor.folder / "playpen.toml").write_text('exclude = ["old"]\n')
    await shown(editor, "app.py", "#!/usr/bin/env python3\n" + PRINTS, "python/wrong-level")
    actions = await listed(editor, "app.py", "logger.warn")
    project = next(one for one in actions if one.title == "Ignore `wrong-level` in playpen.toml")
    edit = (await editor.resolved(project)).edit
    (change,) = edit.document_changes
    assert change.text_document.uri == editor.uri("playpen.toml")
    assert change.edits[0].new_text == 'ignore = ["python/wrong-level"]\n\n'
    await editor.apply(next(one for one in actions if one.title == "Ignore `wrong-level` in this file"))
    assert editor.texts["app.py"].startswith(
        "#!/usr/bin/env python3\n# playpen: ignore-file[wrong-level] TODO: reason\nimport logging\n"
    )
    await editor.until("app.py", lambda found: all(one.code != "python/wrong-level" for one in found))


@pytest.mark.asyncio
async def test_a_client_that_can_ask_gives_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with session(profile(VSCODE), tmp_path, monkeypatch, REASONS) as editor:
        await shown(editor, "app.py", PRINTS, "python/wrong-level")
        actions = await listed(editor, "app.py", "logger.warn")
        (ignoring,) = [one for one in actions if one.title.startswith("Ignore ")]
        assert ignoring.title == "Ignore `wrong-level`…"
        assert ignoring.command.command == "playpen.ignoreWithReason"
        (where,) = ignoring.command.arguments
        assert where["rules"] == ["wrong-level"]
        assert await run(editor, "ignore", where, "wrong-level", "here", " the old  name ") is True
        assert await run(editor, "ignore", where, "wrong-level", "file", "legacy") is True
        assert await run(editor, "ignore", where, "moving-tag", "here", "x") is False
        (here, whole) = editor.client.edits
        (change,) = here.document_changes
        assert change.edits[0].new_text == "# playpen: ignore[wrong-level] the old name\n"
        (change,) = whole.document_changes
        assert change.edits[0].new_text == "# playpen: ignore-file[wrong-level] legacy\n"


@pytest.mark.asyncio
async def test_misspelled_words_of_the_configuration_are_corrected(editor: Editor):
    text = 'selct = ["python"]\nignore = ["python/print-as-lgo"]\n'
    await editor.open("playpen.toml", text)
    assert await listed(editor, "playpen.toml", "ignore") != []
    (action,) = await listed(editor, "playpen.toml", "selct")
    assert (action.title, action.is_preferred) == ("Change to `select`", True)
    await editor.apply(action)
    (action,) = await listed(editor, "playpen.toml", "ignore")
    await editor.apply(action)
    assert editor.texts["playpen.toml"] == 'select = ["python"]\nignore = ["python/print-as-log"]\n'
    assert await editor.diagnostics("playpen.toml") == []


@pytest.mark.asyncio
async def test_a_created_file_is_opened(editor: Editor):
    text = CONTAINER + "          env: [{name: DB_PASSWORD, value: hunter2x1}]\n"
    await shown(editor, "web.yaml", text, "kubernetes/literal-secret")
    actions = await listed(editor, "web.yaml", "hunter2x1")
    action = next(one for one in actions if isinstance(one, lsp.CodeAction) and one.command)
    (created,) = await editor.apply(action)
    assert action.command.command == "playpen-ls.show"
    await run(editor, "show", *action.command.arguments)
    assert editor.client.shown_documents[-1].uri == editor.uri(created)


@pytest.mark.asyncio
async def test_one_explanation_lets_the_user_choose_the_rule(editor: Editor):
    @editor.client.feature(lsp.WINDOW_SHOW_MESSAGE_REQUEST)
    def chosen(params: lsp.ShowMessageRequestParams) -> lsp.MessageActionItem:
        return params.actions[1]  # type: ignore[index]

    await run(editor, "explainRule", "python/wrong-level", "python/print-as-log")
    assert "# python/print-as-log" in editor.client.messages[-1].message
