"""Applications and tokens in the database: one child for each foreign id, secrets and tokens stored as hashes."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications import flow
from jobmeter.partners.model import ApplicationDraft
from jobmeter.partners.tokens import flow as tokens

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DRAFT = ApplicationDraft(
    unique_foreign_id="c-1",
    name="Harbour Logistics",
    description="Hires fitters",
    callback_urls=("https://a.example/back",),
    js_domains=("a.example",),
)


async def test_a_child_is_created_once_and_found_again(database):
    async with database.transaction() as connection:
        parent = (await flow.create_parent(connection, name="Partner", now=NOW)).application
        child = (await flow.create_child(connection, parent=parent, draft=DRAFT, now=NOW)).application
        found = await flow.find_child(connection, parent=parent, unique_foreign_id="c-1")
        assert found == child == await flow.find_application(connection, application_id=child.id)
        assert await flow.find_child(connection, parent=parent, unique_foreign_id="c-2") is None
        assert (child.parent_id, child.callback_urls, child.js_domains) == (
            parent.id,
            DRAFT.callback_urls,
            DRAFT.js_domains,
        )
        with pytest.raises(Refused) as again:
            await flow.create_child(connection, parent=parent, draft=DRAFT, now=NOW)
        assert again.value.fault is Fault.APPLICATION_CONFLICT
        with pytest.raises(Refused) as grandchild:
            await flow.create_child(connection, parent=child, draft=DRAFT, now=NOW)
        assert grandchild.value.fault is Fault.ACCESS_DENIED
        other = (await flow.create_parent(connection, name="Other", now=NOW)).application
        assert await flow.find_child(connection, parent=other, unique_foreign_id="c-1") is None
        await flow.create_child(connection, parent=other, draft=DRAFT, now=NOW)


async def test_a_token_is_issued_for_the_right_secret(database_url, database):
    async with database.transaction() as connection:
        made = await flow.create_parent(connection, name="Partner", now=NOW)
        client_id = made.application.client_id
        token, seconds = await tokens.issue_token(
            connection, client_id=client_id, client_secret=made.client_secret, now=NOW
        )
        last = NOW + timedelta(seconds=seconds) - timedelta(microseconds=1)
        (found,) = await tokens.find_tokens(connection, [token])
        assert tokens.check_token(found, last) == made.application
        for wrong_id, secret, fault in (
            (client_id, made.client_secret + "x", Fault.CLIENT_AUTHENTICATION),
            ("nobody", made.client_secret, Fault.CLIENT_ID_INVALID),
        ):
            with pytest.raises(Refused) as refused:
                await tokens.issue_token(connection, client_id=wrong_id, client_secret=secret, now=NOW)
            assert refused.value.fault is fault
        (missing,) = await tokens.find_tokens(connection, [token + "x"])
        with pytest.raises(Refused) as unknown:
            tokens.check_token(missing, NOW)
        assert unknown.value.fault is Fault.TOKEN_INVALID

    with psycopg.connect(database_url) as connection:
        kept = connection.execute(
            "SELECT (SELECT string_agg(kept::text, '') FROM access_tokens AS kept)"
            " || (SELECT string_agg(kept::text, '') FROM application_secrets AS kept)"
            " || (SELECT string_agg(kept::text, '') FROM applications AS kept)"
        ).fetchone()[0]
    assert made.client_secret not in kept
    assert token not in kept
