from __future__ import annotations

import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import context_of, ships
from playpen_ls.languages.dockerfile.build_context.sources import context_with_sources, is_there
from playpen_ls.languages.dockerfile.model.container_paths import working_directory
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.parts import Cmd, Entrypoint, Environment, Run
from playpen_ls.languages.shell.commands import Command
from playpen_ls.languages.shell.servers import program_of
from playpen_ls.rules.dockerfile._copied import copied_from
from playpen_ls.rules.dockerfile._installs import SYSTEM, is_local
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import near_miss

HEAD = "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
COPIED = HEAD + "COPY src ./src\n"
START = 'CMD ["uvicorn", "«src.mian»:app", "--port", "8000"]\n'
PLAIN = START.replace("«", "").replace("»", "")
SOURCE = {"src/main.py": "app = 1\n", "requirements.txt": "uvicorn\n"}
_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn"))
_ELSEWHERE = regex(r"--(?:app-dir|chdir|pythonpath|config|reload-dir)(?:=|$)|-c$")
_MODULE = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# Commands that bring no module of the project.
_HARMLESS = SYSTEM | frozenset(
    "adduser addgroup useradd groupadd usermod chown chmod mkdir rm ln echo set export true cd find ldconfig".split()
)


@rule(
    severity=Severity.WARNING,
    practice="+",
    reports_absence=True,
    bad=[
        example({"Dockerfile": COPIED + START, **SOURCE}, fixed=COPIED + PLAIN.replace("mian", "main")),
        example(
            {
                "Dockerfile": HEAD + "COPY . .\nCMD gunicorn -b :80 «serivce.main»:app\n",
                "service/main.py": "",
                **SOURCE,
            },
            fixed=HEAD + "COPY . .\nCMD gunicorn -b :80 service.main:app\n",
        ),
        {"Dockerfile": COPIED + START.replace("mian", "server"), **SOURCE},
        example(
            {"Dockerfile": HEAD + "COPY src/ ./\nCMD uvicorn «mian»:app\n", **SOURCE},
            fixed=HEAD + "COPY src/ ./\nCMD uvicorn main:app\n",
        ),
        example(
            {"Dockerfile": HEAD + "COPY main.py .\nCMD uvicorn «mian»:app\n", "main.py": "", "requirements.txt": ""},
            fixed=HEAD + "COPY main.py .\nCMD uvicorn main:app\n",
        ),
    ],
    good=[
        {"Dockerfile": COPIED + PLAIN.replace("mian", "main"), **SOURCE},
        {"Dockerfile": COPIED + PLAIN.replace("src.mian", "wsgi"), **SOURCE},  # of a dependency
        {"Dockerfile": COPIED.replace("-r requirements.txt", ".") + PLAIN, **SOURCE},
        {"Dockerfile": COPIED + "ENV PYTHONPATH=/srv\n" + PLAIN, **SOURCE},
        {"Dockerfile": COPIED + PLAIN.replace('"--port"', '"--app-dir", "x", "--port"'), **SOURCE},
        {"Dockerfile": COPIED + "RUN ./generate.sh\n" + PLAIN, **SOURCE},
        {"Dockerfile": COPIED.replace("WORKDIR /app\n", "") + PLAIN, **SOURCE},
        {"Dockerfile": COPIED + "COPY --from=x /app /app\n" + PLAIN, **SOURCE},
        {
            "Dockerfile": COPIED + PLAIN.replace("src.mian", "src.main.factory"),
            "src/main/factory/__init__.py": "",
            **SOURCE,
        },
        {"Dockerfile": HEAD + "COPY app.py .\n" + PLAIN.replace("src.mian", "app"), "app.py": "", **SOURCE},
    ],
)
def missing_module(
    start: Cmd | Entrypoint, files: Files, platform: Platform, builds: Facts[ImageBuilt]
) -> Iterator[Finding]:
    """Python module that the command starts is not in the image.

    Uvicorn, Gunicorn and Hypercorn stop with an import error. The module is looked for where the `COPY` instructions
    bring it to the working directory. Reported only if its first package is there, or differs from one there by a typo;
    not if the image installs the project, if a command can create files, or if `PYTHONPATH` or an option makes the
    program look elsewhere.
    """
    stage = stage_of(start)
    commands = start.commands if files.known else ()
    program = program_of(commands[-1].words) if commands else None
    if stage is None or program is None or program.name not in _SERVERS or not program.target:
        return
    module = program.target.partition(":")[0]
    if not _MODULE.fullmatch(module) or any(_ELSEWHERE.match(word.text) for word in program.words):
        return
    folder = working_directory(start)
    if not folder.startswith("/") or not ships(stage, builds, files) or _is_changed(stage):
        return
    contexts = context_of(stage.file.path, platform.build_context, builds, files).folders
    context = context_with_sources(stage, contexts, files)
    if context is None:
        return
    tree = _Tree(start, context, files)
    parts = module.split(".")
    if tree.has(folder, parts) is not False:
        return
    known = next((count for count in range(len(parts) - 1, 0, -1) if tree.has(folder, parts[:count])), 0)
    place = posixpath.join(folder, *parts[:known])
    near = near_miss(parts[known], tree.modules(place) - {parts[known]})
    better = [*parts[:known], near, *parts[known + 1 :]] if near else []
    if better and tree.has(folder, better) is not True:
        better = []
    if not known and not better:
        return  # it can be a module of a dependency
    word = next(word for word in program.words if word.text == program.target)
    span = word.part(0, len(module))
    hint = f"; did you mean `{'.'.join(better)}`?" if better else ""
    fixes = (
        (Fix(f"Change module to `{'.'.join(better)}`", lambda: [Edit(span.start, span.end, ".".join(better))]),)
        if better
        else ()
    )
    yield Finding(span, f"module `{module}` of the `{program.name}` command is not in the image{hint}", fixes)


