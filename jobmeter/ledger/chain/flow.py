"""Owns the chain over postings: the number up to which all are known, seals in the background, verifying the seals.

Intake never waits for it. Does not own when it runs.
"""

from datetime import datetime, timedelta

from jobmeter.database.connection import Connection
from jobmeter.ledger.chain import store
from jobmeter.ledger.chain.model import ChainCheck, HorizonMark, SealRound

SEAL_INTERVAL = timedelta(seconds=60)
POSTINGS_PER_ROUND_MAX = 1_000_000


async def advance_horizon(connection: Connection) -> bool:
    """Advances the number up to which every posting is known, in its own transaction; returns whether it wrote.

    Postings get their numbers before they commit, so the last number says nothing about lower ones that are
    still uncommitted. Every transaction has its transaction number before its postings are numbered: once all
    transactions of this database that started before the last number was read have ended, no posting up to that
    number can still appear. One call records the number, a later one finds it known. A database restored from a dump
    starts transaction numbers again and has no open transactions. Where the database is distributed, they must also
    have been committed on every node.
    """
    if not await store.lock_chain(connection):
        return False
    held = await store.read_horizon(connection)
    known = 0 if held is None else held.known_until
    if held is not None and held.next_until > known:
        oldest = await store.read_oldest_transaction(connection)
        # Takes a transaction number only now: it must not be older than the number that is recorded.
        was_restored = await store.read_own_transaction(connection) < held.next_transaction
        if oldest < held.next_transaction and not was_restored:
            return False
        if not await store.are_commits_done(connection):
            return False
        mark = HorizonMark(known_until=held.next_until, next_until=held.next_until, next_transaction=0)
        await store.save_horizon(connection, mark)
        return True
    last = await store.read_last_number(connection)
    if last <= known:
        return False
    own = await store.read_own_transaction(connection)
    mark = HorizonMark(known_until=known, next_until=last, next_transaction=own)
    await store.save_horizon(connection, mark)
    return True


async def read_known_until(connection: Connection) -> int:
    """Returns the number up to which every posting and restatement is either committed or will never be."""
    held = await store.read_horizon(connection)
    return 0 if held is None else held.known_until


async def seal_next_round(connection: Connection, *, now: datetime) -> bool:
    """Seals postings that are known but not yet sealed, at most once a minute; returns whether a round was written.

    A seal holds the SHA-256 of its shard's postings in the order of their numbers together with the SHA-256
    of the shard's previous seal: changing a posting means changing every later seal of the shard.
    """
    if not await store.lock_chain(connection):
        return False
    last = await store.read_last_round(connection)
    after_number = 0 if last is None else last.until_number
    until_number = min(await read_known_until(connection), after_number + POSTINGS_PER_ROUND_MAX)
    if until_number <= after_number or (last is not None and abs(now - last.sealed_at) < SEAL_INTERVAL):
        return False
    round_number = 1 if last is None else last.round_number + 1
    following = SealRound(round_number=round_number, until_number=until_number, sealed_at=now)
    await store.insert_seal_round(connection, following)
    await store.insert_seals(
        connection, round_number=round_number, after_number=after_number, until_number=until_number
    )
    return True


async def read_last_round(connection: Connection) -> SealRound | None:
    return await store.read_last_round(connection)


async def verify_chain(connection: Connection) -> ChainCheck:
    return await store.check_chain(connection)
