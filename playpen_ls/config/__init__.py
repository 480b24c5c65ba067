"""playpen.toml and `[tool.playpen]`: the model, the loader, which configuration applies to a file, the JSON Schema."""
