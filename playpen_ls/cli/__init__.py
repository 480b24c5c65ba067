"""The command line: one module a command, the batch checker, the process pool, output formats in `report`.

It never imports `server`, `pygls` or `lsprotocol`.
"""
