"""Names of the project that can stand where the cursor is: what no schema and no other server knows.

One module a language, and what comments and the configuration can name. A module yields nothing where it is not sure
what is meant, and never a key of YAML or an identifier of Python.
"""
