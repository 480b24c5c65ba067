"""Edits of Dockerfiles that several rules make: lines, image references, USER."""
