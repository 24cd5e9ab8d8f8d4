"""A partner's overview over HTTP: the parts of a limit, days, jobs by state, and what needs somebody."""

from decimal import Decimal
from typing import Any

import psycopg

from tests.support.sandbox_client import SandboxClient, add_partner, bearer

PARTS = ("spentFinal", "spentEstimated", "reserved", "free")


def read_overview(sandbox_client: SandboxClient, who: str = "parent") -> dict[str, Any]:
    answer = sandbox_client.client.get("/partner/overview", headers=bearer(sandbox_client.token(who)))
    assert answer.status_code == 200, answer.text
    return answer.json()


def needs_of(overview: dict[str, Any]) -> dict[str, Any]:
    return {need["kind"]: need for need in overview["needsYou"]}


def test_the_parts_of_a_limit_are_the_limit(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("overview-1")
    sandbox_client.send_clicks(job_id, 2)
    sandbox_client.advance("2m")
    (meter,) = read_overview(sandbox_client)["contracts"]
    assert sum(Decimal(meter[part]) for part in PARTS) == Decimal(meter["limit"])
    spent = Decimal(meter["spentEstimated"])
    assert (spent > 0, Decimal(meter["spentFinal"])) == (True, 0)
    assert Decimal(meter["reserved"]) == Decimal("30.00") - spent
    sandbox_client.advance_to_midnight(4)
    later = read_overview(sandbox_client)
    (meter,) = later["contracts"]
    assert sum(Decimal(meter[part]) for part in PARTS) == Decimal(meter["limit"])
    assert (Decimal(meter["spentFinal"]), Decimal(meter["spentEstimated"])) == (spent, 0)
    (day,) = later["days"]
    assert (day["state"], Decimal(day["spent"])) == ("FINAL", spent)
    assert Decimal(meter["evenPace"]) > 0


def test_it_names_what_needs_somebody(sandbox_client: SandboxClient) -> None:
    first = sandbox_client.post_job("overview-1")
    sandbox_client.send_clicks(first, 20)
    sandbox_client.post_job("overview-2")
    sandbox_client.close_job("overview-2")
    sandbox_client.advance("2m")
    found = read_overview(sandbox_client)
    assert found["states"] == {"RAN_OUT": 1, "CLOSED": 1}
    assert [job["externalJobPostingId"] for job in found["mostSpent"]] == ["overview-1", "overview-2"]
    needs = needs_of(found)
    assert needs["JOBS_RAN_OUT"]["count"] == 1
    slots = next(one for one in sandbox_client.credentials["hiring_contracts"] if one["kind"] == "SLOTS")
    assert needs["SLOTS_FREE"]["subject"] == str(slots["id"])
    assert needs["SLOTS_FREE"]["count"] > 0


def test_a_feed_that_cannot_be_read_is_named(sandbox_client: SandboxClient) -> None:
    operator = bearer(sandbox_client.credentials["operator_key"])
    number = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    feed = {"applicationId": number, "url": "https://feeds.example/none.xml", "intervalMinutes": 60}
    answer = sandbox_client.client.post("/operator/feeds", headers=operator, json=feed)
    assert answer.status_code == 201, answer.text
    sandbox_client.advance("10m")
    needs = needs_of(read_overview(sandbox_client, "child"))
    assert needs["FEED_NOT_READ"]["subject"] == str(answer.json()["id"])
    assert "FEED_NOT_READ" in needs_of(read_overview(sandbox_client))


def test_deliveries_that_were_given_up_are_named(sandbox_client: SandboxClient, database_url: str) -> None:
    headers = bearer(sandbox_client.token("child"))
    body = {"url": "https://hooks.example/none", "kinds": ["BUDGET_ALERT"]}
    made = sandbox_client.client.post("/partner/webhooks", headers=headers, json=body).json()
    sandbox_client.client.post(f"/partner/webhooks/{made['id']}/tests", headers=headers)
    assert "DELIVERIES_DEAD" not in needs_of(read_overview(sandbox_client))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE notices SET state = 'DEAD', finished_at = now()")
    for who in ("child", "parent"):
        need = needs_of(read_overview(sandbox_client, who))["DELIVERIES_DEAD"]
        assert (need["subject"], need["count"]) == (str(made["id"]), 1)
    stranger = add_partner(sandbox_client, database_url)
    assert "DELIVERIES_DEAD" not in needs_of(read_overview(stranger))


def test_a_customer_sees_its_own_part_and_a_stranger_nothing(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    job_id = sandbox_client.post_job("overview-1")
    sandbox_client.send_clicks(job_id, 2)
    sandbox_client.advance("2m")
    own = read_overview(sandbox_client, "child")
    assert own["contracts"] == []
    assert [day["day"] for day in own["days"]] == [sandbox_client.now.date().isoformat()]
    assert len(own["mostSpent"]) == 1
    stranger = read_overview(add_partner(sandbox_client, database_url))
    assert (stranger["days"], stranger["states"], stranger["mostSpent"]) == ([], {}, [])
