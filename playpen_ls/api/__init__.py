"""What the author of a rule reads.

Here stands the way from a part to what is outside of its chunk: `file_view`. It imports nothing of the languages or of
the engine: a language says what a chunk is, the engine remembers what was asked.
"""
