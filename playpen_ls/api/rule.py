"""Declaration and registry of rules. Each module under `rules/<language>/` is one rule.

The signature of a rule's function is its declaration: the type of its first parameter is its
subject (a part of the language's model, or the whole model), and the types of the others are its
dependencies: `Facts[Route]`, `Files`, `Platform`, or a dataclass that groups them. Keyword-only
parameters are its options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from playpen_ls.api.example import Example, example
from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.finding import Finding, Offer, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.words import Words

T = TypeVar("T")
RuleFunction = Callable[..., Iterable[Finding | Offer]]


@dataclass(frozen=True)
class Option:
    """A keyword-only parameter of a rule; `type` is as annotated."""

    name: str
    type: Any
    default: Any


@dataclass(frozen=True)
class RuleContext:
    """The context of a rule: everything that it can read besides its part."""

    platform: Platform
    files: Files
    facts: Callable[[type[Fact]], Facts[Any]]
    together: dict[type, object] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Instances of grouping dataclasses by type, shared between rules."""


@dataclass(frozen=True)
class _Argument:
    """How to compute a parameter after the part, and its dependencies."""

    give: Callable[[RuleContext], object]
    reads: tuple[type[Fact], ...] = ()
    files: bool = False


@cache
def _argument(annotation: Any) -> _Argument:
    """Raises TypeError for unsupported types."""
    if annotation is Platform:
        return _Argument(lambda given: given.platform)
    if annotation is Files:
        return _Argument(lambda given: given.files, files=True)
    if get_origin(annotation) is Facts:
        (kind,) = get_args(annotation)
        return _Argument(lambda given: given.facts(kind), reads=(kind,))
    if isinstance(annotation, type) and is_dataclass(annotation):
        parts = {name: _argument(wanted) for name, wanted in get_type_hints(annotation).items()}

        def together(given: RuleContext) -> object:
            found = given.together.get(annotation)
            if found is None:
                found = given.together[annotation] = annotation(
                    **{name: one.give(given) for name, one in parts.items()}
                )
            return found

        return _Argument(
            together,
            tuple(kind for part in parts.values() for kind in part.reads),
            any(part.files for part in parts.values()),
        )
    raise TypeError(f"a rule cannot have a parameter of type `{annotation}`")


def given_as(annotation: type[T], context: RuleContext) -> T:
    """What a parameter of a rule with this type gets."""
    return _argument(annotation).give(context)  # type: ignore[return-value, arg-type]


PRESETS: Mapping[str, tuple[str, ...]] = {"restricted": ("restricted",), "hardened": ("restricted", "hardened")}
"""What a configuration can say as `preset`: the presets of the rules that it adds."""

Tag = Literal["", "unnecessary", "deprecated"]

Mentions = tuple[str, ...] | Callable[[Words], bool]
"""What a text must contain for a rule to find something: one of several texts, or what a function says of its words."""


@dataclass(frozen=True, eq=False)
class Rule:
    """`subjects` are the types of its first parameter; `reads` the fact types that it queries."""

    id: str
    language: str
    function: RuleFunction
    severity: Severity
    practice: str
    like: Mapping[str, Sequence[str]]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    reports_absence: bool
    needs_index: bool
    has_safe_fixes: bool
    masks_text: bool
    enabled: bool
    preset: str
    in_pipelines: Severity | bool
    tag: Tag
    subjects: tuple[type, ...]
    reads: tuple[type[Fact], ...]
    looks_at_files: bool
    options: tuple[Option, ...]
    mentions: Mentions | None
    _arguments: tuple[_Argument, ...]

    def __repr__(self) -> str:
        return f"Rule({self.id!r})"

    @property
    def name(self) -> str:
        return self.id.partition("/")[2]

    @property
    def title(self) -> str:
        """The docstring's first line."""
        return inspect.getdoc(self.function).partition("\n")[0]  # type: ignore[union-attr]

    @property
    def reason(self) -> str:
        """The docstring after its first line."""
        return inspect.getdoc(self.function).partition("\n")[2].strip()  # type: ignore[union-attr]

    @property
    def is_cross_file(self) -> bool:
        """Whether it reads more than its own file."""
        return bool(self.reads) or self.looks_at_files

    def may_concern(self, words: Words) -> bool:
        """Whether it can find something in a text with these words: else the text need not be parsed for it.

        One of its subjects must be possible in it, and it must mention what the rule says that it `mentions`.
        """
        return any(words.allow(possible_in(subject)) for subject in self.subjects) and self.is_mentioned(words)

    def is_mentioned(self, words: Words) -> bool:
        wanted = self.mentions
        return wanted is None or (any(map(words.has, wanted)) if isinstance(wanted, tuple) else words.allow(wanted))

    def arguments(self, given: RuleContext) -> tuple[object, ...]:
        """The arguments of the function after its part."""
        return tuple([argument.give(given) for argument in self._arguments]) if self._arguments else ()


