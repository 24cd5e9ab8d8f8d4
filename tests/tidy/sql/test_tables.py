"""Each table is written by one slice; other slices read it or call that slice's flow.

How charges are stored is known to the statement that writes them and to the migrations: all others read them by name. Only the
migrations say how postings and records are numbered.
"""

import re
from collections.abc import Callable, Iterable

import pytest

from tests.tidy.source import Breach, Source, refuse, sources
from tests.tidy.sql_text import blanked, is_migration, temporary_tables, writes

# Also with its alias or schema; not where rows are added.
STORED_CHARGES = re.compile(r"(?<!INSERT INTO )\bcharge_postings\b", re.IGNORECASE)
LEDGER_NUMBERS = re.compile(r"\bnextval\s*\(\s*'ledger_numbers'", re.IGNORECASE)


def charge_breaches(tree: Iterable[Source]) -> list[Breach]:
    message = "read charges by the view `charges` or one of the functions `charge_of`, `charges_of_day`, `charge_named`"
    return _find_breaches(tree, STORED_CHARGES, message, read=blanked)


def number_breaches(tree: Iterable[Source]) -> list[Breach]:
    """The default gives the transaction a number first, which the horizon relies on; a statement may run before it has one."""
    # Read as it is: the name of a sequence is a literal.
    return _find_breaches(tree, LEDGER_NUMBERS, "leave the number to the default of its column", read=str)


def _find_breaches(
    tree: Iterable[Source], pattern: re.Pattern[str], message: str, *, read: Callable[[str], str]
) -> list[Breach]:
    return [
        Breach(source.path, source.text.count("\n", 0, found.start()) + 1, message)
        for source in tree
        if not is_migration(source)
        for found in pattern.finditer(read(source.text))
    ]


def table_breaches(tree: Iterable[Source]) -> list[Breach]:
    """Neither slice is assumed to be the owner: a breach names both places."""
    writers: dict[str, dict[str, Breach]] = {}
    temporary: set[str] = set()
    for source in tree:
        if is_migration(source):
            continue
        text = blanked(source.text)
        temporary |= temporary_tables(text)
        for line, verb, table in writes(text):
            message = f"`{table}` is written ({verb}) by {source.part}"
            writers.setdefault(table, {}).setdefault(source.part, Breach(source.path, line, message))
    found = []
    for table, places in writers.items():
        if len(places) > 1 and table not in temporary:
            for part, place in places.items():
                others = ", ".join(
                    f"{other.path}:{other.line}" for name, other in places.items() if name != part
                )
                message = (
                    f"{place.message} and also at {others}; one slice writes it, the others call its flow"
                )
                found.append(place._replace(message=message))
    return found


def test_each_table_is_written_by_one_slice():
    refuse(table_breaches(sources(".sql", "jobmeter")))


def test_numbers_of_the_ledger_are_given_by_columns():
    refuse(number_breaches(sources(".sql", "jobmeter")))


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO ledger_bookings (number) VALUES (nextval('ledger_numbers'))", 1),
        ("SELECT batch,\n       NEXTVAL( 'ledger_numbers'::regclass)\n  FROM paid", 1),
        ("SELECT last_value FROM ledger_numbers", 0),
        ("SELECT nextval('event_batches')", 0),
    ],
)
def test_a_number_of_the_ledger_that_a_statement_gives_is_found(statement, count):
    assert len(number_breaches([Source("jobmeter/charging/charge/queries.sql", statement)])) == count


def test_charges_are_read_by_name():
    refuse(charge_breaches(sources(".sql", "jobmeter")))


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("SELECT amount FROM charge_postings", 1),
        ("SELECT amount\n  FROM charges\n  JOIN charge_postings AS charge USING (shard)", 1),
        ("SELECT charge_postings.amount\n  FROM public.charge_postings", 2),
        ("INSERT INTO charge_postings (shard) SELECT shard FROM paid", 0),
        ("-- what charge_postings stores\nSELECT amount_micros FROM charges", 0),
    ],
)
def test_readers_of_stored_charges_are_found(statement, count):
    assert len(charge_breaches([Source("jobmeter/billing/queries.sql", statement)])) == count


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO jobs (id) VALUES (%(id)s)",
        "UPDATE jobs\n   SET state = 'CLOSED'",
        "UPDATE ONLY jobs SET state = 'CLOSED'",
        "DELETE FROM jobs WHERE id = %(id)s",
        "COPY jobs (id, title) FROM STDIN (FORMAT BINARY)",
        "TRUNCATE TABLE jobs",
        "MERGE INTO jobs USING batch ON true",
        'WITH moved AS (\n  UPDATE public."jobs" SET state = 1 RETURNING id)\nSELECT id FROM moved',
    ],
)
def test_two_writers_are_found(statement):
    owner = Source("jobmeter/jobs/queries.sql", "-- name: add_job\nINSERT INTO jobs (id) VALUES (1);\n")
    other = Source("jobmeter/billing/queries.sql", f"-- name: touch\n{statement};\n")
    assert {breach.path for breach in table_breaches([owner, other])} == {owner.path, other.path}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM jobs FOR UPDATE OF jobs SKIP LOCKED",
        "SELECT id FROM jobs FOR NO KEY UPDATE SKIP LOCKED",
        "INSERT INTO invoices (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = excluded.id",
        "COPY (SELECT id FROM jobs) TO STDOUT",
        "COPY jobs TO STDOUT",
        "-- the job's UPDATE jobs SET is elsewhere\nSELECT 'DELETE FROM jobs'",
    ],
)
def test_readers_are_not_writers(statement):
    owner = Source("jobmeter/jobs/queries.sql", "-- name: add_job\nINSERT INTO jobs (id) VALUES (1);\n")
    reader = Source("jobmeter/billing/queries.sql", f"-- name: read\n{statement};\n")
    assert table_breaches([owner, reader]) == []


def test_migrations_and_temporary_tables_have_no_owner():
    staged = "CREATE TEMP TABLE staged (id bigint) ON COMMIT DROP; INSERT INTO staged (id) VALUES (1);"
    tree = [
        Source("jobmeter/jobs/queries.sql", f"INSERT INTO jobs (id) VALUES (1); {staged}"),
        Source("jobmeter/metering/queries.sql", staged),
        Source("jobmeter/database/migrations/0001_jobs.sql", "UPDATE jobs SET state = 1;"),
    ]
    assert table_breaches(tree) == []
