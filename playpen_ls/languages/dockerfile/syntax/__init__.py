"""Dockerfile syntax as BuildKit reads it: lines, heredocs, instructions and their words, each with its range.

A text is cut at each FROM (`stage_text`). Each chunk is read from its own text into raw instructions (`parser`), and
those into words, flags, forms and pairs when somebody looks (`instruction`, `instruction_types`, `key_values`).
Nothing here knows more than the text of its chunk, and all ranges count from the start of that.
"""
