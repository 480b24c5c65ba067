"""Logging to standard error, one line per problem, without repetitions."""

from __future__ import annotations

import logging
import sys


class _Once(logging.Filter):
    """Drops repeated messages: a failing rule would log at every keystroke."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        new = message not in self._seen
        self._seen.add(message)
        return new


def log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s playpen-ls: %(message)s"))
    handler.addFilter(_Once())
    logger = logging.getLogger("playpen_ls")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    # Its errors are passed to report_server_error; its log messages contain document texts and tracebacks.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
