"""A project that is being edited: open files, their diagnostics, what stays displayed while a text is half-typed.

And what is asked about it: what containers run, where names are defined, the outline of a file.
"""
