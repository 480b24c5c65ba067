"""Which Dockerfile builds the image of a container, with the evidence for it.

A `Link` is found by the first of these ranks that gives exactly one Dockerfile:

- A, *certain*: a statement (`ImageBuilt`) names the image and a Dockerfile that exists. The last segment of the name
  must be equal; literal accounts must not differ, and a variable in registry or tag is no obstacle. The statement whose
  file is in the innermost folder above the manifest counts; one elsewhere counts only if no Dockerfile is beside the
  manifest. What cannot be read, or names no Dockerfile of the project, is no evidence and does not rule out B.
- B, *certain* if the account is the project's own, else *likely*: the folder of a Dockerfile is named like the image
  (`mediaMicroservices` is `media-microservices`), so in most monorepos. Folders such as `src` and `docker` are passed
  over. An image of a public program (`redis`) is not linked, even if a folder has its name.
- C, *likely*: the words of the folder are in the name of the image, and what is left is explained: other images of the
  account share it (`ts-…-with-jaeger`), it says nothing (`-service`, `-v1`), or it repeats the account or a folder. Or
  the container or its workload is named like the folder, and no other image is: beside `controller`, an image
  `frr-k8s` is not built from the folder `controller`, whatever its container is called.
- D, *likely*: the only Dockerfile of the innermost folder that has the manifest and any Dockerfile, if names share a
  word, or if the image is the only one of the folder that can be its own; *possible* if it is only a placeholder, also
  for the Dockerfile of a folder that is named like the container, or like its chart.

A statement that the image is built without a Dockerfile (`jib`, `ko`) contradicts the other ranks, one that it is built
from a Dockerfile that is gone contradicts C and D, and a Dockerfile does not build the image that it starts from.
Diagnostics need a certain link, or a likely one with two kinds of evidence (`Link.supports_findings`): a wrong link
costs more than ten missing ones. Folders above the project and its own name are not looked at, so that the answer is
the same from the folder above.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from playpen_ls.api.fact_types import DotenvVariable, ImageBuilt, Recipe
from playpen_ls.api.facts import Fact, Facts, Table
from playpen_ls.api.finding import Place
from playpen_ls.project.image_evidence import Certainty, Evidence, Link, Use, is_below, others_in
from playpen_ls.project.image_identity import DULL, PLAIN, ImageName, NamedDockerfile, named_dockerfile, telling
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.image_names import (
    NAMELESS,
    PUBLIC,
    ROLES,
    THIRD_PARTY,
    TIERS,
    is_generic,
    is_placeholder,
    run_in,
    words,
)

F = TypeVar("F", bound=Fact)
Words = tuple[str, ...]

_MOST_LINKS = 4096  # that are kept: several rules ask for the link of a container, at each edit again
_ONLY = "is the only Dockerfile near the manifest"
_NEAR, _FAR = 2, 3  # images that must share an affix, near the manifest and elsewhere
_PRIVATE_HOST = regex(
    r"localhost(?::\d+)?|[\w-]+:\d+|(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+)+(?::\d+)?"
    r"|[\w.-]+\.(?:svc|local|internal|lan|localdomain|cluster\.local|example\.(?:com|org|net))(?::\d+)?"
    r"|\d+\.dkr\.ecr\.[\w.-]+|[\w-]+\.azurecr\.io"
)


class _Stated(NamedTuple):
    """What statements say of an image: a link, the tool that builds it without a Dockerfile, or several Dockerfiles."""

    link: Link | None = None
    without: str = ""
    among: Sequence[str] = ()


def facts_of(kind: type[F], facts: Iterable[F]) -> Facts[F]:
    """The facts as `Facts` with lookup tables."""
    return facts if isinstance(facts, Facts) else Facts(kind, Table(facts))


def linker(
    recipes: Facts[Recipe], builds: Facts[ImageBuilt], images: frozenset[tuple[str, str]], values: Facts[DotenvVariable]
) -> Linker:
    """The linker of a project, computed once; `images` are (path, image) pairs of its manifests."""
    return recipes.derived(_linker, builds, images, values)


def _linker(
    recipes: Facts[Recipe], builds: Facts[ImageBuilt], images: frozenset[tuple[str, str]], values: Facts[DotenvVariable]
) -> Linker:
    return Linker(recipes, builds, images, values)


class Linker:
    """Links of one project. The tables are built once for a set of Dockerfiles, builds and images."""

    def __init__(
        self,
        recipes: Iterable[Recipe],
        builds: Iterable[ImageBuilt],
        images: Iterable[tuple[str, str]] = (),
        values: Iterable[DotenvVariable] = (),
    ) -> None:
        self.recipes = facts_of(Recipe, recipes)
        self._builds = facts_of(ImageBuilt, builds)
        self._files = {
            path: named_dockerfile(path, self.recipes) for path in sorted({_path(one) for one in self.recipes})
        }
        self._below: defaultdict[str, list[NamedDockerfile]] = defaultdict(list)
        self._named: defaultdict[Words, list[NamedDockerfile]] = defaultdict(list)
        self._starting: defaultdict[str, list[tuple[Words, NamedDockerfile]]] = defaultdict(list)
        self._containing: defaultdict[str, list[tuple[Words, NamedDockerfile]]] = defaultdict(list)
        for one in self._files.values():
            for folder in _folders_of(one.path):
                self._below[folder].append(one)
            for run in dict.fromkeys(filter(None, map(words, one.names))):
                self._named[run].append(one)
                self._starting[run[0]].append((run, one))
                for word in dict.fromkeys(run):
                    self._containing[word].append((run, one))
        self._images: defaultdict[str, set[str]] = defaultdict(set)
        for path, image in images:
            if image:
                for folder in _folders_of(path):
                    self._images[folder].add(image)
        self._statements: defaultdict[str, list[tuple[ImageName, ImageBuilt]]] = defaultdict(list)
        of_environments = facts_of(DotenvVariable, values)
        for fact in self._builds:
            name = ImageName.of(_with_environment(fact.reference, fact.place.path, of_environments))
            if name.base and not name.partial and not name.is_placeholder:
                self._statements[name.base].append((name, fact))
        self._paths: dict[ImageBuilt, tuple[str, str]] = {}
        self._links: dict[Use, Link | None] = {}
        self._affixes = self._affixes_of(self._images[""])
        self._own = self._own_accounts()

    # The tables

    def _affixes_of(self, images: Iterable[str]) -> Counter[tuple[str, str, Words]]:
        """How many images of an account have a prefix or a suffix of whole words."""
        every = {(name.account, words(name.base)) for name in map(ImageName.of, images) if not name.is_placeholder}
        every |= {(name.account, words(name.base)) for told in self._statements.values() for name, _ in told}
        found: Counter[tuple[str, str, Words]] = Counter()
        for account, base in every:
            for at in range(1, min(len(base), 6)):
                found[account, "before", base[:at]] += 1
                found[account, "after", base[-at:]] += 1
        return found

    def _own_accounts(self) -> frozenset[str]:
        """The accounts that statements push to, or with an image that has a Dockerfile's name of two words or more.

        And those of which three images contain the names of three Dockerfiles.
        """
        own = {name.account for told in self._statements.values() for name, _ in told if _is_literal(name.account)}
        by: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
        for name in map(ImageName.of, self._images[""]):
            if name.account and not name.is_placeholder:
                found = {one.path for word_run, one in self._inside(words(name.base)) if word_run}
                if found:
                    by[name.account][name.base] = found
                if len(words(name.base)) > 1 and words(name.base) in self._named and not self._is_third_party(name):
                    own.add(name.account)
        for account, images in by.items():
            if len(images) >= 3 and len(set().union(*images.values())) >= 3:
                own.add(account)
        return frozenset(own)

    def _inside(self, base: Words) -> Iterator[tuple[Words, NamedDockerfile]]:
        """The Dockerfiles whose name is a run of these words."""
        for word in dict.fromkeys(base):
            for name, one in self._starting.get(word, ()):
                if run_in(name, base) is not None:
                    yield name, one

    # The ranks

    def link(self, use: Use) -> Link | None:
        """The Dockerfile of the container's image; None if it is unknown or ambiguous."""
        if use not in self._links:
            if len(self._links) >= _MOST_LINKS:
                self._links.clear()
            found = self._found(use)
            self._links[use] = self._corroborated(found, use) if found is not None else None
        return self._links[use]

    def _found(self, use: Use) -> Link | None:
        name = ImageName.of(use.image)
        if not self._files or not use.image:
            return None
        if name.is_placeholder:
            return self._only_for_placeholder(use, name) or self._like_container(use)
        if self._is_public(name) or (name.base in NAMELESS and name.account and not self._is_own(name)):
            return None
        stated = self._stated(use, name) if not name.partial else _Stated()
        if stated.link is not None or stated.without:
            return stated.link
        if stated.among:  # only its whole name tells which of them, and `nginx` tells no folder
            if self._is_third_party(name):
                return None
            return self._equal(use, name, stated.among) or self._like_workload(use, name)
        equal = self._equal(use, name)
        if equal is not None or self._is_missing(name):
            return equal
        return self._explained(use, name) or self._like_workload(use, name) or self._only(use, name)

    def _stated(self, use: Use, name: ImageName) -> _Stated:
        """Rank A."""
        told = [(other, fact) for other, fact in self._statements.get(name.base, ()) if other.fits(name)]
        folder = posixpath.dirname(use.path)
        above = [(other, fact) for other, fact in told if is_below(use.path, self._scope_of(fact))]
        without = [fact for _, fact in above or told if fact.builder != "docker"]
        beside = any(one.folder == folder for one in self._files.values())
        innermost, beside_it = self._innermost(use.path)
        near = {one.path for one in beside_it}
        found: dict[str, list[tuple[int, bool, ImageBuilt]]] = {}
        for other, fact in above or ([] if beside else told):
            path = self.built_from(fact)
            exact = other.account == name.account
            if path and (above or (path in near and innermost) or (exact and bool(name.account))):
                depth = len(self._scope_of(fact).split("/")) if above and self._scope_of(fact) else 0
                found.setdefault(path, []).append((depth, exact, fact))
        if not found:
            return _Stated(without=without[0].builder if without else "")
        path = self._chosen(use, name, found)
        if not path:
            return _Stated(among=sorted(found))
        facts = [fact for _, _, fact in sorted(found[path], key=lambda one: (-one[0], -one[1]))]
        evidence = tuple(
            Evidence("statement", _at(fact.place, f"builds image `{name.base}` from `{path}`"))
            for fact in {one.place: one for one in facts}.values()
        )
        sure = bool(above) or any(exact for _, exact, _ in found[path])
        context = next((one.context for one in facts if one.context is not None and not one.in_workspace), None)
        if context is None:
            context = self._context_of(facts[0], path)
        return _Stated(self._made(path, context, Certainty.CERTAIN if sure else Certainty.LIKELY, evidence))

    def _chosen(self, use: Use, name: ImageName, found: dict[str, list[tuple[int, bool, ImageBuilt]]]) -> str:
        """The one Dockerfile of those that statements name, or ""."""
        paths = list(found)
        if len(paths) > 1:
            paths = [path for path in paths if not self._files[path].spare] or paths
        paths = [path for path in paths if any(exact for _, exact, _ in found[path])] or paths
        depths = {path: max(depth for depth, _, _ in found[path]) for path in paths}
        paths = [path for path in paths if depths[path] == max(depths.values())]
        if not self._is_third_party(name):
            paths = [path for path in paths if words(name.base) in map(words, self._files[path].names)] or paths
        return nearest(use.path, paths)

    def built_from(self, fact: ImageBuilt) -> str:
        """The Dockerfile of the project that a statement builds from, or ""."""
        return self._resolved(fact)[0]

    def _scope_of(self, fact: ImageBuilt) -> str:
        """The folder that a statement speaks for: where it runs, or that of its file."""
        path, folder = self._resolved(fact)
        return folder if path and fact.in_workspace else _scope(fact.place.path)

    def _resolved(self, fact: ImageBuilt) -> tuple[str, str]:
        """(Dockerfile or "", the folder that its path is relative to)."""
        found = self._paths.get(fact)
        if found is None:
            found = self._paths[fact] = self._resolve(fact)
        return found

    def _resolve(self, fact: ImageBuilt) -> tuple[str, str]:
        if fact.builder != "docker" or (fact.context is None and not fact.dockerfile):
            return "", ""
        if not fact.in_workspace:
            return next((path for path in fact.dockerfiles if path in self._files), ""), ""
        # Relative to the root of the repository or, if nothing is there, to a folder between it and the file.
        found: dict[str, str] = {}
        for base in reversed(list(_folders_of(fact.place.path))):
            paths = (_join(base, one) for one in fact.dockerfiles)
            path = next((path for path in paths if path in self._files), "")
            if path:
                found.setdefault(path, base)
        if len(found) > 1:
            called = words(ImageName.of(fact.reference).base)
            found = {path: base for path, base in found.items() if called in map(words, self._files[path].names)}
        return next(iter(found.items())) if len(found) == 1 else ("", "")

    def _context_of(self, fact: ImageBuilt, dockerfile: str) -> str:
        if fact.context is None:
            return posixpath.dirname(dockerfile)
        for base in reversed(list(_folders_of(fact.place.path))):
            folder = _join(base, fact.context)
            if is_below(dockerfile, "" if folder == "." else folder):
                written = {_join(base, one) for one in fact.dockerfiles}
                if dockerfile in written:
                    return "" if folder == "." else folder
        return posixpath.dirname(dockerfile)

    def _equal(self, use: Use, name: ImageName, among: Sequence[str] = ()) -> Link | None:
        """Rank B."""
        found = [one for one in self._named.get(words(name.base), ()) if not among or one.path in among]
        path = self._nearest(use, found)
        if not path or self._is_anothers(use, name, path):
            return None
        sure = self._is_own(name) and not name.partial
        return self._by_name(path, Certainty.CERTAIN if sure else Certainty.LIKELY, "is named like the image")

    def _explained(self, use: Use, name: ImageName) -> Link | None:
        """Rank C."""
        own = self._is_own(name)
        if not own and not self._is_own(name, guess=True):
            return None
        near = {one.path for one in self._near(use.path)}
        ranked: defaultdict[tuple[int, int, int], list[NamedDockerfile]] = defaultdict(list)
        for word_run, one, left, is_inside in self._overlapping(words(name.base)):
            plain = all(map(is_generic, (*left[0], *left[1])))
            if not (own and is_inside) and not (plain and one.path in near):
                continue
            if self._is_explained(name, one, left, one.path in near, is_inside, use.path):
                ranked[one.path not in near, -len(word_run), not plain].append(one)
        for key in sorted(ranked):
            path = self._nearest(use, ranked[key])
            if not path or self._is_anothers(use, name, path):
                return None
            return self._by_name(path, Certainty.LIKELY, "has a name that is part of the image's")
        return None

    def _like_workload(self, use: Use, name: ImageName) -> Link | None:
        """Rank C, for a container or workload that is named like the folder."""
        called = set(map(words, use.names)) - {()}
        found = [one for one in self._near(use.path) if called.intersection(map(words, one.names))]
        path = self._nearest(use, found)
        if not path or self._is_anothers(use, name, path) or self._has_another(use, name, path):
            return None
        shared = set(words(name.base)).intersection(word for one in self._files[path].names for word in words(one))
        if not self._is_own(name) and not (self._is_own(name, guess=True) and shared):
            return None
        return self._by_name(path, Certainty.LIKELY, "is named like the container or its workload", "workload")

    def _like_container(self, use: Use) -> Link | None:
        """Rank D, for a placeholder: the container, or its workload or chart if it has no other, is named like it."""
        for called in (*use.names[: 2 if use.alone else 1], use.chart):
            run = words(called)
            says_nothing = len(run) == 1 and is_generic(run[0])  # `app`, but not `app-service`
            if not run or says_nothing or called.lower() in THIRD_PARTY or (ROLES - TIERS).issuperset(run):
                continue
            path = self._nearest(use, self._named.get(run, ()))
            if path and TIERS.issuperset(run) and not is_below(use.path, posixpath.dirname(self._files[path].folder)):
                continue  # many samples have a `frontend`
            if path:
                return self._by_name(path, Certainty.POSSIBLE, "is named like the container or its chart", "workload")
        return None

    def _overlapping(self, base: Words) -> Iterator[tuple[Words, NamedDockerfile, tuple[Words, Words], bool]]:
        """(name, Dockerfile, words that are left, whether these are the image's) of names in `base` or around it."""
        for name, one in self._inside(base):
            left = run_in(name, base)
            if left is not None and not all(map(is_generic, name)):
                yield name, one, left, True
        if base and not all(map(is_generic, base)):
            for name, one in self._containing.get(base[0], ()):
                left = run_in(base, name)
                if left is not None and name != base:
                    yield base, one, left, False

    def _is_explained(
        self,
        name: ImageName,
        one: NamedDockerfile,
        left: tuple[Words, Words],
        near: bool,
        of_image: bool,
        manifest: str,
    ) -> bool:
        known = {*words(name.account)} if of_image else set()
        known |= {word for folder in _between(manifest, one.folder) for word in words(folder)}
        for side, some in zip(("before", "after"), left, strict=True):
            if not some or all(map(is_generic, some)):
                continue
            if all(word in known or is_generic(word) for word in some) and near and not ROLES.intersection(some):
                continue
            if not ROLES.intersection(some) and self._shared(name, side, some, of_image) >= (_NEAR if near else _FAR):
                continue
            return False
        return True

    def _shared(self, name: ImageName, side: str, some: Words, of_image: bool) -> int:
        if of_image:
            return self._affixes[name.account, side, some]
        part = slice(None, len(some)) if side == "before" else slice(-len(some), None)
        return len({one.path for every, files in self._named.items() if every[part] == some for one in files})

    def _only_for_placeholder(self, use: Use, name: ImageName) -> Link | None:
        """Rank D, for an image that is only a placeholder."""
        folder, near = self._candidates(use)
        if len(near) > 1:
            near = [one for one in near if one.folder == posixpath.dirname(use.path)]
        placeholders = {image for image in self._images[folder] if ImageName.of(image).is_placeholder}
        if len(near) != 1 or len(placeholders) > 1 or self._is_anothers(use, name, near[0].path):
            return None
        return self._by_name(near[0].path, Certainty.POSSIBLE, _ONLY, "only")

    def _only(self, use: Use, name: ImageName) -> Link | None:
        """Rank D, for an image that shares a word with the Dockerfile, or that is alone near it."""
        folder, near = self._candidates(use)
        if len(near) != 1 or not self._is_own(name, guess=True) or self._is_anothers(use, name, near[0].path):
            return None
        (one,) = near
        if self._contains_another(name, one) or self._has_another(use, name, one.path):
            return None
        place = [*folder.split("/")[-2:], *one.folder[len(folder) :].split("/"), *one.names]
        around = {word for word in _telling_words(*place) if len(word) > 2}
        base, named = _telling_words(name.base), _telling_words(*one.names)
        shares = len(around & base) > 1 or (bool(around & base) and (base <= around or named <= base))
        alone = self._is_alone(name, folder, one)
        if not (alone or shares) or (ROLES.intersection(words(name.base)[1:]) - around and not alone):
            return None
        # Being alone makes it only possible: the Dockerfile of a chart stands beside images of other people.
        found = self._by_name(one.path, Certainty.LIKELY if shares else Certainty.POSSIBLE, _ONLY, "only")
        if not alone or shares:
            return found
        here = Place(use.path, Span(0, 0), f"image `{name.base}` is the only one here that the project can build")
        return replace(found, evidence=(*found.evidence, Evidence("image", here)))

    def _candidates(self, use: Use) -> tuple[str, list[NamedDockerfile]]:
        """The innermost folder that has the manifest and any Dockerfile, and its Dockerfiles without variants."""
        folder, near = self._innermost(use.path)
        near = [one for one in near if not one.spare]
        plain = [one for one in near if posixpath.basename(one.path) in PLAIN]
        if len(plain) == 1 and len({one.folder for one in near}) == 1:
            return folder, plain  # the others are variants of it
        return folder, near

    def _contains_another(self, name: ImageName, one: NamedDockerfile) -> bool:
        """Whether the name of another Dockerfile is in the image's, and what is left says nothing."""
        return any(
            other is not one and is_inside and all(map(is_generic, (*left[0], *left[1])))
            for _, other, left, is_inside in self._overlapping(words(name.base))
        )

    def _is_alone(self, name: ImageName, folder: str, one: NamedDockerfile) -> bool:
        """Whether no other image of the folder can be the Dockerfile's, or the account is named like it."""
        last = words(name.account.rpartition("/")[2])
        if not all(map(is_generic, last)) and last in map(words, one.names):
            return True
        if _without_dull(one.folder, folder) != folder:
            return False
        if not self._is_own(name):  # an account of Docker Hub: only for a whole repository
            if "/" in folder:
                return False
        elif name.account and len(self._of_account[name.account]) > 1:
            return False
        others = {
            (other.account, "".join(words(other.base)))
            for other in map(ImageName.of, self._images[folder])
            if not other.is_placeholder and not self._is_public(other) and self._is_own(other, guess=True)
        }
        return len(others) <= 1

    # What several ranks use

    def _is_own(self, name: ImageName, bare: bool = True, guess: bool = False) -> bool:
        """Whether the account is the project's; `bare` counts an image without account, `guess` one of Docker Hub."""
        if not name.account:
            return bare
        registry = name.reference.registry
        if name.account in self._own or any(map(is_placeholder, name.account.split("/"))):
            return True
        if registry and _PRIVATE_HOST.fullmatch(registry):
            return True
        return guess and name.is_on_hub and "/" not in name.account and name.account not in THIRD_PARTY

    @cached_property
    def _of_account(self) -> dict[str, set[str]]:
        """The last segments of the images of each account."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        stated = (name for told in self._statements.values() for name, _ in told)
        for name in (*map(ImageName.of, self._images[""]), *stated):
            found[name.account].add(name.base)
        return found

    @staticmethod
    def _is_third_party(name: ImageName) -> bool:
        return name.base.lower() in THIRD_PARTY or name.account.rpartition("/")[2] == name.base

    def _is_public(self, name: ImageName) -> bool:
        """Whether the image is a public program, or that of the account of its name (`tensorflow/tensorflow`)."""
        if self._is_own(name, bare=False) or not self._is_third_party(name):
            return False
        return name.base.lower() in PUBLIC or (name.account, name.base) not in self._exactly_stated

    @cached_property
    def _exactly_stated(self) -> frozenset[tuple[str, str]]:
        return frozenset((name.account, name.base) for told in self._statements.values() for name, _ in told)

    def _has_another(self, use: Use, name: ImageName, path: str) -> bool:
        """Whether the manifests of the folder have an image with another name that is the Dockerfile's."""
        called = set(map(words, self._files[path].names))
        for other in map(ImageName.of, self._images[posixpath.dirname(use.path)]):
            if other.base == name.base or other.is_placeholder or self._is_public(other):
                continue
            told = (fact for one, fact in self._statements.get(other.base, ()) if one.fits(other))
            if words(other.base) in called or any(self.built_from(fact) == path for fact in told):
                return True
        return False

    def _is_missing(self, name: ImageName) -> bool:
        """Whether a statement builds the image from a Dockerfile that the project does not have."""
        return any(
            fact.builder == "docker" and fact.dockerfiles and not any(map(self._ends_a_path, fact.dockerfiles))
            for other, fact in self._statements.get(name.base, ())
            if other.fits(name)
        )

    def _ends_a_path(self, written: str) -> bool:
        return "$" in written or any(path == written or path.endswith(f"/{written}") for path in self._files)

    def _is_anothers(self, use: Use, name: ImageName, path: str) -> bool:
        """Whether the Dockerfile starts from the image, or builds one of its name for another account.

        The latter if a statement above the manifest says so.
        """
        base = ImageName.of(self.recipes.of(path)[0].base)
        if base.base == name.base and base.account == name.account:
            return True
        if not name.path_account or name.account in self._own:
            return False
        told = [fact for other, fact in self._statements.get(name.base, ()) if not other.fits(name)]
        return any(self.built_from(one) == path and is_below(use.path, self._scope_of(one)) for one in told)

    def _near(self, manifest: str) -> list[NamedDockerfile]:
        return self._innermost(manifest)[1]

    def _innermost(self, manifest: str) -> tuple[str, list[NamedDockerfile]]:
        """The innermost folder that has the manifest and any Dockerfile, and those Dockerfiles."""
        for folder in _folders_of(manifest):
            if folder in self._below:
                return folder, self._below[folder]
        return "", []

    def _nearest(self, use: Use, found: Sequence[NamedDockerfile]) -> str:
        found = [one for one in found if not one.spare]
        return nearest(use.path, list(dict.fromkeys(one.path for one in found)))

    def _by_name(self, path: str, certainty: Certainty, why: str, kind: str = "name") -> Link:
        folder = posixpath.dirname(path)
        named = f"folder `{folder}`" if path.endswith(tuple(PLAIN)) and folder else f"`{path}`"
        what = "it" if kind == "only" else named
        place = self.recipes.of(path)[0].place
        context = self._stated_context(path)
        return self._made(path, context, certainty, (Evidence(kind, _at(place, f"{what} {why}")),))

    def _stated_context(self, path: str) -> str:
        """The context with which statements build the Dockerfile, if they agree; else its folder."""
        contexts = {self._context_of(fact, path) if fact.in_workspace else fact.context or ""
                    for fact in self._of_dockerfile.get(path, ())}  # fmt: skip
        return contexts.pop() if len(contexts) == 1 else posixpath.dirname(path)

    @cached_property
    def _of_dockerfile(self) -> dict[str, list[ImageBuilt]]:
        found: dict[str, list[ImageBuilt]] = {}
        for fact in self._builds:
            path = self.built_from(fact)
            if path and fact.context is not None:
                found.setdefault(path, []).append(fact)
        return found

    def _made(self, path: str, context: str, certainty: Certainty, evidence: tuple[Evidence, ...]) -> Link:
        recipe = self.recipes.of(path)[0]
        return Link(recipe, context, others_in(context, path, self.recipes), certainty, evidence)

    def _corroborated(self, link: Link, use: Use) -> Link:
        """The link with what else speaks for it: the name of the container or of its workload."""
        names = {telling(name) for name in self._files[link.dockerfile].names} - {()}
        fits = next((name for name in use.names if telling(name) in names), None)
        if fits is None:
            return link
        place = _at(link.recipe.place, f"has the name of container or workload `{fits}`")
        return replace(link, evidence=(*link.evidence, Evidence("workload", place)))

    def meant(self, use: Use) -> tuple[str, ImageBuilt] | None:
        """(last segment, its statement) of the image that a misspelled one means; None if that is not certain.

        Nothing builds the image; its account is that of at least two other images that statements build, from
        Dockerfiles of the project; and one edit leads to exactly one of their names, which no manifest uses.
        """
        name = ImageName.of(use.image)
        if name.partial or name.is_placeholder or name.base in self._statements or self._named.get(words(name.base)):
            return None
        if not name.account or not any(_is_one_edit(base, name.base) for base in self._statements):
            return None
        built = {
            base: fact
            for base, told in self._statements.items()
            for other, fact in told
            if other.account in ("", name.account)
            and self.built_from(fact)
            and is_below(use.path, self._scope_of(fact))
        }
        used = {other.base for other in map(ImageName.of, self._images[""])}
        siblings = {other.base for other in map(ImageName.of, self._images[""]) if other.account == name.account}
        near = [base for base in built if _is_one_edit(base, name.base)]
        if len(near) != 1 or near[0] in used or len(built) < 3 or len(siblings.intersection(built)) < 2:
            return None
        return near[0], built[near[0]]

    # What `inspect` prints

    def why_not(self, use: Use) -> str:
        """What is missing for a link."""
        name = ImageName.of(use.image)
        if not self._files:
            return "the project has no Dockerfile"
        if name.is_placeholder:
            return "the image is computed or a placeholder, and the manifest is not beside a single Dockerfile"
        if self._is_public(name):
            return f"`{name.base}` is a public image"
        stated = self._stated(use, name)
        if stated.without:
            return f"`{name.base}` is built with {stated.without}, without a Dockerfile"
        if stated.among:
            return f"`{name.base}` is built from several Dockerfiles: {', '.join(stated.among)}"
        if len(self._named.get(words(name.base), ())) > 1:
            return f"several folders with a Dockerfile are named `{name.base}`"
        if any(not other.fits(name) for other, _ in self._statements.get(name.base, ())):
            return f"the project builds `{name.base}` for another account"
        return (
            f"no pipeline, compose file or script states what builds `{name.base}`, "
            "and no folder with a Dockerfile is named like it"
        )


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbors are swapped, in a word of four at least."""
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if any(letter.isdigit() for letter in a + b):
        return False  # members of a series
    return max(len(a), len(b)) == 1 or (len(a) == 2 and a == b[::-1])


def nearest(manifest: str, paths: list[str]) -> str:
    """The only path, or the only one that shares the deepest folder with the manifest; else ""."""
    if len(paths) == 1:
        return paths[0]
    ranked = sorted(((common_folders(manifest, path), path) for path in paths), reverse=True)
    return ranked[0][1] if len(ranked) > 1 and ranked[0][0] > ranked[1][0] else ""


def common_folders(one: str, other: str) -> int:
    """The number of leading folders that two paths have in common."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count


