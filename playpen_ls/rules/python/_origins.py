"""What an imported name really is: its origin, followed through the modules of the project."""

from __future__ import annotations

from playpen_ls.api.fact_types import Exported
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.python.model.calls import logger_kind
from playpen_ls.languages.python.model.exports import OWN_LOGGER
from playpen_ls.languages.python.parts import EngineCall, LogCall
from playpen_ls.languages.python.syntax.known_names import FOREIGN_LOGGERS
from playpen_ls.project.python_names import followed
from playpen_ls.rules.python._requirements import is_required
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Origins:
    """Follows origins (see `scope`) through imports and re-exports; a rule takes it as one parameter."""

    exported: Facts[Exported]
    files: Files

    def of(self, path: str, origin: str) -> str:
        """An origin in the module `path`, as far as it can be followed."""
        return followed(self.exported, path, origin)[1]

    def logger(self, call: LogCall) -> LogCall:
        """The call with the kind of its logger.

        It is "unclear" if the project uses Loguru or another library whose messages have other placeholders, or has a
        class of its own for loggers, and the logger could be one of these.
        """
        if call.kind != "named":
            return call
        kind = logger_kind(self.of(call.path, call.name)) if call.name else ""
        return call.of_kind(kind or ("unclear" if self._can_be_other(call.path) else "named"))

    def makes_engine(self, call: EngineCall) -> bool:
        """Whether the function is SQLAlchemy's, also if a module of the project passes it on."""
        libraries = ("sqlalchemy.", "sqlmodel.")
        return call.name.startswith(libraries) or self.of(call.path, call.name).startswith(libraries)

    def _can_be_other(self, path: str) -> bool:
        if not self.exported.complete or self.exported.having(_has_other_format, True):
            return True
        return is_required("loguru", path, self.files)


def _has_other_format(fact: Exported) -> tuple[bool]:
    return (fact.origin.startswith(("loguru", OWN_LOGGER, *FOREIGN_LOGGERS)),)
