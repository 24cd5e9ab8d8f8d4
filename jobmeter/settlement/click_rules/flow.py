"""Owns the operator's settings for settlement: rules and their limits, manual exclusions, network lists. Also owns the marks of rules that
compare visitors and networks with lists, or with the views of the day before.

A setting applies to every day that is judged later; a judged day never changes. Events have each day's own numbers for visitors and
networks (``metering.pseudonyms``), which are translated here while the salts are there.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.arrays import Column
from jobmeter.database.connection import Connection
from jobmeter.metering.pseudonyms import flow as pseudonyms
from jobmeter.settlement import store as settlement_store
from jobmeter.settlement.click_rules import networks as click_rules_networks
from jobmeter.settlement.click_rules import store
from jobmeter.settlement.model import (
    Criterion,
    ExcludedSenders,
    Exclusion,
    KeptExclusion,
    NetworkList,
    Rule,
    RulePolicy,
    SeenNetworks,
    UnseenVisitors,
    make_default_policy,
)


async def read_policies(connection: Connection) -> list[RulePolicy]:
    """Returns every rule in order, as applied now: the operator's setting, or the default."""
    kept = {policy.rule: policy for policy in await store.list_rules(connection)}
    return [kept.get(rule) or make_default_policy(rule) for rule in Rule]


async def set_policy(connection: Connection, policy: RulePolicy) -> None:
    await store.set_rule(connection, policy)


async def exclude(connection: Connection, exclusion: Exclusion, *, now: datetime) -> tuple[int, bool]:
    """Excludes clicks manually; the same exclusion twice is one. Returns its number, and whether it was new.

    Raises ``Refused(OPERATOR_INPUT)`` for a day that is already judged, where the exclusion would silently
    have no effect.
    """
    if exclusion.day is not None:
        await settlement_store.wait_for_settlement(connection)
        if await settlement_store.is_judged(connection, day=exclusion.day):
            why = f"{exclusion.day} is settled; give a credit for its charges instead"
            raise Refused(Fault.OPERATOR_INPUT, field="day", why=why)
    is_new = await store.insert_exclusion(connection, exclusion, created_at=now)
    return await store.find_exclusion(connection, exclusion), is_new


async def list_exclusions(connection: Connection, *, after: int, rows_max: int) -> list[KeptExclusion]:
    return await store.list_exclusions(connection, after=after, rows_max=rows_max)


async def remove_exclusion(connection: Connection, *, exclusion_id: int) -> bool:
    """Removes an exclusion; days already judged are not changed. Returns whether it existed."""
    return await store.remove_exclusion(connection, exclusion_id=exclusion_id)


async def list_network_lists(connection: Connection) -> list[NetworkList]:
    """Returns the lists of networks by name."""
    return await store.list_network_lists(connection)


async def set_networks(
    connection: Connection, *, list_name: str, networks: Sequence[str], now: datetime
) -> tuple[int, int]:
    """Replaces the list; returns how many networks were added, and how many were too narrow to use.

    Raises ``Refused(OPERATOR_INPUT)`` as ``networks.read_networks`` does.
    """
    spans, too_narrow = click_rules_networks.read_networks(networks)
    added = await store.add_networks(connection, spans, list_name=list_name, added_at=now)
    return added, too_narrow


async def set_networks_by_asn(
    connection: Connection, *, list_name: str, lines: Iterable[str], asns: Collection[int], now: datetime
) -> tuple[int, int]:
    """Replaces the list by the networks of some autonomous systems, as ``networks.select_networks`` reads them."""
    networks = click_rules_networks.select_networks(lines, asns)
    return await set_networks(connection, list_name=list_name, networks=networks, now=now)


async def replace_excluded_visitor(connection: Connection, *, visitor: int, substitute: int) -> int:
    """Puts another visitor in the place of an excluded one (``metering.pseudonyms``); returns in how many exclusions."""
    return await store.replace_excluded_visitor(connection, visitor=visitor, substitute=substitute)


async def mark_excluded(connection: Connection, *, day: date, rule: int) -> int:
    """Excluded visitors and networks are few, and translated into the numbers of the day."""
    listed = await store.list_excluded_senders(connection, day=day)

    async def hide(criterion: Criterion) -> Column:
        subjects = [one.subject for one in listed if one.criterion == criterion]
        return await pseudonyms.hide_on(connection, _pack(subjects), day=day)

    senders = ExcludedSenders(await hide(Criterion.VISITOR), await hide(Criterion.ADDRESS))
    return await store.mark_excluded(connection, senders, day=day, rule=rule)


async def mark_data_centres(connection: Connection, *, day: date, rule: int) -> int:
    """Lists may have millions of networks: those of the day's clicks are translated, if any list has one."""
    stored = _pack(await store.list_networks_seen(connection))
    if len(stored) == 0:
        return 0
    seen = SeenNetworks(stored, await pseudonyms.reveal_on(connection, stored, day=day))
    return await store.mark_data_centres(connection, seen, rule=rule)


async def mark_clicks_without_view(connection: Connection, *, day: date, rule: int) -> int:
    """Only visitors without a view on the day are looked for on the day before, under its numbers."""
    visitors = _pack(await store.list_visitors_without_view(connection, day=day))
    if len(visitors) == 0:
        return 0
    day_before = day - timedelta(days=1)
    known = await pseudonyms.reveal_on(connection, visitors, day=day)
    suspects = UnseenVisitors(visitors, await pseudonyms.hide_on(connection, known, day=day_before))
    return await store.mark_clicks_without_view(connection, suspects, day=day, rule=rule)


def _pack(numbers: Sequence[int]) -> Column:
    return np.array(numbers, dtype=np.int64)
