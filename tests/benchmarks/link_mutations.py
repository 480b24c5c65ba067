"""Make one realistic mistake at a time in real projects, and look whether `check` reports it at the right words.

    python tests/benchmarks/link_mutations.py PROJECT [PROJECT …] [--most 3] [--json FILE]

For each container that `inspect` links with certainty, or as likely, the tool renames what a probe or HEALTHCHECK asks
for, or the route, changes a port, drops or misspells a variable, misspells a key, a label, the image, a COPY source or
the module of the command, in a copy of the project. A mistake counts as found if a new finding is on the changed line
or names the changed word. Mistakes that a reader could not call one either are not made: variables with a default,
images and tags that are computed.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """A mistake in one line of a file, from 0. A finding on that line, or one with a `word` in its message, shows it.

    `dropped` lines are left out, beginning with that one.
    """

    kind: str
    path: str
    line: int
    before: str
    after: str
    words: tuple[str, ...] = ()
    dropped: int = 0


def run(folder: Path, *arguments: str) -> Any:
    """The JSON that a command prints."""
    command = [sys.executable, "-m", "playpen_ls", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    return json.loads(done.stdout)


def findings(folder: Path) -> set[tuple[str, int, str, str]]:
    """(path, line from 0, message, rule) of each finding."""
    found = run(folder, "check", ".", "--no-fixes")["findings"]
    return {(one["path"], one["start"]["line"] - 1, one["message"], one["rule"]) for one in found}


def slip(word: str) -> str:
    """The word with two letters swapped, or with one more."""
    for at in range(1, len(word) - 1):
        if word[at].isalpha() and word[at + 1].isalpha() and word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word + "x"


def mutations(folder: Path, container: dict[str, Any], has_siblings: bool) -> Iterator[Mutation]:
    """The mistakes that can be made about a linked container. `has_siblings`: two others have an image of its account."""
    path, line = container["path"], container["line"] - 1
    manifest = lines_of(folder / path)
    start, end = block_of(manifest, line)
    yield from _in_manifest(folder, manifest, path, start, end, container, has_siblings)
    yield from _in_dockerfile(folder, container)
    yield from _in_code(folder, manifest[start:end], container)
    yield from _in_service(folder, path, manifest, container)


def required(folder: Path, container: dict[str, Any]) -> set[str]:
    """The variables that the code reads in a way that fails without them."""
    code = (one.read_text(errors="replace") for one in code_of(folder, container))
    pattern = re.compile(r"environ\[['\"](\w+)['\"]\]|\bint\(os\.(?:getenv|environ\.get)\(['\"](\w+)['\"]\)")
    found = {one or other for text in code for one, other in pattern.findall(text)}
    return found & set(container["environment"]["read"])


def code_of(folder: Path, container: dict[str, Any]) -> list[Path]:
    """The Python files beside and below the Dockerfile, without tests."""
    files = sorted((folder / container["dockerfile"]).parent.rglob("*.py"))
    return [
        one for one in files if not re.search(r"(?:^|/)(?:tests?/|test_|conftest)", one.relative_to(folder).as_posix())
    ]


def has_key(folder: Path, key: str) -> bool:
    """Whether an object of the project has the key: else nobody can say that it does not exist."""
    pattern = re.compile(rf"^\s+['\"]?{re.escape(key)}['\"]?:(?:\s|$)", re.MULTILINE)
    return any(pattern.search(one.read_text(errors="replace")) for one in sorted(folder.rglob("*.y*ml")))


def lines_of(path: Path) -> list[str]:
    return path.read_text(errors="surrogateescape").split("\n")


def block_of(lines: list[str], line: int) -> tuple[int, int]:
    """The lines of the list item that contains a line."""
    indentation = len(lines[line]) - len(lines[line].lstrip(" -"))
    start = line
    while start > 0 and not re.match(rf" {{{max(indentation - 2, 0)}}}- ", lines[start]):
        start -= 1
    end = line + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) >= indentation):
        end += 1
    return start, end


def _in_manifest(
    folder: Path, manifest: list[str], path: str, start: int, end: int, container: dict[str, Any], has_siblings: bool
) -> Iterator[Mutation]:
    image = container["image"].partition("@")[0].rpartition("/")[2].partition(":")[0]
    if has_siblings and len(image) > 4 and image in manifest[container["line"] - 1]:
        yield _changed("image", manifest, path, container["line"] - 1, image, slip(image))
    read = required(folder, container)
    probed = False
    for at in range(start, end):
        text = manifest[at]
        probed = probed or "Probe:" in text
        key = re.match(r"\s*(?:- )?(\w+):\s*['\"]?([^\s'\"#{}]+)", text)
        if key is None or "{{" in text:
            continue
        name, value = key[1], key[2]
        if name == "path" and probed and value.startswith("/") and container["routes"] is not None and len(value) > 1:
            yield _changed("probe path", manifest, path, at, value, value + "x")
        elif name == "port" and probed and value.isdigit() and container["ports"]:
            yield _changed("probe port", manifest, path, at, value, str(int(value) + 13))
        elif name == "port" and probed and not value.isdigit():
            yield _changed("probe port name", manifest, path, at, value, value + "x")
        elif name == "containerPort" and value.isdigit() and container["ports"]:
            yield _changed("container port", manifest, path, at, value, str(int(value) + 13))
        elif name == "name" and value in read and value.isupper():
            yield _changed("variable", manifest, path, at, value, slip(value), value)
            if text.lstrip().startswith("- name:"):
                inside = len(text) - len(text.lstrip()) + 1
                last = next(
                    (n for n in range(at + 1, end) if len(manifest[n]) - len(manifest[n].lstrip()) < inside), end
                )
                yield Mutation("variable dropped", path, at, text, "", (value,), last - at)
        elif name == "key" and has_key(folder, value) and "optional: true" not in "".join(manifest[at : at + 3]):
            yield _changed("key", manifest, path, at, value, slip(value))


def _in_dockerfile(folder: Path, container: dict[str, Any]) -> Iterator[Mutation]:
    path = container["dockerfile"]
    if any(part in path for part in ("..",)):
        return
    lines = lines_of(folder / path)
    for at, text in enumerate(lines):
        copied = re.match(r"\s*(?:COPY|ADD)\s+(?!--)([\w./-]*\w)\s+\S+\s*$", text, re.IGNORECASE)
        if copied and "/" not in copied[1].strip("./") and (folder / posixpath.dirname(path) / copied[1]).exists():
            yield _changed("COPY source", lines, path, at, copied[1], slip(copied[1]))
        asked = re.search(r"(?:localhost|127\.0\.0\.1)(?::\d+)?(/[\w/-]+)", text)
        checking = any("HEALTHCHECK" in one.upper() for one in lines[max(at - 1, 0) : at + 1])
        if asked and checking and container["routes"] is not None and container["program"]:
            yield _changed("HEALTHCHECK path", lines, path, at, asked[1], asked[1] + "x")
        if re.match(r"\s*(?:CMD|ENTRYPOINT)\b", text, re.IGNORECASE):
            module = re.search(r"([\w.]+):[A-Za-z_]\w*", text)
            if module and container["program"] and container["program"].split()[0] in ("uvicorn", "gunicorn"):
                last = module[1].rpartition(".")[2]
                if len(last) > 3:
                    yield _changed("module", lines, path, at, module[1], module[1][: -len(last)] + slip(last))
            port = re.search(r"--port[\"',=\s]+(\d+)", text)
            if port:
                yield _changed("command port", lines, path, at, port[1], str(int(port[1]) + 13), str(int(port[1]) + 13))


def _in_code(folder: Path, manifest: list[str], container: dict[str, Any]) -> Iterator[Mutation]:
    """Routes that a probe of the container asks for."""
    if container["routes"] is None:
        return
    asked = re.findall(r"(?m)^\s*path:\s*['\"]?(/[\w/-]+)['\"]?\s*$", "\n".join(manifest))
    probed = [one for one in dict.fromkeys(asked) if f"GET {one}" in container["routes"]]
    for file in code_of(folder, container) if probed else ():
        lines = lines_of(file)
        for at, text in enumerate(lines):
            for path in probed:
                if re.search(rf"\.(?:get|route)\(\s*['\"]{re.escape(path)}['\"]", text):
                    place = file.relative_to(folder).as_posix()
                    yield _changed("route", lines, place, at, path, path + "x", path)


def _in_service(folder: Path, path: str, manifest: list[str], container: dict[str, Any]) -> Iterator[Mutation]:
    """Selectors of Services beside the manifest that select its pods by a label."""
    for file in sorted((folder / path).parent.glob("*.y*ml")):
        lines = lines_of(file)
        for at, text in enumerate(lines[:-1]):
            label = re.match(r"\s+(app|app\.kubernetes\.io/name|name|component):\s*([\w-]{4,})\s*$", lines[at + 1])
            if re.match(r"\s+selector:\s*$", text) and label and any(
                re.match(rf"\s+{re.escape(label[1])}:\s*{re.escape(label[2])}\s*$", one) for one in manifest
            ):  # fmt: skip
                place = file.relative_to(folder).as_posix()
                yield _changed("label", lines, place, at + 1, label[2], slip(label[2]), label[2])


def _changed(kind: str, lines: list[str], path: str, at: int, before: str, after: str, *words: str) -> Mutation:
    return Mutation(kind, path, at, lines[at], lines[at].replace(before, after, 1), (after, *words))


def is_found(mutation: Mutation, new: set[tuple[str, int, str, str]]) -> bool:
    return any(
        (path == mutation.path and line == mutation.line) or any(f"`{word}`" in message or f" {word}" in message
                                                                  for word in mutation.words)
        for path, line, message, _ in new
    )  # fmt: skip


def tried(project: Path, most: int) -> Iterator[tuple[Mutation, bool, list[str]]]:
    """Each mistake, whether it was found, and the messages of the new findings."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / project.name
        shutil.copytree(project, folder, symlinks=True, ignore_dangling_symlinks=True)
        (folder / ".git").mkdir(exist_ok=True)
        before = findings(folder)
        made: Counter[str] = Counter()
        containers = run(folder, "inspect", ".")["containers"]
        accounts = Counter(one["image"].rpartition("/")[0] for one in containers if one["certainty"] == "certain")
        for container in containers:
            if container["certainty"] not in ("certain", "likely") or "/templates/" in container["path"]:
                continue  # a template is rendered with values that are not known here
            for mutation in mutations(folder, container, accounts[container["image"].rpartition("/")[0]] > 2):
                if made[mutation.kind] >= most:
                    continue
                made[mutation.kind] += 1
                place = folder / mutation.path
                text = place.read_text(errors="surrogateescape")
                lines = text.split("\n")
                if mutation.dropped:
                    del lines[mutation.line : mutation.line + mutation.dropped]
                else:
                    lines[mutation.line] = mutation.after
                place.write_text("\n".join(lines), errors="surrogateescape")
                new = findings(folder) - before
                place.write_text(text, errors="surrogateescape")
                yield mutation, is_found(mutation, new), sorted(message for _, _, message, _ in new)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=3, help="mistakes of one kind in a project")
    parser.add_argument("--json", type=Path, help="write every mistake with its result")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for project in options.projects:
        for mutation, found, messages in tried(project.resolve(), options.most):
            results.append({"project": project.name, "found": found, "messages": messages, **vars(mutation)})
            if not found:
                print(
                    f"missed {mutation.kind}: {project.name} {mutation.path}:{mutation.line + 1} {mutation.after.strip()}"
                )
    kinds = Counter(one["kind"] for one in results)
    for kind, count in sorted(kinds.items()):
        found = sum(one["found"] for one in results if one["kind"] == kind)
        print(f"{kind}: {found} of {count}")
    print(f"found {sum(one['found'] for one in results)} of {len(results)}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
