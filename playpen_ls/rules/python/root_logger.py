from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import model_of, module_logger
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.queries import anywhere
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.edit import Edit


@rule(
    severity=Severity.INFORMATION,
    practice="Structured logging",
    like={"ruff": ["LOG015"]},
    bad=[
        example(
            'import logging\n\n\ndef load():\n    «logging.info»("loading orders")\n',
            fixed="import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
            'def load():\n    logger.info("loading orders")\n',
        ),
        example(
            'import logging as lg\n\nlog = lg.getLogger(__name__)\n«lg.warning»("x")\n',
            fixed='import logging as lg\n\nlog = lg.getLogger(__name__)\nlog.warning("x")\n',
        ),
        example(
            'import logging\nfrom logging import info\n\nlogger = logging.getLogger(__name__)\n«info»("x")\n',
            fixed='import logging\n\nlogger = logging.getLogger(__name__)\nlogger.info("x")\n',
        ),
        example(
            'import logging\n\nLOGGER = logging.getLogger()\n\n\ndef f():\n    «LOGGER.info»("x")\n',
            fixed='import logging\n\nLOGGER = logging.getLogger(__name__)\n\n\ndef f():\n    LOGGER.info("x")\n',
        ),
        'import logging\n\nlog = logging.getLogger()\nlog.setLevel("INFO")\n\n\ndef f():\n    «log.info»("x")\n',
        example(
            'import logging\n\n«logging.getLogger().error»("x")\n',
            fixed='import logging\n\nlogger = logging.getLogger(__name__)\n\nlogger.error("x")\n',
        ),
    ],
    good=[
        'import logging\n\nlogger = logging.getLogger(__name__)\nlogger.info("x")\n',
        "import logging\n\nlogging.basicConfig(level=logging.INFO)\n",
        'from absl import logging\n\nlogging.info("x")\n',
        example({"scripts/run.py": 'import logging\n\nlogging.info("x")\n'}),
    ],
)
def root_logger(call: LogCall) -> Iterator[Finding]:
    """Message is logged to the root logger.

    The log record has the name `root` instead of the module's, so no level can be set for that module alone.
    A hint in modules with a `__main__` block; not reported in scripts.
    """
    if call.kind != "root" or is_script(call.path):
        return
    severity = Severity.HINT if "main" in call.flags else None
    fix = _fix(call)
    fixes = (fix,) if fix is not None else ()
    yield Finding(call.callee_span, f"`{call.method}` logs to the root logger", fixes, severity)


def _configures(statement: Statement) -> bool:
    return any(word in statement.text for word in (".setLevel(", ".addHandler(", ".handlers"))


def _fix(call: LogCall) -> Fix | None:
    receiver = call.node.func.value if isinstance(call.node.func, ast.Attribute) else None
    if isinstance(receiver, ast.Name) and call.name.startswith("logging.getLogger(root)"):
        if call.file.ask(anywhere, _configures):
            return None  # the module sets up the root logger, and is meant to
        return Fix(f"Name the logger `{receiver.id}` after its module", lambda: call.file.local(_named(call, receiver)))

    def change() -> list[Edit]:
        logger = module_logger(call)
        method = call.method if "." in call.text_of(call.node.func) else call.name.rpartition(".")[2]
        span = call.callee_span
        return [*logger.edits, Edit(span.start, span.end, f"{logger.name}.{method}")]

    return Fix("Use the module's logger", change)


def _named(call: LogCall, logger: ast.Name) -> list[Edit]:
    """The edit of the file that gives a name to the logger where the module makes it. Raises Refused."""
    model = model_of(call)
    made = [
        top
        for top in model.top_level
        if isinstance(top.node, ast.Assign) and [dotted(target) for target in top.node.targets] == [logger.id]
    ]
    text = model.source.of(made[0].span) if len(made) == 1 else ""
    if not text.endswith("getLogger()"):
        raise Refused("the module does not make the logger at its top level")
    end = made[0].span.end
    return [Edit(end - 1, end - 1, "__name__")]
