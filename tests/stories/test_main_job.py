"""The main use case end to end over HTTP: token, job, clicks, reports."""

from tests.support.sandbox_client import SandboxClient, make_event, range_text


def test_a_job_is_posted_clicked_charged_and_reported(sandbox_client: SandboxClient) -> None:
    # given a job with 30.00 at 1.50 a click
    job_id = sandbox_client.post_job("fitter-1")
    day = sandbox_client.now.date()
    at = sandbox_client.now_ms

    # when four candidates view it and three of them click
    views = [make_event(job_id, f"v{n}", at + n) for n in range(4)]
    clicks = [make_event(job_id, f"c{n}", at + 10 + n, type="applyClick") for n in range(3)]
    reply = sandbox_client.send(views + clicks).json()
    assert (reply["accepted"], reply["duplicate"], reply["rejected"]) == (7, 0, 0)

    # then reports show nothing today, and everything the next UTC day
    sandbox_client.advance_to_midnight()
    days = (day, day)
    report = sandbox_client.report_by_ids("fitter-1", days=days).json()["results"]["fitter-1"]
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
    page = sandbox_client.report_by_range(days).json()
    assert page["paging"] == {"start": 0, "count": 50, "total": 1, "links": []}
    assert "lifetimeJobBudgetInfo" not in page["elements"][0]
    budget = sandbox_client.budget().json()
    assert budget["partnerBudgetDetails"] == [
        {
            "serviceTermBudgetSpent": {"currencyCode": "USD", "amount": "4.50"},
            "serviceTermBudgetLimit": {"currencyCode": "USD", "amount": "1000000.00"},
        }
    ]


def test_a_resent_batch_changes_nothing(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("fitter-2")
    day, at = sandbox_client.now.date(), sandbox_client.now_ms
    events = [make_event(job_id, f"c{n}", at + n, type="applyClick") for n in range(5)]
    assert sandbox_client.send(events).json()["accepted"] == 5

    again = sandbox_client.send([*events, make_event(job_id, "new", at, type="applyClick")]).json()

    assert (again["accepted"], again["duplicate"], again["rejected"]) == (1, 5, 0)
    sandbox_client.advance_to_midnight()
    report = sandbox_client.report_by_ids("fitter-2", days=(day, day)).json()["results"]["fitter-2"]
    assert report["jobPerformanceMetrics"][0]["charge"]["amount"] == "9.00"


def test_clicks_beyond_the_budget_are_counted_and_free(sandbox_client: SandboxClient) -> None:
    # given a job whose budget pays for two clicks of 1.50 and leaves a rest
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "4.00"}}
    job_id = sandbox_client.post_job("fitter-3", budget=budget)
    day = sandbox_client.now.date()

    sandbox_client.send_clicks(job_id, 7)

    sandbox_client.advance_to_midnight()
    report = sandbox_client.report_by_ids("fitter-3", days=(day, day)).json()["results"]["fitter-3"]
    (row,) = report["jobPerformanceMetrics"]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (7, "3.00")


def test_closing_stops_charges_and_returns_the_rest(sandbox_client: SandboxClient) -> None:
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "600000.00"}}
    job_id = sandbox_client.post_job("fitter-4", budget=budget)
    day = sandbox_client.now.date()
    sandbox_client.send_clicks(job_id, 1)
    (refused,) = sandbox_client.batch_create([sandbox_client.job_element("fitter-5", budget=budget)])
    assert refused["status"] == 402

    assert sandbox_client.close_job("fitter-4")["status"] == 202

    late = sandbox_client.send_clicks(job_id, 2, prefix="late", time_ms=sandbox_client.now_ms)
    assert [row["reason"] for row in late["rejections"]] == ["JOB_NOT_LIVE"] * 2
    sandbox_client.post_job("fitter-5", budget=budget)
    sandbox_client.advance_to_midnight()
    report = sandbox_client.report_by_ids("fitter-4", days=(day, day)).json()["results"]["fitter-4"]
    assert report["jobPerformanceMetrics"][0]["charge"]["amount"] == "1.50"
    assert report["jobPostingInfo"]["closeAt"] <= sandbox_client.now_ms


def test_a_job_expires_after_thirty_days(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("fitter-6")
    sandbox_client.advance("30d1m")
    late = sandbox_client.send_clicks(job_id, 1)
    assert late["rejections"][0]["reason"] == "JOB_NOT_LIVE"
    assert sandbox_client.close_job("fitter-6")["error"]["message"] == (
        "Cannot close job which is already closed or does not exist"
    )


def test_reports_include_the_campaign_from_its_version_on(sandbox_client: SandboxClient) -> None:
    contract = f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}"
    at = sandbox_client.now_ms
    made = sandbox_client.client.post(
        "/rest/jobCampaigns",
        headers=sandbox_client.headers(),
        json={
            "partnerJobCampaignId": "spring",
            "name": "Spring",
            "contract": contract,
            "startTime": at,
            "endTime": at + 20 * 86_400_000,
        },
    )
    assert made.status_code == 202, made.text
    sandbox_client.advance("1s")
    sandbox_client.post_job("with-campaign", partnerJobCampaignId="spring")
    day = sandbox_client.now.date()
    sandbox_client.advance_to_midnight()

    def campaign(version: str) -> str | None:
        path = f"/rest/partnerJobReports?ids=List(with-campaign)&dateRange={range_text(day, day)}"
        answer = sandbox_client.client.get(
            path, headers=sandbox_client.headers(**{"LinkedIn-Version": version})
        )
        return answer.json()["results"]["with-campaign"]["jobPostingInfo"].get("partnerJobCampaign")

    assert campaign("202407") == "spring"
    assert campaign("202311") is None
