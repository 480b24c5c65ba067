"""What the server answers, one module a feature of the protocol."""
