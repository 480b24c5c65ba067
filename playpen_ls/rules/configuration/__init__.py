"""Rules for configuration files."""
