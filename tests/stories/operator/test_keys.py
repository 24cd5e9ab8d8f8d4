"""Named keys: several at once, each with a role; rotated without an outage, revoked at once, never stored in plain text."""

import threading

import psycopg
import pytest

from tests.support.sandbox_client import bearer


@pytest.fixture
def call(sandbox_client):
    """Calls an endpoint, with the key of the settings unless another one is given."""

    def send(method, path, key=None, **content):
        key = sandbox_client.credentials["operator_key"] if key is None else key
        return sandbox_client.client.request(method, path, headers=bearer(key), **content)

    return send


@pytest.fixture
def create(call):
    def make(name, role="OPERATOR"):
        answer = call("POST", "/operator/keys", json={"name": name, "role": role})
        assert answer.status_code == 201, answer.text
        return answer.json()["key"]

    return make


def test_each_role_opens_its_own_endpoints(call, create):
    reader, operator, events = (create(role.lower(), role) for role in ("READER", "OPERATOR", "EVENTS"))
    answers = {
        (name, method, path): call(method, path, key, json=body).status_code
        for name, key in (("reader", reader), ("operator", operator), ("events", events), ("wrong", "nobody"))
        for method, path, body in (
            ("GET", "/operator/partners", None),
            ("POST", "/operator/partners", {"name": f"Partner of {name}"}),
            ("GET", "/sandbox/clock", None),
            ("POST", "/sandbox/clock", {"advance": "0d"}),
            ("POST", "/events", []),
            ("GET", "/delivery/snapshot", None),
        )
    }
    opened = {
        key: [status for (name, *_), status in answers.items() if name == key]
        for key in dict.fromkeys(name for name, *_ in answers)
    }
    assert opened == {
        "reader": [200, 403, 200, 403, 401, 401],
        "operator": [200, 201, 200, 200, 401, 401],
        "events": [401, 401, 401, 401, 200, 200],
        "wrong": [401] * 6,
    }


def test_a_reader_s_refusal_names_its_key_and_what_it_needs(call, create):
    refused = call("POST", "/operator/partners", create("accounting", "READER"), json={"name": "A"})
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        "The key accounting may only read: POST /operator/partners needs a key with the role OPERATOR"
    )


def test_a_key_is_rotated_without_an_outage_and_a_third_secret_is_refused(call, create):
    first = create("board", "EVENTS")
    second = call("POST", "/operator/keys/board/secrets", json={}).json()["key"]
    third = call("POST", "/operator/keys/board/secrets", json={})
    assert (third.status_code, third.json()["code"]) == (409, "KEY_ROTATING")
    assert [call("POST", "/events", key, json=[]).status_code for key in (first, second)] == [200, 200]
    live = call("GET", "/operator/keys/board").json()["liveSecrets"]
    assert [secret["lastFour"] for secret in live] == [first[-4:], second[-4:]]
    assert all(secret["lastUsedAt"] >= secret["createdAt"] for secret in live)
    ended = [call("POST", "/operator/keys/board/retirements").json()["secrets"] for _ in range(2)]
    assert ended == [1, 1]  # the only secret stays
    assert [call("POST", "/events", key, json=[]).status_code for key in (first, second)] == [401, 200]
    call("POST", "/operator/keys/board/secrets", json={})
    last = call("POST", "/operator/keys/board/secrets", json={"retiresOlder": True}).json()
    assert last["secrets"] == 2
    assert [call("POST", "/events", key, json=[]).status_code for key in (second, last["key"])] == [401, 200]


def test_a_revoked_key_is_refused_at_once_and_its_name_is_free(call, create):
    key = create("deploy")
    assert call("GET", "/operator/partners", key).status_code == 200
    revoked = [call("DELETE", "/operator/keys/deploy").json() for _ in range(2)]
    assert revoked[0] == revoked[1]
    assert (revoked[0]["secrets"], revoked[0]["revokedAt"] is None) == (0, False)
    assert call("GET", "/operator/partners", key).status_code == 401
    assert call("POST", "/operator/keys/deploy/secrets", json={}).status_code == 404
    again = create("deploy", "READER")
    assert call("GET", "/operator/partners", again).status_code == 200
    assert call("GET", "/operator/keys/deploy").json()["role"] == "READER"
    names = [(row["name"], row["secrets"]) for row in call("GET", "/operator/keys").json()["elements"]]
    assert names == [("deploy", 0), ("deploy", 1)]


def test_no_secret_is_stored_or_shown_again(call, create, database_url):
    key = create("quiet")
    shown = call("GET", "/operator/keys").text + call("GET", "/operator/keys/quiet").text
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT operator_keys::text || operator_key_secrets::text FROM operator_keys, operator_key_secrets"
        ).fetchall()
    assert len(rows) == 1
    assert key not in shown + str(rows)


def test_concurrent_requests_create_one_key_of_a_name(call):
    statuses = []

    def create_one():
        body = {"name": "one", "role": "READER"}
        statuses.append(call("POST", "/operator/keys", json=body).status_code)

    threads = [threading.Thread(target=create_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409, 409, 409]


def test_a_key_that_cannot_be_created_is_refused_by_field(call):
    for body, field in (
        ({"name": "", "role": "READER"}, "name"),
        ({"name": "a b", "role": "READER"}, "name"),
        ({"name": "a/b", "role": "READER"}, "name"),
        ({"name": "é", "role": "READER"}, "name"),
        ({"name": "n" * 101, "role": "READER"}, "name"),
        ({"name": "n", "role": "ADMIN"}, "role"),
        ({"name": "n"}, "role"),
        ({"name": "n", "role": "READER", "key": "mine"}, "key"),
    ):
        refused = call("POST", "/operator/keys", json=body)
        assert (refused.status_code, field in refused.json()["message"]) == (400, True), body


def test_an_unknown_key_is_not_found(call):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/secrets"), ("POST", "/retirements")):
        content = {"json": {}} if path == "/secrets" else {}
        refused = call(method, f"/operator/keys/nobody{path}", **content)
        assert (refused.status_code, "nobody" in refused.json()["message"]) == (404, True), (method, path)


def test_an_idempotency_key_belongs_to_the_named_key(call, create, sandbox_client):
    """Another person's request is another request, although the key is the same."""
    statuses = [
        sandbox_client.client.post(
            "/operator/partners",
            json={"name": "Once"},
            headers=bearer(create(name)) | {"Idempotency-Key": "k"},
        ).status_code
        for name in ("ada", "grace")
    ]
    assert statuses == [201, 409]
