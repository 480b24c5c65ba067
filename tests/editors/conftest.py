from __future__ import annotations

from pathlib import Path

import pytest
import vscode_editor


@pytest.fixture(scope="session")
def vsix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our extension for VS Code."""
    return vscode_editor.ours(tmp_path_factory.mktemp("extension"))
