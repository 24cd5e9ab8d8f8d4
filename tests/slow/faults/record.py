"""Owns the record of all rounds, a line of JSON for each, and ``docs/reliability.md``, which is printed from it.

Rounds that were played in parts count together. Needs nothing but the standard library. Does not own playing a round.
"""

import fcntl
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.slow.fuzz import record as inputs_record

ROOT = Path(__file__).resolve().parents[3]
RECORD = Path(__file__).with_name("rounds.jsonl")
PAGE = ROOT / "docs" / "reliability.md"
HOLDS, NOT_JUDGED = "holds", "not judged"
CELL_CHARACTERS_MAX = 120


@dataclass(frozen=True)
class Row:
    """A round. ``code`` is the tree of ``jobmeter/`` in git. ``recovery_seconds`` has for each fault how long after it the next
    event was acknowledged. ``result`` is ``holds``, or says what was wrong.
    """

    seed: int
    result: str
    code: str = ""
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    lost: int = 0
    stored_twice: int = 0
    charged_twice: int = 0
    uncharged: int = 0
    writes: int = 0
    differing_writes: int = 0
    postings: int = 0
    lost_postings: int = 0
    invoices: int = 0
    pages: int = 0
    unexpected_responses: int = 0
    recovery_seconds: list[float] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def append(row: Row, path: Path = RECORD) -> None:
    """One at a time, so that rounds that are played at the same time do not mix their lines."""
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(asdict(row)) + "\n")


def read(path: Path = RECORD) -> list[Row]:
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def print_page(rows: Sequence[Row], inputs: Sequence[inputs_record.Row]) -> str:
    """The whole page. ``inputs`` are the bad ones that were tried."""
    rounds = (_print_sums(rows), _print_faults(rows), _print_broken(rows))
    return "\n".join((INTRODUCTION, *rounds, inputs_record.print_section(inputs), METHOD))


INTRODUCTION = """\
# Reliability

Jobmeter is broken on purpose, and then audited. In each round partners post, renew and close jobs, job boards send batches, candidates
follow links, an operator opens contracts, bills and moves the clock, people read reports and web pages, while processes are killed, connections
are cut, networks are slow, processes are paused, the disk is full, and the clock of the machine jumps. An auditor that knows nothing but
requests and their responses then compares them with the database. It is also given bad inputs. This page is printed from the records of both.
"""

METHOD = """\
## How to read it

* **Acknowledged** is an event whose response counted it. It must be in the database exactly once, with its job and kind.
* **Charged twice** counts clicks that were charged beyond the clicks that exist: in a batch, or in all that were ever sent for a job.
  **Not charged** are acknowledged clicks that count, on a job whose budget was not spent.
* **A repeated write** is sent again with its `Idempotency-Key` after everything was repaired. It must be answered as the first time, byte by byte.
* **Recovery** is the time from the end of a fault to the next acknowledged event that was sent after it. A killed server is started again by
  the tests, as a service manager does; its start is part of the time. After an end in the middle of a migration, so is posting the first jobs.
* A round **holds** if all of this is right, no response was an unexpected error (anything of 500 and above but 503), events are acknowledged
  again after each fault, the server ends when it is asked to, and every law of `jobmeter db check` holds. A round that could not be judged to
  its end, for whatever reason, counts as one that did not hold.
* **Code** is the tree of `jobmeter/` in git that was tested. A round that did not hold stays in the record, and its seed is played again once what
  was wrong is corrected.
* Each round begins six hours before the end of a month, which most rounds pass, with days that are settled and invoices that are issued.
* Since the 47th round a server is started as a fork of a process that has imported its modules, and recovery after its end is shorter by these imports.

## Play more rounds

```sh checkout
make faults ROUNDS=10 SEED=1 JOBS=2
```

Each round takes its faults, their order and their moments from its seed: `ROUNDS=10 SEED=1` plays the seeds 1 to 10,
and without `SEED` those after the record's last; `JOBS=2` plays two at a time, each in processes of its own. The moments are real time, so that a
seed repeats what is done, not each microsecond. Rounds are added to `tests/slow/faults/rounds.jsonl`; `make docs` prints this page. What a machine cannot do
(mount a small disk, load libfaketime) is left out with a line.

Under libfaketime 0.9.10 every `time.sleep` of Python fails with `EINVAL`: it subtracts the wall clock from the moment of the monotonic clock until which
Python sleeps, although it is not to change that clock (later releases leave it as it is). A server's main process sleeps while it replaces a worker that
was killed. In the round of seed 43 that ended its work, and it neither replaced a worker nor ended when it was asked to. The rounds now give it a
`time.sleep` that waits without such a moment (`tests/slow/faults/installed/clock.py`, `test_clock.py`).

In the round of seed 119 the auditor repeated a move of the clock that had been interrupted. That move was continued, by days, and the key of
the next one, which the auditor had judged to be known before that, was deleted meanwhile: it moved the clock again. In that of seed 511 a move that nobody
waited for any more probably did the same, and in that of seed 623 the machine's clock had jumped back by minutes just when a key was a day old. The auditor now
looks at the clock before and after each repeat, and leaves out a key's last hour (`tests/slow/faults/test_harness.py`).

In the rounds of the seeds 366 and 509 one candidate's click that had been answered was not found. It was there: it was the only event of the round's
first day, before the clock was first moved, and the clock was moved on until the salt of that day was deleted, as it is after 14 days, from when on
nobody can say whose click a number is. With a first move of 16 days the auditor missed all events of the first days, each of which was stored. A round now ends
before that, and what is lost is named in the record. The clock had been moved so far by a fault: a move that was interrupted on a later day, and sent again with its
key, moved by its whole span again (`tests/unit/sandbox/test_clock.py`).

In seven rounds a budget report was answered with 500 and the code 6003 during an outage of the database: the look for the source that could not be read
failed at the first one. It is now answered with 503 (`tests/deployment/database/test_report_outages.py`).

```sh checkout
make inputs SEED=2
```

This gives parsers and routes inputs of another seed, and adds to `tests/slow/fuzz/inputs.jsonl`.
"""


