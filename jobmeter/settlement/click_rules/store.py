"""Owns the statements of settlement's rules, one function each: every ``mark_`` returns how many clicks it marked."""

from datetime import date, datetime

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.settlement.model import Criterion, Exclusion, KeptExclusion

SQL = load_statements("jobmeter.settlement.click_rules")


async def allow_memory(connection: Connection) -> None:
    await connection.execute(SQL["allow_memory"])


async def gather_clicks(connection: Connection, *, day: date) -> int:
    """How many clicks of the day count."""
    return (await connection.execute(SQL["gather_clicks"], locals())).rowcount


async def analyze_clicks(connection: Connection) -> None:
    await connection.execute(SQL["analyze_clicks"])


async def mark_same_events(connection: Connection, *, rule: int) -> int:
    return (await connection.execute(SQL["mark_same_events"], locals())).rowcount


async def mark_excluded(connection: Connection, *, day: date, rule: int) -> int:
    return (await connection.execute(SQL["mark_excluded"], locals())).rowcount


async def mark_data_centres(connection: Connection, *, rule: int) -> int:
    return (await connection.execute(SQL["mark_data_centres"], locals())).rowcount


async def mark_repeated_clicks(connection: Connection, *, rule: int) -> int:
    return (await connection.execute(SQL["mark_repeated_clicks"], locals())).rowcount


async def mark_visitor_bursts(
    connection: Connection, *, rule: int, jobs_max: int, window_minutes: int
) -> int:
    return (await connection.execute(SQL["mark_visitor_bursts"], locals())).rowcount


async def mark_address_bursts(
    connection: Connection, *, rule: int, jobs_max: int, window_minutes: int
) -> int:
    return (await connection.execute(SQL["mark_address_bursts"], locals())).rowcount


async def mark_clicks_without_view(connection: Connection, *, day: date, rule: int) -> int:
    return (await connection.execute(SQL["mark_clicks_without_view"], locals())).rowcount


async def gather_touched(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["gather_touched"], locals())


async def analyze_marks(connection: Connection) -> None:
    await connection.execute(SQL["analyze_marks"])


async def analyze_touched(connection: Connection) -> None:
    await connection.execute(SQL["analyze_touched"])


async def record_reversals(connection: Connection) -> int:
    return (await connection.execute(SQL["record_reversals"])).rowcount


async def delete_reversal_marks(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["delete_reversal_marks"], locals())


async def list_rules(connection: Connection) -> list[tuple[int, bool, int, int]]:
    """Number, whether it holds, jobs, minutes of each rule that the operator has set."""
    rows = await (await connection.execute(SQL["list_rules"])).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def set_rule(
    connection: Connection, *, rule: int, is_on: bool, jobs_max: int, window_minutes: int
) -> None:
    await connection.execute(SQL["set_rule"], locals())


async def insert_exclusion(
    connection: Connection,
    *,
    criterion: int,
    subject: int,
    origin: bytes,
    day: date | None,
    note: str,
    created_at: datetime,
) -> bool:
    """Whether it is new."""
    return (await connection.execute(SQL["insert_exclusion"], locals())).rowcount > 0


async def find_exclusion(
    connection: Connection, *, criterion: int, subject: int, origin: bytes, day: date | None
) -> int:
    row = await (await connection.execute(SQL["find_exclusion"], locals())).fetchone()
    assert row is not None, "it was inserted, now or before"
    return int(row[0])


async def list_exclusions(connection: Connection, *, after: int, rows_max: int) -> list[KeptExclusion]:
    rows = await (await connection.execute(SQL["list_exclusions"], locals())).fetchall()
    return [
        KeptExclusion(row[0], Exclusion(Criterion(row[1]), row[2], bytes(row[3]), row[4], row[5]), row[6])
        for row in rows
    ]


async def remove_exclusion(connection: Connection, *, exclusion_id: int) -> bool:
    return (await connection.execute(SQL["remove_exclusion"], locals())).rowcount > 0


async def add_networks(
    connection: Connection, *, list_name: str, firsts: list[int], lasts: list[int], added_at: datetime
) -> int:
    return (await connection.execute(SQL["add_networks"], locals())).rowcount
