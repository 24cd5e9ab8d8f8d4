"""Owns the verbs of the audit log: record an act, list records, seal them.

Records have numbers of the ledger and are sealed in its rounds: its horizon, its chore and its head serve both.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from jobmeter.audit import rules, store
from jobmeter.audit.model import Act, Action, AuditEntry, AuditFilter, AuditRecord
from jobmeter.database.connection import Connection
from jobmeter.ledger.chain import flow as chain


class Recorder(Protocol):
    """Records an act of the caller, or of the person who is logged in, in the transaction that carries it out (``RequestContext.record``)."""

    async def __call__(
        self,
        connection: Connection,
        action: Action,
        subject_id: object,
        *,
        partner_id: int | None,
        before: Mapping[str, Any] = ...,
        after: Mapping[str, Any] = ...,
    ) -> None: ...


async def record(connection: Connection, act: Act) -> None:
    """Records an act in the transaction that carries it out: neither exists without the other.

    One that changed nothing, such as a price that was set to what it is, leaves no record.
    """
    if act.before == act.after:
        return
    before, after = rules.write_changes(act.before, act.after)
    entry = AuditEntry(
        recorded_at=act.at,
        door=act.actor.door,
        actor_kind=act.actor.kind,
        actor_id=act.actor.id,
        actor_name=act.actor.name,
        action=act.action,
        subject_id=act.subject_id,
        partner_id=act.partner_id,
        request_id=act.actor.request_id,
        values_before=before,
        values_after=after,
    )
    await store.insert_record(connection, entry)


async def list_records(connection: Connection, wanted: AuditFilter) -> list[AuditRecord]:
    return await store.list_records(connection, wanted)


async def count_records_of(connection: Connection, *, email: str) -> int:
    """Returns how many records name a person: by who acted, or in what was changed. They are sealed, and never changed."""
    return await store.count_records_of(connection, email=email)


async def seal_records(connection: Connection) -> None:
    """Seals the records that the last round of the ledger's seals knows and no earlier seal covers.

    In the transaction that wrote the round, so that its head never changes.
    """
    last = await chain.read_last_round(connection)
    assert last is not None, "a round was just written"
    await store.insert_seal(connection, round_number=last.round_number, until_number=last.until_number)
