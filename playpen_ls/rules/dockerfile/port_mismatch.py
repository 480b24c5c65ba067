from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.parts import Expose
from playpen_ls.rules.dockerfile._serving import Programs, exposed_ports
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

HEAD = "FROM python:3.12\nWORKDIR /app\nCOPY main.py .\n"
START = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8003"]\n'
MAIN = {"main.py": "app = 1\n"}


@rule(
    severity=Severity.HINT,
    practice="+",
    reports_absence=True,
    bad=[
        example({"Dockerfile": f"{HEAD}EXPOSE «8002»\n{START}", **MAIN}, fixed=f"{HEAD}EXPOSE 8003\n{START}"),
        example(
            {"Dockerfile": f"{HEAD}EXPOSE «8002»/tcp\nCMD exec gunicorn -b :8003 main:app\n", **MAIN},
            fixed=f"{HEAD}EXPOSE 8003/tcp\nCMD exec gunicorn -b :8003 main:app\n",
        ),
    ],
    good=[
        {"Dockerfile": f"{HEAD}EXPOSE 8003\n{START}", **MAIN},
        # Several ports, a computed one, a port of another protocol.
        {"Dockerfile": f"{HEAD}EXPOSE 8002 9000\n{START}", **MAIN},
        {"Dockerfile": f"{HEAD}ARG PORT=8002\nEXPOSE $PORT\n{START}", **MAIN},
        {"Dockerfile": f"{HEAD}EXPOSE 8002/udp\n{START}", **MAIN},
        # The command does not give the port, or a variable can change it.
        {"Dockerfile": f"{HEAD}EXPOSE 8002\nCMD uvicorn main:app\n", **MAIN},
        {"Dockerfile": f"{HEAD}EXPOSE 8002\nCMD uvicorn main:app --port ${{PORT:-8003}}\n", **MAIN},
        # The base image starts the program, or another program listens.
        {"Dockerfile": f"{HEAD}EXPOSE 8002\n", **MAIN},
        {"Dockerfile": f"{HEAD}RUN apt-get install -y nginx\nEXPOSE 8002\n{START}", **MAIN},
        {"Dockerfile": f"{HEAD}EXPOSE 8002\nCMD ./metrics & uvicorn main:app --port 8003\n", **MAIN},
        {"Dockerfile": f"{HEAD}EXPOSE 9090\n{START}", "main.py": "start_http_server(9090)\n"},
        {"Dockerfile": f"{HEAD}EXPOSE 9090\n{START}", "main.py": "start_http_server(settings.port)\n"},
        {"Dockerfile": f"{HEAD}EXPOSE 8002\n{START}FROM scratch\n", **MAIN},
    ],
)
def port_mismatch(expose: Expose, programs: Programs) -> Iterator[Finding]:
    """`EXPOSE` names another port than the one that the command listens on.

    `EXPOSE` opens no port: it documents on which port the program listens, for readers, and for tools that publish
    it. Reported only if the image exposes one literal port and its command gives another one.
    """
    stage = stage_of(expose)
    if stage is None or len(expose.words) != 1:
        return
    ports = list(islice(exposed_ports(stage), 2))
    if len(ports) != 1 or not ports[0]:
        return
    program = programs.of(stage)
    if program is None:
        return
    told = program.started.ports
    if len(told) != 1 or told[0].word is None or told[0].variables or not told[0].port:
        return
    exposed, served = ports[0], told[0].port
    if exposed == served or program.ports.served != {served} or exposed in program.ports.open:
        return
    word = expose.words[0]
    span = Span(word.span.start, word.span.start + len(word.text.removesuffix("/tcp")))
    fix = Fix(f"Change exposed port to `{served}`", lambda: [Edit(span.start, span.end, str(served))])
    name = program.started.program.name
    yield Finding(span, f"the image exposes port {exposed}, but its `{name}` command listens on {served}", (fix,))
