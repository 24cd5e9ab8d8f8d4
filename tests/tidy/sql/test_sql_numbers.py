"""SQL uses the names of enum members instead of numbers, and shards are computed by a named function in SQL and Python."""

import ast
import re
from collections.abc import Iterable, Mapping
from enum import IntEnum

import pytest

from jobmeter.base.ids import SHARD_COUNT
from jobmeter.charging.corrections.model import RestatementCause
from jobmeter.database.statements import ENUM_NAME
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind, Verdict
from jobmeter.settlement.model import Criterion, Rule
from jobmeter.wire.events import KINDS
from tests.tidy.source import Breach, Source, nodes, refuse, sources
from tests.tidy.sql_text import blanked, is_migration, statements, tokens
from tests.tidy.sql_values import find_values

# Columns with these names contain the number of an enum member, in every table.
ENUM_COLUMNS: Mapping[str, tuple[type[IntEnum], ...]] = {
    "purpose": (Purpose,),
    "source_kind": (AccountKind,),
    "destination_kind": (AccountKind,),
    "kind": (AccountKind, EventKind),
    "verdict": (Verdict,),
    "rule": (Rule,),
    "criterion": (Criterion,),
    "cause": (RestatementCause,),
}
ENUMS = tuple({enum: None for enums in ENUM_COLUMNS.values() for enum in enums})

# Small integers that are counts or measures.
MEASURES = {
    "shard",
    "destination_shard",
    "percent",
    "status",
    "market",
    "late_window_hours",
    "terms_days",
    "minor_digits",
    "level",
}

_SMALLINT = re.compile(r"\b([a-z]\w*)\s+smallint\b(?!\[)")


def enum_breaches(source: Source) -> list[Breach]:
    """A number, or a member of another enum, that is compared with or written to a column of an enum."""
    found = []
    for token, columns in (value for one in statements(source) for value in find_values(one.text, one.line)):
        enums = [enum for column in sorted(columns) for enum in ENUM_COLUMNS.get(column, ())]
        name = ENUM_NAME.fullmatch(token.text)
        is_wrong = token.text.isdigit() if name is None else name[1] not in {enum.__name__ for enum in enums}
        if enums and is_wrong:
            wanted = " or ".join(enum.__name__ for enum in enums)
            message = f"`{token.text}` is not a member of {wanted}; write `{{{enums[0].__name__}.NAME}}`"
            found.append(Breach(source.path, token.line, message))
    return found


def smallint_breaches(tree: Iterable[Source]) -> list[Breach]:
    """Every smallint column is listed as an enum or a measure, so that a new enum is added to the table."""
    message = "is neither in ENUM_COLUMNS nor in MEASURES; add it to one of them"
    return [
        Breach(source.path, 1, f"`{name}` {message}")
        for source in tree
        for name in _SMALLINT.findall(blanked(source.text))
        if name not in {*ENUM_COLUMNS, *MEASURES}
    ]


def shard_breaches(source: Source) -> list[Breach]:
    """Only a migration and base.ids contain the number of shards."""
    message = "is the number of shards; call shard_of, make_job_id or every_shard"
    return [
        Breach(source.path, token.line, f"`{token.text}` {message}")
        for token in tokens(blanked(source.text))
        if token.text in {str(SHARD_COUNT), str(SHARD_COUNT - 1)}
    ]


def remainder_breaches(source: Source) -> list[Breach]:
    """In Python, only base.ids and database.columns compute a shard as a remainder."""
    if source.path in {"jobmeter/base/ids.py", "jobmeter/database/columns.py"}:
        return []
    message = "compute a shard with shard_of (jobmeter.base.ids), those of a column with shards_of (jobmeter.database.columns)"
    return [
        Breach(source.path, node.lineno, message)
        for node in nodes(source)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
        if ast.unparse(node.right).rpartition(".")[2] in {"SHARD_COUNT", str(SHARD_COUNT)}
    ]


def own_statements() -> list[Source]:
    return [source for source in sources(".sql", "jobmeter", "bench") if not is_migration(source)]


def test_enum_members_are_written_by_name():
    refuse(breach for source in own_statements() for breach in enum_breaches(source))


def test_every_smallint_column_is_an_enum_or_a_measure():
    refuse(smallint_breaches(sources(".sql", "jobmeter")))


def test_sql_computes_shards_with_a_function():
    refuse(
        breach
        for source in sources(".sql", "jobmeter")
        if not is_migration(source)
        for breach in shard_breaches(source)
    )


def test_python_computes_shards_with_a_function():
    refuse(breach for source in sources(".py", "jobmeter", "bench") for breach in remainder_breaches(source))


def test_the_event_kinds_of_the_wire_and_of_the_enum_have_the_same_order():
    assert [KINDS[kind].upper() for kind in EventKind] == [kind.name.replace("_", "") for kind in EventKind]


