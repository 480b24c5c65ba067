"""Commands that talk to a server without checking its certificate."""

from __future__ import annotations

from playpen_ls.languages.shell.commands import Command, Word

_OPTIONS = {
    "curl": ("-k", "--insecure", "--proxy-insecure"),
    "wget": ("--no-check-certificate",),
    "pip": ("--trusted-host",),
    "git": (),
    "npm": (),
    "yarn": (),
}
NAMES = tuple(_OPTIONS)
VARIABLES = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "PYTHONHTTPSVERIFY": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "PIP_TRUSTED_HOST": None,
}
"""Environment variables, and their values, that turn the check off; None for any value."""


def insecure_word(command: Command) -> Word | None:
    """The option or setting by which a command does not check certificates."""
    if command.name not in _OPTIONS and not command.runs("pip"):
        return None
    name = "pip" if command.runs("pip") else command.name
    for word in command.words[1:]:
        text = word.text.partition("=")[0] if word.text.startswith("--") else word.text
        if text in _OPTIONS[name]:
            return word
        if name == "curl" and text[:1] == "-" and text[1:2] not in ("-", "") and "k" in _flags(text):
            return word
        if name == "git" and text.lower() in ("http.sslverify=false", "http.sslverify=0"):
            return word
    words = [word.text for word in command.words]
    if name == "git" and "http.sslVerify" in words and "false" in words:
        return command.words[words.index("http.sslVerify")]
    if name in ("npm", "yarn") and "strict-ssl" in words and "false" in words:
        return command.words[words.index("strict-ssl")]
    return None


def _flags(text: str) -> str:
    """The letters of combined short options of curl, up to the first that takes a value."""
    letters = text[1:]
    for at, letter in enumerate(letters):
        if letter in "AbcCdDeEFhHKmoPQrTuUwxXyYz":
            return letters[:at]
    return letters
