"""Owns the score of filters and settlement rules on generated traffic with known truth: precision and recall.

Does not own their decisions, or the truth.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from jobmeter.database.connection import Connection
from jobmeter.metering.intake.model import find_origins
from jobmeter.metering.model import VERDICTS, EventKind, Verdict
from jobmeter.sandbox.traffic import store
from jobmeter.sandbox.traffic.generator import SOURCE
from jobmeter.sandbox.traffic.ground_truth import CHARGEABLE, Label
from jobmeter.sandbox_controls.model import Score
from jobmeter.settlement.model import RULES, Rule

# The labels that each filter and rule should detect, in the order in which they run. The traffic has no
# events for the others, so everything that they take is a false positive.
AIMS: Mapping[str, frozenset[Label]] = {
    Verdict.TOO_OLD.name: frozenset({Label.TOO_LATE}),
    Verdict.JOB_NOT_LIVE.name: frozenset({Label.AFTER_CLOSE}),
    Verdict.CRAWLER.name: frozenset({Label.CRAWLER, Label.DECLARED_CRAWLER}),
    Verdict.OUTSIDE_MARKET.name: frozenset({Label.ELSEWHERE}),
    Verdict.EXCLUDED_VISITOR.name: frozenset({Label.STAFF}),
    Rule.REPEATED_CLICK.name: frozenset({Label.DOUBLE_CLICK}),
    Rule.VISITOR_BURST.name: frozenset({Label.ROBOTIC}),
}
EVERYTHING = "together, clicks"


class EvaluatedClick(NamedTuple):
    """``outcome`` is the name of the filter or rule that took the event; ``None`` if it counts."""

    is_click: bool
    label: Label
    outcome: str | None


def score(evaluated: Iterable[EvaluatedClick]) -> list[Score]:
    """Returns a score for each filter and rule that took an event or should have, and for all of them on clicks."""
    taken: Counter[str] = Counter()
    rightly: Counter[str] = Counter()
    real: Counter[Label] = Counter()
    together: Counter[tuple[bool, bool]] = Counter()
    for is_click, label, outcome in evaluated:
        real[label] += 1
        if is_click:
            together[outcome is not None, label not in CHARGEABLE] += 1
        if outcome is not None:
            taken[outcome] += 1
            rightly[outcome] += label in AIMS.get(outcome, frozenset())
    names = [*AIMS, *sorted(taken.keys() - AIMS.keys())]
    scores = [
        Score(
            name=name,
            taken=taken[name],
            rightly=rightly[name],
            real=sum(real[label] for label in AIMS.get(name, frozenset())),
        )
        for name in names
    ]
    caught, wrongly, missed = (together[key] for key in ((True, True), (True, False), (False, True)))
    return [*scores, Score(name=EVERYTHING, taken=caught + wrongly, rightly=caught, real=caught + missed)]


async def evaluate_traffic(connection: Connection, labels: Mapping[str, Label]) -> list[EvaluatedClick]:
    """Returns the outcome of each event of the truth, whether it was stored or not.

    An event that is not stored was refused as too old: nothing else in the traffic is not stored.
    """
    ids: Sequence[str] = list(labels)
    origins = find_origins(source=SOURCE, event_ids=ids)
    found = {}
    for event in await store.list_outcomes(connection, origins=origins):
        is_click = event.kind == EventKind.APPLY_CLICK
        outcome = None if event.verdict == Verdict.COUNTED else VERDICTS[event.verdict].name
        found[event.origin] = is_click, outcome if event.rule is None else RULES[event.rule].name
    evaluated = []
    for event_id, origin in zip(ids, origins, strict=True):
        is_click, outcome = found.get(origin, (False, Verdict.TOO_OLD.name))
        evaluated.append(EvaluatedClick(is_click, labels[event_id], outcome))
    return evaluated
