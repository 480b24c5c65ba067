"""What is loaded before the first request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_first_code_action_finds_its_code_loaded():
    program = (
        "import sys\n"
        "from playpen_ls.server.app import App\n"
        "from playpen_ls.server.warm_up import prepare\n"
        "app = App()\n"
        "assert 'playpen_ls.server.features.code_actions' not in sys.modules\n"
        "prepare(app.server.protocol.converter)\n"
        "assert 'playpen_ls.server.features.code_actions' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_first_file_of_a_language_in_the_folder_finds_its_rules_loaded(tmp_path: Path):
    (tmp_path / "Dockerfile").touch()
    (tmp_path / "notes.txt").touch()
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from playpen_ls.server.warm_up import check_examples, languages_in, load\n"
        "folder = Path(sys.argv[1])\n"
        "assert languages_in(folder / 'missing') == []\n"
        "assert languages_in(folder) == ['dockerfile']\n"
        "for language in languages_in(folder):\n"
        "    load(language)\n"
        "    check_examples(language, folder)\n"
        "assert 'playpen_ls.rules.python' not in sys.modules\n"
        "from playpen_ls.session.workspace import Workspace\n"
        "from playpen_ls.text.source import Source\n"
        "before = set(sys.modules)\n"
        "workspace = Workspace(folder)\n"
        "workspace.open(Source('Dockerfile', 'FROM debian\\nENV DB_PASSWORD=hunter2x1\\n'), 'dockerfile')\n"
        "found = [one.rule.id for one in workspace.check('Dockerfile').diagnostics]\n"
        "assert 'dockerfile/secret-in-image' in found, found\n"
        "assert set(sys.modules) == before, set(sys.modules) - before\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
