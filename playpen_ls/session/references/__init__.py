"""What stands under the cursor: where it is defined, and who refers to it, in its file, in others, in other languages.

Each module reads the references of one language, which `search` brings together. What another server resolves inside a
file is left to it: Python names, YAML keys and anchors.
"""
