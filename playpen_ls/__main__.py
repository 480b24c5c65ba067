"""`playpen-ls`: with no arguments the language server on standard input and output, else the command line."""

from __future__ import annotations

import sys


def main() -> int:
    arguments = sys.argv[1:]
    # VS Code appends --stdio to whatever command it is given.
    if [word for word in arguments if word != "--stdio"] == [] and not sys.stdin.isatty():
        from playpen_ls.server.app import serve

        return serve()
    from playpen_ls.cli import run

    return run([word for word in arguments if word != "--stdio"])


if __name__ == "__main__":
    sys.exit(main())
