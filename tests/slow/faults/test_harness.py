"""The harness can fail: the auditor notices what is planted. These tests are fast; the rounds are played by ``make faults``."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import psycopg
import pytest

from tests.slow.faults import record
from tests.slow.faults.actors import CLOCK_PATH
from tests.slow.faults.auditor import Verdict, audit_events, list_broken_laws, list_differing, read_stored
from tests.slow.faults.nemesis import CLOCK, DISK, FAULTS, Struck, choose_faults
from tests.slow.faults.receipts import CLICK, Receipts, Write
from tests.slow.faults.record import HOLDS, Row, print_page
from tests.slow.faults.rounds import find_recoveries, make_plan, order_repeats, repeat
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario

CLICKS = 8
HOUR_MS = 3_600_000


@pytest.fixture
def played(database_url):
    """Receipts of acknowledged clicks that are all stored and charged, and their job."""
    return asyncio.run(play(database_url))


async def play(database_url):
    receipts = Receipts()
    async with open_scenario(database_url) as scenario:
        job = await scenario.post("open", budget_micros=100 * PRICE_MICROS)
        clicks = make_clicks(job, CLICKS, START)
        assert (await scenario.ingest(clicks, START + timedelta(minutes=1))).clicks_charged == CLICKS
    events = [{"visitor": one.visitor, "job": job, "type": one.type} for one in clicks]
    receipts.send(events)
    receipts.acknowledge(events, {"rejected": 0, "rejections": []})
    return receipts, job


def audit(database_url, played) -> Verdict:
    receipts, job = played
    return audit_events(receipts, read_stored(database_url), open_jobs=(job,))


def change(database_url, statement):
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")  # past the guards of the tables
        return connection.execute(statement).rowcount


def test_what_is_right_is_clean(database_url, played):
    verdict = audit(database_url, played)
    assert (verdict.is_clean, verdict.acknowledged) == (True, CLICKS)
    assert list_broken_laws(database_url) == []


def test_a_planted_loss_is_noticed(database_url, played):
    plant = "DELETE FROM events WHERE visitor = (SELECT min(visitor) FROM events)"
    assert change(database_url, plant) == 1
    verdict = audit(database_url, played)
    assert (verdict.lost, verdict.is_clean) == (1, False)
    assert list_broken_laws(database_url) != []


def test_a_planted_double_charge_is_noticed(database_url, played):
    plant = f"UPDATE ledger_postings SET amount = amount + {PRICE_MICROS} WHERE purpose = 3"
    assert change(database_url, plant) == 1
    verdict = audit(database_url, played)
    assert (verdict.charged_twice, verdict.is_clean) == (1, False)


def test_an_event_that_is_stored_twice_is_noticed(database_url, played):
    plant = (
        "INSERT INTO events SELECT shard, overlay(event_key::text PLACING 'ff' FROM 35)::uuid, job_id, kind, verdict,"
        " visitor, address, batch FROM events ORDER BY visitor LIMIT 1"
    )
    assert change(database_url, plant) == 1
    verdict = audit(database_url, played)
    assert (verdict.stored_twice, verdict.is_clean) == (1, False)


def test_a_click_that_was_not_charged_is_noticed(database_url, played):
    plant = f"UPDATE ledger_postings SET amount = amount - {PRICE_MICROS} WHERE purpose = 3"
    assert change(database_url, plant) == 1
    assert audit(database_url, played).uncharged == 1


def test_an_event_of_another_job_or_kind_is_not_the_one_that_was_acknowledged(database_url, played):
    receipts, job = played
    one, other = sorted(receipts.sent)[:2]
    receipts.sent.update({one: (job + 1, CLICK), other: (job, "view")})
    assert audit(database_url, played).lost == 2


def test_a_rejected_event_is_not_acknowledged():
    receipts, events = Receipts(), [{"visitor": one, "job": 1, "type": CLICK} for one in "abc"]
    receipts.acknowledge(events, {"rejected": 1, "rejections": [{"index": 1}]})
    assert receipts.acknowledged == {"a", "c"}
    receipts.acknowledge([events[1]], {"rejected": 2, "rejections": [{"index": 0}]})
    assert "b" not in receipts.acknowledged


@pytest.mark.parametrize(
    ("answers", "differing"),
    [
        ([(200, b"a"), (200, b"a")], 0),
        ([(200, b"a"), (200, b"b")], 1),
        ([(200, b"a"), (201, b"a")], 1),
        ([(404, b"a")], 1),
        ([], 0),
    ],
)
def test_a_write_that_is_answered_otherwise_is_counted(answers, differing):
    receipts = Receipts(writes=[Write("POST", "/", {}, 0, answers=answers)])
    assert len(list_differing(receipts)) == differing


class MovingClock:
    """A caller of a server whose clock moves while some writes are answered."""

    def __init__(self, moves):
        self.moves = moves
        self.now_ms = 0
        self.repeated = []

    def read_now_ms(self):
        return self.now_ms

    def write(self, write, *, seconds_max):
        self.repeated.append(write.key)
        self.now_ms += self.moves.get(write.key, 0)
        if not write.content:
            return None
        write.answers.append((200, write.key.encode()))
        return write.answers[-1]


def make_write(key, at_ms, *, path="/", is_answered=True):
    return Write("POST", path, {"json": {}} if is_answered else {}, at_ms, key=key)


def test_a_write_is_repeated_while_its_key_is_known():
    writes = [
        make_write("old", -24 * HOUR_MS),
        make_write("outlived", -5 * HOUR_MS),
        make_write("move", -2 * HOUR_MS, path=CLOCK_PATH),
        make_write("outlived move", -23 * HOUR_MS, path=CLOCK_PATH),
        make_write("new", -2 * HOUR_MS, is_answered=False),
        make_write("outlived meanwhile", -2 * HOUR_MS),
        make_write("newest", HOUR_MS),
    ]
    caller = MovingClock({"move": 20 * HOUR_MS, "outlived meanwhile": HOUR_MS})
    found = repeat(caller, order_repeats(writes))
    assert caller.repeated == ["move", "new", "outlived meanwhile", "newest"]
    assert found == (3, ["/: no answer"])
    assert [write.key for write in writes if write.answers] == ["move", "newest"]


def test_recovery_begins_after_the_fault():
    struck = [Struck("a", 10.0, 12.0), Struck("b", 30.0, 31.0)]
    moments = [(9.0, 12.5), (12.1, 13.0), (13.0, 13.5)]
    assert find_recoveries(struck, moments) == [1.0]


def test_a_seed_decides_everything_that_can_be_decided():
    plans = [make_plan(seed, Random(seed), can_mount=True) for seed in range(100)]
    assert plans == [make_plan(seed, Random(seed), can_mount=True) for seed in range(100)]
    assert len({plan.base for plan in plans}) == 2
    without = [make_plan(seed, Random(seed), can_mount=False) for seed in range(100)]
    assert [plan.seed for plan in without if plan.skipped] == [
        plan.seed for plan in plans if DISK in plan.available
    ]
    chosen = choose_faults(Random(1), {DISK, CLOCK}, 5)
    assert len(set(chosen)) == 5
    assert {fault.needs for fault in chosen} == {"", DISK, CLOCK}
    assert {fault.needs for fault in choose_faults(Random(1), set(), 5)} == {""}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_rounds_in_parts_count_together(tmp_path):
    path = tmp_path / "rounds.jsonl"
    row = Row(
        seed=1, result=HOLDS, faults={"worker killed": 2}, acknowledged=1_500, recovery_seconds=[0.5, 2.5]
    )
    record.append(row, path)
    record.append(replace(row, seed=2, result="lost:\n3 | 4", lost=3, code="one"), path)
    assert [one.seed for one in record.read(path)] == [1, 2]
    page = print_page(record.read(path), inputs=[])
    for line in (
        "| rounds played | 2 |",
        "| rounds in which everything held | 1 |",
        "| events acknowledged | 3,000 |",
        "| acknowledged events lost | 3 |",
        "| time to recover, median | 1.5 s |",
        "| time to recover, worst | 2.5 s |",
        "| worker killed | 4 |",
        "| 2 | one | lost: 3 / 4 | not yet |",
    ):
        assert line in page.splitlines()
    assert json.loads(path.read_text().splitlines()[0])["seed"] == 1


def test_a_round_that_did_not_hold_is_shown_with_what_became_of_its_seed():
    rows = [
        Row(seed=1, result="lost: 3", code="one"),
        Row(seed=2, result=HOLDS, code="one"),
        Row(seed=1, result="lost: 1", code="two"),
        Row(seed=1, result=HOLDS, code="three"),
    ]
    page = print_page(rows, inputs=[]).splitlines()
    for line in (
        "| rounds played | 4 |",
        "| different seeds | 2 |",
        "| 1 | one | lost: 3 | does not hold (two), holds (three) |",
        "| 1 | two | lost: 1 | holds (three) |",
    ):
        assert line in page
