"""Prepares every named statement on a fresh schema, so that a typo fails here and not at the first call.

Parameters have the types that the driver sends for the declared types of the statement's function: small and large
numbers, present and missing values.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from importlib import import_module
from inspect import get_annotations, isfunction
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints
from uuid import UUID

import psycopg
import pytest
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH as REMEMBERED_BYTES_MAX
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb

from jobmeter.database.arrays import COPY_HEADER, COPY_TRAILER, PackedArray, register_packed_arrays
from jobmeter.database.statements import load_statements
from tests.tidy.source import Breach, Source, refuse, sources
from tests.tidy.sql.test_sql import named_files
from tests.tidy.sql.test_sql_numbers import ENUMS
from tests.tidy.sql_text import statements

SAMPLES: Mapping[Any, Any] = {
    bool: True,
    str: "",
    bytes: b"",
    date: date(2026, 3, 2),
    datetime: datetime(2026, 3, 2, tzinfo=UTC),
    UUID: UUID(int=0),
    Jsonb: Jsonb({}),
    Any: None,
}
SMALL, LARGE = 1, 1 << 40

_PARAMETER = re.compile(r"%\((\w+)\)[sbt]")
_STAGING = re.compile(r"CREATE\s+TEMP(?:ORARY)?\s+TABLE\b", re.IGNORECASE)
_COPY_IN = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)


class Named(NamedTuple):
    source: Source
    line: int
    name: str
    text: str
    types: Mapping[str, Any]
    """The types of the parameters, as declared by the statement's function."""

    @property
    def code(self) -> str:
        return "\n".join(
            line for line in self.text.splitlines() if not line.lstrip().startswith("--")
        ).strip()

    @property
    def is_staging(self) -> bool:
        return _STAGING.match(self.code) is not None


def read_statements(source: Source) -> list[Named]:
    package, _, file_name = source.path.rpartition("/")
    texts = load_statements(package.replace("/", "."), file_name, enums=ENUMS)
    return [
        Named(source, found.line, found.name, texts[found.name], parameter_types(source.part, found.name))
        for found in statements(source)
    ]


def read_statements_of_shard(source: Source) -> list[Named]:
    """Those that are written for rows of one shard too, as they are sent for these."""
    package, _, file_name = source.path.rpartition("/")
    texts = load_statements(package.replace("/", "."), file_name, enums=ENUMS).of_shard
    return [
        one._replace(text=texts[one.name], types={**one.types, "shard": int})
        for one in read_statements(source)
        if one.name in texts
    ]


def read_all_texts() -> list[Named]:
    return [
        one
        for source in named_files()
        for one in (*read_statements(source), *read_statements_of_shard(source))
    ]


def parameter_types(part: str, name: str) -> dict[str, Any]:
    for source in sources(".py", f"jobmeter/{part}"):
        if source.stem.startswith("store"):
            function = getattr(import_module(source.path.removesuffix(".py").replace("/", ".")), name, None)
            if isfunction(function):
                return spread_values(get_annotations(function, eval_str=True))
    return {}


def spread_values(types: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the fields of each frozen value, which are the parameters, with the names that ``function_breaches`` uses."""
    found = dict(types)
    for kind in (kind for name, kind in types.items() if name != "return"):
        many = get_args(kind)[0] if get_origin(kind) is list else None
        if is_dataclass(many):
            found |= {name: list[inner] for name, inner in get_type_hints(many).items()}
        elif is_dataclass(kind):
            found |= _spread_value(kind)
    return found | types


def _spread_value(kind: type) -> dict[str, Any]:
    inner = get_type_hints(kind, include_extras=True)
    nested = {
        f"{name}_{field}": of
        for name, value in inner.items()
        if is_dataclass(value)
        for field, of in get_type_hints(value).items()
    }
    return inner | nested


def make_sample(kind: Any, number: int, *, is_missing: bool) -> Any:
    """Returns a value of the declared type; ``None`` for an optional type if ``is_missing``."""
    kind = getattr(kind, "__metadata__", (kind,))[0]  # of a packed column, the type of the array that is sent
    choices = get_args(kind)
    if NoneType in choices:
        (some,) = (choice for choice in choices if choice is not NoneType)
        return None if is_missing else make_sample(some, number, is_missing=False)
    if get_origin(kind) in {list, tuple}:
        return [make_sample(choices[0], number, is_missing=False)]
    if get_origin(kind) is dict:
        return Jsonb({})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if isinstance(kind, type) and issubclass(kind, PackedArray):
        return kind([])
    return number if kind is int else SAMPLES[kind]


def find_fault(connection: psycopg.Connection, named: Named) -> str | None:
    """Returns the database's error, or ``None``. Nothing is written, but temporary tables are kept for later statements."""
    rounds = ((LARGE, False),) if named.is_staging else ((SMALL, True), (LARGE, False))
    try:
        for number, is_missing in rounds:
            values = {
                name: make_sample(named.types[name], number, is_missing=is_missing)
                for name in _PARAMETER.findall(named.text)
            }
            with connection.transaction():
                _try_out(connection, named, values)
    except KeyError as unknown:
        return f"no type is known for {unknown}"
    except psycopg.Error as error:
        return str(error).splitlines()[0]
    return None


def _try_out(connection: psycopg.Connection, named: Named, values: dict[str, Any]) -> None:
    if _COPY_IN.match(named.code):
        with connection.cursor() as cursor, cursor.copy(named.text) as copy:
            copy.write(COPY_HEADER + COPY_TRAILER)
    elif named.is_staging:
        connection.execute(named.text, values or None)
    else:
        _prepare(connection, named.text, values)


def _prepare(connection: psycopg.Connection, text: str, values: dict[str, Any]) -> None:
    """Parses the statement and resolves its names and types, without running it."""
    names = list(values)
    if names:
        text = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%")
    transformer = Transformer(connection)
    transformer.dump_sequence(list(values.values()), [PyFormat.AUTO] * len(values))
    result = connection.pgconn.prepare(b"", text.encode(), transformer.types)
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result)


