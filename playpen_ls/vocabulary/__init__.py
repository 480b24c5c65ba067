"""What several languages must agree on: image references, host names, what a secret looks like, spellings of names.

Pure functions and tables over strings. Imports `text` only; what a single language needs belongs to that language.
"""
