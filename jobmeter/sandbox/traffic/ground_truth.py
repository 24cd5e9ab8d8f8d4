"""Owns the ground truth of generated traffic: the label of each event, counts by job and UTC day, the truth file.

Does not own generating the traffic, or the verdicts of filters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from jobmeter.base.days import DAY_MS

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

VIEW = "view"
APPLY_CLICK = "applyClick"


class Label(StrEnum):
    """What an event really is. ``REPEATED`` counts redeliveries; it is never the label of an event."""

    GENUINE = "genuine"
    LATE = "late"
    TOO_LATE = "too_late"
    AFTER_CLOSE = "after_close"
    DOUBLE_CLICK = "double_click"
    CRAWLER = "crawler"
    ROBOTIC = "robotic"
    ELSEWHERE = "elsewhere"
    STAFF = "staff"
    DECLARED_CRAWLER = "declared_crawler"
    REPEATED = "repeated"


# A late event is a genuine one that was delayed; all other labels should not be charged.
CHARGEABLE = frozenset({Label.GENUINE, Label.LATE})


class Cell(NamedTuple):
    """The key under which an event is counted."""

    job_id: int
    type: str
    label: Label


@dataclass(frozen=True, slots=True)
class DayTruth:
    """What happened on one UTC day, by the time of the event and not of its delivery."""

    day: date
    counts: Mapping[Cell, int]
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class Truth:
    days: tuple[DayTruth, ...]

    def totals(self) -> dict[tuple[str, Label], int]:
        """Returns events by type and label, over all jobs and days."""
        sums: Counter[tuple[str, Label]] = Counter()
        for day in self.days:
            for cell, events in day.counts.items():
                sums[cell.type, cell.label] += events
        return dict(sums)


def day_of_ms(time_ms: int) -> date:
    return date.fromordinal(_EPOCH_ORDINAL + time_ms // DAY_MS)


def write_truth(path: Path, truth: Truth) -> None:
    """Writes the truth as JSON lines, each with a ``kind``.

    One ``summary`` line (days, and events by type and label), then per day its ``count`` lines (job, day,
    type, label, events) and its ``event`` lines (id, label). The label ``repeated`` appears in counts only:
    it counts redeliveries of events that are also counted under their own label.
    """
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        file.write(encoder.encode_lines([_summary_line(truth)]))
        for day in truth.days:
            file.write(encoder.encode_lines(list(_count_lines(day))))
            file.write(encoder.encode_lines(list(_event_lines(day.labels.items()))))


def read_labels(path: Path) -> dict[str, Label]:
    """Returns the label of each event in a truth file. Raises ``ValueError`` for any other file."""
    labels = {}
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        for line in file:
            try:
                found = decoder.decode(line)
                if found["kind"] == "event":
                    labels[found["id"]] = Label(found["label"])
            except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path} is not a file that --truth has written") from error
    return labels


def _summary_line(truth: Truth) -> dict[str, object]:
    totals = [
        {"type": event_type, "label": label, "events": events}
        for (event_type, label), events in sorted(truth.totals().items())
    ]
    return {"kind": "summary", "days": [day.day for day in truth.days], "totals": totals}


def _count_lines(day: DayTruth) -> Iterator[dict[str, object]]:
    for cell, events in sorted(day.counts.items()):
        yield {
            "kind": "count",
            "job": cell.job_id,
            "day": day.day,
            "type": cell.type,
            "label": cell.label,
            "events": events,
        }


def _event_lines(labels: Iterable[tuple[str, Label]]) -> Iterator[dict[str, object]]:
    for event_id, label in labels:
        yield {"kind": "event", "id": event_id, "label": label}
