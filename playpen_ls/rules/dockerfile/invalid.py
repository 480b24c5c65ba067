from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model.validation import NO_FROM
from playpen_ls.languages.dockerfile.parts import Dockerfile
from playpen_ls.text.edit import Edit


@rule(
    severity=Severity.ERROR,
    practice="+",
    reports_absence=True,
    like={
        "docker": ["NoEmptyContinuation", "DuplicateStageName", "ExposeInvalidFormat"],
        "hadolint": ["DL1000", "DL3011", "DL3024", "DL3043", "DL3061"],
    },
    bad=[
        "FROM debian:12\n«RUNN» apt-get update\n",
        "«ENV» A=1\nFROM debian:12\n",
        "FROM debian:12 «as»\n",
        "FROM debian:12 «b c»\n",
        "FROM debian:12 AS «1st»\n",
        "FROM debian:12 AS b\nFROM debian:12 AS «B»\n",
        "FROM debian:12\n«COPY app.py»\n",
        "FROM debian:12\nCOPY «--user=app» app.py /app/\n",
        "FROM debian:12\n«WORKDIR»\n",
        "FROM debian:12\nENV A=1 «B»\n",
        "FROM debian:12\n«ENV A»\n",
        "FROM debian:12\nHEALTHCHECK «curl» localhost\n",
        "FROM debian:12\nONBUILD «FROM» b\n",
        "FROM debian:12\nEXPOSE 80 «99999»\n",
        "FROM debian:12\nEXPOSE «8090-8080»\n",
        "FROM debian:12\nEXPOSE «8080/http»\n",
        "FROM debian:12\nEXPOSE «-1»\n",
        "FROM debian:12\nEXPOSE «http»\n",
        "FROM debian:12\nEXPOSE 8080 «#» the API\n",
        example("FROM debian:12\nEXPOSE 80 «8080:»80/tcp\n", fixed="FROM debian:12\nEXPOSE 80 80/tcp\n"),
        example("FROM debian:12\nEXPOSE 8080« 4200:8080» 80\n", fixed="FROM debian:12\nEXPOSE 8080 80\n"),
        example("FROM debian:12\nEXPOSE «127.0.0.1:80:»80\n", fixed="FROM debian:12\nEXPOSE 80\n"),
        "FROM debian:12\nSHELL «/bin/bash -c»\n",
        "FROM debian:12\n«RUN <<EOF»\nset -e\nmake\n\nCMD serve\n",
        "FROM debian:12\nRUN apt-get update «\\»\n\nCOPY . .\n",
    ],
    good=[
        "FROM debian:12\nRUN apt-get update \\\n    # security updates\n\n    && apt-get upgrade\n",
        "ARG BASE\nFROM $BASE as build\nFROM build\n",
        "FROM debian:12\nCOPY <<EOF /notes\nRUNN make\nEOF\n",
        "FROM debian:12\nENV A the whole rest\nENV B=1 C='x y'\nLABEL a=b\n",
        "# syntax=example/frontend\nMODEL x\n",
        "FROM debian:12\nHEALTHCHECK NONE\nHEALTHCHECK --interval=3s CMD serve\n",
        'FROM debian:12\nRUN psql -c "SELECT a \\\nFROM b"\n',
        "FROM debian:12\nONBUILD RUN make\n# comment\nCMD [\n",
        "# escape=`\nFROM debian:12\nRUN dir `\n  c:\\\n",
        "from debian:12\nrun make\n",
        "ARG P=1\nFROM debian:12\nEXPOSE 0 65535 8080-8090/tcp 53/UDP 132/sctp $P ${P:-99999}/tcp\n",
        # Templates from which a Dockerfile is generated.
        "FROM {{ .Base }}\n{{ if .Tools -}}\nRUN make\n{{ end -}}\n",
        "FROM a:{{ b.version }}\nRUN b\n",
        "FROM debian:12\nHEALTHCHECK --interval=5s \\\n  --timeout=1s \\\nCMD curl http://localhost\nCMD a\n",
        "FROM debian:12\n{% if b %}\nRUN b\n{% endif %}\n",
        'FROM debian:12\n"^@!install!java"\nADD "^@!jdbc"\n',
    ],
)
def invalid(document: Dockerfile) -> Iterator[Finding]:
    """Invalid or misleading Dockerfile syntax.

    BuildKit rejects unknown instructions and flags, missing arguments, ports that do not exist, and a heredoc without
    its terminator. Also reported are, as a warning, two stages with the same name, an `EXPOSE` with a port or address
    of the host, and a `\\` at the end of a line that makes the next instruction part of this one, which BuildKit
    accepts. Not reported where `# syntax=` names another frontend, and in templates from which a Dockerfile is
    generated. A missing `FROM` is a hint in a `NAME.Dockerfile`, which can be meant to be appended to another one.
    """
    for chunk, problem in document.problems:
        severity = Severity.HINT if problem.message == NO_FROM and _is_part(document.file.path) else None
        yield Finding(problem.span, problem.message, severity=severity, unparsed=True, chunk=chunk)
    for chunk, problem in document.duplicate_names:
        yield Finding(problem.span, problem.message, severity=Severity.WARNING, chunk=chunk)
    for chunk, problem in document.ports_of_host:
        edit = Edit(problem.span.start, problem.span.end, "")
        fix = Fix("Keep only the port of the container", partial(list, (edit,)), safe=True)
        yield Finding(problem.span, problem.message, (fix,), Severity.WARNING, chunk=chunk)


def _is_part(path: str) -> bool:
    return posixpath.basename(path).lower() not in ("dockerfile", "containerfile")
