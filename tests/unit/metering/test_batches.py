"""A batch is divided by shard and put together again; what a node refuses without saying why is taken for a repeated event."""

import numpy as np
import pytest

from jobmeter.charging.model import ChargeResult
from jobmeter.metering.batches import rules
from jobmeter.metering.intake import flow as intake
from jobmeter.metering.intake.model import Taken
from jobmeter.metering.model import Verdict
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario

# As a distributed database refuses a row of a COPY that a node has already.
LOSE_CODES = """
CREATE FUNCTION lose_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_query() LIKE 'COPY%'
       AND EXISTS (SELECT FROM events WHERE shard = NEW.shard AND event_key = NEW.event_key) THEN
        RAISE EXCEPTION 'failure on connection marked as essential' USING ERRCODE = 'XX000';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lose_code BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose_code()
"""


def test_rows_are_divided_by_shard_in_the_order_of_the_batch():
    job_ids = np.array([259, 2, 3, 258, 0, 3])
    assert [rows.tolist() for rows in rules.divide(job_ids)] == [[4], [1, 3], [0, 2, 5]]
    assert rules.divide(np.zeros(0, dtype=np.int64)) == []


def make_taken(verdicts, new_rows, clicks_charged):
    charged = ChargeResult(
        clicks_charged=clicks_charged, clicks_free=1, charge_micros=7, jobs_noted=(clicks_charged,)
    )
    return Taken(np.array(verdicts), np.array(new_rows, dtype=np.int64), charged)


def test_what_came_of_the_parts_is_put_together_in_the_rows_of_the_batch():
    counted, crawler, late = Verdict.COUNTED, Verdict.CRAWLER, Verdict.TOO_OLD
    taken = rules.put_together([
        (np.array([1, 3]), make_taken([counted, crawler], [1, 0], 2)),
        (np.array([0, 2, 4]), make_taken([late, counted, counted], [2], 1)),
    ])  # fmt: skip
    assert taken.verdicts.tolist() == [late, counted, counted, crawler, counted]
    assert sorted(taken.rows.tolist()) == [1, 3, 4]
    assert (taken.charged.clicks_charged, taken.charged.clicks_free, taken.charged.charge_micros) == (
        3,
        2,
        14,
    )
    assert taken.charged.jobs_noted == (2, 1)
    assert rules.put_together([]).verdicts.tolist() == []


@pytest.mark.parametrize("clicks", [3, intake.ROWS_AS_STATEMENT_MAX + 1])
async def test_a_repeated_event_is_one_also_if_the_reason_is_lost(database_url, clicks):
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=1_000 * PRICE_MICROS)
        await scenario.execute(LOSE_CODES)
        events = make_clicks(job_id, clicks)
        await scenario.ingest(events[1:], START)
        reply = await scenario.ingest(events, START)
        assert (reply.accepted, reply.duplicate, reply.clicks_charged) == (1, clicks - 1, 1)
        assert await scenario.breaches() == []
