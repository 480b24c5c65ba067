"""Print a completion script for a shell."""

from __future__ import annotations

import argparse
from typing import Any

from playpen_ls.cli.common import DONE

_HEAD = {
    "bash": """\
# Add to ~/.bashrc: eval "$(playpen-ls completion bash)"
""",
    "zsh": """\
# Add to ~/.zshrc, after compinit: eval "$(playpen-ls completion zsh)"
""",
    "fish": """\
# Write to ~/.config/fish/completions/playpen-ls.fish
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(_HEAD))


def run(options: argparse.Namespace) -> int:
    print(_HEAD[options.shell], end="")
    print(_SCRIPTS[options.shell](_options(options.all_commands())), end="")
    return DONE


def _options(commands: dict[str, Any]) -> dict[str, list[tuple[str, str, list[str]]]]:
    """(option, help, choices) of each option of each command."""
    found: dict[str, list[tuple[str, str, list[str]]]] = {}
    for name, command in commands.items():
        found[name] = [
            (
                option,
                (action.help or "").partition(";")[0] % {"default": action.default},
                [*map(str, action.choices or ())],
            )
            for action in command.actions()
            for option in action.option_strings
            if option.startswith("--") and action.help != argparse.SUPPRESS
        ]
    return found


def _bash(options: dict[str, list[tuple[str, str, list[str]]]]) -> str:
    cases = [f"    {name}) words='{' '.join(option for option, _, _ in of)}' ;;" for name, of in options.items()]
    choices = {option: values for of in options.values() for option, _, values in of if values}
    values = [f"    {option}) words='{' '.join(those)}' ;;" for option, those in sorted(choices.items())]
    return f"""\
_playpen_ls() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{" ".join(options)}' -- "$word"))
    return
  fi
  case $before in
{chr(10).join(values)}
  esac
  if [ -z "$words" ] && [[ $word == -* ]]; then
    case ${{COMP_WORDS[1]}} in
{chr(10).join(cases)}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); else COMPREPLY=(); fi
}}
complete -o default -F _playpen_ls playpen-ls
"""


def _zsh(options: dict[str, list[tuple[str, str, list[str]]]]) -> str:
    return f"autoload -U bashcompinit && bashcompinit\n{_bash(options)}"


def _fish(options: dict[str, list[tuple[str, str, list[str]]]]) -> str:
    lines = [f"complete -c playpen-ls -n __fish_use_subcommand -f -a '{' '.join(options)}'"]
    for name, of in options.items():
        for option, text, values in of:
            escaped = text.replace("\\", "\\\\").replace("'", "\\'")
            takes = f" -x -a '{' '.join(values)}'" if values else ""
            lines.append(
                f"complete -c playpen-ls -n '__fish_seen_subcommand_from {name}' -l {option[2:]}{takes} -d '{escaped}'"
            )
    return "\n".join(lines) + "\n"


_SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
