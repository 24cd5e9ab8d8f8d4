"""Explanations over HTTP: from a report's figure to its postings and to each click and its outcome."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.sandbox_client import SandboxClient, bearer, make_event, open_sandbox_client

BUDGET = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "4.50"}}


def ask(sandbox_client: SandboxClient, path: str, **parameters: Any) -> Any:
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.get(f"/operator/explain/{path}", headers=headers, params=parameters or None)


def send_one_of_each(sandbox_client: SandboxClient) -> tuple[int, int]:
    """Sends charged, repeated and refused clicks and clicks beyond the budget of three to a job. Returns job id and time."""
    job_id, at = sandbox_client.post_job("one-of-each", budget=BUDGET), sandbox_client.now_ms
    clicks = [
        make_event(job_id, "first", at, type="applyClick", visitor="ada"),
        make_event(job_id, "again", at + 1_000, type="applyClick", visitor="ada"),
        make_event(job_id, "other", at + 2_000, type="applyClick", visitor="bo"),
        make_event(job_id, "beyond", at + 3_000, type="applyClick", visitor="cy"),
        make_event(job_id, "robot", at + 4_000, type="applyClick", visitor="di", userAgent="Googlebot/2.1"),
    ]
    clicks[3]["visitor"] = "cy"
    assert sandbox_client.send([*clicks, make_event(job_id, "view", at)]).status_code == 200
    assert sandbox_client.send([make_event(job_id, "late", at + 5_000, type="applyClick")]).status_code == 200
    return job_id, at


def test_each_click_of_a_day_has_its_outcome(sandbox_client: SandboxClient) -> None:
    job_id, _ = send_one_of_each(sandbox_client)
    day = sandbox_client.now.date().isoformat()

    # given the estimate: three clicks charged, one beyond the budget in the same batch, one in the next
    found = ask(sandbox_client, f"jobs/{job_id}/days/{day}").json()
    assert [click["outcome"] for click in found["clicks"]] == [
        "CHARGED",
        "CHARGED",
        "CHARGED",
        "BEYOND_BUDGET",
        "REFUSED",
        "BEYOND_BUDGET",
    ]
    assert found["figures"]["finalSince"] is None

    # when the day becomes final
    sandbox_client.advance_to_midnight(days=3)

    # then the repeated click is reversed, with the reason and the charge that it was part of
    found = ask(sandbox_client, f"jobs/{job_id}/days/{day}").json()
    reversed_click = found["clicks"][1]
    assert (reversed_click["outcome"], reversed_click["amount"]) == ("REVERSED", "1.50")
    assert reversed_click["reason"] == "the visitor had already clicked on this job that day"
    assert found["clicks"][4]["reason"] == "it is a crawler's, by its user agent or as declared"
    assert found["figures"] | {"finalSince": None} == {
        "day": day,
        "views": 1,
        "applyClicks": 4,
        "clicksCharged": 2,
        "clicksBeyondBudget": 2,
        "clicksRefused": 1,
        "clicksReversed": 1,
        "charge": "3.00",
        "finalSince": None,
    }
    assert found["figures"]["finalSince"] is not None

    # and the day has a charge and the reversal that names it; accepted clicks are charged, free or reversed
    reservation, charge, reversal = found["postings"]
    assert [posting["purpose"] for posting in found["postings"]] == ["RESERVE", "CHARGE", "REVERSE"]
    assert (charge["amount"], reversal["amount"]) == ("4.50", "1.50")
    assert reservation["amount"] == "4.50"
    assert reversal["corrects"] == charge["reference"] == reversed_click["charge"]
    (restatement,) = found["restatements"]
    assert restatement["reversed"] == {"REPEATED_CLICK": 1}
    assert restatement["change"]["charge"] == "-1.50"
    assert restatement["after"]["charge"] == "3.00"


def test_a_charge_is_explained_by_its_batch(sandbox_client: SandboxClient) -> None:
    job_id, _ = send_one_of_each(sandbox_client)
    sandbox_client.advance_to_midnight(days=3)
    (charge,) = [
        posting
        for posting in ask(sandbox_client, f"jobs/{job_id}").json()["postings"]
        if posting["purpose"] == "CHARGE"
    ]

    found = ask(sandbox_client, f"charges/{charge['reference']}").json()

    assert found["charge"]["amount"] == "4.50"
    assert [click["outcome"] for click in found["clicks"]] == [
        "CHARGED",
        "REVERSED",
        "CHARGED",
        "BEYOND_BUDGET",
        "REFUSED",
    ]
    assert [correction["purpose"] for correction in found["corrections"]] == ["REVERSE"]


def test_an_event_is_found_by_the_board_s_source_id_and_time(sandbox_client: SandboxClient) -> None:
    job_id, at = send_one_of_each(sandbox_client)
    found = ask(sandbox_client, "events", source="board", id="beyond", time=at + 3_000).json()
    assert (found["jobId"], found["type"], found["click"]["outcome"]) == (
        job_id,
        "applyClick",
        "BEYOND_BUDGET",
    )
    by_key = ask(sandbox_client, f"events/{found['eventKey']}").json()
    assert by_key == found
    view = ask(sandbox_client, "events", source="board", id="view", time=at).json()
    assert (view["type"], view["click"]) == ("view", None)


def test_a_page_of_clicks_continues_after_the_previous_one(sandbox_client: SandboxClient) -> None:
    job_id, at = sandbox_client.post_job("busy"), sandbox_client.now_ms
    count = 1_003
    clicks = [make_event(job_id, f"c{n}", at + n, type="applyClick") for n in range(count)]
    sandbox_client.send(clicks)
    path = f"jobs/{job_id}/days/{sandbox_client.now.date().isoformat()}"
    (charge,) = [
        posting for posting in ask(sandbox_client, path).json()["postings"] if posting["purpose"] == "CHARGE"
    ]
    for listed in (path, f"charges/{charge['reference']}"):
        first = ask(sandbox_client, listed).json()
        second = ask(sandbox_client, listed, after=first["nextAfter"]).json()
        assert second["nextAfter"] is None
        clicks = first["clicks"] + second["clicks"]
        keys = [click["eventKey"] for click in clicks]
        assert len(keys) == len(set(keys)) == count
        # the budget pays for twenty, independently of the page size
        assert [click["outcome"] for click in clicks] == ["CHARGED"] * 20 + ["BEYOND_BUDGET"] * (count - 20)


def test_a_page_of_postings_continues_after_the_previous_one(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    job_id = sandbox_client.post_job("often-charged")
    sandbox_client.send_clicks(job_id, 1)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind,"
            " destination_id, amount, unit, day, booked_at, cause)"
            " SELECT shard, charge_reference(day, source_id, 1000 + n), purpose, source_kind, source_id, destination_kind, destination_id,"
            " amount, unit, day, booked_at, -n FROM charge_postings, generate_series(1, 1200) AS n"
        )
    for path in (f"jobs/{job_id}", f"jobs/{job_id}/days/{sandbox_client.now.date().isoformat()}"):
        first = ask(sandbox_client, path).json()
        second = ask(sandbox_client, path, postingsAfter=first["nextPostingsAfter"]).json()
        numbers = [posting["number"] for posting in first["postings"] + second["postings"]]
        assert len(first["postings"]) == 1_000
        assert (numbers, second["nextPostingsAfter"]) == (sorted(set(numbers)), None)
        assert len(numbers) == 1 + 1 + 1_200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("jobs/1", 404),
        ("jobs/1/days/2026-03-02", 404),
        ("jobs/1/days/yesterday", 400),
        ("charges/nothing", 400),
        ("charges/00000000-0000-0000-0000-000000000001", 404),
        ("events/00000000-0000-0000-0000-000000000001", 404),
        ("events", 400),
        ("jobs/1?postingsAfter=x", 400),
        ("charges/00000000-0000-0000-0000-000000000001?after=x", 400),
    ],
)
def test_unknown_ids_are_refused(sandbox_client: SandboxClient, path: str, status: int) -> None:
    assert ask(sandbox_client, path).status_code == status
    assert sandbox_client.client.get(f"/operator/explain/{path}").status_code == 401


def test_a_day_whose_events_were_deleted_says_so(database_url: str) -> None:
    """Such a day once had a charged click but an empty list of clicks without an explanation."""
    with open_sandbox_client(database_url, event_retention_days=4) as sandbox_client:
        job_id, _ = send_one_of_each(sandbox_client)
        day = sandbox_client.now.date()
        kept = ask(sandbox_client, f"jobs/{job_id}/days/{day}").json()
        assert kept["eventsDroppedAt"] is None
        charge = next(row["reference"] for row in kept["postings"] if row["purpose"] == "CHARGE")
        sandbox_client.advance_to_midnight(days=5)
        for path in (f"jobs/{job_id}/days/{day}", f"charges/{charge}"):
            found = ask(sandbox_client, path).json()
            assert found["clicks"] == []
            assert (
                found["eventsDroppedAt"][
                    :10
                ]  # by the request that moves the clock, or by the background worker a moment later
                == (day + timedelta(days=5)).isoformat()
            )
