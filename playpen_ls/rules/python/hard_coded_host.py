from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import EnvironmentRead
from playpen_ls.api.facts import Facts
from playpen_ls.api.file_view import Outline, located
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_member
from playpen_ls.languages.python.model.environment import OPTIONS
from playpen_ls.languages.python.model.local_facts import environment_reads
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import StringLiteral
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.rules.python._hosts import Host, host_in, may_name_host
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.hosts import service_hosts
from playpen_ls.vocabulary.names import variable
from playpen_ls.vocabulary.secrets import url_logins


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    needs_index=False,
    mentions=may_name_host,
    bad=[
        example(
            'db_host = «"postgres.playpen-platform.svc.cluster.local"» # Hard-coded\n',
            fixed='import os\n\ndb_host = os.getenv("POSTGRES_HOST", '
            '"postgres.playpen-platform.svc.cluster.local") # Hard-coded\n',
        ),
        example(
            '"""Settings."""\n\nimport json\nimport sys\n\nimport redis\n\n'
            "cache = redis.Redis(host=«'redis.pp.svc.cluster.local'», port=«6379»)\n",
            fixed='"""Settings."""\n\nimport json\nimport os\nimport sys\n\nimport redis\n\n'
            "cache = redis.Redis(host=os.getenv('REDIS_HOST', 'redis.pp.svc.cluster.local'), "
            "port=int(os.getenv('REDIS_SERVICE_PORT', '6379')))\n",
        ),
        example(
            'from os import getenv\n\nHOST: str = «"orders-svc.apps.svc.cluster.local"»\n',
            fixed='from os import getenv\n\nHOST: str = getenv("ORDERS_HOST", "orders-svc.apps.svc.cluster.local")\n',
        ),
        example(
            'import os\n\na = «"postgres.one.svc.cluster.local"»\nb = «"postgres.two.svc.cluster.local"»\n',
            fixed='import os\n\na = os.getenv("POSTGRES_HOST", "postgres.one.svc.cluster.local")\n'
            'b = os.getenv("POSTGRES_TWO_HOST", "postgres.two.svc.cluster.local")\n',
        ),
        example(
            'import os\n\n\ndef item(i):\n    return get(«f"http://orders.pp.svc.cluster.local/items/{i}"»)\n',
            fixed="import os\n\n\ndef item(i):\n"
            "    return get(f\"{os.getenv('ORDERS_URL', 'http://orders.pp.svc.cluster.local')}/items/{i}\")\n",
        ),
        example(
            'import os\n\nurl = «"postgresql://app@postgres.pp.svc.cluster.local:5432/app"»\n',
            fixed='import os\n\nurl = os.getenv("DATABASE_URL", '
            '"postgresql://app@postgres.pp.svc.cluster.local:5432/app")\n',
        ),
        example(
            'import os\n\nfrom redis import Redis\n\nredis = Redis(host=«"redis"»)\n',
            fixed='import os\n\nfrom redis import Redis\n\nredis = Redis(host=os.getenv("REDIS_HOST", "redis"))\n',
        ),
        'os = None\nhost = «"postgres.pp.svc.cluster.local"»\n',
        example(
            'import os\n\n\n@click.option("--host", default=«"db.pp.svc.cluster.local"»)\ndef run(host):\n    pass\n',
            fixed='import os\n\n\n@click.option("--host", default=os.getenv("DB_HOST", "db.pp.svc.cluster.local"))\n'
            "def run(host):\n    pass\n",
        ),
        # The identity provider, as the platform documents it.
        example(
            "import os\n\noauth.register(\n"
            "    server_metadata_url=«'http://dex.playpen-platform.svc.cluster.local:5556/dex/.well-known/"
            "openid-configuration'»,\n)\n",
            fixed="import os\n\noauth.register(\n"
            '    server_metadata_url=f\'{os.getenv("OIDC_ISSUER", '
            '"http://dex.playpen-platform.svc.cluster.local:5556/dex")}/.well-known/openid-configuration\',\n)\n',
        ),
        example(
            'import os\n\nissuer = «"http://dex.playpen-platform.svc.cluster.local:5556/dex"»\n',
            fixed='import os\n\nissuer = os.getenv("OIDC_ISSUER", '
            '"http://dex.playpen-platform.svc.cluster.local:5556/dex")\n',
        ),
        example(
            'import os\nimport smtplib\n\nsmtp = smtplib.SMTP(«"mail.internal"»)\n',
            fixed='import os\nimport smtplib\n\nsmtp = smtplib.SMTP(os.getenv("MAIL_HOST", "mail.internal"))\n',
        ),
        example(
            'import os\n\nfrom kafka import KafkaProducer\n\np = KafkaProducer(bootstrap_servers=[«"kafka:9092"»])\n',
            fixed="import os\n\nfrom kafka import KafkaProducer\n\n"
            'p = KafkaProducer(bootstrap_servers=[os.getenv("KAFKA_HOST", "kafka:9092")])\n',
        ),
    ],
    good=[
        'import os\n\nhost = os.environ.get("DB_HOST")\nif not host:\n    host = "postgres.pp.svc.cluster.local"\n',
        'import os\n\nhost = os.environ.get("H")\nif host is None:\n    host = "postgres.pp.svc.cluster.local"\n',
        'import os\n\ntry:\n    host = os.environ["H"]\nexcept KeyError:\n    host = "postgres.pp.svc.cluster.local"\n',
        'from kafka import KafkaProducer\n\np = KafkaProducer(bootstrap_servers=["a.internal:9092", "kafka:9092"])\n',
        'f(hosts=["redis.internal"])\nnames = ["redis"]\n',
        'import os\n\nredis = Redis(host=os.getenv("H", "redis.pp.svc.cluster.local"), port=6379)\n',
        'import os\n\ndb_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")\n',
        'import os\n\ndb_host = os.environ.get("H") or "postgres.pp.svc.cluster.local"\n',
        'API = "https://kubernetes.default.svc.cluster.local"\n',
        'def f():\n    """Connects to postgres.pp.svc.cluster.local."""\n',
        'raise RuntimeError("cannot reach postgres.pp.svc.cluster.local")\n',
        'host = "postgres.%s.svc.cluster.local" % namespace\n',
        'if host == "postgres.pp.svc.cluster.local":\n    pass\n',
        "from pydantic_settings import BaseSettings\n\n\nclass S(BaseSettings):\n"
        '    redis_host: str = "redis.pp.svc.cluster.local"\n',
        "from pydantic_settings import BaseSettings\n\n\nclass Base(BaseSettings):\n    pass\n\n\nclass S(Base):\n"
        '    redis_host: str = "redis.pp.svc.cluster.local"\n',
        {
            "shop/config.py": "from shop import Base\n\n\nclass Config(Base):\n"
            '    redis_host: str = "redis.pp.svc.cluster.local"\n',
            "shop/__init__.py": "from .base import Base\n",
            "shop/base.py": "import pydantic\n\n\nclass Base(pydantic.BaseSettings):\n    pass\n",
        },
        "from company import Base\n\n\nclass S(Base):\n    redis_host: str = 'redis.pp.svc.cluster.local'\n",
        'x = "foo.bar.svc is no host in a sentence"\n',
        '@click.option("--host", default="redis.pp.svc.cluster.local", envvar="HOST")\ndef run(host):\n    pass\n',
        'from sqlalchemy import URL\n\nurl = URL.create("postgresql", host=sys.argv[1])\n',
        'METADATA_HOST = "metadata.google.internal"\nhost = "host.docker.internal"\n',
        'host = "localhost"\nDEFAULT_HOST = "gateway-xxxx-xxxx.local"\n',
        example({"tests/test_app.py": 'host = "postgres.pp.svc.cluster.local"\n'}),
    ],
)
def hard_coded_host(literal: StringLiteral, reads: Facts[EnvironmentRead], origins: Origins) -> Iterator[Finding]:
    """Address of a service is hard-coded.

    The same image runs in every namespace and cluster, so the deployment has to set the address: read it from
    an environment variable, and keep the address as the default. Not reported for defaults of settings, prose,
    comparisons, and fields of settings classes. Reported as information for names without `.svc`, and for the
    platform's identity provider, whose address its guide shows. A port
    next to the host is a hint; its variable is `…_SERVICE_PORT`, since Kubernetes sets `…_PORT` to a URL.
    """
    host = _found(literal, origins)
    if host is None:
        return
    what = "in a URL " if host.shape in ("url", "format") else ""
    severity = None if host.sure and not host.is_identity_provider else Severity.INFORMATION
    if host.sure and _is_option_default(literal):
        severity = Severity.INFORMATION
    yield Finding(
        literal.span, f"host `{host.name}` is hard-coded {what}".rstrip(), tuple(_fixes(literal, host, reads)), severity
    )
    if host.sure and host.shape == "host":
        yield from _port(literal, _variable(literal, host, reads)[0])


