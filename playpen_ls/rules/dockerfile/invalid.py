from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Dockerfile


@rule(
    severity=Severity.ERROR,
    practice="+",
    absent=True,
    like={
        "docker": ["NoEmptyContinuation", "DuplicateStageName"],
        "hadolint": ["DL1000", "DL3024", "DL3043", "DL3061"],
    },
    bad=[
        "FROM a\n«RUNN» x\n",
        "«ENV» A=1\nFROM a\n",
        "FROM a «as»\n",
        "FROM a «b c»\n",
        "FROM a AS «1st»\n",
        "FROM a AS b\nFROM a AS «B»\n",
        "FROM a\n«COPY x»\n",
        "FROM a\nCOPY «--user=me» x y\n",
        "FROM a\n«WORKDIR»\n",
        "FROM a\nENV A=1 «B»\n",
        "FROM a\n«ENV A»\n",
        "FROM a\nHEALTHCHECK «curl» localhost\n",
        "FROM a\nONBUILD «FROM» b\n",
        "FROM a\nSHELL «/bin/bash -c»\n",
        "FROM a\n«RUN <<EOF»\nset -e\nmake\n\nCMD x\n",
        "FROM a\nRUN apt-get update «\\»\n\nCOPY . .\n",
    ],
    good=[
        "ARG A\nFROM $A as b\nFROM b\n",
        "FROM a\nCOPY <<EOF /x\nRUNN x\nEOF\n",
        "FROM a\nRUN apt-get update \\\n    # why\n\n    && apt-get upgrade\n",
        "FROM a\nENV A the whole rest\nENV B=1 C='x y'\nLABEL a=b\n",
        "# syntax=example/frontend\nMODEL x\n",
        "FROM a\nHEALTHCHECK NONE\nHEALTHCHECK --interval=3s CMD x\n",
        'FROM a\nRUN psql -c "SELECT a \\\nFROM b"\n',
        "FROM a\nONBUILD RUN x\n# comment\nCMD [\n",
        "# escape=`\nFROM a\nRUN dir `\n  c:\\\n",
        "from a\nrun x\n",
        # Templates that a Dockerfile is made from.
        "FROM {{ .Base }}\n{{ if .Tools -}}\nRUN make\n{{ end -}}\n",
        "FROM a:{{ b.version }}\nRUN b\n",
        "FROM a\n{% if b %}\nRUN b\n{% endif %}\n",
    ],
)
def invalid(document: Dockerfile) -> Iterator[Finding]:
    """The build would stop here, or do something else than it says.

    What BuildKit's parser refuses: unknown instructions and flags, missing arguments, a heredoc
    without its end, two stages of one name. And a `\\` at the end of a line that makes the next
    instruction an argument of this one, which BuildKit takes without a word. Silent where `# syntax=`
    names another frontend, and in templates from which a Dockerfile is made.
    """
    for problem in document.problems:
        yield Finding(problem.span, problem.message, unparsed=True)
