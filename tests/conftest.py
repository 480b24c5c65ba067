from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from pytest_lsp import ClientServerConfig

from editor import PROFILES, Editor, TestClient, client_factory, profile

SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "playpen_ls"], client_factory=client_factory)


@pytest_lsp.fixture(config=SERVER, params=PROFILES)
async def each_client(lsp_client: TestClient, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[None]:
    lsp_client.editor = await Editor.started(lsp_client, profile(request.param), tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=SERVER)
async def client(lsp_client: TestClient, tmp_path: Path) -> AsyncIterator[None]:
    name = next(name for name in PROFILES if name.startswith("visual_studio_code"))
    lsp_client.editor = await Editor.started(lsp_client, profile(name), tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def each_editor(each_client: TestClient) -> Editor:
    """An editor with a project, for each of the real editors whose capabilities were captured."""
    return each_client.editor


@pytest.fixture
def editor(client: TestClient) -> Editor:
    """One editor, that of VS Code."""
    return client.editor
