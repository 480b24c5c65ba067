"""Diagnostics: how they are encoded, and when they are published."""
