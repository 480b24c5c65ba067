"""Edits of manifests that several rules make; each is verified against the composed document before it is offered."""
