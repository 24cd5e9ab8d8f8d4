"""Owns the statements of the chain over postings, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.chain.model import ChainCheck, HorizonMark, SealRound

SQL = load_statements("jobmeter.ledger.chain")


async def lock_chain(connection: Connection) -> bool:
    return await read_scalar(connection, bool, SQL["lock_chain"])


async def read_horizon(connection: Connection) -> HorizonMark | None:
    return await find_row(connection, HorizonMark, SQL["read_horizon"])


async def read_oldest_transaction(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["read_oldest_transaction"])


async def read_last_number(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["read_last_number"])


async def are_commits_done(connection: Connection) -> bool:
    return await read_scalar(connection, bool, SQL["are_commits_done"])


async def read_own_transaction(connection: Connection) -> int:
    return await read_scalar(connection, int, SQL["read_own_transaction"])


async def save_horizon(connection: Connection, mark: HorizonMark) -> None:
    await connection.execute(SQL["save_horizon"], vars_of(mark))


async def read_last_round(connection: Connection) -> SealRound | None:
    return await find_row(connection, SealRound, SQL["read_last_round"])


async def insert_seal_round(connection: Connection, sealed: SealRound) -> None:
    await connection.execute(SQL["insert_seal_round"], vars_of(sealed))


async def insert_seals(
    connection: Connection, *, round_number: int, after_number: int, until_number: int
) -> int:
    """Returns how many shards got a seal."""
    parameters = {"round_number": round_number, "after_number": after_number, "until_number": until_number}
    return await change_rows(connection, SQL["insert_seals"], parameters)


async def check_chain(connection: Connection) -> ChainCheck:
    return await read_row(connection, ChainCheck, SQL["check_chain"])
