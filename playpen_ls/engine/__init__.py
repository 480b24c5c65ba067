"""Runs rules over a model and makes diagnostics of findings: cache, suppression comments, fixes, rule pages.

Pure: what may be remembered is passed in and returned. It finds rules by folder (`registry`) and imports none of them
by name; it reads no configuration and no disk.
"""
