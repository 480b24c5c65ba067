"""The environment variables that base images define, as far as they are known."""

from __future__ import annotations

import re

from playpen_ls.languages.dockerfile.model.stage import BaseImage
from playpen_ls.text.regex import regex

# Official images that define no more than PATH and what _ANY matches.
_BARE = frozenset(
    "almalinux alpine amazonlinux archlinux buildpack-deps busybox centos debian fedora opensuse/leap oraclelinux"
    " rockylinux scratch ubuntu".split()
)
_ANY = regex(r"PATH|LANG|LANGUAGE|LC_\w+|container|DISTTAG|FGC|FBR")
_GPG = "GPG_KEYS?"
# The names that official images define besides, as in their Dockerfiles.
_OWN = {
    "python": rf"PYTHON\w*|{_GPG}",
    "node": r"NODE_VERSION|YARN_VERSION",
    "golang": r"GO\w*",
    "eclipse-temurin": r"JAVA_\w+",
    "amazoncorretto": r"JAVA_\w+",
    "openjdk": r"JAVA_\w+",
    "ruby": r"RUBY_\w+|GEM_\w+|BUNDLE_\w+",
    "rust": r"RUST\w*|CARGO_\w+",
    "php": rf"PHP\w*|APACHE_\w+|{_GPG}",
    "nginx": r"NGINX_\w+|NJS_\w+|PKG_\w+|ACME_\w+|DYNPKG_\w+",
    "httpd": r"HTTPD_\w+",
}
# Names that the image of a language or server often defines.
_OFTEN = regex(r"[A-Z]\w*_(?:VERSION|HOME|PATH|DIR|ROOT|USER|URL)|HOME|USER|VERSION|DEBIAN_FRONTEND")


def _own(image: BaseImage) -> re.Pattern[str] | None:
    """The names that the image defines, None if they are unknown."""
    reference = image.reference
    named = image.word.text.partition(":")[0]
    if "$" in named or not image.known or reference.registry:
        return None
    if reference.name in _BARE:
        return re.compile(_ANY.pattern)
    own = _OWN.get(reference.name)
    return re.compile(f"{_ANY.pattern}|{own}") if own else None


def can_set(image: BaseImage | None, name: str) -> bool:
    """Whether the base image is likely to define a variable that the Dockerfile defines elsewhere."""
    own = _own(image) if image is not None else None
    return bool((own or _OFTEN).fullmatch(name))


def sets_only_path(image: BaseImage | None, name: str) -> bool:
    """Whether it is known that the base image does not define the variable."""
    own = _own(image) if image is not None else None
    return own is not None and not own.fullmatch(name)
