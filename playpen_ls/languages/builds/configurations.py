"""YAML, JSON and HCL files with builds: compose, bake, workflows, Cloud Build, pipelines; and values of charts."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from playpen_ls.api.fact_types import ChartInstall, DotenvVariable, ImageBuilt, ValuesFile
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.builds.paths import within
from playpen_ls.languages.builds.scripts import Values, facts_of, values_in
from playpen_ls.languages.shell.deployments import DEPLOYS, last_part
from playpen_ls.languages.yaml_loader import yaml_loader
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_DEEPEST = 40  # levels of a configuration
_MOST_VALUES = 400  # of a chart that can be images
_MOST_JOBS = 60  # combinations of a matrix


class Text(str):
    """A scalar with the offset of its text in the file."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def loaded(text: str) -> Any:
    """The first document as dicts, lists and `Text`; None if it is not valid YAML (JSON is). Anchors are resolved."""
    import yaml

    if text.count("[") + text.count("{") > 5000:
        return None
    try:
        node = next(iter(yaml.compose_all(text, Loader=yaml_loader())), None)
        return _value(node, 0)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _value(node: Any, depth: int) -> Any:
    import yaml

    if depth > _DEEPEST or node is None:
        return None
    if isinstance(node, yaml.ScalarNode):
        quoted = 1 if node.style in ("'", '"') else 0
        start = node.start_mark.index + quoted
        return _placed(node.value, start, max(start, node.end_mark.index - quoted))
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, depth + 1) for one in node.value]
    made: dict[str, Any] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            read = _value(value, depth + 1)
            if key.value == "<<" and isinstance(read, dict):
                made = {**read, **made}
            else:
                made[key.value] = read
    return made


def _placed(text: str, start: int, end: int) -> Text:
    made = Text(text)
    made.start, made.end = start, end
    return made


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, Text) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else ""


_DEFAULT = regex(r"\$\{(\w+)(?::?-([^${}]*))?\}")


def of_compose(path: str, text: str) -> Iterator[Fact]:
    """Services with `build`; without `image` a build names no image, but its context.

    The image is as written: the `.env` beside the file can set its variables.
    """
    folder = posixpath.dirname(path)
    for service in _mapping(_mapping(loaded(text)).get("services")).values():
        build = _mapping(service).get("build")
        image = _mapping(service).get("image")
        if not isinstance(build, dict):
            build = {"context": build} if isinstance(build, Text) else {}
        if not build:
            continue
        context = within(folder, _with_defaults(_text(build.get("context")) or "."))
        file = _with_defaults(_text(build.get("dockerfile")))
        dockerfile = within(context, file) if file and context is not None else ""
        if dockerfile is None or (file and not dockerfile):
            continue
        span = image.span if isinstance(image, Text) else _span_in(build)
        yield ImageBuilt(Place(path, span), _text(image), context, dockerfile, _text(build.get("target")))


def _span_in(mapping: Mapping[str, Any]) -> Span:
    return next((value.span for value in mapping.values() if isinstance(value, Text)), Span(0, 0))


def _with_defaults(text: str) -> str:
    return _DEFAULT.sub(lambda match: match[2] if match[2] is not None else match[0], text)


_HCL_BLOCK = regex(r'^(target|variable)\s+"([^"]+)"\s*\{([^\n{}]*(?=\}[ \t]*$)|.*?(?=^\}))', re.MULTILINE | re.DOTALL)
_HCL_VALUE = regex(r'^\s*(context|dockerfile|target|default)[ \t]*=\s*"([^"]*)"', re.MULTILINE)
_HCL_LIST = regex(r"^\s*(tags|inherits)\s*=\s*\[([^\]]*)\]", re.MULTILINE)
_HCL_STRING = regex(r'"((?:[^"\\\n]|\\.)*)"')
_HCL_USE = regex(r"\$\{(\w+)\}")


def of_bake(path: str, text: str) -> Iterator[Fact]:
    """Targets, also those without tags. Paths are relative to where bake is called."""
    targets: dict[str, dict[str, Any]] = {}
    variables: dict[str, str] = {}
    if path.endswith(".json"):
        targets = {name: _mapping(one) for name, one in _mapping(_mapping(loaded(text)).get("target")).items()}
    else:
        for block in _HCL_BLOCK.finditer(text):
            values: dict[str, Any] = dict(_HCL_VALUE.findall(block[3]))
            if block[1] == "variable":
                variables[block[2]] = values.get("default", "")
                continue
            for one in _HCL_LIST.finditer(block[3]):
                found = []
                for string in _HCL_STRING.finditer(one[2]):
                    start = block.start(3) + one.start(2) + string.start(1)
                    found.append(_placed(string[1], start, start + len(string[1])))
                values[one[1]] = found
            targets[block[2]] = values
    bases = {str(name) for target in targets.values() for name in _items(target.get("inherits"))}
    for called, target in targets.items():
        every = _inherited(target, targets)
        context = within("", _text(every.get("context")) or ".")
        file = _text(every.get("dockerfile"))
        dockerfile = within(context, file) if file and context is not None else ""
        if dockerfile is None:
            continue
        made = _text(every.get("target"))
        tags = [tag for tag in _items(every.get("tags")) if isinstance(tag, Text)]
        for tag in tags:
            reference = _HCL_USE.sub(lambda match: variables.get(match[1]) or match[0], str(tag))
            yield ImageBuilt(Place(path, tag.span), reference, context, dockerfile, made, in_workspace=True)
        if not tags and called not in bases:
            yield ImageBuilt(Place(path, Span(0, 0)), "", context, dockerfile, made, in_workspace=True)


