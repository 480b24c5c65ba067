from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_logger
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.parts import LogCall
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
            fixed="import logging\nfrom logging import info\n\nlogger = logging.getLogger(__name__)\n"
            'logger.info("x")\n',
        ),
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
    yield Finding(call.callee_span, f"`{call.method}` logs to the root logger", (_fix(call),), severity)


def _fix(call: LogCall) -> Fix:
    def change() -> list[Edit]:
        logger = module_logger(call)
        method = call.method if "." in call.text_of(call.node.func) else call.name.rpartition(".")[2]
        span = call.callee_span
        return [*logger.edits, Edit(span.start, span.end, f"{logger.name}.{method}")]

    return Fix("Use the module's logger", change)
