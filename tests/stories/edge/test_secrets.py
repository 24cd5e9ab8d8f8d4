"""Rotation of client secrets: two live at most, the parent for its children, nobody for anyone else's."""

import pytest

from tests.support.sandbox_client import bearer

ROLL = "/v2/developerApplicationsSecurity?action=rollDeveloperApplicationSecret"
RETIRE = "/v2/developerApplicationsSecurity?action=retireOlderSecret"


def roll(board, who="parent", body=None, path=ROLL, **headers):
    return board.client.post(path, headers=board.headers(who, **headers), json=body or {})


def is_good(board, secret, who="child"):
    form = {
        "grant_type": "client_credentials",
        "client_id": board.credentials[who]["client_id"],
        "client_secret": secret,
    }
    return board.client.post("/oauth/v2/accessToken", data=form).status_code == 200


def test_a_rolled_secret_lives_beside_the_old_one_until_that_is_retired(board):
    old, child = board.credentials["child"]["client_secret"], board.credentials["child"]["urn"]
    token = board.token()

    # when the parent rolls its child's secret
    answer = roll(board, body={"childDeveloperApplication": child})

    # then both are good, and a third is refused
    assert answer.status_code == 200
    new = answer.json()["value"]["client_secret"]
    assert is_good(board, old)
    assert is_good(board, new)
    third = roll(board, body={"childDeveloperApplication": child})
    assert (third.status_code, third.json()["message"]) == (
        400,
        f"Application {child} has 2 live secrets: retire the older one first",
    )

    # and when the older one is retired, twice, the new one stays, and so do tokens
    for _ in range(2):
        retired = roll(board, body={"childDeveloperApplication": child}, path=RETIRE)
        assert retired.json() == {"value": {"liveSecrets": 1}}
    assert not is_good(board, old)
    assert is_good(board, new)
    assert board.client.get("/v2/simpleJobPostingTasks?ids=x", headers=bearer(token)).status_code == 400
    assert roll(board, body={"childDeveloperApplication": child}).status_code == 200


def test_an_empty_body_means_the_caller_itself(board):
    secret = roll(board, "parent").json()["value"]["client_secret"]
    assert is_good(board, secret, "parent")
    assert not is_good(board, secret, "child")


@pytest.mark.parametrize("path", [ROLL, RETIRE])
def test_nobody_rolls_the_secret_of_another_partner_or_of_a_sister(board, neighbour, path):
    theirs = neighbour.credentials["child"]["urn"]
    for who, urn in (
        ("parent", theirs),
        ("parent", neighbour.credentials["parent"]["urn"]),
        ("parent", "urn:li:developerApplication:1"),
        ("parent", board.credentials["parent"]["urn"]),
        ("child", board.credentials["parent"]["urn"]),
    ):
        answer = roll(board, who, {"childDeveloperApplication": urn}, path)
        assert (answer.status_code, answer.json()["message"]) == (
            404,
            f"Developer application {urn} does not exist",
        )
    assert is_good(neighbour, neighbour.credentials["child"]["client_secret"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "the body is not a record"),
        ({"child": 1}, "/child :: unrecognized field found but not allowed"),
        ({"childDeveloperApplication": 5}, "5 cannot be coerced to String"),
        ({"childDeveloperApplication": None}, "null cannot be coerced to String"),
    ],
)
def test_a_body_of_another_shape_is_named(board, body, says):
    answer = board.client.post(ROLL, headers=board.headers("parent"), json=body)
    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert "'rollDeveloperApplicationSecret' failed validation" in answer.json()["message"]


def test_an_action_that_does_not_exist_is_named(board):
    answer = roll(board, path="/v2/developerApplicationsSecurity?action=nothing")
    assert (answer.status_code, answer.json()["message"]) == (400, "Action 'nothing' not found")
