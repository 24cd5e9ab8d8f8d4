"""The OAuth endpoints: the error table, introspection, revocation, permission."""

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import TOKEN_SECONDS
from jobmeter.partners.applications import flow as applications
from jobmeter.partners.tokens import flow as tokens
from tests.support.databases.locks import until_someone_waits
from tests.support.sandbox_client import PATIENCE_SECONDS, bearer

TOKEN = "/oauth/v2/accessToken"
INTROSPECT = "/oauth/v2/introspectToken"
REVOKE = "/oauth/v2/revoke"


def keys_of(sandbox_client, who="child"):
    return {name: sandbox_client.credentials[who][name] for name in ("client_id", "client_secret")}


def call_with(sandbox_client, token):
    return sandbox_client.client.get("/v2/simpleJobPostingTasks?ids=x", headers=bearer(token))


@pytest.mark.parametrize(
    ("changed", "status", "error", "message"),
    [
        ({"grant_type": None}, 400, "invalid_request", 'A required parameter "grant_type" is missing'),
        ({"client_id": None}, 400, "invalid_request", 'A required parameter "client_id" is missing'),
        ({"client_secret": ""}, 400, "invalid_request", 'A required parameter "client_secret" is missing'),
        ({"client_id": "abc"}, 400, "invalid_client_id", 'The passed in client_id is invalid "abc"'),
        ({"client_secret": "no"}, 401, "invalid_client", "Client authentication failed"),
        (
            {"grant_type": "password"},
            400,
            "unsupported_grant_type",
            'The grant type "password" is not supported',
        ),
    ],
)
def test_each_error_of_the_table_is_returned(sandbox_client, changed, status, error, message):
    form = {"grant_type": "client_credentials"} | keys_of(sandbox_client) | changed
    answer = sandbox_client.client.post(
        TOKEN, data={name: value for name, value in form.items() if value is not None}
    )
    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": message}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_repeated_field_is_refused(sandbox_client):
    keys = keys_of(sandbox_client)
    form = f"grant_type=client_credentials&client_id={keys['client_id']}&client_id=other&client_secret=x"
    answer = sandbox_client.client.post(TOKEN, content=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_basic_header_is_accepted_like_fields(sandbox_client):
    keys = keys_of(sandbox_client)
    basic = base64.b64encode(f"{keys['client_id']}:{keys['client_secret']}".encode()).decode()
    answer = sandbox_client.client.post(
        TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == TOKEN_SECONDS
    assert answer.json()["token_type"] == "Bearer"  # RFC 6749, 5.1, requires it


def test_an_application_that_may_not_create_tokens_is_refused(sandbox_client):
    # given a child with a token
    token = sandbox_client.token()
    assert call_with(sandbox_client, token).status_code == 400
    child_id = sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[1]
    path = f"/operator/applications/{child_id}/tokens"
    key = bearer(sandbox_client.credentials["operator_key"])

    # when the operator forbids it
    answer = sandbox_client.client.post(path, json={"areAllowed": False}, headers=key)

    # then its tokens are revoked and it gets no other, until it is permitted again
    assert (answer.status_code, answer.json()["revoked"]) == (200, 1)
    assert call_with(sandbox_client, token).json()["serviceErrorCode"] == 65601
    refused = sandbox_client.client.post(
        TOKEN, data={"grant_type": "client_credentials"} | keys_of(sandbox_client)
    )
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")
    message = "This application is not allowed to create application tokens"
    assert refused.json()["error_description"] == message
    sandbox_client.client.post(path, json={"areAllowed": True}, headers=key)
    assert sandbox_client.token()
    assert (
        sandbox_client.client.post(
            path.replace(child_id, "1"), json={"areAllowed": True}, headers=key
        ).status_code
        == 404
    )


def test_introspection_follows_a_token_through_its_life(sandbox_client):
    keys, now = keys_of(sandbox_client), sandbox_client.now
    token = sandbox_client.token()

    fresh = sandbox_client.client.post(INTROSPECT, data=keys | {"token": token}).json()
    assert fresh["active"] is True
    assert fresh["status"] == "active"
    assert fresh["client_id"] == keys["client_id"]
    assert fresh["expires_at"] - fresh["created_at"] == TOKEN_SECONDS
    assert abs(fresh["created_at"] - now.timestamp()) < 60

    sandbox_client.advance("31m")
    stale = sandbox_client.client.post(INTROSPECT, data=keys | {"token": token}).json()
    assert (stale["active"], stale["status"]) == (False, "expired")


def test_only_the_owner_learns_anything_about_a_token(sandbox_client, neighbour):
    token = sandbox_client.token()
    for other in (keys_of(sandbox_client, "parent"), keys_of(neighbour), keys_of(neighbour, "parent")):
        assert sandbox_client.client.post(INTROSPECT, data=other | {"token": token}).json() == {
            "active": False
        }
        assert sandbox_client.client.post(REVOKE, data=other | {"token": token}).status_code == 200
    assert sandbox_client.client.post(
        INTROSPECT, data=keys_of(sandbox_client) | {"token": "none"}
    ).json() == {"active": False}
    assert sandbox_client.client.post(INTROSPECT, data=keys_of(sandbox_client) | {"token": token}).json()[
        "active"
    ]


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"token": ""}, 400, "invalid_request"),
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "invalid_client_id"),
    ],
)
def test_both_require_an_authenticated_client(sandbox_client, path, changed, status, error):
    answer = sandbox_client.client.post(path, data=keys_of(sandbox_client) | {"token": "x"} | changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_revoked_token_is_refused_at_once(sandbox_client):
    token, other = sandbox_client.token(), sandbox_client.token()
    answer = sandbox_client.client.post(REVOKE, data=keys_of(sandbox_client) | {"token": token})
    assert (answer.status_code, answer.content) == (200, b"")
    refused = call_with(sandbox_client, token)
    assert (refused.status_code, refused.json()["serviceErrorCode"]) == (401, 65601)
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert call_with(sandbox_client, other).status_code == 400
    introspected = sandbox_client.client.post(
        INTROSPECT, data=keys_of(sandbox_client) | {"token": token}
    ).json()
    assert (introspected["active"], introspected["status"]) == (False, "revoked")


def test_the_four_refusals_of_a_token(sandbox_client):
    old = sandbox_client.token()
    sandbox_client.advance("30m")
    codes = {
        name: sandbox_client.client.get("/v2/simpleJobPostingTasks?ids=x", headers=headers).json()[
            "serviceErrorCode"
        ]
        for name, headers in {
            "none": {},
            "blank": {"Authorization": "Bearer "},
            "unknown": bearer("AQVnot-one-of-ours"),
            "expired": bearer(old),
        }.items()
    }
    assert codes == {"none": 65604, "blank": 65604, "unknown": 65600, "expired": 65602}


def test_an_expired_token_is_kept_for_a_day(sandbox_client, database_url):
    # given a token that has just expired
    token = sandbox_client.token()
    ended = sandbox_client.set_clock(sandbox_client.now + timedelta(seconds=TOKEN_SECONDS))
    assert call_with(sandbox_client, token).json()["serviceErrorCode"] == 65602

    # when a day and a few minutes more pass, and the background loop sweeps
    sandbox_client.set_clock(ended + timedelta(days=1, minutes=5))

    # then it is deleted
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while call_with(sandbox_client, token).json()["serviceErrorCode"] != 65600:
        assert time.monotonic() < give_up_at, "the token was never deleted"
        time.sleep(0.02)


async def test_a_token_requested_while_the_permission_is_withdrawn_is_revoked_for_good(database) -> None:
    """Three in twelve such tokens once lived on."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    async with database.transaction() as connection:
        made = await applications.create_parent(connection, name="Partner", now=now)
    keys = {"client_id": made.application.client_id, "client_secret": made.client_secret}

    async def permit(is_allowed):
        async with database.transaction() as connection:
            return await tokens.allow_tokens(
                connection,
                application=made.application,
                is_allowed=is_allowed,
                includes_children=False,
                now=now,
            )

    async with database.transaction() as connection:
        token, _ = await tokens.issue_token(connection, **keys, now=now)
        withdrawn = asyncio.create_task(permit(is_allowed=False))
        await until_someone_waits(database)
    assert await withdrawn == 1
    await permit(is_allowed=True)
    async with database.connection() as connection:
        (found,) = await tokens.find_tokens(connection, [token])
    with pytest.raises(Refused) as refused:
        tokens.check_token(found, now)
    assert refused.value.fault is Fault.TOKEN_REVOKED


def test_children_of_a_forbidden_parent_continue_unless_they_are_included(sandbox_client):
    token, own = sandbox_client.token(), sandbox_client.token("parent")
    number = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1]
    path = f"/operator/applications/{number}/tokens"
    key = bearer(sandbox_client.credentials["operator_key"])

    def permit(**body):
        return sandbox_client.client.post(path, json=body, headers=key).json()["revoked"]

    assert permit(areAllowed=False) == 1
    assert call_with(sandbox_client, own).status_code == 401
    assert call_with(sandbox_client, token).status_code == 400  # its token is accepted
    assert permit(areAllowed=False, includeChildren=True) == 1
    assert call_with(sandbox_client, token).status_code == 401
    assert permit(areAllowed=True, includeChildren=True) == 0
    assert sandbox_client.token()
