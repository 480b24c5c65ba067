"""What fixes make of Jenkinsfiles parses in real Groovy, of the version that Jenkins runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from real_editors import missing

from examples import Project, unmarked
from playpen_ls.api.example import Example
from playpen_ls.api.finding import Refused
from playpen_ls.engine.fixer import verified
from playpen_ls.engine.registry import rules_of

GROOVY = Path("/usr/share/java/groovy-all.jar")  # Debian's package `groovy`, 2.4 as in Jenkins
CASES = json.loads((Path(__file__).parent / "jenkinsfile-fixes.json").read_text())
RULES = rules_of("jenkinsfile")
# To the phase that makes the syntax tree: nothing of a file is loaded or run.
PARSE = r"""
import org.codehaus.groovy.control.*
new File(args[0]).eachFile { file ->
    def unit = new CompilationUnit()
    unit.addSource(file)
    try { unit.compile(Phases.CONVERSION) } catch (CompilationFailedException e) {
        println "${file.name}\t${e.message.replaceAll(/\s+/, ' ')}"
    }
}
"""


def refused(folder: Path, texts: list[str]) -> dict[str, str]:
    """The texts that Groovy does not parse, and why."""
    java = shutil.which("java")
    if java is None or not GROOVY.exists():
        missing("Groovy is not installed (packages `groovy` and a Java runtime)")
    script, sources = folder / "parse.groovy", folder / "texts"
    script.write_text(PARSE)
    sources.mkdir()
    for number, text in enumerate(texts):
        (sources / str(number)).write_bytes(text.encode())
    command = [str(java), "-cp", str(GROOVY), "groovy.ui.GroovyMain", str(script), str(sources)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = (line.split("\t", 1) for line in ran.stdout.split("\n") if line)
    return {texts[int(number)]: message for number, message in lines}


def fixed_texts() -> Iterator[str]:
    """The texts after each fix that is offered for the examples and the cases, not only after the first."""
    files = [(rule, example) for rule in RULES for example in rule.bad]
    files += [(rule, Example({"Jenkinsfile": case["before"]})) for rule in RULES for case in CASES]
    for rule, example in files:
        project = Project(rule, example)
        if not project.path.endswith("Jenkinsfile") or project.look().model.problems:
            continue
        look = project.look()
        for diagnostic in look.diagnostics:
            for fix in diagnostic.finding.fixes:
                try:
                    change = verified(look, diagnostic, fix, project.look, project.text)
                except Refused:
                    continue
                yield project.source.edited(change.edits.get(project.path, ())).text
        yield project.fixed().source.text


def test_what_fixes_write_parses_in_groovy(tmp_path: Path):
    before = [unmarked(example.files[path])[0] for rule in RULES for example in rule.bad for path in example.files]
    before += [case["before"] for case in CASES]
    after = sorted(set(fixed_texts()))
    assert len(after) > 100
    bad = refused(tmp_path, [*before, *after])
    # What did not parse before need not after.
    assert {text: bad[text] for text in after if text in bad and text not in before} == {}
    assert bad, "an example with a brace that is not closed is among them"


def test_the_recorded_verdicts_are_those_of_groovy(tmp_path: Path):
    recorded = json.loads((Path(__file__).parent / "groovy-syntax.json").read_text(encoding="utf-8"))
    bad = refused(tmp_path, [text for text, _ in recorded])
    assert {text for text, error in recorded if error is not None} == bad.keys()