def _path(fact: Fact) -> str:
    return fact.place.path


def _at(place: Place, message: str) -> Place:
    return Place(place.path, place.span, message)


def _telling_words(*names: str) -> set[str]:
    """The words of names without those that say nothing."""
    return {word for name in names for word in words(name) if not is_generic(word)}


def _is_literal(account: str) -> bool:
    return bool(account) and not any(map(is_placeholder, account.split("/")))


def _folders_of(path: str) -> Iterator[str]:
    """The folders that a file is in, the innermost first, "" last."""
    while path not in ("", "/"):
        path = posixpath.dirname(path)
        yield path


def _between(manifest: str, folder: str) -> list[str]:
    """The folders of `folder` that the manifest is not in, without the last one."""
    parts = folder.split("/")
    return parts[common_folders(manifest, folder + "/") : -1]


def _scope(path: str) -> str:
    """The folder that a file with builds speaks for: `.github/workflows/x.yml` for the folder above `.github`."""
    parts = path.split("/")[:-1]
    hidden = next((at for at, part in enumerate(parts) if part.startswith(".")), len(parts))
    return "/".join(parts[:hidden])


def _join(base: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(base, path))


def _without_dull(folder: str, above: str) -> str:
    """The folder, or the nearest one towards `above` whose name is not a dull one."""
    while folder != above and posixpath.basename(folder).lower() in DULL:
        folder = posixpath.dirname(folder)
    return folder


_VARIABLE = regex(r"\$\{(\w+)(?::?-[^${}]*)?\}|\$(\w+)")


def _with_environment(written: str, path: str, values: Facts[DotenvVariable]) -> str:
    """The reference with the variables that `.env` beside the compose file sets; others stay as written."""
    if "$" not in written:
        return written
    environment = posixpath.join(posixpath.dirname(path), ".env")
    known = {one.key: one.value for one in reversed(values.of(environment))}
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2]) or match[0], written)
