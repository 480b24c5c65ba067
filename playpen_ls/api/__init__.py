"""All that the author of a rule reads: findings and fixes, facts of other files, the platform, `@rule` and examples.

A rule's signature is its declaration (see `rule`), and its examples are its tests. Nothing here knows a language, the
engine that runs rules, or the disk.
"""
