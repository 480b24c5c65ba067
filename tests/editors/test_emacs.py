"""Emacs with eglot: the finding at its words, the fix on save, and a save without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

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
from shop_service import FILES, write_project


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_emacs_sees_and_fixes_on_save(tmp_path: Path, release: str):
    home, project = tmp_path / "home", tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    files = {"app.py": APP, "Dockerfile": DOCKERFILE, "requirements.txt": "flask==3.0.0\n", ".dockerignore": ".git\n"}
    for name, text in files.items():
        (project / name).write_bytes(text.encode())
    steps = seen(release, "session", home, project, last="killed")
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


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_emacs_goes_from_an_image_to_its_dockerfile_and_its_route(tmp_path: Path, release: str):
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    write_project(project)
    steps = seen(release, "language", tmp_path / "home", project, last="done")
    assert steps["definition"]["places"] == ["Dockerfile:1"]
    assert "built from" in steps["hover"]["text"]
    assert sorted(steps["references"]["places"]) == ["main.py:10", "shop.yaml:13", "shop.yaml:14"]
    assert steps["rename"]["text"] == FILES["shop/Dockerfile"].replace("built", "runtime")
    assert steps["completion"]["names"] == ["runtime", "nexus:5000/shop:1.0"]
    assert {"pipeline", "Image"} <= set(steps["symbols"]["names"])
    assert "Deployment shop" in steps["symbols of a manifest"]["names"]  # no other server runs in the buffer
    assert steps["workspace symbols"]["names"] == ["metadata: {name: shop}"]  # its line
    assert "closed.py" in steps["closed files"]["files"]


def seen(release: str, session: str, home: Path, project: Path, last: str) -> dict[str, Any]:
    """What a user saw in one session, by step."""
    more = {
        "PLAYPEN_FOLDER": str(project), "PLAYPEN_PYTHON": sys.executable,
        "PLAYPEN_EL": str(ROOT / "editors/emacs/playpen-ls.el"),
    }  # fmt: skip
    if release == "bookworm":
        emacs = [*installed("emacs"), "--eval", "(package-initialize)"]
    else:
        emacs, more = newer(release, more)
    script = str(ROOT / f"tests/editors/{session}.el")
    done = run([*emacs, "--batch", "-l", script], environment(home, **more), project, timeout=400)
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]  # Emacs itself writes empty lines
    steps = {step["step"]: step for step in map(json.loads, said)}
    assert last in steps, done.stdout + done.stderr[-3000:]
    return steps


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
