"""Owns distributing a database over nodes (Citus): each step of the plan in a transaction of its own, so that it can be repeated.

Does not own the plan (``operations.distribution``).
"""

from collections.abc import Iterable

from jobmeter.base.faults import CommandFailed
from jobmeter.operations import store
from jobmeter.operations.distribution import LEADER, Act, Placements, Step, find_misplaced

PIECES = 32


def check_distribution(found: Placements) -> None:
    """Raises ``CommandFailed`` for a database that cannot be distributed, or is otherwise than this release needs it."""
    if not found.has_citus:
        raise CommandFailed(
            "This database has no Citus: CREATE EXTENSION citus on every node first, in a database of this name"
        )
    if not found.nodes:
        raise CommandFailed("Citus has no nodes for pieces: SELECT citus_add_node(host, port) first")
    if misplaced := find_misplaced(found.tables):
        raise CommandFailed(f"{', '.join(misplaced)} are placed otherwise than this release can use them")


def carry_out(url: str, steps: Iterable[Step], *, pieces: int) -> None:
    """Carries out the steps in order. Raises ``CommandFailed`` at the first that does not succeed; those before it stay."""
    for step in steps:
        _carry_out_step(url, step, pieces=pieces)


def _carry_out_step(url: str, step: Step, *, pieces: int) -> None:
    try:
        match step.act:
            case Act.SET_UP_DISTRIBUTION:
                store.set_up_distribution(url)
            case Act.DROP_FOREIGN_KEY:
                store.drop_foreign_key(url, table=step.table, key_name=step.key_name)
            case Act.DROP_POLICIES:
                store.drop_policies(url, table=step.table)
            case Act.PLACE_CALCULATIONS:
                store.place_calculations(url)
            case Act.PLACE_FUNCTIONS:
                store.place_functions(url)
            case Act.PLACE_EVERYWHERE:
                store.place_everywhere(url, table=step.table)
            case Act.PLACE_BY_SHARD:
                store.place_by_shard(url, table=step.table, leader=LEADER, pieces=pieces)
    except CommandFailed as failed:
        raise CommandFailed(f"{step.act.value}, {step.table or 'database'}: {failed}") from failed
