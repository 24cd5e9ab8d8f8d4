"""The main job, end to end, over HTTP: token, job, click, reports."""

from tests.support.sandbox_client import Board, make_event, range_text


def test_a_job_is_posted_clicked_charged_and_reported(board: Board) -> None:
    # given a job with 30.00 at 1.50 a click
    job_id = board.post_job("fitter-1")
    day = board.now.date()
    at = board.now_ms

    # when four candidates view it and three of them click
    views = [make_event(job_id, f"v{n}", at + n) for n in range(4)]
    clicks = [make_event(job_id, f"c{n}", at + 10 + n, type="applyClick") for n in range(3)]
    reply = board.send(views + clicks).json()
    assert (reply["accepted"], reply["duplicate"], reply["rejected"]) == (7, 0, 0)

    # then nothing shows today, and everything the next UTC day
    board.advance_to_midnight()
    days = (day, day)
    report = board.report_by_ids("fitter-1", days=days).json()["results"]["fitter-1"]
    assert report["jobPostingInfo"]["linkedInJobPostingId"] == job_id
    assert report["lifetimeJobBudgetInfo"] == {
        "lifetimeBudgetSpent": {"currencyCode": "USD", "amount": "4.50"},
        "lifetimeBudgetLimit": {"currencyCode": "USD", "amount": "30.00"},
    }
    assert report["jobPerformanceMetrics"] == [
        {
            "date": {"year": day.year, "month": day.month, "day": day.day},
            "charge": {"currencyCode": "USD", "amount": "4.50"},
            "applyClickCount": 3,
            "viewCount": 4,
        }
    ]
    page = board.report_by_range(days).json()
    assert page["paging"] == {"start": 0, "count": 50, "total": 1, "links": []}
    assert "lifetimeJobBudgetInfo" not in page["elements"][0]
    budget = board.budget().json()
    assert budget["partnerBudgetDetails"] == [
        {
            "serviceTermBudgetSpent": {"currencyCode": "USD", "amount": "4.50"},
            "serviceTermBudgetLimit": {"currencyCode": "USD", "amount": "1000000.00"},
        }
    ]


def test_a_resent_batch_changes_nothing(board: Board) -> None:
    job_id = board.post_job("fitter-2")
    day, at = board.now.date(), board.now_ms
    events = [make_event(job_id, f"c{n}", at + n, type="applyClick") for n in range(5)]
    assert board.send(events).json()["accepted"] == 5

    again = board.send([*events, make_event(job_id, "new", at, type="applyClick")]).json()

    assert (again["accepted"], again["duplicate"], again["rejected"]) == (1, 5, 0)
    board.advance_to_midnight()
    report = board.report_by_ids("fitter-2", days=(day, day)).json()["results"]["fitter-2"]
    assert report["jobPerformanceMetrics"][0]["charge"]["amount"] == "9.00"


def test_clicks_beyond_the_budget_are_counted_and_free(board: Board) -> None:
    # given a job whose budget carries two clicks of 1.50 and a rest
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "4.00"}}
    job_id = board.post_job("fitter-3", budget=budget)
    day = board.now.date()

    board.send_clicks(job_id, 7)

    board.advance_to_midnight()
    report = board.report_by_ids("fitter-3", days=(day, day)).json()["results"]["fitter-3"]
    (row,) = report["jobPerformanceMetrics"]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (7, "3.00")


def test_closing_stops_charges_and_returns_the_rest(board: Board) -> None:
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "600000.00"}}
    job_id = board.post_job("fitter-4", budget=budget)
    day = board.now.date()
    board.send_clicks(job_id, 1)
    (refused,) = board.batch_create([board.job_element("fitter-5", budget=budget)])
    assert refused["status"] == 402

    assert board.close_job("fitter-4")["status"] == 202

    late = board.send_clicks(job_id, 2, prefix="late", time_ms=board.now_ms)
    assert [row["reason"] for row in late["rejections"]] == ["JOB_NOT_LIVE"] * 2
    board.post_job("fitter-5", budget=budget)
    board.advance_to_midnight()
    report = board.report_by_ids("fitter-4", days=(day, day)).json()["results"]["fitter-4"]
    assert report["jobPerformanceMetrics"][0]["charge"]["amount"] == "1.50"
    assert report["jobPostingInfo"]["closeAt"] <= board.now_ms


def test_a_job_expires_after_thirty_days(board: Board) -> None:
    job_id = board.post_job("fitter-6")
    board.advance("30d1m")
    late = board.send_clicks(job_id, 1)
    assert late["rejections"][0]["reason"] == "JOB_NOT_LIVE"
    assert board.close_job("fitter-6")["error"]["message"] == (
        "Cannot close job which is already closed or does not exist"
    )


def test_a_reports_campaign_shows_from_the_version_that_has_it(board: Board) -> None:
    contract = f"urn:li:contract:{board.credentials['customer_contract_id']}"
    at = board.now_ms
    made = board.client.post(
        "/rest/jobCampaigns",
        headers=board.headers(),
        json={
            "partnerJobCampaignId": "spring",
            "name": "Spring",
            "contract": contract,
            "startTime": at,
            "endTime": at + 20 * 86_400_000,
        },
    )
    assert made.status_code == 202, made.text
    board.advance("1s")
    board.post_job("with-campaign", partnerJobCampaignId="spring")
    day = board.now.date()
    board.advance_to_midnight()

    def campaign(version: str) -> str | None:
        path = f"/rest/partnerJobReports?ids=List(with-campaign)&dateRange={range_text(day, day)}"
        answer = board.client.get(path, headers=board.headers(**{"LinkedIn-Version": version}))
        return answer.json()["results"]["with-campaign"]["jobPostingInfo"].get("partnerJobCampaign")

    assert campaign("202407") == "spring"
    assert campaign("202311") is None
