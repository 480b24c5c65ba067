"""Names of files that contain keys and passwords."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from playpen_ls.api.facts import Files
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.secrets import is_secret_name, url_logins

_SECRET_FILE = regex(
    r"""\.env(?:\.[\w-]+)* | id_(?:rsa|dsa|ecdsa|ed25519) | .+\.(?:pem|key|p12|pfx|jks) | \.netrc | _netrc | \.npmrc
      | credentials\.json | service[-_]?account(?:[-_]?key)?\.json | \.pypirc | kubeconfig | \.dockercfg
      | \.git-credentials | \.pgpass | \.htpasswd""",
    re.VERBOSE,
)
HINTS = tuple(
    ".env id_r id_d id_e .pem .key .p12 .pfx .jks netrc .npmrc .pypirc kubeconfig .dockercfg .git-credentials .pgpass"
    " .htpasswd credentials service .docker/ .kube/ .aws/".split()
)
"""Substrings for a fast pre-check: a text without any of them does not name a secret file."""
_SECRET_PATH = regex(
    r"(?:^|/)(?:\.docker/config\.json|\.kube/config|\.?aws/credentials|gcloud/application_default_credentials\.json)$"
)
_EXAMPLE = regex(r"\.env\..*(?:example|sample|template|tmpl|dist|default|schema)s?\b.*")
# Certificates and the public keys of package sources have the same extensions.
_PUBLIC = regex(
    r".*(?:cert|chain|bundle|pub|\bca\b|ca-|-ca\b|_ca\b|\broot\b|gpg|apt|repo|release|archive|keyring|dh(?:param)?).*"
)
_CERTIFICATES = regex(r"(?:^|/)(?:ca|cacerts|certs|certificates|ca-certificates|trusted?)/")
# What a `.pem` file is called that holds a key, alone or with its certificate.
_PRIVATE = regex(r".*(?:key|priv|secret|rsa|server|identity).*")
_PUBLIC_TEXT = regex(r"-----BEGIN (?:[A-Z0-9]+ )*(?:PUBLIC KEY|CERTIFICATE)")
_ENTRY = regex(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*(?P<value>\S*)", re.MULTILINE)
# Build tools of web sites put these into the scripts that every visitor gets.
_PUBLIC_ENTRY = regex(r"(?:VITE|REACT_APP|NEXT_PUBLIC|VUE_APP|NUXT_PUBLIC|PUBLIC|GATSBY|EXPO_PUBLIC)_")
_NPM_SECRET = regex(r"_(?:authToken|auth|password)\s*=\s*(?!\s*[\"']?\$\{)\S")


_EXAMPLES = ("example", "sample", "template", "dist")


def _has_secret_entry(text: str) -> bool:
    entries = (match for match in _ENTRY.finditer(text) if not _PUBLIC_ENTRY.match(match["name"]))
    return any(is_secret_name(one["name"]) or any(url_logins(one["value"])) for one in entries)


def contains_secrets(source: str, contexts: Iterable[str], files: Files) -> bool | None:
    """Whether the file of this name, in one of the build contexts, is a secret file; None if it only can be one.

    A `.pem` file that cannot be read can hold a certificate, unless its name says that it holds a key.
    An `.npmrc` counts only if it can be read and contains a literal token. A `.pem` or `.key` file that
    can be read does not count if it contains only public keys or certificates, nor does an `.env` that has no entry
    which is named like a secret or is a URL with a password. If it cannot be read, `.env.example` tells its entries.
    """
    path = source.rstrip("/")
    name = posixpath.basename(path)
    if _SECRET_PATH.search(path):
        return True
    if not _SECRET_FILE.fullmatch(name) or _EXAMPLE.fullmatch(name):
        return False
    if name.endswith((".pem", ".key")) and _PUBLIC.fullmatch(name.lower()):
        return False
    if name.endswith(".pem") and _CERTIFICATES.search(path):
        return False
    if not name.endswith((".npmrc", ".pem", ".key")) and not name.startswith(".env"):
        return True
    folders = tuple(contexts)
    texts = [text for context in folders if (text := files.text(posixpath.join(context, path))) is not None]
    if name.startswith(".env"):
        examples = (posixpath.join(context, f"{path}.{kind}") for context in folders for kind in _EXAMPLES)
        texts = texts or [text for one in examples if (text := files.text(one)) is not None]
        return not texts or any(map(_has_secret_entry, texts))
    if name == ".npmrc":
        return any(_NPM_SECRET.search(text) for text in texts)
    if not texts:
        return True if name.endswith(".key") or _PRIVATE.fullmatch(name.lower()) else None
    return not all(_PUBLIC_TEXT.search(text) and "PRIVATE KEY" not in text for text in texts)
