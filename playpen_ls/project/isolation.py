"""Where modules are imported from: the environment of the package, never a workspace.

`playpen_ls.__main__` imports this before anything else, so it may import only what Python itself has loaded already.
"""

import os
import site
import sys

import playpen_ls

PACKAGE = os.path.dirname(os.path.abspath(playpen_ls.__file__))
BOOTSTRAP = """
import sys
sys.path.append(sys.argv[1])
import playpen_ls
sys.path[:] = sys.argv[3:]
from importlib import import_module
sys.exit(import_module(sys.argv[2]).main())
"""


def command(module: str, modules: list[str]) -> list[str]:
    """How `main` of a module is run in a process of its own, isolated from the workspace; `modules` is the module path.

    `-I` leaves out the current folder and the environment, `-S` what `site` would run: `.pth` files, `sitecustomize`
    and `usercustomize`. Names of files are decoded as here, where PYTHONUTF8 may be set.
    """
    utf8 = f"utf8={sys.flags.utf8_mode}"
    return [sys.executable, "-I", "-S", "-X", utf8, "-c", BOOTSTRAP, os.path.dirname(PACKAGE), module, *modules]


def module_path(*workspaces: str | os.PathLike[str]) -> list[str]:
    """`sys.path` without the entries that lead into one of the workspaces.

    A relative or empty entry is the current folder, whichever that is when a module is imported. The environment that
    the package is installed in stays, also where it lies in a workspace (`.venv`).
    """
    folders = [real for one in workspaces if (real := _real(one))]
    environment = [real for one in _environment() if os.path.isabs(one) and (real := _real(one))]
    if (parent := _real(os.path.dirname(PACKAGE))) not in folders:  # else it is a checkout, not an installation
        environment.append(parent)
    return [
        entry
        for entry in sys.path
        if os.path.isabs(entry) and (_is_in(entry, environment) or not _is_in(entry, folders))
    ]


def _environment() -> list[str]:
    standard = os.path.dirname(os.__file__)
    extensions = os.path.join(sys.base_exec_prefix, "DLLs")  # on Windows beside the standard library, not in it
    return [standard, extensions, *site.getsitepackages(), site.getusersitepackages()]


def _is_in(entry: str, folders: list[str]) -> bool:
    """It is one of the folders or in one; in a file system's root is nothing but itself."""
    return any(f"{_real(entry)}{os.sep}".startswith(f"{folder}{os.sep}") for folder in folders)


def _real(path: str | os.PathLike[str]) -> str:
    """Comparable; "" for a current folder that is gone."""
    try:
        return os.path.normcase(os.path.realpath(path))
    except OSError:
        return ""
