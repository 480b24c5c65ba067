from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_logger
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.parts import ExceptHandler
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_BROAD = frozenset(("Exception", "BaseException"))
# Nothing is lost where something is put away, and a failure is an answer where something is tried or asked.
_CLEANUP = regex(
    r"(?:^|[._])(?:close|aclose|unlink|remove|rmtree|rmdir|cancel|terminate|kill|shutdown|stop|disconnect|quit|release|rollback"
    r"|cleanup|clean_up|teardown|delete|dispose|flush|detach|unregister|unsubscribe|logout|send_signal|join|reset|emit)\w*$",
    re.IGNORECASE,
)
_UNIMPORTANT = regex(
    r"^(?:__del__|__exit__|__aexit__|__repr__|__str__|close|aclose|shutdown|stop|cleanup|teardown|_*(?:is|has|can|try|safe|maybe)_\w*)$"
)
LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
TRY = LOGGER + "def load_orders(path):\n    try:\n        read(path)\n    "


def _mentioned(words: Words) -> bool:
    return "except" in words.all


@rule(
    severity=Severity.INFORMATION,
    practice="Log levels",
    has_safe_fixes=False,
    needs_index=False,
    mentions=_mentioned,
    like={"ruff": ["S110", "S112"], "bandit": ["B110", "B112"]},
    bad=[
        example(
            TRY + "«except Exception»:\n        pass\n",
            fixed=TRY + 'except Exception:\n        logger.exception("exception in load_orders ignored")\n',
        ),
        example(
            LOGGER + "def load(paths):\n    for path in paths:\n        try:\n            read(path)\n"
            "        «except Exception as error»:\n            continue\n",
            fixed=LOGGER + "def load(paths):\n    for path in paths:\n        try:\n            read(path)\n"
            '        except Exception as error:\n            logger.exception("exception in load ignored")\n'
            "            continue\n",
        ),
        example(
            TRY + "«except»:\n        ...\n",
            fixed=TRY + 'except:\n        logger.exception("exception in load_orders ignored")\n',
        ),
        "def load_orders(path):\n    try:\n        read(path)\n    «except BaseException»:\n        pass\n",
        "try:\n    read(path)\n«except (ValueError, Exception)»:\n    pass\n",
    ],
    good=[
        TRY + 'except Exception:\n        logger.exception("no orders")\n',
        TRY + "except OSError:\n        pass\n",
        TRY + "except Exception:\n        # The file is optional.\n        pass\n",
        TRY + "except Exception:  # optional\n        pass\n",
        TRY + "except Exception as error:\n        report(error)\n",
        # Failure is an answer.
        TRY + "except Exception:\n        return None\n",
        "def parse(text):\n    try:\n        return int(text)\n    except Exception:\n        pass\n    return None\n",
        "def stop(server):\n    try:\n        server.close()\n    except Exception:\n        pass\n",
        "class A:\n    def __del__(self):\n        try:\n            self.x.write()\n"
        "        except Exception:\n            pass\n",
        "try:\n    import orjson\nexcept Exception:\n    pass\n",
        {"scripts/load.py": "try:\n    read(path)\nexcept Exception:\n    pass\n"},
        {"tests/test_load.py": "try:\n    read(path)\nexcept Exception:\n    pass\n"},
    ],
)
def swallowed_exception(handler: ExceptHandler) -> Iterator[Finding]:
    """Every exception is caught and ignored.

    `except Exception` also catches programming errors, and with an empty body nobody ever sees them. Log the exception,
    or catch only the one that is expected. Not reported where a comment explains it, for narrower exceptions, around
    cleanup and optional imports, for a result that another one replaces, and in scripts.
    """
    body = handler.node.body
    if not _is_broad(handler.node.type) or not _ignores(body) or is_script(handler.path) or "cli" in handler.flags:
        return
    trying, function = handler.link[0] if handler.link is not None else None, handler.function
    if not isinstance(trying, ast.Try) or _explains(handler) or _is_harmless(trying):
        return
    if function is not None and _UNIMPORTANT.match(function.name):
        return
    fixes = (Fix("Log the exception", lambda: _logged(handler)),) if function is not None else ()
    what = "every exception" if handler.node.type is None else f"`{handler.text_of(handler.node.type)}`"
    yield Finding(handler.word_span, f"{what} is caught and ignored", fixes)


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or dotted(one) in _BROAD for one in kinds)


def _ignores(body: list[ast.stmt]) -> bool:
    if len(body) != 1:
        return False
    only = body[0]
    ellipsis = isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is Ellipsis
    return isinstance(only, ast.Pass | ast.Continue) or ellipsis


def _explains(handler: ExceptHandler) -> bool:
    """Whether a comment stands in the clause, or directly after it."""
    source = handler.chunk
    end = source.line_span(source.line_of(handler.span.end)).end
    return "#" in source.text[handler.span.start : end]


def _is_harmless(trying: ast.Try) -> bool:
    """Whether all that is tried puts something away or imports, or gives the answer, for which there is another."""
    return isinstance(trying.body[-1], ast.Return) or all(_puts_away(one) for one in trying.body)


def _puts_away(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return True
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(_CLEANUP.search(dotted(call.func) or "") for call in calls)


def _logged(handler: ExceptHandler) -> list[Edit]:
    """Raises Refused."""
    function, only = handler.function, handler.node.body[0]
    logger = module_logger(handler)
    if logger.edits or function is None:
        raise Refused("the module has no logger")
    span, source = handler.span_of(only), handler.chunk
    if source.line_of(span.start) == source.line_of(handler.span.start):
        raise Refused("the clause is on one line")
    line = f'{logger.name}.exception("exception in {function.name} ignored")'
    if isinstance(only, ast.Pass | ast.Expr):
        return [Edit(span.start, span.end, line)]
    return [Edit(span.start, span.start, line + source.newline + source.indentation(span.start))]
