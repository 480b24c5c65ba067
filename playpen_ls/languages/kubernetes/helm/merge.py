"""`merge` and `mergeOverwrite`, as `mergo` merges maps, and how Helm merges values."""

from __future__ import annotations

from collections.abc import Callable, Collection

from playpen_ls.languages.kubernetes.helm.values import UNKNOWN, Map, Unknown, Value, copied, truth


def merge(target: Map, source: Map, overwrites: bool, changes: Callable[[Map], None]) -> None:
    """Change `target`: it gets what it lacks, or has empty; `overwrites`: all of `source`, also what is empty there.

    `changes` is called with each map before it is changed.
    """
    if source is target:
        return
    changes(target)
    target.unsure = target.unsure or source.unsure
    for key in source:
        theirs, ours = source[key], target.get(key, UNKNOWN if target.unsure else None)
        if theirs is None and not overwrites:
            continue
        if isinstance(theirs, Map) and isinstance(ours, Map):
            if ours or not theirs:
                merge(ours, theirs, overwrites, changes)
            else:
                target.take(key, source)
            continue
        lacks = truth(ours) is False or (overwrites and not (isinstance(ours, Unknown) and isinstance(theirs, Map)))
        if source.unsure or (not lacks and truth(ours) is None):
            target.put(key, UNKNOWN)
        elif lacks:
            target.take(key, source)


def coalesced(strong: Map, weak: Map, keeps_nulls: bool = False, charts: Collection[str] = ()) -> Map:
    """Values over weaker ones: maps are merged, other values replaced; a null of the stronger removes the key.

    In the values of `charts`, nulls are kept until those of the subchart itself are known.
    """
    made = Map((), strong.place or weak.place)
    made.unsure = strong.unsure or weak.unsure
    for key in (*strong, *(key for key in weak if key not in strong)):
        if key not in strong:
            made.take(key, weak)
            made[key] = copied(weak[key])
        elif strong[key] is None and key in weak and not keeps_nulls:
            continue
        elif isinstance(strong[key], Map) and isinstance(weak.get(key), Map):
            inner = coalesced(strong[key], weak[key], keeps_nulls or key in charts)
            made.put(key, inner, *(strong.places.get(key) or weak.places.get(key) or ()))
        else:
            made.take(key, strong)
            made[key] = copied(strong[key])
    return made


def put_at(path: str, value: Map) -> Map:
    """A map with a value at a dotted path; the value itself for `.`."""
    for name in reversed(path.split(".")) if path != "." else ():
        value = Map({name: value})
    return value


def at_path(values: Map, path: str) -> Value:
    """The value at a dotted path; None if there is none."""
    here: Value = values
    for name in path.split("."):
        if not isinstance(here, Map):
            return UNKNOWN if isinstance(here, Unknown) else None
        here = here.get(name)
    return here
