"""`playpen-ls`: with no arguments the language server on standard input and output, else the command line."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    arguments = sys.argv[1:]
    # VS Code appends --stdio to whatever command it is given.
    words = [word for word in arguments if word != "--stdio"]
    if words == ["serve"] or (words == [] and not sys.stdin.isatty()):
        from playpen_ls.server.app import serve

        return serve()
    gc.set_threshold(50_000, 20, 20)  # modules and models make many objects that live on; few of them are circles
    try:
        from playpen_ls.cli.main import run

        return run(words)
    except KeyboardInterrupt:
        return 130  # what shells give a program that Ctrl-C ended


if __name__ == "__main__":
    sys.exit(main())
