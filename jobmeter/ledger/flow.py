"""Owns booking: writes a posting and updates the stored balances, in the caller's transaction."""

from collections.abc import Collection, Sequence

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.ledger import store
from jobmeter.ledger.model import STORED_KINDS, Account, BookedMovement, Posting, Purpose


async def book(connection: Connection, posting: Posting) -> bool:
    """Books ``posting`` once; returns whether it was new.

    Raises ``Refused``: BALANCE_TOO_LOW when the source holds less (nothing is written), REFERENCE_REUSED when
    the reference exists with other content, CURRENCY_DIFFERS when an account is kept in another unit. A
    caller that catches these must roll back its transaction or savepoint: the posting row may already be
    written.
    """
    if not await store.insert_posting(connection, posting, shard=posting.shard):
        await _check_same(connection, posting)
        return False
    if posting.source.kind in STORED_KINDS:
        await _take(connection, posting)
    if posting.destination.kind in STORED_KINDS:
        await _add(connection, posting)
    return True


async def read_balance(connection: Connection, account: Account) -> int:
    """Returns the stored balance of an account of a stored kind; zero when no row is stored."""
    assert account.kind in STORED_KINDS
    return await store.read_balance(connection, account)


async def list_movements(
    connection: Connection, *, accounts: Sequence[Account], purposes: Collection[Purpose], rows_max: int
) -> list[BookedMovement]:
    """Returns what left accounts of one owner for these purposes, the newest first."""
    (owner,) = {(account.shard, account.owner_id) for account in accounts}
    return await store.list_movements(
        connection,
        shard=owner[0],
        owner_id=owner[1],
        kinds=[int(account.kind) for account in accounts],
        purposes=[int(purpose) for purpose in purposes],
        rows_max=rows_max,
    )


async def _check_same(connection: Connection, posting: Posting) -> None:
    found = await store.read_posting(
        connection, shard=posting.shard, reference=posting.reference, purpose=posting.purpose
    )
    if found != posting.movement:
        raise Refused(Fault.REFERENCE_REUSED, reference=posting.reference)


async def _take(connection: Connection, posting: Posting) -> None:
    account = posting.source
    left = await store.debit_balance(connection, account, unit=posting.unit, amount=posting.amount)
    if left is None:
        holds = await read_balance(connection, account)
        raise Refused(
            Fault.BALANCE_TOO_LOW,
            account=f"{account.kind.name} {account.owner_id}",
            balance=holds,
            amount=posting.amount,
        )
    assert left >= 0


async def _add(connection: Connection, posting: Posting) -> None:
    held = await store.add_to_balance(
        connection, posting.destination, unit=posting.unit, amount=posting.amount
    )
    if held is None:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=posting.unit, expected="of the account")
    assert held >= posting.amount, "a balance is never below zero"
