"""Owns the report as text lines and as JSON. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jobmeter.certification.checklist.rules import NOT_OFFERED, UNKNOWN
from jobmeter.certification.model import Group, Recorded, Result, Role, Verdict

STYLES = {
    Verdict.SHOWN: "green",
    Verdict.WRONG: "bold red",
    Verdict.NOT_SHOWN: "yellow",
    Verdict.NEEDS_PERSON: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
}
MORE = "The public pages have more rules than are known here: they could be read in part only."


class Line(NamedTuple):
    text: str
    style: str | None = None


def count_verdicts(results: Sequence[Result]) -> dict[Verdict, int]:
    counts = Counter(one.finding.verdict for one in results)
    return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}


def write_counts(results: Sequence[Result]) -> str:
    return ", ".join(f"{count} {verdict.value}" for verdict, count in count_verdicts(results).items())


def list_lines(results: Sequence[Result]) -> Iterator[Line]:
    """One line for each rule, and one more where there is something to do."""
    for group in Group:
        yield Line(group.value, "bold")
        for result in results:
            if result.rule.group is group:
                yield from _list_rule(result)
        yield Line("")
    yield Line("To be shown by hand", "bold")
    for result in list_by_hand(results):
        yield Line(f"  [ ] {result.rule.id}: {result.rule.by_hand}")
    yield Line("")
    yield Line(f"{MORE} Unknown are:")
    for text in UNKNOWN:
        yield Line(f"  {text}")
    yield Line(f"Not offered: {NOT_OFFERED}")
    yield Line("")
    yield Line(write_counts(results), "bold")


def _list_rule(result: Result) -> Iterator[Line]:
    rule, finding = result.rule, result.finding
    is_optional = rule.is_optional and finding.verdict is Verdict.NOT_SHOWN
    style = "dim" if is_optional else STYLES[finding.verdict]
    where = " (where it applies)" if is_optional else ""
    yield Line(f"  {finding.verdict.value:<15} {rule.id:<12} {rule.title}{where}", style)
    proof = f" Requests {', '.join(map(str, finding.evidence))}." if finding.evidence else ""
    if finding.verdict in {Verdict.WRONG, Verdict.NOT_SHOWN}:
        yield Line(f"      {finding.why}{proof}")
    if finding.verdict is Verdict.NOT_SHOWN:
        yield Line(f"      {rule.show}")
    for remark in finding.remarks:
        yield Line(f"      Remark: {remark}.")


def list_by_hand(results: Sequence[Result]) -> list[Result]:
    return [one for one in results if one.rule.by_hand and one.finding.verdict is not Verdict.NOT_APPLICABLE]


def serialize(
    results: Sequence[Result], records: Sequence[Recorded], *, role: Role, now: datetime
) -> dict[str, Any]:
    """The report as JSON, with every request that proves a verdict."""
    proof = {number for one in results for number in one.finding.evidence}
    return {
        "generatedAt": now.isoformat(),
        "role": role.value,
        "counts": {verdict.value: count for verdict, count in count_verdicts(results).items()},
        "rules": [_serialize_result(one) for one in results],
        "unknown": [*UNKNOWN],
        "notOffered": NOT_OFFERED,
        "requestsRecorded": len(records),
        "requests": [_serialize_request(one) for one in records if one.number in proof],
    }


def _serialize_result(result: Result) -> dict[str, Any]:
    rule, finding = result.rule, result.finding
    return {
        "id": rule.id,
        "group": rule.group.value,
        "module": rule.module,
        "title": rule.title,
        "show": rule.show,
        "judged": rule.judged,
        "byHand": rule.by_hand or None,
        "source": rule.source,
        "certainty": rule.certainty.value,
        "isOptional": rule.is_optional,
        "verdict": finding.verdict.value,
        "why": finding.why,
        "remarks": list(finding.remarks),
        "requests": list(finding.evidence),
    }


def _serialize_request(one: Recorded) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "clientId": one.client_id or None,
        "method": one.method,
        "path": one.path,
        "query": one.query,
        "status": one.status or None,
        "error": one.error or None,
        "forced": one.forced or None,
        "requestBody": one.body,
        "responseBody": one.response,
    }
