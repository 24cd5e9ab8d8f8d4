"""Owns what the auditor knows: what was sent, what was acknowledged, and each answer to a write that was repeated.

Does not own sending it (``callers``), or what must be true of it (``auditor``). Several threads write here at once.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

CLICK = "applyClick"


@dataclass(frozen=True)
class Write:
    """A write with an ``Idempotency-Key``. ``answers`` has each response that was received, whether first or repeated.

    ``at_ms`` is a time of the server's clock before it was sent: its key is known for some hours of that clock.
    """

    method: str
    path: str
    content: dict[str, Any]
    at_ms: int
    key: str = field(default_factory=lambda: uuid4().hex)
    answers: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Receipts:
    """An event is known by its visitor, which no other event has: a candidate's click gets its id from the server.

    ``sent`` has the job and kind of each event that was ever sent, ``acknowledged`` those whose response counted them,
    ``pages`` the web pages that a person who had logged in was shown, ``postings`` the task of each job whose creation was accepted, ``moments`` when each batch that was acknowledged was sent and
    when its response came, in seconds of the monotonic clock.
    """

    sent: dict[str, tuple[int, str]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    writes: list[Write] = field(default_factory=list)
    postings: dict[str, str] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # responses of 500 and above but 503
    moments: list[tuple[float, float]] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, events: Iterable[dict[str, Any]]) -> None:
        with self.lock:
            self.sent.update({event["visitor"]: (event["job"], event["type"]) for event in events})

    def acknowledge(self, events: list[dict[str, Any]], reply: dict[str, Any]) -> None:
        """What the response rejects is not acknowledged, and may or may not be there: an earlier try may have been recorded."""
        rejected = {row["index"] for row in reply["rejections"]}
        # The list of rejections is cut: then nothing is known of the batch.
        if len(rejected) == reply["rejected"]:
            with self.lock:
                self.acknowledged.update(
                    event["visitor"] for at, event in enumerate(events) if at not in rejected
                )

    def count(self, outcome: str) -> None:
        with self.lock:
            self.statuses[outcome] += 1
