"""Edits of Python files that several rules make: call arguments and imports."""