def _port(literal: StringLiteral, host_variable: str) -> Iterator[Finding]:
    """The literal `port` argument next to the host."""
    call = literal.role.owner
    if literal.role.kind != "keyword" or not isinstance(call, ast.Call):
        return
    port = next((keyword.value for keyword in call.keywords if keyword.arg == "port"), None)
    if not isinstance(port, ast.Constant) or type(port.value) is not int:
        return
    span, quote = literal.span_of(port), literal.text[-1]
    number, name = literal.text_of(port), f"{host_variable.removesuffix('_HOST')}_SERVICE_PORT"

    def change() -> list[Edit]:
        brought = module_member(literal, "os", "getenv")
        read = f"int({brought.name}({quote}{name}{quote}, {quote}{number}{quote}))"
        return [*brought.edits, Edit(span.start, span.end, read)]

    fix = Fix(f"Read `{name}` from the environment", change)
    yield Finding(span, f"port `{number}` is hard-coded", (fix,), Severity.HINT)


def _found(literal: StringLiteral, origins: Origins) -> Host | None:
    if literal.file.ask(is_left_alone):
        return None
    host = host_in(literal, origins)
    if host is None or any(
        "\0" not in literal.value[login.password.start : login.password.end] for login in url_logins(literal.value)
    ):
        return None  # literal-secret reports URLs with a password
    return host