def _is_changed(stage: Stage) -> bool:
    """Whether other modules than those that are copied can be found: installed, created, or in another folder."""
    for each in stage.ancestors:
        for one in each.instructions:
            if isinstance(one, Environment) and any(pair.name == "PYTHONPATH" for pair in one.pairs):
                return True
            if isinstance(one, Run) and not all(_is_harmless(command) for command in one.commands):
                return True
    return False


def _is_harmless(command: Command) -> bool:
    if command.name == "pip":
        packages = [word.text for word in command.operands]
        return packages[:1] == ["install"] and not command.has("-e", "--editable") and not any(map(is_local, packages))
    return command.name in _HARMLESS


class _Tree:
    """The modules that the image has, as far as earlier `COPY` instructions show."""

    def __init__(self, start: Cmd | Entrypoint, context: str, files: Files) -> None:
        self._start = start
        self._context = context
        self._files = files

    def has(self, folder: str, parts: list[str]) -> bool | None:
        """Whether there is a module or package; None if that is unknown."""
        place = posixpath.join(folder, *parts)
        answers = [self._exists(place + ".py"), self._exists(place)]
        return True if True in answers else None if None in answers else False

    def modules(self, folder: str) -> set[str]:
        """The names of the modules and packages in a folder of the image."""
        found = set()
        for path in copied_from(posixpath.join(folder, "_"), self._start) or ():
            source = posixpath.dirname(path)
            inside = posixpath.normpath(posixpath.join(self._context, source) or ".")
            for name in self._files.names(inside):
                found.add(name.rstrip("/").removesuffix(".py"))
            if source.endswith(".py") and is_there(source, self._context, self._files):
                found.add(posixpath.basename(source).removesuffix(".py"))
        return {name for name in found if name.isidentifier()}

    def _exists(self, place: str) -> bool | None:
        paths = copied_from(place, self._start)
        if paths is None:
            return None
        return any(is_there(path, self._context, self._files) for path in paths)