def _inherited(target: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]], depth: int = 5) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in _items(target.get("inherits")) if depth else ():
        made |= _inherited(targets.get(name, {}), targets, depth - 1)
    made.pop("tags", None)
    return {**made, **target}


_EXPRESSION = regex(r"\$\{\{\s*(.*?)\s*\}\}")
_BUILD_ACTION = regex(
    r"(?:docker/build-push-action|redhat-actions/buildah-build|mr-smithers-excellent/docker-build-push"
    r"|elgohr/Publish-Docker-Github-Action|aevea/action-kaniko|int128/kaniko-action)@.*"
)
_META_ACTION = regex(r"(?:docker|crazy-max|ghaction)/[\w-]*metadata[\w-]*@.*|crazy-max/ghaction-docker-meta@.*")


def of_workflow(path: str, text: str) -> Iterator[Fact]:
    """Jobs of GitHub Actions. Their steps run in the root of the repository."""
    document = _mapping(loaded(text))
    root = path[: path.rfind(".github/")].rstrip("/")
    environment = _literals(document.get("env"))
    jobs = list(_mapping(document.get("jobs")).values())
    runs = _mapping(document.get("runs"))
    for job in [*jobs, *([runs] if runs else [])]:
        job = _mapping(job)
        known = {**environment, **_literals(job.get("env"))}
        for chosen in _matrix(job):
            values = {f"env.{name}": value for name, value in known.items()} | chosen
            yield from _of_job(path, root, job, values, known, document)


def _of_job(
    path: str, root: str, job: dict[str, Any], values: dict[str, str], known: dict[str, str], document: dict[str, Any]
) -> Iterator[Fact]:
    if isinstance(job.get("uses"), Text):
        yield from _of_call(path, root, job, values)
    images: dict[str, list[Text]] = {}
    for step in map(_mapping, _items_of(job.get("steps"))):
        local = {**values, **{f"env.{name}": value for name, value in _literals(step.get("env")).items()}}
        uses, given = _text(step.get("uses")), _mapping(step.get("with"))
        if _META_ACTION.fullmatch(uses):
            images[_text(step.get("id"))] = _lines(given.get("images"))
        elif _BUILD_ACTION.fullmatch(uses):
            tags = _lines(given.get("tags") or given.get("image") or given.get("name") or given.get("destination"))
            yield from _of_action(path, root, given, tags, images, local)
        elif isinstance(step.get("run"), Text):
            yield from _of_run(path, root, step, job, local, known, document)


def _of_action(
    path: str, root: str, given: dict[str, Any], tags: list[Text], images: dict[str, list[Text]], values: dict[str, str]
) -> Iterator[Fact]:
    written = _put_in(_text(given.get("context")) or _text(given.get("workdir")) or ".", values)
    context = within(root, re.sub(r"^\{\{defaultContext\}\}:?", "", written) or ".")
    file = _put_in(
        _text(given.get("file")) or _text(given.get("dockerfile")) or _text(given.get("containerfiles")), values
    )
    dockerfile = within(root, file) if file else ""
    if dockerfile is None:
        return
    for tag in tags:
        named = re.search(r"steps\.([\w-]+)\.outputs\.(?:tags|image|json)", tag)
        for one in images.get(named[1], []) if named else [tag]:
            for reference in _put_in(one, values).split(","):
                name = re.sub(r"^(?:type=\w+,)?name=", "", reference.strip())
                if name:
                    target = _put_in(_text(given.get("target")), values)
                    yield ImageBuilt(Place(path, one.span), _plain(name), context, dockerfile, target)


_IMAGE_KEY = regex(
    r"(?:docker|container)?[-_]?(?:image|repository)(?:[-_]?name)?|image[-_]?tags?|service[-_]?image", re.IGNORECASE
)
_CONTEXT_KEY = regex(r"(?:docker|build)?[-_]?(?:context|path|directory|working[-_]?directory)", re.IGNORECASE)
_FILE_KEY = regex(r"(?:path[-_]?to[-_]?)?(?:docker[-_]?)?file(?:[-_]?path)?", re.IGNORECASE)


