"""What an operator configures for settlement over HTTP, and its effects."""

from datetime import date
from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, bearer, make_event

NETWORK = "198.51.100.0/24"


def send(sandbox_client: SandboxClient, verb: str, path: str, body: Any) -> Any:
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.request(verb, f"/operator/{path}", headers=headers, json=body)


def settle_two_clicks(sandbox_client: SandboxClient, name: str) -> tuple[int, str]:
    """Settles two clicks on a new job: ada's from a network and bo's without an address."""
    job_id, at = sandbox_client.post_job(name), sandbox_client.now_ms
    clicks = [
        make_event(job_id, f"{name}-ada", at, type="applyClick", visitor="ada", address="198.51.100.9"),
        make_event(job_id, f"{name}-bo", at + 1, type="applyClick", visitor="bo"),
    ]
    assert sandbox_client.send(clicks).json()["accepted"] == 2
    return job_id, sandbox_client.now.date().isoformat()


def list_reasons(sandbox_client: SandboxClient, job_id: int, day: str) -> dict[str, int]:
    headers = bearer(sandbox_client.credentials["operator_key"])
    found = sandbox_client.client.get(f"/operator/explain/jobs/{job_id}/days/{day}", headers=headers).json()
    return found["restatements"][0]["reversed"] if found["restatements"] else {}


@pytest.mark.parametrize(
    ("body", "reversed_clicks"),
    [
        ({"event": {"source": "board", "id": "excluded-ada"}}, 1),
        ({"visitor": "bo"}, 1),
        ({"address": "198.51.100.200"}, 1),
        ({"jobId": "the job"}, 2),
        ({"day": "the day"}, 2),
        ({"visitor": "bo", "day": "2020-01-01"}, 0),
        ({"visitor": "cy"}, 0),
    ],
)
def test_clicks_are_excluded_manually(
    sandbox_client: SandboxClient, body: dict[str, Any], reversed_clicks: int
) -> None:
    job_id, day = settle_two_clicks(sandbox_client, "excluded")
    named = {"the job": job_id, "the day": day}
    asked = {
        key: value if isinstance(value, dict) else named.get(value, value) for key, value in body.items()
    }
    first = send(sandbox_client, "POST", "exclusions", asked | {"note": "testers"})
    again = send(sandbox_client, "POST", "exclusions", asked | {"note": "testers"})
    assert (first.status_code, again.status_code, again.json()["wasRepeated"]) == (201, 200, True)

    sandbox_client.advance_to_midnight(days=3)

    assert list_reasons(sandbox_client, job_id, day) == (
        {"EXCLUDED": reversed_clicks} if reversed_clicks else {}
    )


@pytest.mark.long
def test_a_network_list_excludes_its_clicks_until_it_is_replaced(sandbox_client: SandboxClient) -> None:
    listed = send(sandbox_client, "PUT", "networks/clouds", {"networks": [NETWORK, "203.0.113.8/29"]}).json()
    assert listed == {"added": 1, "tooNarrow": 1}
    job_id, day = settle_two_clicks(sandbox_client, "listed")
    sandbox_client.advance_to_midnight(days=3)
    assert list_reasons(sandbox_client, job_id, day) == {"DATA_CENTRE": 1}

    assert send(sandbox_client, "PUT", "networks/clouds", {"networks": []}).json()["added"] == 0
    job_id, day = settle_two_clicks(sandbox_client, "unlisted")
    sandbox_client.advance_to_midnight(days=3)
    assert list_reasons(sandbox_client, job_id, day) == {}


def test_a_rule_is_set_and_shown(sandbox_client: SandboxClient) -> None:
    changed = send(sandbox_client, "PUT", "settlementRules/NO_VIEW", {"isOn": True})
    assert changed.status_code == 200
    headers = bearer(sandbox_client.credentials["operator_key"])
    shown = sandbox_client.client.get("/operator/settlementRules", headers=headers).json()["elements"]
    assert changed.json() in shown
    assert [rule["rule"] for rule in shown if not rule["isOn"]] == []

    # a board that reports views, and two clicks without a view
    job_id, day = settle_two_clicks(sandbox_client, "unseen")
    sandbox_client.send([make_event(job_id, "view", sandbox_client.now_ms, visitor="somebody")])
    sandbox_client.advance_to_midnight(days=3)
    assert list_reasons(sandbox_client, job_id, day) == {"NO_VIEW": 2}


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "exclusions", {"note": "nothing"}, 400),
        ("POST", "exclusions", {"visitor": "a", "jobId": 1, "note": "both"}, 400),
        ("POST", "exclusions", {"address": "nowhere", "note": "no address"}, 400),
        ("POST", "exclusions", {"visitor": "a"}, 400),
        ("PUT", "networks/clouds", {"networks": ["nowhere"]}, 400),
        ("PUT", "networks/clouds", {"networks": ["0.0.0.0/0"]}, 400),
        ("PUT", "settlementRules/UNHEARD", {"isOn": True}, 404),
        ("PUT", "settlementRules/VISITOR_BURST", {"isOn": "yes"}, 400),
        ("PUT", "settlementRules/VISITOR_BURST", {"isOn": True, "jobsMax": "5"}, 400),
        ("PUT", "settlementRules/VISITOR_BURST", {"isOn": True, "jobsMax": 0}, 400),
        (
            "POST",
            "charges/00000000-0000-0000-0000-000000000001/credits",
            {"amount": "1.00", "reference": "a"},
            404,
        ),
    ],
)
def test_invalid_settings_are_refused(
    sandbox_client: SandboxClient, verb: str, path: str, body: Any, status: int
) -> None:
    assert send(sandbox_client, verb, path, body).status_code == status


