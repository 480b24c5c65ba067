"""What each language offers: a model of a text, cut into chunks, made of parts that rules look at, and its facts.

A language is a package whose `__init__` has one `Language` value, `LANGUAGE`: its names, how its files are recognized,
and functions that parse; `registry` collects them. The package imports its parser only in these functions, so that
checking one language loads no other. What its rules import is in its `parts`.

A model never raises, whatever the text, and its cost is linear in the text. Models are immutable: an edit makes a new
one that takes over what has not changed. Languages do not import each other, and the shared modules here (`model`,
`language`, `registry`, `detection`, `shell`, `yaml_loader`) know languages only by name. Inside a language imports go
`syntax` -> `model` -> `facts` and `edits`. No language imports `project` or a rule.
"""
