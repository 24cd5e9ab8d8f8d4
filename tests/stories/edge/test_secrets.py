"""Rotation of client secrets: at most two are valid; a parent may roll its children's, nobody else's."""

import pytest

from tests.support.sandbox_client import bearer

ROLL = "/v2/developerApplicationsSecurity?action=rollDeveloperApplicationSecret"
RETIRE = "/v2/developerApplicationsSecurity?action=retireOlderSecret"


def roll(sandbox_client, who="parent", body=None, path=ROLL, **headers):
    return sandbox_client.client.post(path, headers=sandbox_client.headers(who, **headers), json=body or {})


def is_good(sandbox_client, secret, who="child"):
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox_client.credentials[who]["client_id"],
        "client_secret": secret,
    }
    return sandbox_client.client.post("/oauth/v2/accessToken", data=form).status_code == 200


def test_a_rolled_secret_and_the_old_one_are_valid_until_that_is_retired(sandbox_client):
    old, child = (
        sandbox_client.credentials["child"]["client_secret"],
        sandbox_client.credentials["child"]["urn"],
    )
    token = sandbox_client.token()

    # when the parent rolls its child's secret
    answer = roll(sandbox_client, body={"childDeveloperApplication": child})

    # then both are valid, and a third is refused
    assert answer.status_code == 200
    new = answer.json()["value"]["client_secret"]
    assert is_good(sandbox_client, old)
    assert is_good(sandbox_client, new)
    third = roll(sandbox_client, body={"childDeveloperApplication": child})
    assert (third.status_code, third.json()["message"]) == (
        400,
        f"Application {child} has 2 live secrets: retire the older one first",
    )

    # and when the older one is retired twice, the new one and the tokens stay valid
    for _ in range(2):
        retired = roll(sandbox_client, body={"childDeveloperApplication": child}, path=RETIRE)
        assert retired.json() == {"value": {"liveSecrets": 1}}
    assert not is_good(sandbox_client, old)
    assert is_good(sandbox_client, new)
    assert (
        sandbox_client.client.get("/v2/simpleJobPostingTasks?ids=x", headers=bearer(token)).status_code == 400
    )
    assert roll(sandbox_client, body={"childDeveloperApplication": child}).status_code == 200


def test_an_empty_body_means_the_caller_itself(sandbox_client):
    secret = roll(sandbox_client, "parent").json()["value"]["client_secret"]
    assert is_good(sandbox_client, secret, "parent")
    assert not is_good(sandbox_client, secret, "child")


@pytest.mark.parametrize("path", [ROLL, RETIRE])
def test_secrets_of_other_partners_and_of_siblings_cannot_be_rolled(sandbox_client, neighbour, path):
    theirs = neighbour.credentials["child"]["urn"]
    for who, urn in (
        ("parent", theirs),
        ("parent", neighbour.credentials["parent"]["urn"]),
        ("parent", "urn:li:developerApplication:1"),
        ("parent", sandbox_client.credentials["parent"]["urn"]),
        ("child", sandbox_client.credentials["parent"]["urn"]),
    ):
        answer = roll(sandbox_client, who, {"childDeveloperApplication": urn}, path)
        assert (answer.status_code, answer.json()["message"]) == (
            404,
            f"Developer application {urn} does not exist",
        )
    assert is_good(neighbour, neighbour.credentials["child"]["client_secret"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body is not a record"),
        ({"child": 1}, "/child :: unrecognized field found but not allowed"),
        ({"childDeveloperApplication": 5}, "5 cannot be coerced to String"),
        ({"childDeveloperApplication": None}, "null cannot be coerced to String"),
    ],
)
def test_the_error_of_an_invalid_body_is_named(sandbox_client, body, message):
    answer = sandbox_client.client.post(ROLL, headers=sandbox_client.headers("parent"), json=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert "'rollDeveloperApplicationSecret' failed validation" in answer.json()["message"]


def test_an_unknown_action_is_named(sandbox_client):
    answer = roll(sandbox_client, path="/v2/developerApplicationsSecurity?action=nothing")
    assert (answer.status_code, answer.json()["message"]) == (400, "Action 'nothing' not found")