def _of_call(path: str, root: str, job: dict[str, Any], values: dict[str, str]) -> Iterator[Fact]:
    """A reusable workflow that gets an image with a context or a Dockerfile."""
    given = {key: value for key, value in _mapping(job.get("with")).items() if isinstance(value, Text)}
    image = next((value for key, value in given.items() if _IMAGE_KEY.fullmatch(key)), None)
    where = next((value for key, value in given.items() if _CONTEXT_KEY.fullmatch(key)), None)
    file = next((value for key, value in given.items() if _FILE_KEY.fullmatch(key)), None)
    if image is None or (where is None and file is None):
        return
    context = within(root, _put_in(where, values) or ".") if where is not None else ""
    dockerfile = within(root, _put_in(file, values)) if file is not None else ""
    if dockerfile is not None:
        yield ImageBuilt(Place(path, image.span), _plain(_put_in(image, values)), context, dockerfile)


def _of_run(
    path: str, root: str, step: dict[str, Any], job: dict[str, Any], values: dict[str, str], known: dict[str, str],
    document: dict[str, Any],
) -> Iterator[Fact]:  # fmt: skip
    script = step["run"]
    defaults = [_mapping(_mapping(one.get("defaults")).get("run")) for one in (job, document)]
    folders = [_text(one.get("working-directory")) for one in (step, *defaults)]
    folder = _put_in(next(filter(None, folders), "."), values)
    filled = _put_in(script, values)
    here = within(root, folder)
    variables: Values = {name: (value,) for name, value in {**known, **_literals(step.get("env"))}.items()}
    yield from facts_of(path, filled, {**variables, **values_in(filled)}, here, in_workspace=False, span=script.span)


def _put_in(text: str, values: Mapping[str, str]) -> str:
    """Expressions replaced by their literal values; others become variables that nothing sets."""

    def value(match: re.Match[str]) -> str:
        name = re.sub(r"\s", "", match[1])
        return values.get(name, f"${{{re.sub(r'[^A-Za-z0-9_]', '_', name)}}}")

    made = _EXPRESSION.sub(value, text)
    return _EXPRESSION.sub(value, made)


def _plain(reference: str) -> str:
    return reference.strip().strip("\"'")


def _literals(value: Any) -> dict[str, str]:
    return {name: str(one) for name, one in _mapping(value).items() if isinstance(one, Text)}


def _items_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _lines(value: Any) -> list[Text]:
    found = []
    for one in _items(value):
        for line in one.split("\n") if isinstance(one, Text) else ():
            if line.strip() and not line.strip().startswith("#"):
                found.append(_placed(line.strip(), one.start, one.end))
    return found