def sample(text: str) -> Source:
    return Source("jobmeter/jobs/queries.sql", text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("SELECT id\n  FROM events\n WHERE kind = 1", [3]),
        ("SELECT id FROM events WHERE 1 = events.kind", [1]),
        ("SELECT id FROM events WHERE events.verdict::integer <> 0", [1]),
        ("SELECT id FROM postings WHERE purpose\n    IN (5,\n 6)", [2, 3]),
        ("SELECT id FROM postings WHERE purpose NOT IN ({Purpose.FUND}, 6)", [1]),
        ("SELECT id FROM postings WHERE purpose = ANY(ARRAY[5, 6])", [1, 1]),
        ("SELECT id FROM postings WHERE purpose BETWEEN 1 AND 3", [1, 1]),
        ("SELECT id FROM postings WHERE purpose IS DISTINCT FROM 3", [1]),
        ("SELECT id FROM postings WHERE least(source_kind, destination_kind) >= 1", [1]),
        ("SELECT id FROM postings WHERE (source_kind, destination_kind) IN ((1, 2),\n (2, 1))", [1, 1, 2, 2]),
        ("SELECT id FROM postings WHERE (source_id, source_kind) = (9, 3)", [1]),
        ("SELECT CASE source_kind WHEN 1 THEN amount\n WHEN 2 THEN 0 ELSE 3 END FROM postings", [1, 2]),
        ("SELECT count(*) FILTER (WHERE kind = 0) FROM events", [1]),
        ("SELECT id, 0::smallint AS rule FROM events", [1]),
        ("SELECT id, coalesce(rule, 0) AS rule FROM events", [1]),
        ("UPDATE events SET verdict = 6", [1]),
        ("INSERT INTO kept (id, kind) VALUES (1, 2), (2,\n 3)", [1, 2]),
        ("INSERT INTO kept AS k (id, kind)\nSELECT 1, 2 FROM events", [2]),
        ("INSERT INTO kept (id, kind) SELECT id, CASE WHEN open THEN 3 ELSE 2 END FROM events", [1, 1]),
        ("WITH owners AS (SELECT kind, id FROM a UNION ALL\nSELECT 3, id FROM b) SELECT id FROM owners", [2]),
        ("WITH owners (kind, id) AS (SELECT 3, 4) SELECT id FROM owners", [1]),
        ("WITH owners (kind, id) AS MATERIALIZED (SELECT 3, 4) SELECT id FROM owners", [1]),
        ("SELECT id FROM (VALUES (2), (4)) AS kinds (kind)", [1, 1]),
        ("SELECT id FROM postings WHERE purpose = {AccountKind.JOB}", [1]),
        ("INSERT INTO kept (kind) SELECT {Purpose.CHARGE} FROM events", [1]),
    ],
)
def test_bare_numbers_are_found(text, lines):
    assert [breach.line for breach in enum_breaches(sample(text))] == lines


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM events WHERE kind = {EventKind.VIEW} AND visitor <> 0 LIMIT 1",
        "SELECT id FROM postings WHERE purpose IN ({Purpose.REVERSE}, {Purpose.ADJUST}) AND cause = %(cause)s",
        "SELECT id FROM postings WHERE purpose IN (SELECT purpose FROM purposes WHERE day > 3 LIMIT 2)",
        "SELECT CASE source_kind WHEN {AccountKind.FUNDING} THEN 0 ELSE 1 END FROM postings -- kind = 1",
        "SELECT id FROM postings WHERE (source_kind, source_id) = ({AccountKind.JOB}, 7)",
        "INSERT INTO kept (id, kind, size) VALUES (1, {AccountKind.JOB}, 3)",
        "INSERT INTO kept (shard, kind) SELECT 0, kind FROM events",
        "SELECT count(*) FILTER (WHERE kind = {EventKind.VIEW}) > 1, sum(amount) > 0, 1 AS place FROM events",
        "SELECT width_bucket(kind, 4), rules[rule + 1], kind FROM events WHERE format('kind = 1', 0) = ''",
    ],
)
def test_names_and_other_numbers_are_accepted(text):
    assert enum_breaches(sample(text)) == []


def test_an_unknown_smallint_column_is_found():
    source = sample("CREATE TABLE jobs (\n    shard smallint NOT NULL,\n    colour smallint NOT NULL\n)")
    assert [breach.message.split()[0] for breach in smallint_breaches([source])] == ["`colour`"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SELECT job_id %% 256 FROM jobs", 1),
        ("SELECT id FROM jobs WHERE shard = mod(id, 256)", 1),
        ("SELECT nextval('jobs') * 256 + %(shard)s", 1),
        ("SELECT id FROM jobs WHERE shard IN (SELECT generate_series(0, 255))", 1),
        ("SELECT shard_of(job_id), set_config('work_mem', '256MB', true) FROM jobs -- % 256", 0),
        ("SELECT sha256(name), 2560 FROM jobs", 0),
    ],
)
def test_shard_numbers_in_sql_are_found(text, count):
    assert len(shard_breaches(sample(text))) == count


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("jobs/flow.py", "shard = job_id % SHARD_COUNT", 1),
        ("jobs/flow.py", "shards = arrays.pack(job_ids % ids.SHARD_COUNT)", 1),
        ("jobs/flow.py", "shard = job_id % 256", 1),
        ("jobs/flow.py", "shard = shard_of(job_id)\nshards = range(SHARD_COUNT)\nhalf = job_id % 2", 0),
        ("base/ids.py", "shard = job_id % SHARD_COUNT", 0),
        ("database/columns.py", "return job_ids % SHARD_COUNT", 0),
    ],
)
def test_shard_remainders_in_python_are_found(path, code, count):
    assert len(remainder_breaches(Source(f"jobmeter/{path}", code))) == count