def _print_sums(rows: Sequence[Row]) -> str:
    recoveries = sorted(seconds for row in rows for seconds in row.recovery_seconds)
    lines = ["| all rounds | |", "| --- | ---: |"]
    lines += [f"| {name} | {value:,} |" for name, value in _list_sums(rows)]
    if recoveries:
        lines.append(f"| time to recover, median | {statistics.median(recoveries):.1f} s |")
        lines.append(f"| time to recover, worst | {recoveries[-1]:.1f} s |")
    return "\n".join(lines) + "\n"


def _list_sums(rows: Sequence[Row]) -> list[tuple[str, int]]:
    return [
        ("rounds played", len(rows)),
        ("different seeds", len({row.seed for row in rows})),
        ("rounds in which everything held", sum(row.result == HOLDS for row in rows)),
        ("faults", sum(sum(row.faults.values()) for row in rows)),
        ("events acknowledged", sum(row.acknowledged for row in rows)),
        ("acknowledged events lost", sum(row.lost for row in rows)),
        ("events stored twice", sum(row.stored_twice for row in rows)),
        ("clicks charged twice", sum(row.charged_twice for row in rows)),
        ("clicks not charged", sum(row.uncharged for row in rows)),
        ("writes repeated", sum(row.writes for row in rows)),
        ("writes that were answered otherwise", sum(row.differing_writes for row in rows)),
        ("postings accepted", sum(row.postings for row in rows)),
        ("accepted postings lost", sum(row.lost_postings for row in rows)),
        ("invoices issued", sum(row.invoices for row in rows)),
        ("rounds in which an invoice was issued", sum(row.invoices > 0 for row in rows)),
        ("web pages shown to a person who had logged in", sum(row.pages for row in rows)),
        ("unexpected errors", sum(row.unexpected_responses for row in rows)),
    ]


def _print_faults(rows: Sequence[Row]) -> str:
    times = Counter[str]()
    for row in rows:
        times.update(row.faults)
    lines = ["| fault | times |", "| --- | ---: |"]
    lines += [f"| {name} | {times[name]:,} |" for name in sorted(times)]
    return "\n".join(lines) + "\n"


def _print_broken(rows: Sequence[Row]) -> str:
    broken = [number for number, row in enumerate(rows) if row.result != HOLDS]
    if not broken:
        return "In no round was anything wrong.\n"
    lines = ["| seed | code | what was wrong | played again |", "| ---: | --- | --- | --- |"]
    for number in broken:
        row = rows[number]
        later = [_print_again(one) for one in rows[number + 1 :] if one.seed == row.seed]
        lines.append(f"| {row.seed} | {row.code} | {_quote(row.result)} | {', '.join(later) or 'not yet'} |")
    return "\n".join(lines) + "\n"


def _print_again(row: Row) -> str:
    return f"{'holds' if row.result == HOLDS else 'does not hold'} ({row.code})"


def _quote(text: str) -> str:
    """In a cell of a table; the record has the rest."""
    return " ".join(text.replace("|", "/").split())[:CELL_CHARACTERS_MAX]


if __name__ == "__main__":
    PAGE.write_text(print_page(read(), inputs_record.read()), encoding="utf-8")