def _matrix(job: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The values of `matrix.…` in each job of a literal matrix; one empty one if there is none."""
    matrix = _mapping(_mapping(job.get("strategy")).get("matrix"))
    lists = {
        name: values
        for name, values in matrix.items()
        if isinstance(values, list) and name not in ("include", "exclude")
    }
    included = [one for one in _items_of(matrix.get("include")) if isinstance(one, dict)]
    made: list[dict[str, str]] = []
    for chosen in islice(product(*lists.values()), _MOST_JOBS) if lists else ():
        values: dict[str, str] = {}
        for name, value in zip(lists, chosen, strict=True):
            values |= _flat(f"matrix.{name}", value)
        made.append(values)
    for one in included:
        values = {key: value for name, part in one.items() for key, value in _flat(f"matrix.{name}", part).items()}
        same = [other for other in made if all(other.get(key, value) == value for key, value in values.items()
                                               if key.split(".")[1] in lists)] if lists else []  # fmt: skip
        for other in same:
            other |= values
        if not same:
            made.append(values)
    yield from made[:_MOST_JOBS] or [{}]


def _flat(name: str, value: Any) -> dict[str, str]:
    if isinstance(value, Text):
        return {name: value}
    return {f"{name}.{key}": one for key, one in _mapping(value).items() if isinstance(one, Text)}


def of_cloud_build(path: str, text: str) -> Iterator[Fact]:
    """Steps of Cloud Build, which run in the root of what was submitted."""
    document = _mapping(loaded(text))
    known: Values = {name: (value,) for name, value in _literals(document.get("substitutions")).items()}
    for step in map(_mapping, _items_of(document.get("steps"))):
        arguments = [one for one in _items(step.get("args")) if isinstance(one, Text)]
        if not arguments:
            continue
        entry = _text(step.get("entrypoint"))
        script = (
            arguments[-1] if entry.endswith("sh") else Text(" ".join([_program(step, entry), *map(_quoted, arguments)]))
        )
        span = Span(arguments[0].start, arguments[-1].end)
        folder = within("", _text(step.get("dir")) or ".")
        text_of = re.sub(r"\$\{?_(\w+)\}?", r"${_\1}", script)
        yield from facts_of(path, text_of, {**known, **values_in(text_of)}, folder, in_workspace=True, span=span)


def _program(step: dict[str, Any], entry: str) -> str:
    if entry:
        return entry
    name = _text(step.get("name")).partition(":")[0].rpartition("/")[2]
    return "executor" if "kaniko" in _text(step.get("name")) else name


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./${}-]+", word) else shlex.quote(word)


_SCRIPT = regex(
    r"\b(?:docker|podman|nerdctl|buildah|executor|az|gcloud|pack)\b[^\n]*\b(?:build|bud|submit|destination)\b|executor"
    rf"|{DEPLOYS}"
)


def of_pipeline(path: str, text: str) -> Iterator[Fact]:
    """The scripts in another pipeline: GitLab CI, CircleCI, Azure Pipelines, Taskfile."""
    document = loaded(text)
    known: Values = {
        name: (value,)
        for key in ("variables", "env", "vars")
        for name, value in _literals(_mapping(document).get(key)).items()
    }
    parts = path.split("/")[:-1]
    root = "/".join(part for part in parts if not part.startswith("."))
    yield from _scripts(path, document, known, root, 0)


def _scripts(path: str, value: Any, known: Values, root: str, depth: int) -> Iterator[Fact]:
    if isinstance(value, dict):
        local = {**known, **{name: (one,) for name, one in _literals(value.get("variables")).items()}}
        for one in value.values():
            yield from _scripts(path, one, local, root, depth + 1)
    elif isinstance(value, list):
        scripts = [one for one in value if isinstance(one, Text)]
        if len(scripts) == len(value) and any(_SCRIPT.search(one) for one in scripts):
            whole = "\n".join(scripts)  # `cd` in one line of a list counts for those below
            span = Span(scripts[0].start, scripts[-1].end)
            yield from facts_of(path, whole, {**known, **values_in(whole)}, root, in_workspace=False, span=span)
            return
        for one in value:
            yield from _scripts(path, one, known, root, depth + 1)
    elif isinstance(value, Text) and _SCRIPT.search(value):
        yield from facts_of(path, value, {**known, **values_in(value)}, root, in_workspace=False, span=value.span)


def of_values(path: str, text: str) -> Iterator[Fact]:
    """That there are values for a Helm chart; what they are, its rendering reads."""
    yield ValuesFile(Place(path, Span(0, 0)))


def of_helmfile(path: str, text: str) -> Iterator[Fact]:
    """The charts that helmfile installs; all of them with values that are not known if the file is a template."""
    root = loaded(text) if "{{" not in text else None
    if not isinstance(root, dict):
        yield ChartInstall(Place(path, Span(0, 0)), "", (), True)
        return
    inherits = any(root.get(key) for key in ("bases", "helmfiles", "templates", "environments", "values"))
    releases = root.get("releases")
    for release in releases if isinstance(releases, list) else ():
        chart = release.get("chart") if isinstance(release, dict) else None
        if isinstance(chart, Text):
            given = (
                [one for one in release.get("values") or () if one] if isinstance(release.get("values"), list) else []
            )
            files = tuple(last_part(one) for one in given if isinstance(one, Text))
            sets = inherits or len(files) < len(given) or any(release.get(key) for key in _HELMFILE_VALUES)
            yield ChartInstall(Place(path, chart.span), last_part(chart), files, sets)


_HELMFILE_VALUES = ("set", "setString", "setTemplate", "valuesTemplate", "secrets", "inherit", "jsonPatches",
                    "strategicMergePatches", "transformers")  # fmt: skip


_VARIABLE = regex(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*([\"']?)([^\s\"'#]+)\2[ \t]*(?:#.*)?$", re.MULTILINE)


def of_environment(path: str, text: str) -> Iterator[Fact]:
    """Variables of `.env` that can be a part of an image in the compose file beside it."""
    for match in islice(_VARIABLE.finditer(text), _MOST_VALUES):
        value = _placed(match[3], match.start(3), match.end(3))
        if _can_be_image(match[1], value) or match[1].upper() == "VERSION":
            yield DotenvVariable(Place(path, value.span), match[1], match[3])


_SECRET = regex(r"pass|secret|token|cred|key|auth", re.IGNORECASE)
_LEAF = regex(r"image|repo|registry|tag|name|hub|account|prefix|organi[sz]ation", re.IGNORECASE)


def _can_be_image(name: str, value: Text) -> bool:
    named = _LEAF.search(name) and not _SECRET.search(name)
    return bool(named) and len(value) < 200 and re.fullmatch(r"[\w./:@$(){}-]*", value) is not None
