"""The commands, one module each. Its name is that of the command, its docstring the help text; it has

- `add_arguments(parser)`, which adds its arguments to an `argparse.ArgumentParser`;
- `run(options) -> int`, which gets the parsed arguments and returns the exit status; it can raise `Unusable`.

`arguments` collects them from this folder and imports only the command that is run. Modules whose names begin with `_`
are no commands. A command imports no other.
"""