def _is_option_default(literal: StringLiteral) -> bool:
    """Whether it is the default of a command-line option, which the caller can set."""
    call = literal.role.owner
    name = (dotted(call.func) or "").rpartition(".")[2] if isinstance(call, ast.Call) else ""
    if name in ("Option", "Argument") and isinstance(call, ast.Call) and call.args and call.args[0] is literal.node:
        return True
    return literal.role.name == "default" and name in OPTIONS


def _fixes(literal: StringLiteral, host: Host, reads: Facts[EnvironmentRead]) -> Iterator[Fix]:
    role = literal.role
    if role.kind == "key" or isinstance(role.owner, ast.Set) or _is_literal_type(literal):
        return
    name, taken = _variable(literal, host, reads)
    safe = host.shape == "host" and role.kind != "default" and not taken and reads.complete
    yield Fix(f"Read `{name}` from the environment", lambda: _wrapped(literal, host, name), safe=safe, preferred=True)
    constant = role.kind == "assigned" and role.name.isupper() and host.shape in ("host", "url")
    own = variable(role.name) if constant else name
    if own != name:
        yield Fix(f"Read `{own}` from the environment", lambda: _wrapped(literal, host, own))


def _is_literal_type(literal: StringLiteral) -> bool:
    statement = literal.statement
    return isinstance(statement, ast.AnnAssign) and "'Literal'" in ast.dump(statement.annotation)


