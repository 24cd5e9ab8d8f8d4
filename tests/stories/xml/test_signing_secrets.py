"""Decision 0003: a signing secret can only be read with a key that is not in the database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.pool import Database
from jobmeter.database.sealing import seal, unseal
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.oauth1 import flow as signatures

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.text(max_size=60))
def test_a_sealed_secret_opens_with_its_key_for_its_owner(secret: str) -> None:
    sealed = seal(secret, setting="new,old", owner="a")
    assert unseal(sealed, setting="other, new", owner="a") == secret
    assert unseal(sealed, setting="new", owner="b") is None
    assert unseal(sealed, setting="old", owner="a") is None
    assert unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), setting="new", owner="a") is None


async def test_the_database_holds_no_secret_in_the_clear(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=1) as database:
        async with database.transaction() as connection:
            made = await partners.create_parent(connection, name="Partner", now=NOW)
            before = await (await connection.execute("SELECT count(*) FROM signing_secrets")).fetchone()
            secret = await signatures.make_signing_secret(
                connection, application=made.application, secret_key="key", now=NOW
            )
            rows = await (
                await connection.execute(
                    "SELECT sealed_secret FROM signing_secrets UNION ALL SELECT secret_hash FROM application_secrets"
                )
            ).fetchall()
        assert before == (0,)
        assert len(rows) == 3
        for known in (secret, made.client_secret):
            assert not any(known.encode() in bytes(row[0]) for row in rows)


async def test_an_installation_without_a_key_seals_nothing(database_url: str) -> None:
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        made = await partners.create_parent(connection, name="Partner", now=NOW)
        with pytest.raises(Refused) as refused:
            await signatures.make_signing_secret(
                connection, application=made.application, secret_key=" , ", now=NOW
            )
        assert refused.value.fault is Fault.OPERATOR_INPUT
