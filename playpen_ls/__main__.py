"""`playpen-ls`: with no arguments the language server on standard input and output, else the command line.

Nothing is imported here but what Python itself has loaded, until the current folder is off the module path.
"""

import gc
import os
import sys

from playpen_ls.project.isolation import module_path


def main() -> int:
    gc.set_threshold(50_000, 20, 20)  # modules and models allocate many long-lived objects and few reference cycles
    sys.path[:] = module_path(os.curdir)
    arguments = sys.argv[1:]
    # VS Code appends --stdio to whatever command it is given.
    words = [word for word in arguments if word != "--stdio"]
    if words == ["serve"] or (words == [] and not sys.stdin.isatty()):
        from playpen_ls.server.app import serve

        return serve()
    try:
        from playpen_ls.cli.main import run

        return run(words)
    except KeyboardInterrupt:
        return 130  # the conventional exit status after Ctrl-C


if __name__ == "__main__":
    sys.exit(main())
