"""Owns the ledger's statements, one function each. Does not own when they run."""

from uuid import UUID

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import Account, BookedMovement, Movement, Posting

SQL = load_statements("jobmeter.ledger")


async def debit_balance(connection: Connection, account: Account, *, unit: str, amount: int) -> int | None:
    """Returns the remaining balance, or ``None`` when it was too low and nothing changed."""
    parameters = vars_of(account) | {"unit": unit, "amount": amount}
    return await find_scalar(connection, int, SQL["debit_balance"], parameters)


async def add_to_balance(connection: Connection, account: Account, *, unit: str, amount: int) -> int | None:
    """Returns the new balance, or ``None`` when the account is kept in another unit."""
    parameters = vars_of(account) | {"unit": unit, "amount": amount}
    return await find_scalar(connection, int, SQL["add_to_balance"], parameters)


async def read_balance(connection: Connection, account: Account) -> int:
    return await find_scalar(connection, int, SQL["read_balance"], vars_of(account)) or 0


async def list_movements(
    connection: Connection,
    *,
    shard: int,
    owner_id: int,
    kinds: list[int],
    purposes: list[int],
    rows_max: int,
) -> list[BookedMovement]:
    parameters = {
        "shard": shard,
        "owner_id": owner_id,
        "kinds": kinds,
        "purposes": purposes,
        "rows_max": rows_max,
    }
    return await list_rows(connection, BookedMovement, SQL["list_movements"], parameters)


async def insert_posting(connection: Connection, posting: Posting, *, shard: int) -> bool:
    """Returns whether the posting is new; ``False`` when its reference already exists."""
    source = vars_of(posting.source, prefix="source_")
    destination = vars_of(posting.destination, prefix="destination_")
    parameters = vars_of(posting) | source | destination | {"shard": shard}
    return await find_scalar(connection, UUID, SQL["insert_posting"], parameters) is not None


async def read_posting(
    connection: Connection, *, shard: int, reference: UUID, purpose: int
) -> Movement | None:
    parameters = {"shard": shard, "reference": reference, "purpose": purpose}
    return await find_row(connection, Movement, SQL["read_posting"], parameters)
