"""The scorecard as one HTML page: no network, light and dark, sortable, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from playpen_ls.api.platform import Platform
from playpen_ls.cli.printable import printable
from playpen_ls.cli.scorecard import FAILED, NOT_APPLICABLE, NOT_CHECKED, PASSED, Scorecard, Service, practices

WORST = 10  # services in the list of the worst
_MARKS = {PASSED: "✓", NOT_CHECKED: "?", NOT_APPLICABLE: "–"}
_CLASSES = {PASSED: "pass", FAILED: "fail", NOT_CHECKED: "unknown", NOT_APPLICABLE: "none"}


def page(scorecard: Scorecard) -> str:
    return "\n".join(_lines(scorecard)) + "\n"


def _text(text: str) -> str:
    return escape(printable(text))


def _lines(scorecard: Scorecard) -> Iterator[str]:
    names, services = practices(), scorecard.services
    passed, applicable = sum(one.passed for one in services), sum(one.applicable for one in services)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8"><title>Scorecard</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta http-equiv="Content-Security-Policy" '
    yield "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
    yield f"<style>{_STYLE}</style></head><body><main>"
    yield "<h1>Scorecard</h1>"
    yield f"<p>{len(services):,} services pass {passed:,} of the {applicable:,} practices that apply to them"
    yield f"({_share(passed, applicable)}).</p>"
    yield "<h2>Practices</h2>"
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Practices"><table class="sortable">'
    yield _head(["Practice", "Passed", "Applies to", "Share", "Change", "Findings"])
    for name in names:
        done, of, findings = scorecard.total(name)
        link = Platform().link(name) or ""
        yield f'<tr><th scope="row"><a href="{escape(link)}">{_text(name)}</a></th>'
        yield f"<td>{done:,}</td><td>{of:,}</td>{_bar(done, of)}{_change(scorecard, name)}<td>{findings:,}</td></tr>"
    yield "</tbody></table></div>"
    yield "<h2>Most to do</h2><ol>"
    for one in sorted(services, key=lambda one: (one.passed - one.applicable, one.name))[:WORST]:
        if one.passed < one.applicable:
            todo = one.applicable - one.passed
            yield f"<li>{_text(one.name)}: {todo} of {one.applicable} practices, {one.findings.total():,} findings</li>"
    yield "</ol>"
    if any(one.owners for one in services):
        yield "<h2>Owners</h2>"
        yield '<div class="scroll" tabindex="0" role="region" aria-label="Owners"><table class="sortable">'
        yield _head(["Owner", "Services", "Passed", "Applies to", "Share"])
        for owner, (number, done, of) in scorecard.by_owner().items():
            yield f'<tr><th scope="row">{_text(owner)}</th><td>{number:,}</td><td>{done:,}</td><td>{of:,}</td>'
            yield f"{_bar(done, of)}</tr>"
        yield "</tbody></table></div>"
    yield "<h2>Services</h2>"
    yield "<p>A number: findings of a practice that is not followed. ✓ passed, – does not apply, ? not checked.</p>"
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Services"><table class="sortable services">'
    yield _head(["Service", "Passed", *names])
    for one in services:
        yield _row(one, names)
    yield "</tbody></table></div>"
    yield f"</main><script>{_SCRIPT}</script></body></html>"


def _head(names: list[str]) -> str:
    cells = "".join(f'<th scope="col"><button type="button">{_text(name)}</button></th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead><tbody>"


def _row(one: Service, names: list[str]) -> str:
    cells = []
    for name in names:
        state, number = one.cell(name)
        shown = _MARKS.get(state, f"{number:,}")
        cells.append(f'<td class="{_CLASSES[state]}" data-value="{number or -len(state)}" title="{state}">{shown}</td>')
    share = f'<td data-value="{one.passed / max(one.applicable, 1):.4f}">{one.passed}/{one.applicable}</td>'
    return f'<tr><th scope="row">{_text(one.name)}</th>{share}{"".join(cells)}</tr>'


def _share(passed: int, applicable: int) -> str:
    return f"{100 * passed // applicable} %" if applicable else "–"


def _bar(passed: int, applicable: int) -> str:
    share = 100 * passed // applicable if applicable else 0
    meter = f'<meter min="0" max="100" value="{share}" aria-hidden="true"></meter>'
    return f'<td data-value="{share}">{meter} <span>{_share(passed, applicable)}</span></td>'


def _change(scorecard: Scorecard, practice: str) -> str:
    if practice not in scorecard.before:
        return '<td data-value="0">–</td>'
    passed, applicable, _ = scorecard.total(practice)
    earlier, of = scorecard.before[practice]
    change = (100 * passed // applicable if applicable else 0) - (100 * earlier // of if of else 0)
    return f'<td data-value="{change}">{change:+d}</td>'


_STYLE = """
:root{color-scheme:light dark;--text:#1c1e21;--back:#fff;--line:#d0d4da;--good:#146c2e;--bad:#a81d1d;--dim:#5c636b}
@media(prefers-color-scheme:dark){:root{
--text:#e6e8eb;--back:#15181c;--line:#3a4048;--good:#6fd18a;--bad:#ff8a80;--dim:#a3abb5}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);margin:0}
main{max-width:90rem;margin:auto;padding:1rem}
.scroll{overflow-x:auto;max-height:80vh}
table{border-collapse:collapse}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th[scope=row],thead th:first-child{text-align:left;position:sticky;left:0;background:var(--back);max-width:16rem;
overflow:hidden;text-overflow:ellipsis}
thead th{position:sticky;top:0;background:var(--back);vertical-align:bottom;z-index:1}
thead th:first-child{z-index:2}
th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:.2rem;cursor:pointer;
text-align:inherit}
.services thead button{white-space:normal}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
.pass{color:var(--good)}.fail{color:var(--bad);font-weight:600}.unknown,.none{color:var(--dim)}
a{color:inherit}meter{width:5rem}td span{display:inline-block;min-width:3.2rem}
"""
_SCRIPT = """
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, at) => head.querySelector('button').addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') !== 'descending' && at > 0 ||
      at === 0 && head.getAttribute('aria-sort') === 'ascending';
    heads.forEach(one => one.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = row => row.cells[at].dataset.value ?? row.cells[at].textContent.replaceAll(',', '');
    const compare = (a, b) => at === 0 ? value(a).localeCompare(value(b)) : Number(value(a)) - Number(value(b));
    [...body.rows].sort((a, b) => down ? compare(b, a) : compare(a, b)).forEach(row => body.append(row));
  }));
}
"""
