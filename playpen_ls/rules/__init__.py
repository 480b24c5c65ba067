"""The rules, one module or package each, in a folder for each language. A rule's id is `<language>/<module>`.

A module whose name begins with `_` holds what several rules of its language share. A rule imports no other rule.
"""
