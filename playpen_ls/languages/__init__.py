"""What each language offers: a model of a text, cut into chunks, made of parts that rules look at, and its facts.

A model never raises, whatever the text, and its cost is linear in the text. Models are immutable: an edit makes a new
one that takes over what has not changed. Languages do not import each other, and the shared modules here (`model`,
`registry`, `detection`, `shell`, `yaml_loader`) know languages only by name. Inside a language imports go
`syntax` -> `model` -> `facts` and `edits`. No language imports `project` or a rule.
"""
