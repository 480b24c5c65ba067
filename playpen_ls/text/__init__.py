"""Texts, ranges, edits, and texts inside texts. The lowest layer: it knows nothing of languages, rules or files.

Offsets count code points, lines end as in the language server protocol, and a leading byte-order mark is not part of
a text. A text can contain lone surrogates; nothing here fails on them.
"""
