"""Converting `docker.image(…).inside` and `docker.withRegistry` to a declarative `agent { docker {…} }`."""

from __future__ import annotations

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, Statement


def docker_wrapper(statement: Statement) -> Call | None:
    """The `inside` or `withRegistry` call that the whole statement consists of, else None."""
    calls = statement.calls
    last = next((one for one in reversed(calls) if one.last == statement.last), None)
    if last is None or last.block is None or statement.word != "docker":
        return None
    if last.name == "withRegistry" and last.receiver == "docker":
        return last
    return last if last.name == "inside" and last.receiver.startswith("docker.image(") else None


def docker_entries(call: Call) -> list[str]:
    """The entries of `docker {…}` for a call of `inside` or `withRegistry`. Raises Refused."""
    if call.block is not None and call.block.parameters:
        raise Refused(f"the closure of `{call.name}` takes a parameter")
    if call.name == "withRegistry":
        url, *rest = _literals(call, 1, 2)
        return [f"registryUrl {url}", *(f"registryCredentialsId {id}" for id in rest)]
    calls = [one for one in call.statement.calls if one.name == "image" and one.receiver == "docker"]
    if len(calls) != 1 or any(one.name not in ("image", "inside") for one in call.statement.calls):
        raise Refused("the container image is computed")
    (image,) = _literals(calls[0], 1, 1)
    return [*(f"args {one}" for one in _literals(call, 0, 1)), f"image {image}"]


def _literals(call: Call, least: int, most: int) -> list[str]:
    """The arguments as written. Raises Refused unless they are `least` to `most` literal strings."""
    written = []
    for one in call.arguments:
        if one.value is None or one.string is None or one.name is not None:
            raise Refused(f"an argument of `{call.name}` is not a literal string")
        written.append(one.string.raw)
    if not least <= len(written) <= most:
        raise Refused(f"`{call.name}` has too few or too many arguments for an agent")
    return written
