"""The index of a project: when it is scanned, and one scan in the worker process."""
