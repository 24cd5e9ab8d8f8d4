"""Settlement over HTTP: what a partner sees of a day before and after it is final."""

import threading
from datetime import date

import psycopg

from tests.support.sandbox_client import SandboxClient, make_event

TIGHT = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}


def send_double_clicks(sandbox_client: SandboxClient, job_id: int) -> date:
    """Sends two clicks of one visitor; both are charged at first."""
    at = sandbox_client.now_ms
    clicks = [
        make_event(job_id, f"c{n}", at + n * 1_000, type="applyClick", visitor="one visitor")
        for n in range(2)
    ]
    day = sandbox_client.now.date()
    assert sandbox_client.send(clicks).json()["accepted"] == 2
    return day


def read_day(sandbox_client: SandboxClient, external_id: str, day: date) -> tuple[int, str]:
    report = sandbox_client.report_by_ids(external_id, days=(day, day)).json()["results"][external_id]
    (row,) = report["jobPerformanceMetrics"]
    return row["applyClickCount"], row["charge"]["amount"]


def test_a_double_click_is_reversed_after_three_days_and_its_money_is_spent_again(
    sandbox_client: SandboxClient,
) -> None:
    # given a budget of two clicks, spent on two clicks of one visitor
    job_id = sandbox_client.post_job("twice", budget=TIGHT)
    day = send_double_clicks(sandbox_client, job_id)
    sandbox_client.advance_to_midnight(days=2)
    assert read_day(sandbox_client, "twice", day) == (2, "3.00")

    # when the day becomes final
    sandbox_client.advance_to_midnight()

    # then one click remains charged, and the other's money pays for the next visitor
    assert read_day(sandbox_client, "twice", day) == (1, "1.50")
    today = sandbox_client.now.date()
    sandbox_client.send_clicks(job_id, 2, prefix="next")
    sandbox_client.advance_to_midnight()
    assert read_day(sandbox_client, "twice", today) == (2, "1.50")
    report = sandbox_client.report_by_ids("twice", days=(day, day)).json()["results"]["twice"]
    assert report["lifetimeJobBudgetInfo"]["lifetimeBudgetSpent"]["amount"] == "3.00"


def test_the_reversed_money_of_a_closed_job_returns_to_its_contract(sandbox_client: SandboxClient) -> None:
    # given a job that was closed with a double click on it, and the rest of the contract reserved
    job_id = sandbox_client.post_job("closed", budget=TIGHT)
    day = send_double_clicks(sandbox_client, job_id)
    assert sandbox_client.close_job("closed")["status"] == 202
    rest = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "999997.00"}}
    sandbox_client.post_job("rest", budget=rest)
    one_click = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "1.50"}}
    (refused,) = sandbox_client.batch_create([sandbox_client.job_element("next", budget=one_click)])
    assert refused["status"] == 402

    # when the day becomes final
    sandbox_client.advance_to_midnight(days=3)

    # then the money of the reversed click can be reserved again
    assert read_day(sandbox_client, "closed", day) == (1, "1.50")
    assert sandbox_client.post_job("next", budget=one_click) > 0


def test_jobs_go_live_while_a_day_is_being_settled(sandbox_client: SandboxClient, database_url: str) -> None:
    """Settling a day of many millions of events takes a while, and every tenant's day is due at midnight."""
    with psycopg.connect(database_url) as another:
        another.execute("LOCK TABLE settled_days")
        assert sandbox_client.post_job("meanwhile") > 0


def test_moving_the_clock_waits_for_another_process_s_settlement(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    job_id = sandbox_client.post_job("waited-for")
    day = send_double_clicks(sandbox_client, job_id)
    with psycopg.connect(database_url, autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(1246707540)")
        ending = threading.Timer(1, another.execute, ["SELECT pg_advisory_unlock(1246707540)"])
        ending.start()
        sandbox_client.advance_to_midnight(days=3)
        ending.join()
    assert read_day(sandbox_client, "waited-for", day) == (1, "1.50")
