"""A project that is being edited: open files, their diagnostics, what stays displayed while a text is half-typed."""