def statement_breaches(url: str, found: Iterable[Named]) -> list[Breach]:
    """Creates temporary tables first, because one slice fills tables that another has created."""
    breaches = []
    # A single transaction, because some of these tables are dropped when it ends.
    with psycopg.connect(url) as connection, connection.transaction(force_rollback=True):
        register_packed_arrays(connection)
        for named in sorted(found, key=lambda one: not one.is_staging):
            fault = find_fault(connection, named)
            if fault is not None:
                breaches.append(Breach(named.source.path, named.line, f"`{named.name}`: {fault}"))
    return breaches


def test_every_statement_can_be_prepared(database_url: str) -> None:
    found = read_all_texts()
    assert len(found) > 50
    refuse(statement_breaches(database_url, found))


def length_breaches(found: Iterable[Named]) -> list[Breach]:
    message = (
        f"bytes, and psycopg remembers how it has read a statement of at most {REMEMBERED_BYTES_MAX}: "
        "a longer one it takes apart each time that it is sent; shorten it"
    )
    return [
        Breach(named.source.path, named.line, f"`{named.name}` has {sent} {message}")
        for named in found
        if (sent := len(named.text.encode())) > REMEMBERED_BYTES_MAX
    ]


def test_no_statement_is_taken_apart_each_time() -> None:
    refuse(length_breaches(read_all_texts()))


def test_a_long_statement_is_found() -> None:
    source = Source("jobmeter/jobs/queries.sql", "")
    texts = ["SELECT 1" + " " * (REMEMBERED_BYTES_MAX - 8 + more) for more in (0, 1)]
    assert [len(length_breaches([Named(source, 1, "one", text, {})])) for text in texts] == [0, 1]


@pytest.mark.parametrize(
    ("text", "types", "message"),
    [
        ("SELECT job_id FROM job_postngs", {}, "job_postngs"),
        ("SELECT job FROM job_budgets WHERE shard = %(shard)s", {"shard": int}, '"job"'),
        ("SELECT job_id FROM job_budgets WHERE shard = %(shard)s", {}, "no type"),
        ("SELECT job_id FROM job_days WHERE day = %(day)s", {"day": bool}, "date = boolean"),
        ("SELECT 1 WHERE %(day)s IS NULL", {"day": date | None}, "could not determine data type"),
        ("COPY events (shard, event) FROM STDIN WITH (FORMAT binary)", {}, '"event"'),
        ("CREATE TEMPORARY TABLE held (id bigit)", {}, "bigit"),
        ("INSERT INTO ledger_balances (shard) VALUES (%(shard)s", {"shard": int}, "syntax"),
    ],
)
def test_a_typo_is_found(database_url: str, text: str, types: dict[str, Any], message: str) -> None:
    named = Named(Source("jobmeter/jobs/queries.sql", text), 1, "sample", f"-- why\n{text}", types)
    (breach,) = statement_breaches(database_url, [named])
    assert message in breach.message


def test_valid_statements_are_accepted(database_url: str) -> None:
    texts = [
        ("SELECT job_id FROM job_days WHERE day = %(day)s AND job_id %% 2 = 0", {"day": date}),
        ("INSERT INTO held (id) VALUES (%(id)s)", {"id": int | None}),
        ("SELECT job_id FROM job_days WHERE job_id % 2 = 0", {}),
        ("CREATE TEMPORARY TABLE held ON COMMIT DROP AS SELECT %(id)s::bigint AS id", {"id": int}),
    ]
    source = Source("jobmeter/jobs/queries.sql", "")
    assert statement_breaches(database_url, [Named(source, 1, "one", *text) for text in texts]) == []
