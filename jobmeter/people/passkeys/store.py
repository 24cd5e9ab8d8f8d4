"""Owns the statements of passkeys, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_row, list_rows, list_scalars, read_row
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.people.model import Person
from jobmeter.people.passkeys.model import NewPasskey, Passkey, StoredPasskey

SQL = load_statements("jobmeter.people.passkeys")


async def insert_passkey(
    connection: Connection, passkey: NewPasskey, *, person_id: int, name: str, created_at: datetime
) -> bool:
    """Returns ``False`` where the credential is known."""
    parameters = vars_of(passkey) | {"person_id": person_id, "name": name, "created_at": created_at}
    return await change_rows(connection, SQL["insert_passkey"], parameters) > 0


async def lock_passkey(connection: Connection, *, credential_id: bytes) -> StoredPasskey | None:
    parameters = {"credential_id": credential_id}
    return await find_row(connection, StoredPasskey, SQL["lock_passkey"], parameters)


async def use_passkey(connection: Connection, *, passkey_id: int, sign_count: int, used_at: datetime) -> None:
    parameters = {"passkey_id": passkey_id, "sign_count": sign_count, "used_at": used_at}
    await connection.execute(SQL["use_passkey"], parameters)


async def find_person(connection: Connection, *, person_id: int) -> Person:
    return await read_row(connection, Person, SQL["find_person"], {"person_id": person_id})


async def list_passkeys(connection: Connection, *, person_id: int) -> list[Passkey]:
    return await list_rows(connection, Passkey, SQL["list_passkeys"], {"person_id": person_id})


async def list_credential_ids(connection: Connection, *, person_id: int) -> list[bytes]:
    return await list_scalars(connection, bytes, SQL["list_credential_ids"], {"person_id": person_id})


async def delete_passkey(connection: Connection, *, passkey_id: int, person_id: int) -> bool:
    parameters = {"passkey_id": passkey_id, "person_id": person_id}
    return await change_rows(connection, SQL["delete_passkey"], parameters) > 0


async def use_challenge(connection: Connection, *, challenge_hash: bytes, used_at: datetime) -> bool:
    """Returns ``False`` where it was used before."""
    parameters = {"challenge_hash": challenge_hash, "used_at": used_at}
    return await change_rows(connection, SQL["use_challenge"], parameters) > 0


async def delete_old_challenges(connection: Connection, *, used_before: datetime, rows_max: int) -> int:
    parameters = {"used_before": used_before, "rows_max": rows_max}
    return await change_rows(connection, SQL["delete_old_challenges"], parameters)
