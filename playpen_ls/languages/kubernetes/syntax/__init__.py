"""YAML and JSON of manifests: composed nodes with ranges, recovery from half-typed lines, and writing values."""
