"""Emacs with eglot: the finding at its words, the fix on save, and a save without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from real_editors import (
    APP,
    APP_FIXED,
    CACHE,
    DOCKERFILE,
    DOCKERFILE_FIXED,
    HOST,
    ROOT,
    environment,
    installed,
    of_release,
    run,
)


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_emacs_sees_and_fixes_on_save(tmp_path: Path, release: str):
    home, project = tmp_path / "home", tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    files = {"app.py": APP, "Dockerfile": DOCKERFILE, "requirements.txt": "flask==3.0.0\n", ".dockerignore": ".git\n"}
    for name, text in files.items():
        (project / name).write_bytes(text.encode())
    more = {
        "PLAYPEN_FOLDER": str(project), "PLAYPEN_PYTHON": sys.executable,
        "PLAYPEN_EL": str(ROOT / "editors/emacs/playpen-ls.el"),
    }  # fmt: skip
    if release == "bookworm":
        emacs = [*installed("emacs"), "--eval", "(package-initialize)"]
    else:
        emacs, more = newer(release, more)
    env = environment(home, **more)
    done = run([*emacs[:1], *emacs[1:], "--batch", "-l", str(ROOT / "tests/editors/session.el")], env, project)
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    assert "killed" in steps, done.stdout + done.stderr[-3000:]
    print("Emacs", steps["version"]["version"])
    assert steps["see"]["words"] == HOST
    assert steps["see"]["coding"].endswith("-dos")
    typed = "# typed 😀\r\n"
    assert steps["save"]["buffer"] == (APP_FIXED + typed).replace("\r\n", "\n")
    assert steps["fix"]["buffer"] == DOCKERFILE_FIXED.replace("\r\n", "\n")
    assert (project / "Dockerfile").read_bytes() == DOCKERFILE_FIXED.encode()
    assert steps["hanging"]["state"] == "T"
    last = "# beside a server that hangs\r\n# without a server\r\n"
    assert (project / "app.py").read_bytes() == (APP_FIXED + typed + last).encode()


def test_it_can_be_installed_as_a_package(tmp_path: Path):
    code = (
        f'(with-temp-buffer (insert-file-contents "{ROOT}/editors/emacs/playpen-ls.el") (require (quote package))'
        "(let ((one (package-buffer-info))) (princ (list (package-desc-name one) (package-desc-reqs one)))))"
    )
    done = run([*installed("emacs"), "--batch", "--eval", code], environment(tmp_path), tmp_path)
    assert done.stdout == "(playpen-ls ((emacs (28 1)) (eglot (1 9))))", done.stderr


def newer(release: str, more: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Emacs from the cache; it must be told where its own files are."""
    emacs = of_release(release, "emacs-nox")
    root = CACHE / release / "root"
    (version,) = (one.name for one in (root / "usr/share/emacs").iterdir() if one.name[0].isdigit())
    share, libexec = root / f"usr/share/emacs/{version}", root / f"usr/libexec/emacs/{version}/x86_64-linux-gnu"
    (dump,) = libexec.glob("emacs*.pdmp")
    lisp = ":".join(str(one) for one in [share / "lisp", *(p for p in (share / "lisp").rglob("*") if p.is_dir())])
    places = {
        "EMACSLOADPATH": lisp,
        "EMACSDATA": str(share / "etc"),
        "EMACSDOC": str(share / "etc"),
        "EMACSPATH": str(libexec),
    }
    return [*emacs, f"--dump-file={dump}"], {**more, **places}
