from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import remove_item
from playpen_ls.languages.kubernetes.edits.verify import data
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar, Sequence
from playpen_ls.rules.kubernetes._completeness import Absence

HEAD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      image: nexus:5000/shop:1.0.0
      env:
        - name: LEVEL
          value: info
"""
REGION = "        - {name: REGION, value: eu}\n"


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    like={"kube-linter": ["duplicate-env-var"], "kube-score": ["environment-variable-key-duplication"]},
    reports_absence=True,
    has_safe_fixes=False,
    bad=[
        example(HEAD + REGION + "        - {name: «LEVEL», value: info}\n", fixed=HEAD + REGION),
        example(
            HEAD + REGION + "        - {name: «LEVEL», value: debug}\n",
            fixed=HEAD[: HEAD.index("        - name: LEVEL")] + REGION + "        - {name: LEVEL, value: debug}\n",
        ),
    ],
    good=[
        HEAD + REGION,
        # Which of them is set is not known.
        HEAD + "        {{- if .Values.debug }}\n        - {name: LEVEL, value: debug}\n        {{- end }}\n",
        HEAD + "        - {name: '${NAME}', value: a}\n        - {name: '${NAME}', value: a}\n",
        HEAD + "      envFrom: [{configMapRef: {name: shop}}]\n",
    ],
)  # fmt: skip
def duplicate_variable(container: Container, absence: Absence) -> Iterator[Finding]:
    """Environment variable is set twice in a container.

    The last entry of `env` counts; only entries above an entry can be used in it with `$(NAME)`. The fix removes one
    of two equal entries; of different ones, the first.
    """
    every = container.node.get("env")
    if not isinstance(every, Sequence) or not absence.is_certain(container):
        return
    document = container.document
    first: dict[str, tuple[Mapping, Scalar]] = {}
    for item in every.items:
        name = item.scalar("name") if isinstance(item, Mapping) else None
        if name is None or not isinstance(item, Mapping) or not name.literal or "$" in name.value:
            continue
        before = first.setdefault(name.value, (item, name))
        if before[0] is item or before[1] is name:
            continue
        equal = data([item]) == data([before[0]])
        title = "Remove the second" if equal else "Remove the overridden"
        fix = Fix(f"{title} `{name.value}`", partial(remove_item, document, every, item if equal else before[0]))
        related = (Place(document.path, document.content(before[1]), f"`{name.value}` is set here first"),)
        how = "twice" if equal else "twice, with different values; the last counts"
        message = f"{container.display_name} sets `{name.value}` {how}"
        yield Finding(document.content(name), message, (fix,), None, related)