@dataclass(frozen=True)
class Configured:
    """A rule with its configuration; `severity` is None for the rule's default."""

    rule: Rule
    severity: Severity | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def possible_in(subject: type) -> Callable[[Words], bool]:
    """What the type of a part says of texts that have such parts, if it says something."""
    found: Callable[[Words], bool] = getattr(subject, "possible_in", _always)
    return found


def _always(_: Words) -> bool:
    return True


def _types(annotation: Any) -> tuple[type, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def rule(
    *,
    severity: Severity,
    practice: str,
    bad: Sequence[str | Mapping[str, str] | Example],
    good: Sequence[str | Mapping[str, str] | Example],
    like: Mapping[str, Sequence[str]] | None = None,
    reports_absence: bool = False,
    needs_index: bool = True,
    has_safe_fixes: bool = True,
    masks_text: bool = False,
    enabled: bool = True,
    preset: str = "",
    in_pipelines: Severity | bool = False,
    tag: Tag = "",
    mentions: Mentions | None = None,
) -> Callable[[RuleFunction], Rule]:
    """Declare a rule.

    `practice` is a heading of the best practices page, or "+". `like` names similar rules of other
    tools, whose ignore comments apply to this rule too. `reports_absence` marks findings that report that X is
    missing, or invalid while it is incomplete (`memory: 5`): they must not flicker while X is typed.
    `needs_index=False` lets a rule run before the index is complete, if other files only influence its
    fixes (see `Facts.complete`). `has_safe_fixes=False` says that none of its fixes is ever safe, so that applying
    the safe ones need not wait for other files. `masks_text` means that the text of its findings is masked in all
    output. `enabled=False` disables it until a configuration selects it. So does a `preset`, a key of PRESETS, which a
    configuration can name to add all of its rules.

    `in_pipelines` lets a rule for manifests look at the pods of agents in Jenkinsfiles: True for one that reports wrong
    values, a severity for one that reports what is missing, if nothing can add it to the pod.

    `tag` is how editors show the text of its findings: pale if it is "unnecessary", since it has no effect, or struck
    through if what it names is "deprecated".

    `mentions` lets a text be passed over unread in which the rule finds nothing: it names texts of which one must be
    there, `("http://",)`, or is a function of the text's `Words`. Without it a rule looks at every text that can have
    one of its subjects. To err by letting a text through costs time, the other way a finding.
    """

    def declare(function: RuleFunction) -> Rule:
        *_, language, module = function.__module__.split(".")
        if not function.__doc__:
            raise TypeError(f"{function.__module__}: a rule's docstring is its page")
        subject, *others = inspect.signature(function, eval_str=True).parameters.values()
        options = [one for one in others if one.kind is one.KEYWORD_ONLY]
        arguments = tuple(_argument(one.annotation) for one in others if one not in options)

        def examples(written: Sequence[str | Mapping[str, str] | Example]) -> tuple[Example, ...]:
            return tuple(one if isinstance(one, Example) else example(one) for one in written)

        return Rule(
            id=f"{language}/{module.replace('_', '-')}",
            language=language,
            function=function,
            severity=severity,
            practice=practice,
            like=like or {},
            bad=examples(bad),
            good=examples(good),
            reports_absence=reports_absence,
            needs_index=needs_index,
            has_safe_fixes=has_safe_fixes,
            masks_text=masks_text,
            enabled=enabled and not preset,
            preset=preset,
            in_pipelines=in_pipelines,
            tag=tag,
            subjects=_types(subject.annotation),
            reads=tuple(dict.fromkeys(kind for argument in arguments for kind in argument.reads)),
            looks_at_files=any(argument.files for argument in arguments),
            mentions=mentions,
            options=tuple(Option(one.name, one.annotation, one.default) for one in options),
            _arguments=arguments,
        )

    return declare
