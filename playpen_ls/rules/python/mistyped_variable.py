from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import EnvironmentValue
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_FLAG = regex(
    r"(?:^|_)(?:DEBUG|TESTING|VERBOSE|RELOAD|ENABLED?|DISABLED?|USE|IS|ALLOW|SKIP|FORCE|DRY_RUN|SSL|TLS|VERIFY|STRICT)(?:_|$)"
)
# Names of texts, whose `False` means that they are not set.
_TEXT = regex(
    r"(?:^|_)(?:URLS?|URI|HOST|HOSTS|PASS|PASSWORD|SECRET|KEY|TOKEN|SALT|PATH|DIR|FILE|PROXY|NAME|ADDRESS|EMAIL|USER|DSN|ID)$"
    r"|(?:^|_)(?:PASS|PROXY)(?:_|$)",
    re.IGNORECASE,
)
_NO = frozenset(("false", "0", "no", "off", "n", "f", "none"))
_YES = frozenset(("true", "1", "yes", "on", "y", "t"))
_KEYWORDS = frozenset(("port", "debug", "reload", "workers", "timeout"))


def _mentioned(words: Words) -> bool:
    return words.has("getenv") or words.has("environ")


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    has_safe_fixes=False,
    needs_index=False,
    mentions=_mentioned,
    like={"ruff": ["PLW1508"], "pylint": ["invalid-envvar-default"]},
    bad=[
        example(
            'import os\n\nDEBUG = «bool»(os.getenv("DEBUG", "False"))\n',
            fixed='import os\n\nDEBUG = os.getenv("DEBUG", "False").lower() in ("1", "true", "yes")\n',
        ),
        example(
            "import os\n\nDEBUG = «bool»(os.environ.get('DEBUG', False))\n",
            fixed="import os\n\nDEBUG = os.environ.get('DEBUG', 'False').lower() in ('1', 'true', 'yes')\n",
        ),
        example(
            'import os\n\nUSE_TLS = «bool»(os.environ["USE_TLS"])\n',
            fixed='import os\n\nUSE_TLS = os.environ["USE_TLS"].lower() in ("1", "true", "yes")\n',
        ),
        example(
            'import os\n\nif «os.getenv("DEBUG", "0")»:\n    f()\n',
            fixed='import os\n\nif os.getenv("DEBUG", "0").lower() in ("1", "true", "yes"):\n    f()\n',
        ),
        example(
            'from os import getenv\n\nx = 1 if not «getenv("CACHE", "no")» else 2\n',
            fixed='from os import getenv\n\nx = 1 if getenv("CACHE", "no").lower() not in ("1", "true", "yes") '
            "else 2\n",
        ),
        'import os\n\nif «os.getenv("MODE", "production")»:\n    start()\n',
        example(
            'import os\n\nPORT = os.getenv("PORT", «8000»)\n',
            fixed='import os\n\nPORT = int(os.getenv("PORT", "8000"))\n',
        ),
        example(
            'import os\n\napp.run(port=os.getenv("PORT", «8000»))\n',
            fixed='import os\n\napp.run(port=int(os.getenv("PORT", "8000")))\n',
        ),
        example(
            'import os\n\nRATE = os.environ.get("RATE", «0.5»)\n',
            fixed='import os\n\nRATE = float(os.environ.get("RATE", "0.5"))\n',
        ),
        example(
            "import os\n\nDEBUG = os.environ.get('DEBUG', «False»)\n",
            fixed="import os\n\nDEBUG = os.environ.get('DEBUG', 'False').lower() in ('1', 'true', 'yes')\n",
        ),
        'import os\n\nHOSTS = os.getenv("HOSTS", «[]»)\n',
        'import os\n\nDEBUG = os.getenv("DEBUG", «False»).lower() == "true"\n',
    ],
    good=[
        'import os\n\nPORT = int(os.getenv("PORT", 8000))\nRATE = float(os.environ.get("RATE", 0.5))\n'
        'X = str(os.getenv("X", 1))\n',
        'import os\n\nHAS_KEY = bool(os.getenv("API_KEY"))\nKEY = bool(os.environ.get("API_KEY", ""))\n',
        'import os\n\nDEBUG = os.getenv("DEBUG", "false").lower() == "true"\nX = os.getenv("X", False) == "1"\n',
        'import os\n\nDEBUG = bool(int(os.getenv("DEBUG", "0")))\nY = to_bool(os.getenv("Y", True))\n',
        'import os\n\nif os.getenv("DEBUG"):\n    start()\nif os.getenv("DEBUG", ""):\n    start()\n'
        'host = os.getenv("HOST", None)\n',
        'import os\n\nhost = os.getenv("HOST", "db") or "x"\nport = int(os.getenv("PORT") or 8000)\n',
        'import os\n\nDRIVER = os.getenv("DRIVER_URL", False)\nv = os.getenv("proxy_" + k, False)\n',
        'import os\n\nX = os.getenv("X", True) in ("1", True)\nY = settings.get("Y", 8000)\n',
        "import os\n\n\nclass Settings(BaseSettings):\n    port: int = os.getenv('PORT', 8000)\n",
    ],
)
def mistyped_variable(value: EnvironmentValue) -> Iterator[Finding]:
    """Environment variable is used as something else than a text.

    A variable is always a text, and every text but the empty one is true: `bool(os.getenv("DEBUG"))` is true for
    `false` and `0`. A default of another type has that type only while the variable is not set. Not reported inside of
    `int(…)`, `float(…)` and the like, and where the question is only whether the variable is set.
    """
    parent = value.link[0] if value.link is not None else None
    default = value.default
    if isinstance(parent, ast.Call) and value.origin(parent.func) == "bool" and parent.args == [value.node]:
        if _is_flag(value):
            fix = Fix("Compare the text", lambda: _compared(value, parent))
            message = f"`bool` of {_named(value)} is true for every text but the empty one, also for `false`"
            yield Finding(value.span_of(parent.func), message, (fix,))
    elif isinstance(default, ast.Constant) and isinstance(default.value, str):
        if default.value and _is_tested(value, parent):
            yield from _always_true(value, parent, default.value)
    elif default is not None and _has_other_type(default) and not _is_unset(value, default):
        yield from _mistyped(value, parent, default)


