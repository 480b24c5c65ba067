"""Whether what a manifest does not contain is really missing: from what is deployed, not from what is written."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Generic, TypeVar

from playpen_ls.api.fact_types import Overlay
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Change, Fix, Refused, Severity
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._builds import Builds, Form, container_in, names
from playpen_ls.rules.kubernetes._charts import Charts
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit

P = TypeVar("P", Container, Workload, Resource)
R = TypeVar("R")


@dataclass(frozen=True)
class Lack(Generic[P, R]):
    """What is missing from a part, in the first of the builds that lack it.

    `where` names them for a message, "" if all lack it; `others` are the builds in which it is there. `form` is the
    part as the chart's values make it, if other values could give what is missing. Fixes edit `part`; `verify` raises
    Refused for edits that would change something else, too.
    """

    found: R
    where: str
    others: tuple[str, ...]
    part: P
    form: Container | Resource | None = None
    verify: Callable[[tuple[Edit, ...]], None] | None = None

    def severity(self, usual: Severity | None) -> Severity | None:
        """That of the finding; what a chart leaves to those who install it is no defect of the chart."""
        return usual if self.form is None or usual is Severity.HINT else Severity.INFORMATION

    def fixes(self, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
        """The fixes of the manifest, which are refused if they would change a build that has a value of its own.

        None if values give what is missing: the template is as its author wants it.
        """
        if self.form is not None:
            return ()
        if self.verify is not None:
            return tuple(replace(fix, change=partial(_verified, fix, self.verify)) for fix in fixes)
        if not self.others:
            return tuple(fixes)
        whose = names(iter(self.others))

        def refuse() -> list[object]:
            raise Refused(f"{whose} sets it, and would be changed, too; set it in the overlay that lacks it")

        return tuple(replace(fix, change=refuse) for fix in fixes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Absence:
    """Says whether something is really missing; a rule that reports an absence takes it as one parameter.

    Nothing is certainly missing from a patch, which changes an object that is elsewhere; from a template, whose
    expressions can produce anything; from a file that an overlay or a chart reads as one of these; or next to a
    half-typed line. What kustomizations list is judged as their builds make it (`lack`). Such a rule also says
    `reports_absence=True`, so that it does not report what is about to be typed.
    """

    overlays: Facts[Overlay]
    builds: Builds
    charts: Charts

    def lack(self, part: P, lacks: Callable[[P], R | None], *keys: str) -> Lack[P, R] | None:
        """What `lacks` gives for the part as it is deployed; None if nothing is certainly missing from any build.

        `lacks` is asked for each form of the part, and gives what is missing from it, None for nothing. A value that
        is there but wrong in one form is nothing missing: else the base's right line is reported for it. `keys` are
        those of the container or the pod that would give it.
        """
        folder = self.charts.folder(part.document.path)
        if folder is not None:
            return self._lack_in_chart(part, lacks, keys, folder)
        forms = self._forms(part)
        if forms is None:
            found = lacks(part) if self.is_certain(part) else None
            return Lack(found, "", (), part) if found is not None else None
        missing: dict[str, R] = {}
        others: list[str] = []
        for form, one in forms:
            found = lacks(one)
            if found is not None:
                missing[form.build] = found
            else:
                others.append(form.build)
        if not missing:
            return None
        where = f" in {names(iter(missing))}" if others else ""
        return Lack(next(iter(missing.values())), where, tuple(others), part)

    def _lack_in_chart(
        self, part: P, lacks: Callable[[P], R | None], keys: tuple[str, ...], folder: str
    ) -> Lack[P, R] | None:
        """What is missing from a part of a template in every way to install its chart, or as a statement installs it.

        If other values could give it, and none outside of the chart are known, it is reported once a chart. Raises
        NotKnownYet while the template is typed in.
        """
        is_written = lacks(part) is None
        if not is_written:
            self.charts.files.settled(part.document.path)
        node = part.pod if isinstance(part, Workload) else part.node
        left_open = self.charts.leaves_open(part.document, node, keys)
        if self.charts.is_given(folder) if left_open else is_written:
            return None
        if not left_open:  # it is the same in all ways
            form = next(self.charts.forms(part), None)
            found = lacks(form) if form is not None else None
            if found is None:
                return None
            verify = partial(self.charts.refuse_other_changes, part, folder)
            return Lack(found, "", (), self.charts.editable(part), verify=verify)
        for install in (None, *self.charts.stated(folder)):
            lacking = _lacking(self.charts.forms(part, install), lacks)
            if lacking is not None and self.charts.is_first(part, lacks, install):
                where = f" as `{install.path}` installs the chart" if install else " with the chart's values"
                return Lack(lacking[1], where, (), part, lacking[0])
        return None

    def is_certain(self, part: Container | Resource) -> bool:
        """Whether everything that the part, as it is written, does not contain is missing."""
        document = part.document
        if document.template or document.parsed.patches or document.masks(part.node):
            return False
        workload = part.workload if isinstance(part, Container) else part
        if isinstance(workload, Workload) and workload.partial:
            return False
        return not self._completes(document.path)

    def is_unchanged(self, workload: Workload) -> bool:
        """Whether the object is deployed as it is written, whatever it lacks."""
        document = workload.document
        if document.template or document.parsed.patches or document.masks(workload.node):
            return False
        return not self._completes(document.path) and self.builds.forms(workload) is None

    def _forms(self, part: P) -> list[tuple[Form, P]] | None:
        """The part as builds make it; None if it is deployed as written."""
        document = part.document
        if self._completes(document.path):
            return None
        workload = part.workload if isinstance(part, Container) else part
        forms = self.builds.forms(workload)
        if forms is None:
            return None
        if document.masks(part.node):
            return []
        found: list[tuple[Form, P]] = []
        for form in forms:
            one = container_in(form, part) if isinstance(part, Container) else form.resource
            if one is not None and not (isinstance(form.resource, Workload) and form.resource.partial):
                found.append((form, one))  # type: ignore[arg-type]
        return found

    def _completes(self, path: str) -> bool:
        """Whether an overlay or a chart completes the objects of this file."""
        return any(self.overlays.having(_partial, place) for place in _and_above(path))


def _verified(fix: Fix, verify: Callable[[tuple[Edit, ...]], None]) -> tuple[Edit, ...]:
    change = fix.change()
    if isinstance(change, Change):
        raise Refused("it would change other files than the template")
    edits = tuple(change)
    verify(edits)
    return edits


def _lacking(forms: Iterable[P | None], lacks: Callable[[P], R | None]) -> tuple[P, R] | None:
    """The first form, and what is missing from it, if something is missing from all."""
    first: tuple[P, R] | None = None
    for form in forms:
        found = lacks(form) if form is not None else None
        if form is None or found is None:
            return None
        first = first or (form, found)
    return first


@lru_cache(maxsize=1024)  # all parts of a document ask
def _and_above(path: str) -> tuple[str, ...]:
    """A path, and the folders that it is in, with a `/` at their ends."""
    found = [path]
    while (path := posixpath.dirname(path)) not in ("", "/"):
        found.append(f"{path}/")
    return (*found, "//") if path else tuple(found)


def _partial(overlay: Overlay) -> tuple[str, ...]:
    return overlay.partial


def is_missing(container: Container, key: str) -> bool:
    """Whether the container has no `key`, or has it without a value: null or `{}`."""
    value = container.node.get(key)
    return value is None or is_empty(value)


def is_empty(value: object) -> bool:
    """Null or `{}`."""
    if isinstance(value, Scalar):
        return value.null
    return isinstance(value, Mapping) and not value.entries
