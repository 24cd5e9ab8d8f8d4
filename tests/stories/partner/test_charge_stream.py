"""A partner's stream of charges and restatements over HTTP is ordered, complete, repeatable and limited to its own."""

import time
from typing import Any

from tests.support.sandbox_client import PATIENCE_SECONDS, SandboxClient, make_event


def follow(sandbox_client: SandboxClient, who: str = "child", **parameters: Any) -> Any:
    answer = sandbox_client.client.get(
        "/partner/charges", headers=sandbox_client.headers(who), params=parameters
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow_until(
    sandbox_client: SandboxClient, count: int, who: str = "child", limit: int = 1_000
) -> list[Any]:
    """Returns all entries once there are ``count``; new ones appear when all earlier ones are committed."""
    for _ in range(PATIENCE_SECONDS * 20):
        found, cursor, more = [], "0", True
        while more:
            page = follow(sandbox_client, who, after=cursor, limit=limit)
            assert len(page["elements"]) <= limit
            found, cursor, more = found + page["elements"], page["cursor"], page["hasMore"]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} entries, expected {count}")


def make_history(sandbox_client: SandboxClient) -> int:
    """Produces a charge, a late charge, and the reversal of a repeated click after three days."""
    job_id, at = sandbox_client.post_job("followed"), sandbox_client.now_ms
    clicks = [make_event(job_id, f"c{n}", at + n * 1_000, type="applyClick", visitor="ada") for n in range(2)]
    sandbox_client.send(clicks)
    sandbox_client.advance_to_midnight()
    sandbox_client.send([make_event(job_id, "late", at + 9_000, type="applyClick", visitor="bo")])
    sandbox_client.advance_to_midnight(days=2)
    return job_id


def test_the_stream_lists_charges_and_their_corrections(sandbox_client: SandboxClient) -> None:
    job_id = make_history(sandbox_client)
    entries = follow_until(sandbox_client, 5)
    assert [entry["type"] for entry in entries] == [
        "CHARGE",
        "CHARGE",
        "RESTATEMENT",
        "RESTATEMENT",
        "REVERSE",
    ]
    charge, _, late, settled, reversal = entries
    assert {entry["jobPosting"] for entry in entries} == {f"urn:li:jobPosting:{job_id}"}
    assert {entry["externalJobPostingId"] for entry in entries} == {"followed"}
    assert (charge["amount"], reversal["amount"]) == (
        {"currencyCode": "USD", "amount": "3.00"},
        {"currencyCode": "USD", "amount": "1.50"},
    )
    assert reversal["corrects"] == charge["reference"]
    assert (late["cause"], late["change"]["charge"], late["after"]["charge"]) == (
        "LATE_EVENTS",
        "1.50",
        "4.50",
    )
    assert (settled["cause"], settled["change"]["charge"], settled["after"]["charge"]) == (
        "SETTLEMENT",
        "-1.50",
        "3.00",
    )


def test_a_cursor_returns_the_same_entries_for_any_page_size(sandbox_client: SandboxClient) -> None:
    make_history(sandbox_client)
    entries = follow_until(sandbox_client, 5)
    assert follow_until(sandbox_client, 5, limit=1) == follow_until(sandbox_client, 5, limit=2) == entries
    numbers = [int(entry["cursor"]) for entry in entries]
    assert numbers == sorted(set(numbers))
    assert follow(sandbox_client, after=entries[1]["cursor"])["elements"] == entries[2:]


def test_a_partner_reads_all_its_customers_charges_and_a_stranger_none(sandbox_client: SandboxClient) -> None:
    make_history(sandbox_client)
    assert follow_until(sandbox_client, 5, who="parent") == follow_until(sandbox_client, 5)
    other = sandbox_client.client.post(
        "/operator/partners",
        headers={"Authorization": f"Bearer {sandbox_client.credentials['operator_key']}"},
        json={"name": "Stranger"},
    ).json()
    token = sandbox_client.client.post(
        "/oauth/v2/accessToken",
        data={
            "grant_type": "client_credentials",
            "client_id": other["credentials"]["client_id"],
            "client_secret": other["credentials"]["client_secret"],
        },
    ).json()["access_token"]
    page = sandbox_client.client.get("/partner/charges", headers={"Authorization": f"Bearer {token}"}).json()
    assert page["elements"] == []


def test_the_stream_requires_a_token_and_a_valid_cursor(sandbox_client: SandboxClient) -> None:
    assert sandbox_client.client.get("/partner/charges").status_code == 401
    for wrong in ("-1", "x", "9" * 19, "999999"):
        answer = sandbox_client.client.get(
            "/partner/charges", headers=sandbox_client.headers(), params={"after": wrong}
        )
        assert answer.status_code == 400
