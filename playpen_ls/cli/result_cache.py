"""Results of earlier runs: what has not changed is not checked again.

A result is kept by the content and the path of its file, the configuration, the options that it depends on, and this
program. It is valid while all that was asked of other files is answered as it was: the facts of these types, and
whether files exist, what they contain, and what folders contain. The engine records that (`Workspace.record`).

If few files are new, or few results are not valid any more, only these files are checked; else all are.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from hashlib import blake2b
from typing import Any, Protocol

import playpen_ls
from playpen_ls.api.fact_types import DotenvVariable, EnvironmentRead
from playpen_ls.api.facts import Fact
from playpen_ls.cli.result_store import ResultStore
from playpen_ls.cli.results import Basis, FileReport, relative, relocated
from playpen_ls.cli.write_file import recovery_of
from playpen_ls.engine.cache import Asked, FileQuery
from playpen_ls.languages import builds
from playpen_ls.languages.detection import language_of
from playpen_ls.project.fact_json import fact_of, plain
from playpen_ls.project.read_file import read_file, read_text
from playpen_ls.project.typed_json import Malformed, reader, written
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source, Unreadable

MOST_FRESH = 200  # files that are checked in this process beside those that are known


class Job(Protocol):
    """A file to read; see `batch`."""

    @property
    def path(self) -> str: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def inside(self) -> str: ...
    @property
    def wanted(self) -> bool: ...
    @property
    def named(self) -> bool: ...
    @property
    def indexed(self) -> bool: ...


class Known:
    """What is known of a file: its report and what that follows from, or only its facts; `report` is that as JSON."""

    __slots__ = ("kinds", "queries", "report", "stated")

    def __init__(self, data: Any) -> None:
        self.report, kinds, queries, stated = data
        self.kinds = dict(kinds)
        self.queries = [(FileQuery(what, path), digest) for what, path, digest in queries]
        self.stated = dict(stated)


class ResultCache:
    """The results that are known for the jobs of a run, by number. `options` are all that results depend on."""

    def __init__(self, jobs: Sequence[Job], complete: Iterable[Workspace], options: str) -> None:
        self._jobs = jobs
        self._complete = frozenset(workspace.root for workspace in complete)
        self._options = options
        self._store = ResultStore()
        self._contents: dict[int, str] = {}
        self._configurations: dict[int, str] = {}
        self._kept: list[tuple[bytes, str]] = []

    # Before a run

    def look(self) -> tuple[dict[int, Known], list[int]] | None:
        """(what is known by job, the other jobs), or None if there are many others."""
        known: dict[int, Known] = {}
        fresh: list[int] = []
        most = min(MOST_FRESH, len(self._jobs) // 4)
        for number, job in enumerate(self._jobs):
            found = self._found(number, job)
            if found is not None:
                known[number] = found
                continue
            fresh.append(number)
            if len(fresh) > most:
                return None
        return known, fresh

    def _found(self, number: int, job: Job) -> Known | None:
        try:
            content = digest_of(read_file(job.path))
        except (OSError, Unreadable):
            return None
        if job.wanted and recovery_of(job.path) is not None:
            return None
        self._contents[number] = content
        if job.wanted:
            text = self._store.get(self._key(job, content))
            return Known(json.loads(text)) if text is not None else None
        text = self._store.get(self._facts_key(job, content))
        return Known([None, (), (), json.loads(text)[0]]) if text is not None else None

    def invalid(self, known: Mapping[int, Known], stated: Mapping[int, Mapping[str, str]]) -> list[int]:
        """The jobs whose results do not hold any more; `stated` are the digests of the facts of other jobs."""
        by_kind: defaultdict[tuple[object, str], list[tuple[str, str]]] = defaultdict(list)
        for number, job in enumerate(self._jobs):
            if job.indexed:
                for kind, digest in (known[number].stated if number in known else stated.get(number, {})).items():
                    by_kind[job.workspace.root, kind].append((job.inside, digest))
        kinds = cache(lambda root, kind: digest_of_all(by_kind.get((root, kind), ())))
        answers = cache(lambda root, query: digest_of_answer(workspaces[root].answer(query)))
        workspaces = {job.workspace.root: job.workspace for job in self._jobs}

        def holds(job: Job, one: Known) -> bool:
            root = job.workspace.root
            return all(kinds(root, kind) == digest for kind, digest in one.kinds.items()) and all(
                answers(root, query) == digest for query, digest in one.queries
            )

        return [number for number, one in known.items() if not holds(self._jobs[number], one)]

    def facts(self, number: int) -> tuple[Fact, ...] | None:
        """The facts of a file, None if they are not known."""
        job = self._jobs[number]
        text = self._store.get(self._facts_key(job, self._contents[number]))
        facts = json.loads(text)[1] if text is not None else ""
        try:
            return tuple(fact_of(job.inside, fact) for fact in json.loads(facts)) if facts else None
        except Malformed:
            return None

    def report(self, number: int, known: Known) -> FileReport | None:
        """The report that is known; None if nothing is checked in the file."""
        if known.report is None:
            return None
        job = self._jobs[number]
        root = os.path.join(job.workspace.root, "").replace(os.sep, "/")
        found: FileReport = relocated(_report(known.report), partial(_whole, root))
        return replace(found, path=job.path.replace(os.sep, "/"))

    # After a check

    def keep(self, number: int, report: FileReport) -> None:
        """Keep a report for later runs, if it says what it follows from."""
        job, basis = self._jobs[number], report.basis
        if basis is None:
            return
        root = os.path.join(job.workspace.root, "").replace(os.sep, "/")
        text = written([_within(report, root), basis.kinds, basis.queries, basis.stated]).decode()
        self._kept.append((self._key(job, basis.content), text))
        if job.indexed:
            self._kept.append((self._facts_key(job, basis.content), _json([basis.stated, basis.facts])))
        if len(self._kept) > 2000:
            self._store.put(self._kept)
            self._kept.clear()

    def keep_nothing(self, number: int) -> None:
        """Keep that nothing is checked in a file, and that it states nothing, if its content says so."""
        job = self._jobs[number]
        try:
            content = read_file(job.path)
            source = Source.decoded(job.inside, content)
        except (OSError, Unreadable):
            return
        if builds.can_state(job.inside) or language_of(job.inside, lambda: source.text) is not None:
            return
        digest = digest_of(content)
        self._kept.append((self._key(job, digest), _json([None, (), (), ()])))
        self._kept.append((self._facts_key(job, digest), _json([(), "[]"])))

    def keep_facts(self, number: int, facts: Sequence[Fact]) -> None:
        """Keep the facts of a file that is not checked, if it did not change since `look`."""
        job = self._jobs[number]
        try:
            content = digest_of(read_file(job.path))
            stated = digests_of(job.inside, facts)
        except (OSError, Unreadable, Malformed):
            return
        if content == self._contents.get(number):
            text = "" if any(_may_be_secret(fact) for fact in facts) else _facts_text(job.inside, facts)
            self._kept.append((self._facts_key(job, content), _json([sorted(stated.items()), text])))

    def close(self) -> None:
        self._store.put(self._kept)
        self._kept.clear()
        self._store.close()

    # Keys

    def _key(self, job: Job, content: str) -> bytes:
        flags = (job.named, job.indexed, job.workspace.root in self._complete)
        return _key("report", self._options, self._configuration(job), repr(flags), job.inside, content)

    def _facts_key(self, job: Job, content: str) -> bytes:
        return _key("facts", job.inside, content)

    def _configuration(self, job: Job) -> str:
        """The digest of the configuration of a file without the place of the project."""
        config, root = job.workspace.configs.of(job.inside), job.workspace.root
        found = self._configurations.get(id(config))
        if found is None:
            folder = relative(str(config.folder), root) if config.folder != root else ""
            bare = replace(config, folder=root.__class__(folder), path=None, baseline=None, problems=())
            found = self._configurations[id(config)] = digest_of(repr(bare).encode())
        return found


def basis_of(
    workspace: Workspace,
    path: str,
    content: str,
    facts: Sequence[Fact],
    asked: Asked,
    of_project: Callable[[type[Fact]], str],
    secret: bool,
) -> Basis | None:
    """What a check followed from. None if it cannot be kept. `secret`: the file has secrets that are to be masked.

    `of_project` gives the digest of all facts of a type.
    """
    try:
        stated = digests_of(path, facts)
        return Basis(
            content,
            tuple(sorted((kind.__name__, of_project(kind)) for kind in asked.kinds)),
            tuple(
                (query.what, query.path, digest_of_answer(workspace.answer(query)))
                for query in sorted(asked.queries, key=lambda query: (query.what, query.path))
            ),
            tuple(sorted(stated.items())),
            "" if secret or any(_may_be_secret(fact) for fact in facts) else _facts_text(path, facts),
        )
    except Malformed:
        return None


def _facts_text(path: str, facts: Iterable[Fact]) -> str:
    return _json([plain(path, fact) for fact in facts])


def _may_be_secret(fact: Fact) -> bool:
    return (isinstance(fact, EnvironmentRead) and bool(fact.default)) or isinstance(fact, DotenvVariable)


def digest_of_facts(kind: type[Fact], stated: Mapping[str, Iterable[Fact]]) -> str:
    """The digest of all facts of a type, by the paths of the files that state them. Raises Malformed."""
    return digest_of_all((path, digests_of(path, facts)[kind.__name__]) for path, facts in stated.items())


def digests_of(path: str, facts: Iterable[Fact]) -> dict[str, str]:
    """The digest of the facts of each type. Raises Malformed."""
    by_kind: defaultdict[str, list[Any]] = defaultdict(list)
    for fact in facts:
        by_kind[type(fact).__name__].append(plain(path, fact))
    return {kind: digest_of(_json(those).encode()) for kind, those in by_kind.items()}


def digest_of_all(stated: Iterable[tuple[str, str]]) -> str:
    """The digest of what files state: (path, digest)."""
    return digest_of(_json(sorted(stated)).encode())


def digest_of_answer(answer: object) -> str:
    return digest_of(_json(answer).encode())


def digest_of(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


def _key(*parts: str) -> bytes:
    return blake2b(_json([_program(), *parts]).encode(), digest_size=16).digest()


@cache
def _program() -> str:
    """The digest of this program, what it imports, and the Python that runs it."""
    packages = sorted(
        name
        for folder in dict.fromkeys(sys.path)
        if os.path.isdir(folder or os.curdir)
        for name in os.listdir(folder or os.curdir)
        if name.endswith((".dist-info", ".egg-info"))
    )
    return digest_of(_json([sys.version, sys.platform, playpen_ls.__version__, packages, _sources()]).encode())


def _sources() -> list[Any]:
    """The digests of the modules of an installed package; of a source tree names, sizes and times."""
    top = os.path.dirname(os.path.abspath(playpen_ls.__file__))
    record = os.path.join(os.path.dirname(top), f"playpen_ls-{playpen_ls.__version__}.dist-info", "RECORD")
    try:
        return [line for line in read_text(record).split("\n") if line.startswith("playpen_ls/") and ".py," in line]
    except (OSError, Unreadable):
        pass
    found = []
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                found.append([os.path.relpath(os.path.join(folder, name), top), status.st_size, status.st_mtime_ns])
    return found


_report = reader(FileReport)


def _within(report: FileReport, root: str) -> FileReport:
    """The report with the paths in a project relative to its root; it says nothing about its own file."""
    cut = partial(_cut, root)
    return replace(relocated(report, cut), path="", problems=(), basis=None)


def _cut(root: str, path: str) -> str:
    return path[len(root) :] if path.startswith(root) else f"/{path}"


def _whole(root: str, path: str) -> str:
    return path[1:] if path.startswith("/") else root + path
