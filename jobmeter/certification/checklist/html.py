"""Owns the report as one HTML page: readable without colours, in the dark, and on paper. Pure.

Does not own the verdicts. Every text that somebody sent is escaped.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from jobmeter.certification.checklist.rules import NOT_OFFERED, UNKNOWN
from jobmeter.certification.checklist.summary import MORE, count_verdicts, list_by_hand
from jobmeter.certification.model import Group, Recorded, Result, Role, Verdict

BODY_CHARACTERS_MAX = 2_000
MARKS = {
    Verdict.SHOWN: "\u2713",
    Verdict.WRONG: "\u2717",
    Verdict.NOT_SHOWN: "\u25cb",
    Verdict.NEEDS_PERSON: "\u25a1",
    Verdict.NOT_APPLICABLE: "\u2013",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --dim: #596473; --paper: #fff; --card: #f5f7fa; --line: #d5dbe3;
  --shown: #17663a; --wrong: #b3261e; --not-shown: #8a5300; --needs-a-person: #0b5394; --not-applicable: #596473; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --dim: #a5b0be; --paper: #14181e; --card: #1e242d;
  --line: #38424f; --shown: #6fd39a; --wrong: #ff9c93; --not-shown: #f2bd6a; --needs-a-person: #8cc4ff;
  --not-applicable: #a5b0be; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 62rem; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 0; }
p { margin: .35rem 0; }
a { color: inherit; }
.dim { color: var(--dim); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 1rem 0; padding: 0; }
.counts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .35rem .75rem; }
.verdict { font-weight: 700; white-space: nowrap; }
.shown { color: var(--shown); } .wrong { color: var(--wrong); } .not-shown { color: var(--not-shown); }
.needs-a-person { color: var(--needs-a-person); } .not-applicable { color: var(--not-applicable); }
.rule { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid currentColor;
  border-radius: .5rem; margin: .75rem 0; padding: .75rem 1rem; }
.rule dl, .rule h3 { color: var(--ink); }
.head { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; }
.id { font-family: ui-monospace, monospace; font-weight: 400; color: var(--dim); margin-right: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: 0 0 .35rem; } summary { cursor: pointer; overflow-wrap: anywhere; font-family: ui-monospace, monospace;
  font-size: .875rem; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; font-size: .8rem; margin: .35rem 0;
  max-height: 20rem; overflow: auto; padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.sheet li { margin: .5rem 0; } .sheet { padding-left: 0; list-style: none; }
.sheet label { display: grid; grid-template-columns: 1.5rem 1fr; gap: .25rem; align-items: start; }
.sheet input { width: 1.1rem; height: 1.1rem; margin: .2rem 0 0; }
.sign { display: none; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dt { margin-top: .35rem; } }
@media print { :root { --ink: #000; --dim: #444; --paper: #fff; --card: #fff; --line: #999; --shown: #000; --wrong: #000;
    --not-shown: #000; --needs-a-person: #000; --not-applicable: #444; }
  body { font-size: 9.5pt; line-height: 1.35; max-width: none; padding: 0; } h2 { margin-top: 1.25rem; }
  .rule { margin: .4rem 0; padding: .4rem .6rem; } .rule, .sheet li, .last { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .sheet-title { break-before: page; } details { margin: 0; } summary { font-size: 8pt; }
  pre { max-height: none; } .sign { display: block; margin-top: 2rem; } nav { display: none; } }
"""


def write_page(results: Sequence[Result], records: Sequence[Recorded], *, role: Role, now: datetime) -> str:
    """Returns the whole page; it loads nothing."""
    return "\n".join(_list_parts(results, {one.number: one for one in records}, role, now)) + "\n"


