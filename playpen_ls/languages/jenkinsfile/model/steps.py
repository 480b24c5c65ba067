"""Steps that run a shell: `sh`, `bat`, `powershell`, `pwsh`."""

from __future__ import annotations

from functools import cached_property

from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.expressions import Argument
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.shell import parser as shell

SHELLS = frozenset(("sh", "bat", "powershell", "pwsh"))


class ShellStep(Call):
    """A call of `sh`, `bat`, `powershell` or `pwsh`; see `name`."""

    __slots__ = ()

    @cached_property
    def argument_of_script(self) -> Argument | None:
        """The script argument of `sh 'x'`, `sh('x')` or `sh(script: 'x', …)`."""
        return self.argument("script") or next(iter(self.positional), None)

    @cached_property
    def script(self) -> StringLiteral | None:
        """The script as a string literal; None if it is computed."""
        argument = self.argument_of_script
        return argument.string if argument else None

    @cached_property
    def commands(self) -> tuple[shell.Command, ...]:
        """The commands of the script; batch and PowerShell scripts are parsed like shell scripts."""
        return shell.commands(self.script.fragment) if self.script else ()