def _variable(literal: StringLiteral, host: Host, reads: Facts[EnvironmentRead]) -> tuple[str, bool]:
    """The variable's name, and whether another file reads the usual name with a different default."""
    value = literal.value
    own = literal.file.ask(environment_reads)
    clash = any(read.name == host.variable and read.default not in (None, "", value) for read in own)
    if host.shape == "host" and host.sure and not clash:
        known, start = literal.file.ask(_hosts_to, host.variable), literal.span.start
        clash = any(name != value and at < start for at, name in known)
    if clash:
        return host.qualified, False
    elsewhere = any(read.default not in (None, "", value) for read in reads.having(_names, host.variable))
    return (host.qualified, True) if elsewhere else (host.variable, False)


def _hosts(statement: Statement) -> tuple[tuple[str, int, str], ...]:
    """(variable, offset, host) of the first service of each variable, and of the first other one."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for host in service_hosts(statement.text):
        first = found.setdefault(host.variable, [])
        name = statement.text[host.span.start : host.span.end]
        if len(first) < 2 and all(name != other for *_, other in first):
            first.append((host.variable, host.span.start, name))
    return tuple(chain.from_iterable(found.values()))


def _hosts_by_variable(outline: Outline) -> Mapping[str, Sequence[tuple[int, int, str]]]:
    """(chunk, offset, host) of the first service of each variable in the file, and of the first other one."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for number, hosts in enumerate(outline.each(_hosts)):
        for named, at, name in hosts:
            first = found.setdefault(named, [])
            if len(first) < 2 and all(name != other for *_, other in first):
                first.append((number, at, name))
    return found


@located
def _hosts_to(outline: Outline, chunk: int, variable: str) -> tuple[tuple[int, str], ...]:
    """(offset, host) of these down to the end of the chunk; the offset is -1 above the chunk."""
    found = outline.ask(_hosts_by_variable).get(variable, ())
    return tuple((at if number == chunk else -1, name) for number, at, name in found if number <= chunk)


def _names(read: EnvironmentRead) -> tuple[str]:
    return (read.name,)


def _wrapped(literal: StringLiteral, host: Host, name: str) -> list[Edit]:
    brought = module_member(literal, "os", "getenv")
    span, text = literal.span, literal.text
    opening = _OPENING.match(text)
    if opening is None:
        raise Refused("the form of the string literal is not supported")
    quote = opening["quotes"][0]
    if host.shape == "url" and _has_other_urls(literal, host):
        raise Refused(f"this file has other URLs of `{host.name}`, and one variable should set their common base")
    if host.is_identity_provider and _METADATA in text and not literal.is_format:
        inner = "'" if quote == '"' else '"'
        at = text.index(_METADATA)
        if opening["prefix"] or len(opening["quotes"]) > 1 or "{" in text:
            raise Refused("the form of the string literal is not supported")
        read = f"f{quote}{{{brought.name}({inner}{name}{inner}, {inner}{text[1:at]}{inner})}}{text[at:]}"
        return [*brought.edits, Edit(span.start, span.end, read)]
    if not host.shape.startswith("format"):
        return [*brought.edits, Edit(span.start, span.end, f"{brought.name}({quote}{name}{quote}, {text})")]
    inner = "'" if quote == '"' else '"'
    if inner in text or text.count(quote) != 2:
        raise Refused("the f-string already uses both kinds of quotes")
    start = opening.end()
    end = text.index(host.name) + len(host.name)
    if host.shape == "format host":
        start = end - len(host.name)
    else:
        port = re.compile(r":\d+").match(text, end)
        end = port.end() if port else end
    hole = f"{{{brought.name}({inner}{name}{inner}, {inner}{text[start:end]}{inner})}}"
    return [*brought.edits, Edit(span.start + start, span.start + end, hole)]


def _has_other_urls(literal: StringLiteral, host: Host) -> bool:
    pattern = re.compile(rf"[a-z][a-z0-9+.-]*://[^\s'\"/]*{re.escape(host.name)}[^\s'\"]*", re.IGNORECASE)
    return any(match[0] != literal.value for match in pattern.finditer(literal.source.text))


_METADATA = "/.well-known/"
_OPENING = regex(r"(?P<prefix>[rRuUfF]*)(?P<quotes>\"\"\"|'''|\"|')")
