from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.parts import Healthcheck
from playpen_ls.project.services import WebFacts, answers, probe_paths
from playpen_ls.rules.dockerfile._serving import Programs
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

HEAD = "FROM python:3.12\nWORKDIR /app\nCOPY main.py .\n"
START = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
APP = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/health")\ndef health():\n    return {}\n'
CURL = "HEALTHCHECK --interval=30s CMD curl -f http://localhost:8000/health || exit 1\n"
PYTHON = 'HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen(\'http://127.0.0.1:8000/health\')"]\n'
_URL = regex(
    r"http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?P<port>\d{1,5}))?(?P<path>/[\w./~-]*)?(?=[\s'\")|;?]|$)"
)
_ASKING = frozenset(("curl", "wget", "python", "python3"))
_OTHER_METHOD = regex(r"(?<!\S)(?:-I|--head|-X\S*|--request\S*|-d|--data\S*|--post-\w+\S*|--method\S*)(?!\S)|\bmethod=")


@rule(
    severity=Severity.WARNING,
    practice="Health checks",
    reports_absence=True,
    bad=[
        example(
            {"Dockerfile": HEAD + CURL.replace("/health", "«/healthz»") + START, "main.py": APP},
            fixed=HEAD + CURL + START,
        ),
        example(
            {"Dockerfile": HEAD + PYTHON.replace("/health", "«/status»") + START, "main.py": APP},
            fixed=HEAD + PYTHON + START,
        ),
        example(
            {"Dockerfile": HEAD + CURL.replace(":8000", ":«8080»") + START, "main.py": APP},
            fixed=HEAD + CURL + START,
        ),
        # The code gives the port.
        example(
            {
                "Dockerfile": HEAD + CURL.replace(":8000", ":«8080»") + "CMD python main.py\n",
                "main.py": APP + "\n\nuvicorn.run(app, port=8000)\n",
            },
            fixed=HEAD + CURL + "CMD python main.py\n",
        ),
        {
            "Dockerfile": HEAD + CURL.replace("/health", "«/healthz»") + START,
            "main.py": APP.replace('"/health"', '"/items"'),
        },
        # Without a port a URL means port 80.
        {
            "Dockerfile": HEAD + CURL.replace("http://localhost:8000/health", "«http://localhost/health»") + START,
            "main.py": APP,
        },
    ],
    good=[
        {"Dockerfile": HEAD + CURL + START, "main.py": APP},
        {"Dockerfile": HEAD + CURL.replace("/health", "/docs") + START, "main.py": APP},
        {"Dockerfile": HEAD + "HEALTHCHECK NONE\n" + START, "main.py": APP},
        # The last one counts.
        {"Dockerfile": HEAD + CURL.replace("/health", "/x") + CURL + START, "main.py": APP},
        # Another host, a computed path, another method, another program.
        {"Dockerfile": HEAD + CURL.replace("localhost", "gateway").replace("/health", "/x") + START, "main.py": APP},
        {"Dockerfile": HEAD + CURL.replace("/health", "/$CHECK") + START, "main.py": APP},
        {
            "Dockerfile": HEAD + CURL.replace("curl -f", "curl -f -X POST").replace("/health", "/x") + START,
            "main.py": APP,
        },
        {"Dockerfile": HEAD + CURL.replace("curl -f", "./check").replace("/health", "/x") + START, "main.py": APP},
        # The routes or the port are not known.
        {
            "Dockerfile": HEAD + CURL.replace("/health", "/x") + START,
            "main.py": APP + "\n\nfor path in paths:\n    app.add_api_route(path, health)\n",
        },
        {"Dockerfile": HEAD + CURL.replace("/health", "/x") + START, "main.py": "app = make()\n"},
        {"Dockerfile": HEAD + CURL.replace(":8000", ":8080") + "CMD uvicorn main:app --port $PORT\n", "main.py": APP},
        {
            "Dockerfile": HEAD + CURL.replace(":8000", ":8080") + "CMD uvicorn main:app --port ${PORT:-8000}\n",
            "main.py": APP,
        },
        {"Dockerfile": HEAD + CURL.replace(":8000", ":9000") + START, "main.py": APP + "start_http_server(9000)\n"},
        {"Dockerfile": HEAD + "RUN apk add nginx\n" + CURL.replace(":8000", "") + START, "main.py": APP},
        {"Dockerfile": HEAD + CURL.replace("/health", "/x") + 'CMD ["./start.sh"]\n', "main.py": APP},
        {
            "Dockerfile": HEAD
            + CURL.replace("/health", "/api/health")
            + START.replace('app"', 'app", "--root-path", "/api"'),
            "main.py": APP,
        },
        {
            "Dockerfile": HEAD + CURL.replace("/health", "/api/health") + START,
            "main.py": APP.replace("FastAPI()", 'FastAPI(root_path="/api")'),
        },
    ],
)
def failing_healthcheck(check: Healthcheck, programs: Programs, web: WebFacts) -> Iterator[Finding]:
    """`HEALTHCHECK` asks a path or port that the program does not serve.

    Docker and Compose then report the container as unhealthy, or, if the check ignores HTTP errors, as healthy whatever
    happens. The literal URL that `curl`, `wget` or `python -c` requests on the container itself is compared with the
    port that the command or the code gives, and with the routes of the application. Not reported if the image has
    another server such as nginx, if a variable can change the port, or if routes are computed or come from libraries.
    """
    stage, commands = stage_of(check), check.commands
    if stage is None or not commands or commands[0].name not in _ASKING or check is not stage.effective(Healthcheck):
        return
    text = stage.text[check.span.start : check.span.end]
    found = list(_URL.finditer(text))
    if len(found) != 1 or text.count("://") != 1:
        return
    (url,) = found
    program = programs.of(stage)
    if program is None or not program.ports.served or program.ports.variables:
        return
    port, ports = int(url["port"] or 80), program.ports
    name = program.started.program.name
    if port not in ports.open:
        numbers = ", ".join(map(str, sorted(ports.served)))
        span = _span(check, url, "port" if url["port"] else 0)
        fixes = [
            Fix(f"Change port to `{one}`", partial(_replaced, span, str(one)))
            for one in sorted(ports.served)
            if url["port"] and len(ports.served) == 1
        ]
        yield Finding(span, f"`HEALTHCHECK` requests port {port}, but `{name}` listens on {numbers}", tuple(fixes))
        return
    apps, served = web.of(program.code) if port in ports.served else ((), ())
    path = url["path"] or "/"
    if not apps or _OTHER_METHOD.search(text) or answers(served, apps, path):
        return
    if any(word.text.startswith("--root-path") for word in program.started.program.words):
        return
    span = _span(check, url, "path" if url["path"] else 0)
    fixes = [
        Fix(f"Change path to `{one}`", partial(_replaced, span, one))
        for one in probe_paths(served, path)
        if url["path"]
    ]
    related = (apps[0].related("the application is created here"),)
    yield Finding(
        span, f"`HEALTHCHECK` requests `{path}`, which the application does not serve", tuple(fixes), None, related
    )


def _span(check: Healthcheck, url: re.Match[str], group: str | int) -> Span:
    return Span(*url.span(group)).shifted(check.span.start)


def _replaced(span: Span, text: str) -> list[Edit]:
    return [Edit(span.start, span.end, text)]
