"""``fields`` on reports, whose days and amounts are drawn apart from the rest."""

from tests.support.sandbox_client import Board


def test_fields_cut_the_days_and_amounts_of_a_report(board: Board) -> None:
    job_id, day = board.post_job("cut"), board.now.date()
    board.send_clicks(job_id, 2)
    board.advance_to_midnight()
    mask = (
        "&fields=jobPerformanceMetrics:(charge:(amount)),lifetimeJobBudgetInfo:(lifetimeBudgetSpent:(amount))"
    )
    (told,) = board.report_by_ids("cut", days=(day, day), more=mask).json()["results"].values()
    assert told == {
        "lifetimeJobBudgetInfo": {"lifetimeBudgetSpent": {"amount": "3.00"}},
        "jobPerformanceMetrics": [{"charge": {"amount": "3.00"}}],
    }
