"""What imported names really are: facts of the modules that define them, read where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.api.fact_types import Exported
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.finding import Place
from playpen_ls.engine.fixer import safe_only
from playpen_ls.languages.python.facts import facts, says_nothing
from playpen_ls.languages.python.model.module import parse
from playpen_ls.project.python_names import followed
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

SERVICE = 'from shop.log import log\n\nlog.info(f"got {x}")\n'


def exported(path: str, text: str) -> list[tuple[str, str]]:
    source = Source(path, text)
    found = [(fact.name, fact.origin) for fact in facts(parse(source)) if isinstance(fact, Exported)]
    assert not found or not says_nothing(source)
    return found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import logging\n\nlog = logging.getLogger(__name__)\n", [("log", "logging.getLogger()")]),
        ("from loguru import logger as lg\n\nlog = lg.bind(a=1)\n", [
            ("lg", "loguru.logger"), ("log", "loguru.logger.bind()"),
        ]),
        ("from .base import log as base\n\nlog = base\n", [("log", ".base.log")]),
        ("import logging\n\n\ndef get_log(name):\n    made = logging.getLogger(name)\n    return made\n", [
            ("get_log()", "logging.getLogger()"),
        ]),
        ("import logging\n\n\ndef get_log(name) -> logging.Logger:\n    return made[name]\n", [
            ("get_log()", "logging.Logger()"),
        ]),
        ("import logging\n\n\ndef get_log(a):\n    if a:\n        return logging.getLogger(a)\n    return a\n", []),
        ("import logging\n\n\n@contextmanager\ndef get_log(a):\n    return logging.getLogger(a)\n", []),
        ("import logging\n\n\ndef get_log(log):\n    log = log.child()\n    return log\n", []),
        ("from pydantic_settings import BaseSettings\n\n\nclass Base(BaseSettings):\n    pass\n", [
            ("Base", "pydantic_settings.BaseSettings.<class>"),
        ]),
        ("import logging\n\n\nclass Base:\n    def __init__(self):\n        self.log = logging.getLogger('a')\n", [
            ("Base.log", "logging.getLogger()"),
        ]),
        ("import logging\n\n\nclass A:\n    logger = logging.getLogger()\n\n\nclass B(A):\n    pass\n", [
            ("A.logger", "logging.getLogger(root)"), ("B.logger", "logging.getLogger(root)"),
        ]),
        # A parameter is no name of the module.
        ("from loguru import log\n\n\nclass A:\n    def __init__(self, log):\n        self.log = log\n", [
            ("log", "loguru.log"),
        ]),
        ("from flask import Flask\n\n\ndef create_app():\n    app = Flask('a')\n    return app\n", [
            ("create_app()", "flask.Flask()"),
        ]),
        ("from shop.make import create_app\n\napp = create_app()\n", [("app", "shop.make.create_app()")]),
        ("from shop.base import Job\n\n\nclass JobBase(Job):\n    pass\n", [("JobBase", "shop.base.Job.<class>")]),
        ("import json\n\nx = json.loads(y)\n", []),
    ],
)  # fmt: skip
def test_a_module_exports_its_loggers_and_settings(text: str, names: list[tuple[str, str]]):
    assert exported("shop/a.py", text) == names


def test_a_package_exports_what_it_imports():
    assert exported("shop/__init__.py", "from .log import *\nfrom .log import log, other\n") == [
        ("log", ".log.log"), ("*", ".log.*"),
    ]  # fmt: skip


def test_star_imports_in_circles_are_looked_through_once():
    every = {f"shop/m{number}/__init__.py" for number in range(8)}
    stars = [Exported(Place(path, Span(0, 0)), "*", f"shop.m{number}.*") for path in every for number in range(8)]
    base = Exported(Place("shop/m3/__init__.py", Span(0, 0)), "log", "loguru.logger")
    asked = Facts(Exported, Table([*stars, base]))
    assert followed(asked, "shop/app.py", "shop.m3.log")[1] == "loguru.logger"
    assert followed(asked, "shop/app.py", "shop.m1.other")[1] == "shop.m1.other"


def test_an_edit_of_the_logger_changes_the_fix_in_another_module(tmp_path: Path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/log.py").touch()
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("shop/log.py", "import logging\n\nlog = logging.getLogger('shop')\n"), "python")
    workspace.open(Source("shop/service.py", SERVICE), "python")
    for path in workspace.documents:
        workspace.check(path)
    assert workspace.fixed("shop/service.py", safe_only).source.text == SERVICE.replace('f"got {x}"', '"got %s", x')
    workspace.edit("shop/log.py", Source("shop/log.py", "from loguru import logger\n\nlog = logger\n"))
    for path in workspace.documents:
        workspace.check(path)
    assert workspace.fixed("shop/service.py", safe_only).source.text == SERVICE
    made = workspace.fixed("shop/service.py", lambda _, fix: True)
    assert made.source.text == SERVICE.replace('f"got {x}"', '"got {}", x')


@pytest.mark.parametrize(
    ("other", "title"),
    [
        ("shop/log.py", "Replace `print` with `logger.info`"),
        ("mail/log.py", "Replace `print` with `logger.info` (not shown until logging is configured)"),
        ("shop/contrib/hook.py", "Replace `print` with `logger.info` (not shown until logging is configured)"),
    ],
)
def test_a_fix_for_print_says_where_its_message_is_not_shown(tmp_path: Path, other: str, title: str):
    for path in ("shop/app.py", "shop/Dockerfile", "mail/Dockerfile", other):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source(other, "import logging\n\nlogging.basicConfig(level=logging.INFO)\n"), "python")
    workspace.open(Source("shop/app.py", "import flask\n\n\ndef f():\n    print('x')\n"), "python")
    for path in workspace.documents:
        workspace.check(path)
    assert [fix.title for one in workspace.look("shop/app.py").diagnostics for fix in one.finding.fixes] == [title]
