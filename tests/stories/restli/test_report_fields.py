"""``fields`` on reports, whose days and amounts are serialized separately."""

from tests.support.sandbox_client import SandboxClient


def test_fields_reduce_the_days_and_amounts_of_a_report(sandbox_client: SandboxClient) -> None:
    job_id, day = sandbox_client.post_job("cut"), sandbox_client.now.date()
    sandbox_client.send_clicks(job_id, 2)
    sandbox_client.advance_to_midnight()
    mask = (
        "&fields=jobPerformanceMetrics:(charge:(amount)),lifetimeJobBudgetInfo:(lifetimeBudgetSpent:(amount))"
    )
    (report,) = sandbox_client.report_by_ids("cut", days=(day, day), more=mask).json()["results"].values()
    assert report == {
        "lifetimeJobBudgetInfo": {"lifetimeBudgetSpent": {"amount": "3.00"}},
        "jobPerformanceMetrics": [{"charge": {"amount": "3.00"}}],
    }
