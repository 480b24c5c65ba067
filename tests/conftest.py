"""Fixtures of tests that talk to a server, and which tests are slow."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
import pytest_lsp
from in_process import session
from pytest_lsp import ClientServerConfig

from editor import PROFILES, Editor, TestClient, client_factory, profile

# Tests that start processes, or try a great many or long texts: `pytest -m "not slow"` leaves them out.
SLOW = frozenset(
    """
    test_across_files.py test_cli.py test_commands.py test_dockerfile_model_properties.py
    test_dockerfile_reordering_properties.py test_dockerfile_typing.py test_dockerfile_work.py test_formatter.py
    test_growth.py
    test_hostile_files.py test_hostile_workspaces.py test_ignore_patterns.py test_incremental_equals_fresh.py
    test_indexing.py test_isolation.py test_jenkinsfile_groovy.py test_jenkinsfile_properties.py
    test_jenkinsfile_remembering.py test_jenkinsfile_typing.py test_kubernetes_fixes.py test_kubernetes_lists.py
    test_kubernetes_neighbours.py test_kubernetes_slow.py test_leaks.py test_kubernetes_typing.py
    test_not_checked.py test_projects.py test_protocol.py test_python_edits.py test_python_skipping.py
    test_recipes.py test_result_cache.py test_robustness.py test_security.py
    test_server.py test_slow_files.py test_surrogates.py test_sweep.py test_warm_up.py
    test_write_file.py
    """.split()
)
HERE = Path(__file__).parent
hypothesis.settings.register_profile("tests", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("tests")
# A run starts hundreds of processes, each of which would compile all modules.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PLAYPEN_CACHE_DIR"] = os.devnull  # no folder, so that no run knows what another one has found
_Editors = AsyncIterator[Editor]


def pytest_configure() -> None:
    if missing := SLOW - {path.name for path in HERE.rglob("test_*.py")}:
        raise pytest.UsageError(f"{__file__}: SLOW names {', '.join(sorted(missing))}, which does not exist")


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for path, of_path in groupby(items, lambda item: item.path):
        drives_editors = HERE / "editors" in path.parents
        for item in of_path:
            if drives_editors or path.name in SLOW:
                item.add_marker("slow")
            if drives_editors:
                item.add_marker(pytest.mark.xdist_group("editors"))  # one after the other: each wants the focus


VSCODE = next(name for name in PROFILES if name.startswith("visual_studio_code"))


@pytest_asyncio.fixture(params=PROFILES)
async def each_editor(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Editors:
    """An editor with a project, for each of the real editors whose capabilities were captured."""
    async with session(profile(request.param), tmp_path, monkeypatch) as editor:
        yield editor


@pytest_asyncio.fixture
async def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Editors:
    """One editor, that of VS Code."""
    async with session(profile(VSCODE), tmp_path, monkeypatch) as editor:
        yield editor


SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "playpen_ls"], client_factory=client_factory)


@pytest_lsp.fixture(config=SERVER)
async def client(lsp_client: TestClient, tmp_path: Path) -> AsyncIterator[None]:
    lsp_client.editor = await Editor.started(lsp_client, profile(VSCODE), tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def remote_editor(client: TestClient) -> Editor:
    """The editor of VS Code beside a server in a process of its own, as users have it."""
    return client.editor
