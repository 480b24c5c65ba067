"""Planning a declarative pipeline with the same behavior as a scripted one.

`plan` raises Refused, with the reason, for everything whose behavior the declarative pipeline cannot keep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.pipeline import assignment
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Call, Expression, Statement
from playpen_ls.rules.jenkinsfile.scripted_pipeline.as_written import (
    agent_of,
    as_argument,
    as_entry,
    is_literal,
    outside,
    shown,
)
from playpen_ls.rules.jenkinsfile.scripted_pipeline.detect import (
    JOB_PROPERTIES,
    OPTIONS,
    WRAPPERS,
    is_definition,
    is_step,
)
from playpen_ls.rules.jenkinsfile.scripted_pipeline.docker_agent import docker_entries, docker_wrapper
from playpen_ls.rules.jenkinsfile.scripted_pipeline.stages import Plan, PlannedStage, planned_stage

_KNOWN_OBJECTS = frozenset(("env", "params", "currentBuild", "true", "false", "null", "scm"))


def plan(file: Jenkinsfile) -> Plan:
    """Raises Refused."""
    return _Reader(file).read()


class _Reader:
    def __init__(self, file: Jenkinsfile) -> None:
        self.file = file
        self.names = set(_KNOWN_OBJECTS)  # names in scope at the top level of the declarative pipeline

    def read(self) -> Plan:
        if self.file.problems:
            raise Refused("the file does not parse")
        statements = self.file.tree.root.statements
        properties: Call | None = None
        body: list[Statement] = []
        for statement in statements:
            call = statement.call
            if call is not None and call.name == "properties":
                if properties is not None:
                    raise Refused("`properties` is called more than once")
                if body:
                    raise Refused(f"`{shown(body[0])}` comes before `properties`")
                properties = call
            elif self._is_header(statement):
                if body and not is_definition(statement):
                    raise Refused(f"`{shown(statement)}` comes after the first stage")
            else:
                body.append(statement)
        if not body:
            raise Refused("the pipeline has no stage")
        first, last = statements.index(body[0]), statements.index(body[-1])
        if any(one not in body for one in statements[first : last + 1]):
            raise Refused("a method is defined between the stages")
        self.plan = Plan(body[0], body[-1], properties)
        if properties is not None:
            self._properties(properties)
        self._body(body)
        if not self.plan.stages:
            raise Refused("the pipeline has no stage")
        if self.plan.docker and not self.plan.docker[-1].startswith("image "):
            raise Refused("`docker.withRegistry` is around stages that do not share one `docker.image(…).inside`")
        if self.plan.docker and (label := re.fullmatch(r"\{ (label .*) \}", self.plan.agent)):
            self.plan.docker.append(label[1])
        names = [stage.name[1:-1] for stage in self.plan.stages]
        if len(set(names)) < len(names):
            raise Refused("two stages have the same name")
        return self.plan

    def _is_header(self, statement: Statement) -> bool:
        text = statement.text
        if statement.word in ("import", "package", "class") or text.startswith("@Library") or is_definition(statement):
            return True
        call = statement.call
        if call is not None and call.name == "library":
            return True
        declared = re.fullmatch(r"(?:@\w+\s+)*(?:def|final|String|boolean|int|[A-Z][\w<>, ]*)\s+(\w+)", text)
        if declared:
            self.names.add(declared[1])
            return True
        one = assignment(statement)
        if one is None or one.owner:
            return text.startswith("@Field")
        if not is_literal(one.value):
            raise Refused(f"`{one.name}` is computed before the first stage")
        self.names.add(one.name)
        return True

    def _properties(self, call: Call) -> None:
        items = call.arguments[0].items if len(call.arguments) == 1 else None
        if items is None:
            raise Refused("the argument of `properties` is not a literal list")
        for item in items:
            inner = item.call
            if inner is None or not is_literal(item, calls=True):
                raise Refused("`properties` contains an entry that is not a literal")
            if inner.name in ("parameters", "pipelineTriggers"):
                entries = inner.arguments[0].items if inner.arguments else None
                if entries is None:
                    raise Refused(f"the argument of `{inner.name}` is not a literal list")
                section = self.plan.parameters if inner.name == "parameters" else self.plan.triggers
                section += (as_entry(self.file, entry) for entry in entries)
            elif inner.name in JOB_PROPERTIES:
                self.plan.options.append(as_entry(self.file, item))
            else:
                raise Refused(f"the job property `{inner.name}` has no known equivalent in `options`")

    def _body(self, statements: Sequence[Statement]) -> None:
        """Read nested wrappers around the stages, or a sequence of nodes and stages."""
        if len(statements) == 1 and (statements[0].word == "try" or self._is_wrapper(statements[0])):
            self._wrapper(statements[0])
            return
        if self.plan.agent and statements and (inside := docker_wrapper(statements[-1])) is not None:
            self._docker(inside, statements[:-1])
            return
        if self.plan.agent:
            self._row(statements)
            return
        self.plan.agent = "none"
        for statement in statements:
            call = statement.call
            if call is not None and call.name == "node" and call.block is not None:
                inner = call.block.statements
                stage = inner[0].call if len(inner) == 1 else None
                if stage is None or stage.name != "stage":
                    raise Refused("one of several `node` blocks contains something other than a single stage")
                planned = planned_stage(stage, self.plan.agent)
                if planned.agent:
                    raise Refused("a `node` is nested in another `node`")
                planned.agent = agent_of(call)
                planned.start = statement.start
                self.plan.stages.append(planned)
            elif call is not None and call.name == "stage":
                self.plan.stages.append(planned_stage(call, self.plan.agent))
            elif self.plan.stages or not self._hoists(statement):
                raise Refused(f"`{shown(statement)}` is outside the stages")

    def _is_wrapper(self, statement: Statement) -> bool:
        call = statement.call
        return call is not None and call.block is not None and (call.name in WRAPPERS and call.name != "parallel")

    def _wrapper(self, statement: Statement) -> None:
        call = statement.call
        if call is None:
            self._try(statement)
            return
        assert call.block is not None
        if call.block.parameters:
            raise Refused(f"the closure of `{call.name}` takes a parameter")
        if call.name == "node":
            if self.plan.agent:
                raise Refused("a `node` is nested in another `node`")
            self.plan.agent = agent_of(call)
        elif call.name in OPTIONS:
            if not all(is_literal(argument) for argument in call.arguments):
                raise Refused(f"an argument of `{call.name}` is not a literal")
            arguments = ", ".join(as_argument(argument) for argument in call.arguments)
            self.plan.options.append(f"{call.name}({arguments})")
        elif call.name == "withEnv":
            self._environment(call)
        elif call.name == "podTemplate":
            raise Refused("`podTemplate` defines its agents at run time; use `agent { kubernetes { … } }`")
        else:
            raise Refused(f"`{call.name}` around stages cannot be converted")
        self._body(call.block.statements)

    def _docker(self, inside: Call, before: Sequence[Statement]) -> None:
        """Read `docker.image('x').inside {…}` or `docker.withRegistry('u', 'c') {…}` around all stages."""
        if [one.text for one in before] not in ([], ["checkout scm"]) or (before and self.plan.implicit_checkout):
            raise Refused("a step runs outside the container")
        if self.plan.post:
            raise Refused("`try` is outside the container, but `post` would run inside it")
        if before:
            self.plan.implicit_checkout = True
            self.plan.dropped += before
        self.plan.docker += docker_entries(inside)
        assert inside.block is not None
        self._body(inside.block.statements)

    def _environment(self, call: Call) -> None:
        for item in call.arguments[0].items or () if call.arguments else ():
            literal = item.string
            match = re.match(r"([A-Za-z_]\w*)=", literal.fragment.text) if literal else None
            if literal is None or match is None or len(literal.quote) != 1 or "\\" in literal.raw:
                raise Refused("`withEnv` contains an entry that is not a literal `NAME=value`")
            for hole in literal.holes:
                self._only_known(re.sub(r"^\$\{?|\}$", "", literal.hole_text(hole)))
            value = literal.raw[1 + match.end() : -1]
            self.plan.environment.append(f"{match[1]} = {literal.quote}{value}{literal.quote}")
        if not call.arguments or call.arguments[0].items is None:
            raise Refused("the argument of `withEnv` is not a literal list")

    def _try(self, statement: Statement) -> None:
        blocks = list(statement.blocks())
        words = re.findall(r"\b(?:try|catch|finally)\b", outside(statement, blocks))
        if (
            self.plan.post
            or not blocks
            or words not in (["try", "catch"], ["try", "finally"], ["try", "catch", "finally"])
        ):
            raise Refused("`post` cannot express this combination of `try`, `catch` and `finally`")
        if "catch" in words:
            head = statement.tree.text[blocks[0].end : blocks[1].start]
            caught = re.search(r"\(\s*(?:final\s+)?(?:(?:def|[\w.]+)\s+)?(\w+)\s*\)", head)
            self._catch(blocks[1], caught[1] if caught else "")
        if "finally" in words:
            self._post("cleanup" if "catch" in words else "always", blocks[-1], [])
        self._body(blocks[0].statements)
        if self.plan.agent == "none":
            raise Refused("`try` is around several `node` blocks, so `post` would have no agent")

    def _catch(self, block: Block, name: str) -> None:
        statements = block.statements
        if not statements or statements[-1].text != f"throw {name}":
            raise Refused("`catch` does not rethrow the exception, but with `post` the build would fail")
        dropped = [statements[-1]]
        dropped += (
            one for one in statements if re.fullmatch(r"currentBuild\.result\s*=\s*['\"]FAILURE['\"]", one.text)
        )
        if any(re.search(rf"\b{re.escape(name)}\b", one.text) for one in statements[:-1]):
            raise Refused(f"`catch` uses `{name}`, which is not available in `post`")
        self._post("failure", block, dropped)

    def _post(self, condition: str, block: Block, dropped: list[Statement]) -> None:
        rest = [one for one in block.statements if one not in dropped]
        if any("currentBuild" in one.text or one.word == "return" for one in rest):
            raise Refused(
                f"the steps for `post {{ {condition} }}` use `currentBuild` or `return`, which behave differently there"
            )
        self.plan.dropped += dropped
        if rest:
            self.plan.post.append((condition, block, dropped))

    def _row(self, statements: Sequence[Statement]) -> None:
        """Read the content of the only `node`: steps, then stages."""
        leading: list[Statement] = []
        for statement in statements:
            call = statement.call
            if call is not None and call.name == "stage":
                self.plan.stages.append(planned_stage(call, self.plan.agent))
            elif statement.word == "if":
                self.plan.stages.append(self._conditional(statement))
            elif self.plan.stages:
                raise Refused(f"`{shown(statement)}` is between or after the stages")
            elif not leading and statement.text == "checkout scm" and not self.plan.implicit_checkout:
                self.plan.implicit_checkout = True
                self.plan.dropped.append(statement)
            elif self._hoists(statement):
                continue
            elif is_step(statement):
                leading.append(statement)
            elif statement.word == "try":
                raise Refused("`try` is next to other steps, which `post` would cover too")
            else:
                raise Refused(f"`{shown(statement)}` before the stages is not a plain step")
        if leading:
            planned = PlannedStage("'Prepare'", leading[0].start, leading[-1].end, leading=leading)
            self.plan.stages.insert(0, planned)

    def _hoists(self, statement: Statement) -> bool:
        """Move the declaration of a literal above the pipeline. Returns False for other statements."""
        one = assignment(statement)
        if one is None or not one.declared or not is_literal(one.value):
            return False
        self.plan.hoisted.append(statement)
        self.names.add(one.name)
        return True

    def _conditional(self, statement: Statement) -> PlannedStage:
        blocks = list(statement.blocks())
        tree = statement.tree
        opened = statement.first + 1
        close = tree.partner[opened]
        inner = blocks[0].statements if len(blocks) == 1 else []
        stage = inner[0].call if len(inner) == 1 else None
        if stage is None or stage.name != "stage" or close < opened + 2 or tree.block_at(close + 1) != blocks[0]:
            raise Refused(f"`{shown(statement)}` is more than a condition around one stage")
        condition = Expression(tree, opened + 1, close)
        self._only_known(condition.text)
        planned = planned_stage(stage, self.plan.agent)
        planned.when = condition.text
        planned.start, planned.end = statement.start, statement.end
        return planned

    def _only_known(self, code: str) -> None:
        """Raises Refused if code uses a name that is not in scope at the top level of a declarative pipeline."""
        code = re.sub(r"'[^']*'|\"[^\"$]*\"", "''", code)
        for name, call in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\s*(\(?)", code):
            if call or (name not in self.names and not re.fullmatch(r"[A-Z][A-Z0-9_]*", name)):
                raise Refused(f"`{name}` is not available at the top level of a declarative pipeline")
