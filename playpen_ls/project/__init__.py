"""The files of a project: discovery, the file system as rules see it, the index of facts, links between files.

The index is filled by a worker process (`worker`), and links (`links`, `services`) compare facts only: this layer
parses through `languages.registry` and knows no single language, no rule and no configuration.
"""
