"""Owns the terminal output of the demonstration and the player: tables of figures, with labels a newcomer knows.

Does not own any figure; all of them come from the reports' responses.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jobmeter.base.clock import from_ms
from jobmeter.base.days import list_days
from jobmeter.base.terminal import Terminal
from jobmeter.sandbox.traffic.player import PlaybackResult
from jobmeter.sandbox_controls.model import Score

TITLE_CHARACTERS_MAX = 36


def range_text(first: date, last: date) -> str:
    start, end = (f"(year:{day.year},month:{day.month},day:{day.day})" for day in (first, last))
    return f"(start:{start},end:{end})"


def fullest_month(first: date, last: date) -> tuple[date, date]:
    """Returns the longest range of days within one calendar month between two days: the limit of a by-ids report."""
    stretches: dict[tuple[int, int], list[date]] = {}
    for day in list_days(first, last):
        stretches.setdefault((day.year, day.month), []).append(day)
    longest = max(stretches.values(), key=len)
    return longest[0], longest[-1]


def sum_rows(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Returns the totals of views, clicks and charges over report rows."""
    found = list(rows)
    return {
        "views": sum(row["viewCount"] for row in found),
        "clicks": sum(row["applyClickCount"] for row in found),
        "charge": sum((Decimal(row["charge"]["amount"]) for row in found), Decimal()),
    }


def show_playback(console: Terminal, playback: PlaybackResult) -> None:
    figures = (playback.sent, playback.accepted, playback.duplicate, playback.rejected)
    console.print_table(
        ("sent", "accepted", "duplicate", "rejected"),
        [[f"{figure:,}" for figure in figures]],
        title="Events sent to POST /events",
    )


def show_scores(console: Terminal, scores: Iterable[Score]) -> None:
    rows = [
        (
            *(row.name, f"{row.taken:,}", f"{row.rightly:,}", f"{row.real:,}"),
            *("-" if share is None else f"{share:.4f}" for share in (row.precision, row.recall)),
        )
        for row in scores
    ]
    console.print_table(
        ("filter or rule", "taken", "rightly", "real", "precision", "recall"),
        rows,
        title="Filters and settlement rules on the truth",
    )


def show_job(console: Terminal, report: dict[str, Any], first: date, last: date) -> None:
    info, lifetime = report["jobPostingInfo"], report["lifetimeJobBudgetInfo"]
    rows = [
        (date(**row["date"]), row["viewCount"], row["applyClickCount"], _amount(row["charge"]))
        for row in report.get("jobPerformanceMetrics", [])
    ]
    console.print_table(
        ("day", "views", "apply clicks", "charge"),
        rows,
        title=f"Job Report by ids, {first} to {last}: {info['externalJobPostingId']}, {info['jobTitle']}",
    )
    console.print_line(
        f"lifetime: spent {_amount(lifetime['lifetimeBudgetSpent'])} of {_amount(lifetime['lifetimeBudgetLimit'])}"
    )


def show_page(console: Terminal, page: dict[str, Any], day: date) -> None:
    paging = page["paging"]
    rows = []
    for element in page["elements"]:
        info, totals = element["jobPostingInfo"], sum_rows(element.get("jobPerformanceMetrics", []))
        names = (info["externalJobPostingId"], info["jobTitle"][:TITLE_CHARACTERS_MAX])
        rows.append((*names, *(totals[name] for name in ("views", "clicks", "charge"))))
    console.print_table(
        ("external id", "job title", "views", "clicks", "charge"),
        rows,
        title=f"Job Report by date range, {day}: page of {paging['count']}, {paging['total']} jobs in all",
    )


def show_budget(console: Terminal, report: dict[str, Any]) -> None:
    term = (
        f"{from_ms(report['serviceTermStartAt']):%d %b %Y} to {from_ms(report['serviceTermEndAt']):%d %b %Y}"
    )
    rows = [
        (term, _amount(budget["serviceTermBudgetSpent"]), _amount(budget["serviceTermBudgetLimit"]))
        for budget in report["partnerBudgetDetails"]
    ]
    console.print_table(
        ("service term", "spent up to yesterday (UTC)", "limit"),
        rows,
        title="Budget Report of the partner contract",
    )


def show_estimate(console: Terminal, watched: Sequence[tuple[date, dict[str, Any]]]) -> None:
    rows = [
        (
            *(day, *(totals[name] for name in ("views", "clicks", "charge"))),
            "final" if number == len(watched) else "estimate",
        )
        for number, (day, totals) in enumerate(watched, start=1)
    ]
    console.print_table(
        ("asked on", "views", "apply clicks", "charge", ""),
        rows,
        title="An estimate turning final: ten jobs on their first full day",
    )


def show_exhausted(console: Terminal, reports: list[dict[str, Any]]) -> None:
    """Returns the job whose budget paid for the smallest share of its clicks."""

    def free_clicks(report: dict[str, Any]) -> int:
        rows = report.get("jobPerformanceMetrics", [])
        return sum(row["applyClickCount"] for row in rows if Decimal(row["charge"]["amount"]) == 0)

    report = max(reports, key=free_clicks)
    info, lifetime = report["jobPostingInfo"], report["lifetimeJobBudgetInfo"]
    console.print_line(
        f"A job that ran out of budget: {info['externalJobPostingId']}, {info['jobTitle']}: "
        f"spent {_amount(lifetime['lifetimeBudgetSpent'])} of {_amount(lifetime['lifetimeBudgetLimit'])}, "
        f"then {free_clicks(report)} apply clicks on days without a charge, counted and free."
    )


def show_next_steps(console: Terminal) -> None:
    """Names the command that started the demo, because an installed wheel has neither make nor a checkout."""
    command = sys.argv[0] if Path(sys.argv[0]).name == "jobmeter" else "jobmeter"
    console.print()
    for line in (
        f"Next: {command} sandbox serves a sandbox with its credentials in a file; then",
        f"  {command} clock show        prints the sandbox's time",
        f"  {command} traffic --days 3  plays traffic for the jobs that you post",
        f"  {command} clock advance 3d  moves the clock and runs everything that falls due in between",
        "The page at / of the sandbox links the endpoints; docs/tutorial.md shows each step with curl.",
    ):
        console.print_line(line)


def _amount(amount: dict[str, str]) -> str:
    return f"{amount['amount']} {amount['currencyCode']}"
