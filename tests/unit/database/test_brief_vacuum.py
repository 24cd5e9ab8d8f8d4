"""Tables that only grow, or change with each batch, are looked at briefly: meanwhile no budget's older versions make room for the next."""

import psycopg
import pytest

SAMPLED = "SELECT DISTINCT attstattarget FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
OPTIONS = "SELECT coalesce(reloptions, '{}') FROM pg_class WHERE oid = %s::regclass"


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


OF_EVENTS = ["autovacuum_vacuum_cost_delay=0", "autovacuum_vacuum_insert_threshold=-1"]


def list_partitions(connection):
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"
    )
    return [name for (name,) in rows]


def test_a_tenth_of_the_usual_sample_is_taken_of_postings_and_events(connection):
    connection.execute("SELECT make_event_day(date '2031-05-17'), make_event_day(date '2031-05-18')")
    partitions = list_partitions(connection)

    assert {"events_20310517", "events_20310518"} <= set(partitions)
    for name in ("charge_postings", *partitions):
        assert connection.execute(SAMPLED, [name]).fetchall() == [(10,)], name


def test_a_days_events_are_not_vacuumed_because_rows_were_added_and_are_analyzed_without_pauses(connection):
    connection.execute("SELECT make_event_day(date '2031-05-17')")

    for name in list_partitions(connection):
        (options,) = connection.execute(OPTIONS, [name]).fetchone()
        assert sorted(options) == OF_EVENTS, name


def test_rows_that_change_with_each_batch_are_analyzed_without_pauses(connection):
    for name in ("job_budgets", "listed_jobs"):
        (options,) = connection.execute(OPTIONS, [name]).fetchone()
        assert "autovacuum_vacuum_cost_delay=0" in options, name


def test_budgets_are_not_analyzed_each_time_that_a_tenth_of_them_was_charged(connection):
    (options,) = connection.execute(OPTIONS, ["job_budgets"]).fetchone()
    assert "autovacuum_analyze_scale_factor=2" in options
