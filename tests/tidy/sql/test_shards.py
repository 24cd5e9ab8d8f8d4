"""Each statement of a distributed table names one shard, or is listed with the reason why it does not.

A database that is distributed by shard carries out a statement of one shard on one machine: its locks, its snapshot and its
plan are those of one server. What names no shard is sent to all of them.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import pytest

from tests.tidy.source import Breach, Source, refuse, sources
from tests.tidy.sql.shard_reach import CHECKING, MORE_THAN_ONE
from tests.tidy.sql.test_sql import migrations, named_files
from tests.tidy.sql.test_sql_prepared import (
    Named,
    read_all_texts,
    read_statements,
    read_statements_of_shard,
)
from tests.tidy.sql_parts import list_distant
from tests.tidy.sql_schema import Schema, read_schema
from tests.tidy.sql_shards import Reach, find_shards
from tests.tidy.sql_text import temporary_tables

ROOT, FILE = "jobmeter/", "/queries.sql"


def room_of(path: str) -> str:
    return path.removeprefix(ROOT).removesuffix(FILE).removesuffix(".sql")


def reach_breaches(
    statements: Iterable[Named], schema: Schema, listed: Mapping[str, Mapping[str, Reach]]
) -> list[Breach]:
    """A statement that reaches further than one shard and is not listed, or not as far as the list says."""
    found, seen = [], set()
    for one in statements:
        room = room_of(one.source.path)
        if room.partition("/")[0] == CHECKING:
            continue
        reach = find_shards(one.text, schema).reach or Reach.ONE
        allowed = listed.get(room, {}).get(one.name, Reach.ONE)
        seen.add((room, one.name))
        if reach != allowed:
            message = f"`{one.name}` reaches {reach} and is listed with {allowed}; name its shard, or correct the list"
            found.append(Breach(one.source.path, one.line, message))
    gone = [(room, name) for room, names in listed.items() for name in names if (room, name) not in seen]
    return found + [Breach(f"{ROOT}{room}{FILE}", 1, f"`{name}` is listed and gone") for room, name in gone]


def form_breaches(statements: Iterable[Named], schema: Schema) -> list[Breach]:
    """What a distributed database answers wrongly or not at all."""
    found = []
    for one in statements:
        shards = find_shards(one.text, schema)
        place = (one.source.path, one.line)
        for first, second in shards.unjoined:
            message = f"`{one.name}` joins {first} and {second}; equate their shards, or name one of them"
            found.append(Breach(*place, message))
        for name in shards.row_functions:
            message = f"`{one.name}` gives a whole row to {name}; give it columns"
            found.append(Breach(*place, message))
        if shards.has_unnamed:
            message = f"`{one.name}` has a subquery without a name, which PostgreSQL 15 refuses"
            found.append(Breach(*place, message))
        if shards.reach is Reach.ONE:
            for name in list_distant(one.text, schema):
                message = f"`{one.name}` names the shard of {name} only through other rows; name it there too"
                found.append(Breach(*place, message))
        if shards.reads_places:
            found.append(Breach(*place, f"`{one.name}` reads tableoid; take the day from the event's key"))
    return found


@cache
def schema_of_the_project() -> Schema:
    temporary = {name for source in named_files() for name in temporary_tables(source.text)}
    return read_schema(sorted(migrations(), key=lambda source: source.path), temporary)


def all_statements() -> list[Named]:
    """Each as far as it must reach: what is written for rows of one shard too is sent so where they have one."""
    found = [one for source in named_files() for one in read_statements(source)]
    of_shard = [one for source in named_files() for one in read_statements_of_shard(source)]
    narrow = {(one.source.path, one.name) for one in of_shard}
    return [one for one in found if (one.source.path, one.name) not in narrow] + of_shard


def test_statements_name_one_shard():
    refuse(reach_breaches(all_statements(), schema_of_the_project(), MORE_THAN_ONE))


def test_statements_keep_to_what_is_the_same_on_each_node():
    refuse(form_breaches(read_all_texts(), schema_of_the_project()))


def test_the_distributed_tables_are_those_of_the_money_path():
    assert {"events", "job_budgets", "job_days", "charge_postings", "ledger_bookings"} <= (
        schema_of_the_project().distributed
    )


SCHEMA = read_schema(
    [
        Source(
            "jobmeter/database/migrations/0001_before.sql",
            """
            CREATE TABLE jobs (shard smallint, job_id bigint, title text, PRIMARY KEY (shard, job_id));
            CREATE TABLE days (shard smallint, job_id bigint, day date, clicks integer, PRIMARY KEY (shard, job_id, day));
            CREATE TABLE later_days PARTITION OF days DEFAULT;
            CREATE TABLE contracts (id bigint PRIMARY KEY, shard smallint);
            CREATE TABLE gone (shard smallint PRIMARY KEY);
            DROP TABLE gone;
            CREATE FUNCTION days_of(of_shard bigint, of_job bigint) RETURNS SETOF days LANGUAGE sql RETURN 1;
            CREATE FUNCTION day_named(of_reference uuid) RETURNS SETOF days LANGUAGE sql RETURN 1;
            CREATE VIEW all_days AS SELECT shard, job_id, day FROM days UNION ALL SELECT shard, job_id, NULL FROM jobs;
            """,
        )
    ],
    {"asked"},
)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("SELECT id FROM contracts", None),
        ("SELECT job_id FROM jobs WHERE shard = %(shard)s AND job_id = %(job_id)s", Reach.ONE),
        ("SELECT job_id FROM jobs WHERE (shard, job_id) = (%(shard)s, %(job_id)s)", Reach.ONE),
        ("SELECT job_id FROM jobs WHERE shard = shard_of(%(job_id)s)", Reach.ONE),
        ("SELECT job_id FROM jobs JOIN days USING (shard, job_id) WHERE days.shard = %(shard)s", Reach.ONE),
        ("SELECT job_id FROM all_days WHERE shard = %(shard)s", Reach.ONE),
        (
            "SELECT j.job_id FROM jobs AS j, later_days AS d WHERE j.shard = d.shard AND d.shard = 7",
            Reach.ONE,
        ),
        (
            "WITH one AS (SELECT shard FROM jobs WHERE shard = %(shard)s) SELECT day FROM days JOIN one USING (shard)",
            Reach.ONE,
        ),
        ("INSERT INTO jobs (shard, job_id) VALUES (%(shard)s, %(job_id)s)", Reach.ONE),
        ("INSERT INTO jobs (shard, job_id) SELECT %(shard)s, id FROM contracts", Reach.ONE),
        ("UPDATE jobs SET title = '' WHERE shard = %(shard)s RETURNING job_id", Reach.ONE),
        ("DELETE FROM days USING jobs WHERE days.shard = jobs.shard AND jobs.shard = %(shard)s", Reach.ONE),
        (
            "SELECT job_id FROM jobs WHERE (shard, job_id) IN (SELECT shard, job_id FROM asked)",
            Reach.EACH,
        ),
        (
            (
                "SELECT found.day FROM unnest(%(shards)s::smallint[]) AS sent (sent_shard) CROSS JOIN LATERAL"
                " (SELECT day FROM days WHERE shard = sent_shard) AS found"
            ),
            Reach.EACH,
        ),
        ("SELECT job_id FROM jobs WHERE shard = ANY(%(shards)s)", Reach.EACH),
        ("SELECT job_id FROM contracts JOIN jobs ON jobs.shard = contracts.shard", Reach.EACH),
        ("SELECT title FROM jobs WHERE shard = shard_of(job_id)", Reach.EACH),
        ("SELECT day FROM days_of(%(shard)s, %(job_id)s)", Reach.ONE),
        ("SELECT day FROM day_named(%(reference)s)", Reach.ONE),
        ("SELECT day FROM contracts CROSS JOIN LATERAL days_of(contracts.shard, 7)", Reach.EACH),
        ("SELECT day FROM contracts CROSS JOIN LATERAL day_named(contracts.reference)", Reach.EACH),
        ("SELECT day FROM jobs, days_of(jobs.shard, jobs.job_id) AS of_job", Reach.EVERY),
        ("SELECT job_id FROM jobs WHERE shard IN (SELECT every_shard())", Reach.EVERY),
        ("SELECT job_id FROM jobs WHERE job_id = %(job_id)s", Reach.EVERY),
        ("SELECT job_id FROM jobs WHERE shard = %(shard)s OR job_id = 7", Reach.EVERY),
        ("SELECT job_id FROM jobs WHERE shard > %(shard)s", Reach.EVERY),
        ("SELECT id FROM contracts WHERE EXISTS (SELECT FROM days WHERE day = %(day)s)", Reach.EVERY),
        ("SELECT job_id FROM jobs JOIN days USING (job_id) WHERE jobs.shard = %(shard)s", Reach.EVERY),
        ("INSERT INTO jobs (shard, job_id) SELECT shard, job_id FROM days", Reach.EVERY),
    ],
)
def test_the_reach_of_a_statement_is_found(text, reach):
    assert find_shards(text, SCHEMA).reach == reach


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT title FROM jobs JOIN days USING (job_id)", "joins days and jobs"),
        (
            "SELECT title FROM jobs LEFT JOIN days ON days.shard = jobs.shard OR days.day = %(day)s",
            "joins days",
        ),
        ("SELECT job_text(jobs) FROM jobs", "gives a whole row to job_text"),
        ("SELECT tableoid, count(job_id) FROM days GROUP BY 1", "reads tableoid"),
        ("SELECT title FROM (SELECT title FROM jobs)", "has a subquery without a name"),
        (
            (
                "SELECT title FROM jobs AS job CROSS JOIN LATERAL (SELECT day FROM days WHERE shard = job.shard OFFSET 0) AS d"
                " WHERE job.shard = %(shard)s"
            ),
            "names the shard of days only through other rows",
        ),
        (
            (
                "WITH one AS (SELECT shard, job_id FROM jobs WHERE shard = %(shard)s FOR UPDATE)"
                " UPDATE days SET clicks = 1 FROM one WHERE days.shard = one.shard AND days.job_id = one.job_id"
            ),
            "names the shard of days only through other rows",
        ),
        (
            (
                "SELECT day FROM (SELECT shard FROM jobs WHERE shard = %(shard)s LIMIT 5) AS page"
                " JOIN days ON days.shard = page.shard"
            ),
            "names the shard of days only through other rows",
        ),
        (
            (
                "SELECT day FROM (SELECT job_id FROM jobs WHERE shard = %(shard)s LIMIT 5) AS page"
                " JOIN days ON days.shard = %(shard)s AND days.job_id = page.job_id"
            ),
            None,
        ),
        (
            "SELECT title FROM jobs JOIN (SELECT shard FROM days) AS d USING (shard) WHERE d.shard = %(shard)s",
            None,
        ),
        (
            (
                "WITH one AS (INSERT INTO jobs (shard) VALUES (%(shard)s) RETURNING shard)"
                " INSERT INTO days (shard) SELECT shard FROM one"
            ),
            None,
        ),
        ("SELECT title FROM jobs JOIN days USING (shard, job_id)", None),
        ("SELECT title FROM jobs JOIN days ON days.shard = shard_of(jobs.job_id)", None),
        ("SELECT title FROM contracts JOIN jobs ON jobs.job_id = contracts.id", None),
        ("SELECT job_text(shard, title) FROM jobs", None),
    ],
)
def test_what_is_not_the_same_on_each_node_is_found(text, message):
    found = form_breaches([named(text)], SCHEMA)
    assert (
        [message] == [breach.message.partition("`a` ")[2][: len(message)] for breach in found]
        if message
        else not found
    )


@pytest.mark.parametrize(
    ("listed", "count"),
    [
        ({}, 1),
        ({"jobs": {"a": Reach.EACH}}, 1),
        ({"jobs": {"a": Reach.EVERY}}, 0),
        ({"jobs": {"a": Reach.EVERY, "gone": Reach.EACH}}, 1),
        ({"jobs/feeds": {"a": Reach.EVERY}}, 2),
    ],
)
def test_the_list_is_exact(listed, count):
    assert len(reach_breaches([named("SELECT title FROM jobs")], SCHEMA, listed)) == count


def named(text: str) -> Named:
    return Named(Source("jobmeter/jobs/queries.sql", f"-- name: a\n{text}"), 1, "a", text, {})


def test_all_files_are_read():
    assert len(all_statements()) > len(sources(".sql", "jobmeter")) > 0
