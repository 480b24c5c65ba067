"""What is loaded before the first request."""

from __future__ import annotations

import subprocess
import sys


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