def test_a_credit_for_a_final_day_is_dated_today_and_leaves_the_day_as_it_was(
    sandbox_client: SandboxClient,
) -> None:
    job_id, day = settle_two_clicks(sandbox_client, "credited")
    headers = bearer(sandbox_client.credentials["operator_key"])

    def explain() -> Any:
        return sandbox_client.client.get(f"/operator/explain/jobs/{job_id}", headers=headers).json()

    charge = next(posting for posting in explain()["postings"] if posting["purpose"] == "CHARGE")
    path = f"charges/{charge['reference']}/credits"
    assert send(sandbox_client, "POST", path, {"amount": "1.00", "reference": "early"}).status_code == 400
    sandbox_client.advance_to_midnight(days=4)
    figures = explain()["days"]

    # when a part of the charge is credited, twice with the same reference
    first = send(sandbox_client, "POST", path, {"amount": "2.00", "reference": "goodwill"})
    again = send(sandbox_client, "POST", path, {"amount": "2.00", "reference": "goodwill"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert send(sandbox_client, "POST", path, {"amount": "1.50", "reference": "too much"}).status_code == 400

    # then the day is unchanged, the posting is dated today, and the money is back in the contract
    found = explain()
    assert found["days"] == figures
    assert (found["spent"], found["released"]) == ("1.00", "2.00")
    (credit,) = [posting for posting in found["postings"] if posting["purpose"] == "ADJUST"]
    assert (credit["day"], credit["to"], credit["amount"]) == (
        sandbox_client.now.date().isoformat(),
        "CONTRACT",
        "2.00",
    )
    assert credit["corrects"] == charge["reference"]
    assert day < credit["day"]

    # and reports, which are by day, do not change
    posted = date.fromisoformat(day)
    (report,) = sandbox_client.report_by_ids("credited", days=(posted, posted)).json()["results"].values()
    assert report["lifetimeJobBudgetInfo"]["lifetimeBudgetSpent"]["amount"] == "3.00"


def test_a_credited_amount_cannot_be_removed_from_the_budget_again(
    sandbox_client: SandboxClient,
) -> None:
    job_id, day = settle_two_clicks(sandbox_client, "lowered")
    headers = bearer(sandbox_client.credentials["operator_key"])
    sandbox_client.advance_to_midnight(days=4)
    postings = sandbox_client.client.get(
        f"/operator/explain/jobs/{job_id}/days/{day}", headers=headers
    ).json()["postings"]
    (charge,) = [posting["reference"] for posting in postings if posting["purpose"] == "CHARGE"]
    credit = {"amount": "2.00", "reference": "goodwill"}
    assert send(sandbox_client, "POST", f"charges/{charge}/credits", credit).status_code == 201

    def lower(amount: str) -> int:
        budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": amount}}
        element = sandbox_client.job_element("lowered", jobPostingOperationType="UPDATE", budget=budget)
        (row,) = sandbox_client.batch_create([element])
        return row["status"]

    # two clicks were charged, and a part of that is back in the contract
    assert [lower(amount) for amount in ("2.99", "3.00", "4.50")] == [400, 202, 202]


def test_an_exclusion_for_a_settled_day_is_refused(sandbox_client: SandboxClient) -> None:
    """It was once accepted and had no effect."""
    _, day = settle_two_clicks(sandbox_client, "late")
    sandbox_client.advance_to_midnight(days=3)
    answer = send(sandbox_client, "POST", "exclusions", {"visitor": "ada", "day": day, "note": "testers"})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert f"{day} is settled" in answer.json()["message"]


def test_a_mistaken_exclusion_is_listed_and_removed(sandbox_client: SandboxClient) -> None:
    job_id, day = settle_two_clicks(sandbox_client, "mistake")
    asked = [{"jobId": job_id}, {"visitor": "ada", "day": day}, {"event": {"source": "board", "id": "x"}}]
    numbers = [
        send(sandbox_client, "POST", "exclusions", body | {"note": "oops"}).json()["id"] for body in asked
    ]

    found = send(sandbox_client, "GET", "exclusions", None).json()
    assert [(row["id"], row["criterion"], row["day"]) for row in found["elements"]] == [
        (numbers[0], "JOB", None),
        (numbers[1], "VISITOR", day),
        (numbers[2], "EVENT", None),
    ]
    assert [(row["jobId"], bool(row["hash"])) for row in found["elements"]] == [
        (job_id, False),
        (None, True),
        (None, True),
    ]
    assert send(sandbox_client, "DELETE", f"exclusions/{numbers[0]}", None).status_code == 204
    assert send(sandbox_client, "DELETE", f"exclusions/{numbers[0]}", None).status_code == 404
    assert len(send(sandbox_client, "GET", f"exclusions?after={numbers[1]}", None).json()["elements"]) == 1

    sandbox_client.advance_to_midnight(days=3)
    assert list_reasons(sandbox_client, job_id, day) == {"EXCLUDED": 1}  # only ada's


def test_an_unknown_job_cannot_be_excluded(sandbox_client: SandboxClient) -> None:
    assert (
        send(sandbox_client, "POST", "exclusions", {"jobId": 77, "note": "typing error"}).status_code == 404
    )


def test_health_reports_the_last_settled_day(sandbox_client: SandboxClient) -> None:
    """It shows whether settlement has run; a server that was off for days catches up by itself."""
    _, day = settle_two_clicks(sandbox_client, "seen")
    sandbox_client.advance_to_midnight(days=2)
    before = sandbox_client.client.get("/health").json()["settledThrough"]
    sandbox_client.advance_to_midnight(days=1)
    assert before is None or before < day
    assert sandbox_client.client.get("/health").json()["settledThrough"] == day
    sandbox_client.advance_to_midnight(days=3)
    assert sandbox_client.client.get("/health").json()["settledThrough"] > day
