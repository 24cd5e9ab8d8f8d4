"""Owns the statements of settlement's rules, one function each: every ``mark_`` returns how many clicks it marked."""

from datetime import date, datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, list_rows, list_scalars, read_scalar, value_of
from jobmeter.database.statements import arrays_of, load_statements, vars_of
from jobmeter.metering.model import EventKind, Verdict
from jobmeter.settlement.model import (
    Criterion,
    ExcludedSender,
    ExcludedSenders,
    Exclusion,
    KeptExclusion,
    NetworkList,
    NetworkSpan,
    Rule,
    RuleEffect,
    RulePolicy,
    SeenNetworks,
    UnseenVisitors,
)

SQL = load_statements("jobmeter.settlement.click_rules", enums=(Criterion, EventKind, Rule, Verdict))


async def allow_memory(connection: Connection) -> None:
    await connection.execute(SQL["allow_memory"])


async def gather_clicks(connection: Connection, *, day: date) -> int:
    """Returns how many clicks of the day count."""
    return await change_rows(connection, SQL["gather_clicks"], {"day": day})


async def analyze_clicks(connection: Connection) -> None:
    await connection.execute(SQL["analyze_clicks"])


async def mark_same_events(connection: Connection, *, rule: int) -> int:
    return await change_rows(connection, SQL["mark_same_events"], {"rule": rule})


async def list_excluded_senders(connection: Connection, *, day: date) -> list[ExcludedSender]:
    return await list_rows(connection, ExcludedSender, SQL["list_excluded_senders"], {"day": day})


async def mark_excluded(connection: Connection, senders: ExcludedSenders, *, day: date, rule: int) -> int:
    parameters = senders.parameters() | {"day": day, "rule": rule}
    return await change_rows(connection, SQL["mark_excluded"], parameters)


async def list_networks_seen(connection: Connection) -> list[int]:
    return await list_scalars(connection, int, SQL["list_networks_seen"])


async def mark_data_centres(connection: Connection, seen: SeenNetworks, *, rule: int) -> int:
    return await change_rows(connection, SQL["mark_data_centres"], seen.parameters() | {"rule": rule})


async def mark_repeated_clicks(connection: Connection, *, rule: int) -> int:
    return await change_rows(connection, SQL["mark_repeated_clicks"], {"rule": rule})


async def mark_bursts(connection: Connection, policy: RulePolicy) -> int:
    """Of one visitor or of one network, as the policy's rule says."""
    return await change_rows(connection, SQL["mark_bursts"], vars_of(policy))


async def list_visitors_without_view(connection: Connection, *, day: date) -> list[int]:
    return await list_scalars(connection, int, SQL["list_visitors_without_view"], {"day": day})


async def mark_clicks_without_view(
    connection: Connection, suspects: UnseenVisitors, *, day: date, rule: int
) -> int:
    parameters = suspects.parameters() | {"day": day, "rule": rule}
    return await change_rows(connection, SQL["mark_clicks_without_view"], parameters)


async def gather_touched(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["gather_touched"], {"day": day})


async def analyze_marks(connection: Connection) -> None:
    await connection.execute(SQL["analyze_marks"])


async def analyze_touched(connection: Connection) -> None:
    await connection.execute(SQL["analyze_touched"])


async def record_reversals(connection: Connection) -> int:
    return await change_rows(connection, SQL["record_reversals"])


async def sum_marks(connection: Connection) -> list[RuleEffect]:
    return await list_rows(connection, RuleEffect, SQL["sum_marks"])


async def unmark_from(connection: Connection, *, rule: int) -> None:
    """Removes the marks of a rule and of those after it."""
    await connection.execute(SQL["unmark_from"], {"rule": rule})


async def drop_touched(connection: Connection) -> None:
    await connection.execute(SQL["drop_touched"])


async def delete_reversal_marks(connection: Connection, *, day: date) -> None:
    await connection.execute(SQL["delete_reversal_marks"], {"day": day})


async def list_rules(connection: Connection) -> list[RulePolicy]:
    """Returns the rules that the operator has set."""
    return await list_rows(connection, RulePolicy, SQL["list_rules"])


async def set_rule(connection: Connection, policy: RulePolicy) -> None:
    await connection.execute(SQL["set_rule"], vars_of(policy))


async def insert_exclusion(connection: Connection, exclusion: Exclusion, *, created_at: datetime) -> bool:
    """Returns whether the exclusion is new."""
    parameters = vars_of(exclusion) | {"created_at": created_at}
    return await change_rows(connection, SQL["insert_exclusion"], parameters) > 0


async def find_exclusion(connection: Connection, exclusion: Exclusion) -> int:
    """Returns the number of the exclusion, whether new or already stored."""
    return await read_scalar(connection, int, SQL["find_exclusion"], vars_of(exclusion))


async def list_exclusions(connection: Connection, *, after: int, rows_max: int) -> list[KeptExclusion]:
    parameters = {"after": after, "rows_max": rows_max}
    return await list_rows(connection, _make_kept, SQL["list_exclusions"], parameters)


def _make_kept(*, id: int, created_at: datetime, **exclusion: Any) -> KeptExclusion:  # noqa: A002 -- a column
    return KeptExclusion(id, value_of(Exclusion, exclusion), created_at)


async def remove_exclusion(connection: Connection, *, exclusion_id: int) -> bool:
    return await change_rows(connection, SQL["remove_exclusion"], {"exclusion_id": exclusion_id}) > 0


async def add_networks(
    connection: Connection, spans: list[NetworkSpan], *, list_name: str, added_at: datetime
) -> int:
    parameters = arrays_of(NetworkSpan, spans) | {"list_name": list_name, "added_at": added_at}
    return await change_rows(connection, SQL["add_networks"], parameters)


async def list_network_lists(connection: Connection) -> list[NetworkList]:
    return await list_rows(connection, NetworkList, SQL["list_network_lists"])


async def replace_excluded_visitor(connection: Connection, *, visitor: int, substitute: int) -> int:
    parameters = {"visitor": visitor, "substitute": substitute}
    return await change_rows(connection, SQL["replace_excluded_visitor"], parameters)
