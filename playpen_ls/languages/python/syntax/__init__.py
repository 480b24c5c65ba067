"""Python syntax: statements cut from a text, their trees, bindings, and the names of known libraries."""