def _named(value: EnvironmentValue) -> str:
    return f"variable `{value.variable}`" if value.variable else "a variable"


def _is_flag(value: EnvironmentValue) -> bool:
    """Whether the variable says yes or no, so that it is not only asked whether it is set."""
    default = value.default
    if default is None:
        return _FLAG.search(value.variable or "") is not None
    if not isinstance(default, ast.Constant):
        return False
    return isinstance(default.value, bool) or (isinstance(default.value, str) and default.value.lower() in _NO | _YES)


def _is_tested(value: EnvironmentValue, parent: ast.AST | None) -> bool:
    """Whether its truth is all that matters."""
    node = value.node
    if isinstance(parent, ast.If | ast.IfExp | ast.While):
        return parent.test is node
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)


def _always_true(value: EnvironmentValue, parent: ast.AST | None, default: str) -> Iterator[Finding]:
    outer = parent if isinstance(parent, ast.UnaryOp) else value.node
    says = default.lower() in _NO | _YES
    fixes = (Fix("Compare the text", lambda: _compared(value, outer)),) if says else ()
    message = f"{_named(value)} is tested, but its default `{default}` is true, as is every text but the empty one"
    yield Finding(value.span, message, fixes)


def _compared(value: EnvironmentValue, outer: ast.AST) -> list[Edit]:
    """`os.getenv("X", "0").lower() in ("1", "true", "yes")` in place of `outer`. Raises Refused."""
    text, default = value.text_of(value.node), value.default
    quote = "'" if "'" in text else '"'
    if "\n" in text:
        raise Refused("the call has several lines")
    if isinstance(default, ast.Constant) and isinstance(default.value, bool):
        span, start = value.span_of(default), value.span.start
        text = f"{text[: span.start - start]}{quote}{default.value}{quote}{text[span.end - start :]}"
    elif default is None and isinstance(value.node, ast.Call):
        text = f"{text[:-1].rstrip(', ')}, {quote}{quote})"
    words = ", ".join(f"{quote}{word}{quote}" for word in ("1", "true", "yes"))
    span = value.span_of(outer)
    asked = "not in" if isinstance(outer, ast.UnaryOp) else "in"
    made = f"{text}.lower() {asked} ({words})"
    above = [node for node, _ in value.above()]
    around = above[above.index(outer) + 1] if outer in above else above[0]
    if isinstance(around, ast.BoolOp | ast.Compare | ast.UnaryOp | ast.BinOp | ast.Attribute | ast.Await):
        made = f"({made})"
    return [Edit(span.start, span.end, made)]


def _is_unset(value: EnvironmentValue, default: ast.expr) -> bool:
    """Whether the default is `False` for a text that is not set; what has a computed name can be one."""
    unset = isinstance(default, ast.Constant) and default.value is False
    return unset and (not value.variable or _TEXT.search(value.variable) is not None)


def _has_other_type(default: ast.expr) -> bool:
    if isinstance(default, ast.Constant):
        return default.value is not None and not isinstance(default.value, str)
    return isinstance(default, ast.List | ast.Dict | ast.Tuple | ast.Set)


def _mistyped(value: EnvironmentValue, parent: ast.AST | None, default: ast.expr) -> Iterator[Finding]:
    kind = type(default.value).__name__ if isinstance(default, ast.Constant) else type(default).__name__.lower()
    span = value.span_of(default)
    if isinstance(parent, ast.Attribute):
        if parent.attr in ("lower", "upper", "strip", "split", "title", "casefold"):
            message = f"{_named(value)} has a default of type `{kind}`, which has no `{parent.attr}`"
            yield Finding(span, message)
        return
    keyword = isinstance(parent, ast.keyword) and parent.arg in _KEYWORDS
    assigned = isinstance(parent, ast.Assign) or (isinstance(parent, ast.AnnAssign) and not _is_field(value))
    if keyword or assigned or isinstance(parent, ast.Return):
        message = f"{_named(value)} is a text where it is set, but its default is of type `{kind}`"
        yield Finding(span, message, tuple(_fixes(value, default)), Severity.HINT)


def _is_field(value: EnvironmentValue) -> bool:
    """Whether it is the default of a field, which pydantic can convert."""
    above = [node for node, _ in value.above()]
    return len(above) > 1 and isinstance(above[1], ast.ClassDef)


def _fixes(value: EnvironmentValue, default: ast.expr) -> Iterator[Fix]:
    if not isinstance(default, ast.Constant):
        return
    if isinstance(default.value, bool):
        yield Fix("Compare the text", lambda: _compared(value, value.node))
    elif isinstance(default.value, int | float):
        kind = type(default.value).__name__
        yield Fix(f"Convert to `{kind}`", lambda: _converted(value, default, kind))


def _converted(value: EnvironmentValue, default: ast.expr, kind: str) -> list[Edit]:
    span, given = value.span, value.span_of(default)
    quote = "'" if "'" in value.text_of(value.node) else '"'
    return [
        Edit(span.start, span.start, f"{kind}("),
        Edit(given.start, given.end, f"{quote}{value.text_of(default)}{quote}"),
        Edit(span.end, span.end, ")"),
    ]
