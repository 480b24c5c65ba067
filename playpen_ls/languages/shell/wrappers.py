"""Programs that start another program: `sudo`, `env`, `sh -c`, `python -m`."""

from __future__ import annotations

import re

from playpen_ls.languages.shell.commands import Word

WRAPPERS = {
    "sudo": frozenset("-u --user -g --group -h --host -p --prompt".split()),
    "env": frozenset("-u --unset -C --chdir -S".split()),
    "nice": frozenset(("-n",)),
    "timeout": frozenset(["-s", "--signal", "-k", "--kill-after"]),
    "su-exec": frozenset(),
    "gosu": frozenset(),
    "exec": frozenset(("-a",)),
    "command": frozenset(),
    "nohup": frozenset(),
    "eatmydata": frozenset(),
    "time": frozenset(),
    "doas": frozenset(("-u", "-C")),
    "runuser": frozenset(("-u", "--user", "-g", "--group")),
    "ionice": frozenset(("-c", "-n")),
    "stdbuf": frozenset(("-i", "-o", "-e")),
}
FIRST_OPERAND = frozenset(("timeout", "su-exec", "gosu"))  # the command starts at their second operand
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "su"))
_PYTHON_VALUED = frozenset(("-W", "-X"))


def drop_options(words: list[Word], valued: frozenset[str]) -> None:
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option == "--":
            return
        if option in valued and words:
            words.pop(0)


def script_of(words: list[Word]) -> Word | None:
    """The script of `sh -c SCRIPT`, if it is one word without escapes."""
    name, value = words[0].text.rpartition("/")[2], False
    if name not in _SHELLS:
        return None
    for index, word in enumerate(words[1:], 1):
        if value:
            value = False
            continue
        if re.fullmatch(r"-[a-z]*c[a-z]*", word.text):
            script = words[index + 1] if index + 1 < len(words) else None
            # An unquoted script is a single shell word, or an element of an argument vector.
            return script if script and script.quote != "mixed" and "\\" not in script.raw else None
        if name == "su":  # `su app -c '…'`
            continue
        if not word.text.startswith(("-", "+")):
            return None
        value = bool(re.fullmatch(r"[-+][a-zA-Z]*[oO]", word.text))  # `bash -euo pipefail -c …`
    return None


def module_of(words: list[Word]) -> list[Word] | None:
    """`pip install` of `python3 -I -m pip install`; None if the command is not `python -m`."""
    if len(words) < 3 or not re.fullmatch(r"python[\d.]*", words[0].text.rpartition("/")[2]):
        return None
    rest = words[1:]
    while len(rest) > 1 and rest[0].text.startswith("-"):
        option = rest.pop(0).text
        if option == "-m":
            return rest
        if option in _PYTHON_VALUED:
            rest.pop(0)
        elif option == "-c":
            return None
    return None
