from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python._structured_logs import RESERVED
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    needs_index=False,
    like={"ruff": ["LOG003", "G101"]},
    bad=[
        example(
            LOGGER + 'logger.info("User login", extra={«"name"»: name, "user_id": 1})\n',
            fixed=LOGGER + 'logger.info("User login", extra={"name_": name, "user_id": 1})\n',
        ),
        example(
            LOGGER + "logger.info('x', extra={«'module'»: m})\n",
            fixed=LOGGER + "logger.info('x', extra={'module_': m})\n",
        ),
        example(
            LOGGER + 'logger.info("a", extra=dict(«name»=n, x=1))\n',
            fixed=LOGGER + 'logger.info("a", extra=dict(name_=n, x=1))\n',
        ),
        example(
            LOGGER + 'logger.info("a", extra={"id": 1} | {«"args"»: 2})\n',
            fixed=LOGGER + 'logger.info("a", extra={"id": 1} | {"args_": 2})\n',
        ),
        example(
            {
                "shop/a.py": "from shop.log import log\n\nlog.info('x', extra={«'module'»: m})\n",
                "shop/log.py": "import logging\n\nlog = logging.getLogger('shop')\n",
            },
            fixed="from shop.log import log\n\nlog.info('x', extra={'module_': m})\n",
        ),
    ],
    good=[
        LOGGER + 'logger.info("User login", extra={"user_id": user_id, "timestamp": now})\n',
        LOGGER + 'logger.info("User login", extra=context)\n',
        LOGGER + "dict = make\nlogger.info('x', extra=dict(name=1))\n",
        {
            "shop/a.py": "from shop.log import log\n\nlog.info('x', extra={'module': m})\n",
            "shop/log.py": "import structlog\n\nlog = structlog.get_logger()\n",
        },
        'import structlog\n\nlog = structlog.get_logger()\nlog.info("x", extra={"name": 1})\n',
    ],
)
def reserved_extra_key(call: LogCall, origins: Origins) -> Iterator[Finding]:
    """Key of `extra` is a reserved `LogRecord` attribute.

    `logging` raises `KeyError` when it creates the log record, so the message is not logged and the exception
    reaches the code that called the logger.
    """
    extra = call.keyword("extra")
    keys = [one for one in _keys(call, extra) if one[0] in RESERVED] if extra is not None else []
    if keys and origins.logger(call).standard:
        for name, span, end in keys:
            fixes = (_renamed(name, end),) if end is not None else ()
            yield Finding(span, f"`extra` key `{name}` is a `LogRecord` attribute; the call raises `KeyError`", fixes)


def _keys(call: LogCall, extra: ast.expr) -> Iterator[tuple[str, Span, int | None]]:
    """(name, range, offset of its end without quotes, None if that is unknown) of the keys of a dictionary."""
    if isinstance(extra, ast.BinOp) and isinstance(extra.op, ast.BitOr):
        yield from _keys(call, extra.left)
        yield from _keys(call, extra.right)
    elif isinstance(extra, ast.Dict):
        for key in extra.keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                span = call.span_of(key)
                yield key.value, span, span.end - 1 if call.text_of(key)[1:-1] == key.value else None
    elif isinstance(extra, ast.Call) and call.origin(extra.func) == "dict":
        for keyword in extra.keywords:
            if keyword.arg:
                start = call.span_of(keyword).start
                span = Span(start, start + len(keyword.arg))
                yield keyword.arg, span, span.end


def _renamed(name: str, end: int) -> Fix:
    return Fix(f"Rename key `{name}` to `{name}_`", lambda: [Edit(end, end, "_")])
