"""Owns the stream of a partner's charges, corrections and restatements: ordered, with a cursor, safe to repeat."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.ledger.chain import flow as chain
from jobmeter.partners.model import Application
from jobmeter.reports.charge_stream import store
from jobmeter.reports.charge_stream.model import MoneyEntry, RestatementEntry, StreamPage, StreamSpan

PAGE_ROWS_MAX = 1_000
SPAN_NUMBERS_MAX = 200_000


async def read_stream(
    connection: Connection, *, application: Application, after: int, rows_max: int
) -> StreamPage:
    """Returns the entries after the cursor ``after``; 0 is the beginning. A cursor always returns the same entries.

    A child application reads entries of its own jobs, a partner those of all jobs on its contracts. Nothing
    is read beyond the number up to which all postings are known, so no entry can later appear before the
    cursor. One call reads a bounded range of numbers, which other partners share: a page may be empty and
    still have more. Raises ``Refused(PARAMETER_INVALID)`` for a cursor that was never issued, such as one
    from before a restore.
    """
    assert 0 < rows_max <= PAGE_ROWS_MAX
    known = await chain.read_known_until(connection)
    if after > known:
        raise Refused(Fault.PARAMETER_INVALID, name="after")
    until = min(known, after + SPAN_NUMBERS_MAX)
    if until <= after:
        return StreamPage((), after, has_more=False)
    mine = await contracts.list_partner_contracts(connection, partner_id=application.partner_id)
    span = StreamSpan(
        after=after,
        until=until,
        contract_ids=tuple(contract.id for contract in mine),
        application_id=None if application.parent_id is None else application.id,
        rows_max=rows_max,
    )
    found: list[MoneyEntry | RestatementEntry] = []
    for read in (store.list_charge_entries, store.list_correction_entries, store.list_restatement_entries):
        found += await read(connection, span)
    entries = tuple(sorted(found, key=lambda entry: entry.number)[:rows_max])
    cursor = entries[-1].number if len(entries) == rows_max else until
    return StreamPage(entries, cursor, has_more=cursor < known)
