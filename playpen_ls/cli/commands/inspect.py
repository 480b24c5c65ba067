"""Show the Dockerfile, program, ports, routes and deployments of each container."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from playpen_ls.cli.common import DONE, FAILED, invalid_configuration, paths_of, say
from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.printable import json_escaped, printable
from playpen_ls.config.model import Settings
from playpen_ls.languages.registry import parse
from playpen_ls.session.inspection import InspectedContainer, described, inspected, line_of

VERSION = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="manifests, or folders with them (default: current folder)"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: %(default)s")


def run(options: argparse.Namespace) -> int:
    targets = Targets(Settings(None, ()))
    found = [(target, one) for target in _manifests(options, targets) for one in _containers(target)]
    if options.format == "json":
        rows = [_row(targets, target, one) for target, one in found]
        print(json_escaped(json.dumps({"version": VERSION, "containers": rows}, indent=2, ensure_ascii=False)))
    else:
        for line in _text(targets, found):
            print(printable(line))
    for problem in targets.all_problems():
        say(f"{problem.place}: {problem.message}")
    return FAILED if invalid_configuration(targets) or any(one.fatal for one in targets.all_problems()) else DONE


def _manifests(options: argparse.Namespace, targets: Targets) -> Iterator[Target]:
    for path, named in paths_of(options, targets) or ():
        if path.endswith((".yaml", ".yml", ".json")):
            target = targets.target(path, named)
            if target is not None and target.language == "kubernetes":
                yield target


def _containers(target: Target) -> Iterator[InspectedContainer]:
    workspace = target.workspace
    if not workspace.index.complete:
        workspace.freeze_files()
        workspace.closed.read_all()
    model = parse(target.language, target.source).settled()
    yield from inspected(model, workspace.context(target.path))  # type: ignore[arg-type]


def _row(targets: Targets, target: Target, one: InspectedContainer) -> dict[str, Any]:
    link = one.link
    shown = targets.shown
    return {
        "path": shown(target.workspace, one.path),
        "line": target.source.line_of(one.offset) + 1,
        "kind": one.kind,
        "workload": one.workload,
        "container": one.container,
        "image": one.image,
        "deployments": [
            {**made._asdict(), "kustomization": shown(target.workspace, made.kustomization)} for made in one.deployments
        ],
        "dockerfile": shown(target.workspace, link.dockerfile) if link else None,
        "certainty": link.certainty.label if link else None,
        "evidence": [
            {
                "path": shown(target.workspace, evidence.place.path),
                "line": line_of(evidence.place, target.workspace.text(evidence.place.path)),
                "message": evidence.place.message,
            }
            for evidence in (link.evidence if link else ())
        ],
        "why_not": one.why_not or None,
        "program": one.program or None,
        "ports": list(one.ports),
        "routes": None if one.routes is None else [f"{method} {path}" for method, path in one.routes],
        "environment": {"set": list(one.sets), "read": list(one.reads), "missing": list(one.lacks)},
    }


def _text(targets: Targets, found: list[tuple[Target, InspectedContainer]]) -> Iterator[str]:
    for target, one in found:
        path, line = targets.shown(target.workspace, one.path), target.source.line_of(one.offset) + 1
        name = f"{one.kind} {one.workload}".strip()
        container, image = one.container or "(unnamed)", one.image or "(no image)"
        yield f"{path}:{line}  {name}, container {container}: {image}"
        for told in described(one, partial(targets.shown, target.workspace), target.workspace.text):
            yield f"    {told}"
    linked = sum(one.link is not None for _, one in found)
    yield f"{linked} of {len(found)} containers linked to a Dockerfile"
