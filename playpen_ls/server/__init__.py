"""The language server: messages in, diagnostics and edits out. Only here are lsprotocol and pygls imported.

`app` receives messages, `features` answers requests, `positions` is the one place that knows UTF-8, UTF-16 and UTF-32
units. The analysis is in `session` and below. It never imports `cli`.
"""