def _list_parts(
    results: Sequence[Result], records: dict[int, Recorded], role: Role, now: datetime
) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8"><title>Rehearsal of the certification</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body><header><h1>Rehearsal of the certification</h1>"
    yield f'<p class="dim">Role: {role.value} promotion. {len(records)} requests recorded. {now:%d %B %Y, %H:%M} UTC.</p>'
    yield f'<ul class="counts">{"".join(_write_count(*one) for one in count_verdicts(results).items())}</ul>'
    yield f"<p>{escape(MORE)} Verdicts are a rehearsal: LinkedIn alone certifies.</p></header><main>"
    yield '<nav aria-label="Sections"><p>'
    yield " \u00b7 ".join(f'<a href="#{group.name.lower()}">{escape(group.value)}</a>' for group in Group)
    yield ' \u00b7 <a href="#by-hand">To be shown by hand</a> \u00b7 <a href="#unknown">What is not known</a></p></nav>'
    for group in Group:
        yield f'<section aria-labelledby="{group.name.lower()}"><h2 id="{group.name.lower()}">{escape(group.value)}</h2>'
        yield from (_write_rule(one, records) for one in results if one.rule.group is group)
        yield "</section>"
    yield from _list_sheet(results)
    yield '<section class="last" aria-labelledby="unknown"><h2 id="unknown">What is not known</h2>'
    yield f"<p>{escape(MORE)}</p><ul>{''.join(f'<li>{escape(one)}</li>' for one in UNKNOWN)}</ul>"
    yield f"<p>Not offered: {escape(NOT_OFFERED)}.</p></section></main></body></html>"


def _write_count(verdict: Verdict, count: int) -> str:
    return f"<li>{_write_verdict(verdict)} <strong>{count}</strong></li>"


def _write_verdict(verdict: Verdict) -> str:
    return (
        f'<span class="verdict {_class_of(verdict)}"><span aria-hidden="true">{MARKS[verdict]}</span>'
        f" {verdict.value}</span>"
    )


def _class_of(verdict: Verdict) -> str:
    return verdict.value.replace(" ", "-")


def _write_rule(result: Result, records: dict[int, Recorded]) -> str:
    rule, finding = result.rule, result.finding
    rows = [("found", finding.why), *(("remark", f"{one}.") for one in finding.remarks)]
    if finding.verdict not in {Verdict.SHOWN, Verdict.NOT_APPLICABLE}:
        rows.append(("to show", rule.show))
    if rule.by_hand and finding.verdict is not Verdict.NOT_APPLICABLE:
        rows.append(("by hand", rule.by_hand))
    rows += [
        ("judged by", rule.judged),
        ("source", f"{rule.source}: {rule.module}; {rule.certainty.value}"),
    ]
    items = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows if text)
    proof = "".join(_write_request(records[number]) for number in finding.evidence if number in records)
    items += f"<dt>requests</dt><dd>{proof}</dd>" if proof else ""
    optional = ' <span class="dim">(where it applies)</span>' if rule.is_optional else ""
    return (
        f'<article class="rule {_class_of(finding.verdict)}"><div class="head">'
        f'<h3><span class="id">{rule.id}</span>{escape(rule.title)}{optional}</h3>'
        f"{_write_verdict(finding.verdict)}</div>"
        f"<dl>{items}</dl></article>"
    )


def _write_request(one: Recorded) -> str:
    forced = f" \u2013 caused on purpose: {escape(one.forced)}" if one.forced else ""
    status = one.status or "no response"
    query = f"?{one.query}" if one.query else ""
    bodies = "".join(
        f"<p>{name}</p><pre>{escape(_cut(text))}</pre>"
        for name, text in (("Request", one.body), ("Response", one.response))
        if text
    )
    line = f"{one.number} \u00b7 {one.at:%d %b %H:%M:%S} \u00b7 {one.method} {one.path}{query}"
    return f"<details><summary>{escape(line)} \u2192 {status}{forced}</summary>{bodies or '<p>Without bodies.</p>'}</details>"


def _cut(text: str) -> str:
    return text if len(text) <= BODY_CHARACTERS_MAX else f"{text[:BODY_CHARACTERS_MAX]} ..."


def _list_sheet(results: Sequence[Result]) -> Iterator[str]:
    """What a person shows, as a list to tick off on paper."""
    yield '<section aria-labelledby="by-hand"><h2 id="by-hand" class="sheet-title">To be shown by hand</h2><ul class="sheet">'
    for one in list_by_hand(results):
        rule = one.rule
        yield (
            f'<li><label><input type="checkbox"><span><span class="id">{rule.id}</span>{escape(rule.by_hand)}'
            f'<br><span class="dim">{escape(rule.title)}</span></span></label></li>'
        )
    yield '</ul><p class="sign">Shown by: ______________________ &nbsp; Date: ______________</p></section>'
