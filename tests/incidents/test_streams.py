"""Incidents 15 and 16: a success without an effect, and a reader that dies between storing rows and storing how far it is."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import httpx2
import pytest

from tests.stories.partner.test_charge_stream import follow, follow_until, make_history
from tests.support.sandbox_client import SandboxClient, bearer

AT_ONCE = 6


def post_at_once(
    sandbox_client: SandboxClient, path: str, bodies: list[dict[str, Any]]
) -> list[httpx2.Response]:
    headers = bearer(sandbox_client.credentials["operator_key"])
    with ThreadPoolExecutor(len(bodies)) as senders:
        return list(
            senders.map(lambda body: sandbox_client.client.post(path, headers=headers, json=body), bodies)
        )


def find_only_success(answers: list[httpx2.Response]) -> int:
    """The index of the one that was a success. Every other one says why it is none."""
    (done,) = [index for index, answer in enumerate(answers) if answer.is_success]
    for answer in answers:
        assert answer.is_success or (answer.status_code == 409 and answer.json()["message"]), answer.text
    return done


@pytest.mark.parametrize(
    ("kind", "bodies"),
    [
        ("partners", [{"name": "same", "reference": f"R-{number}"} for number in range(AT_ONCE)]),
        ("keys", [{"name": "same", "role": role} for role in ("READER", "OPERATOR")]),
    ],
)
def test_15_of_names_that_conflict_one_is_a_success(
    sandbox_client: SandboxClient, kind: str, bodies: list[dict[str, Any]]
) -> None:
    """Of writes that conflicted, the losers were answered with 200 and an empty body (formance 364)."""
    answers = post_at_once(sandbox_client, f"/operator/{kind}", bodies)
    made = bodies[find_only_success(answers)]
    headers = bearer(sandbox_client.credentials["operator_key"])
    listed = sandbox_client.client.get(f"/operator/{kind}", headers=headers).json()["elements"]
    (found,) = [row for row in listed if row["name"] == "same"]
    assert made.items() <= found.items()


def test_15_of_top_ups_with_one_reference_one_is_booked(sandbox_client: SandboxClient) -> None:
    contract = sandbox_client.credentials["partner_contract_id"]
    headers = bearer(sandbox_client.credentials["operator_key"])

    def read_limit() -> Decimal:
        shown = sandbox_client.client.get(f"/operator/contracts/{contract}", headers=headers).json()
        return Decimal(shown["limit"])

    before = read_limit()
    bodies = [{"amount": f"{10 + n}.00", "reference": "same"} for n in range(AT_ONCE)]
    answers = post_at_once(sandbox_client, f"/operator/contracts/{contract}/topUps", bodies)
    booked = bodies[find_only_success(answers)]["amount"]
    assert read_limit() - before == Decimal(booked)


def test_16_a_reader_that_dies_before_it_stores_its_cursor_has_each_row_once(
    sandbox_client: SandboxClient,
) -> None:
    """A sink stored rows, died, and stored them again under other numbers (formance 1552).

    Here a row has its number for ever: rows that are read again replace themselves.
    """
    make_history(sandbox_client)
    expected = follow_until(sandbox_client, 5)
    stored: dict[str, Any] = {}
    cursor, rng, deaths = "0", Random(16), 0
    while len(stored) < len(expected) or deaths < 3:
        page = follow(sandbox_client, after=cursor, limit=2)
        stored |= {entry["cursor"]: entry for entry in page["elements"]}
        if rng.random() < 0.5:
            deaths += 1  # how far it was is not stored
        else:
            cursor = page["cursor"] if page["hasMore"] else "0"
    assert list(stored.values()) == expected
