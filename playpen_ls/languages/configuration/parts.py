"""What rules for configuration files look at: their lines."""

from __future__ import annotations

from playpen_ls.languages.configuration.file import Section

__all__ = ["Section"]
