"""The command line: commands in `commands`, output formats in `report`, the batch checker and its process pool.

Commands and formats are collected from their folders. It never imports `server`, `pygls` or `lsprotocol`.
"""
