"""Owns the record of the latest figures: ``bench/results.json``, a row for each with its date, and the table of
``docs/performance.md`` that is printed from it, with what limits each figure that has a target.

Does not own measuring, nor what ``python -m bench`` shows in the terminal.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from bench.figures import FIGURES
from bench.measurement import Figure

Row = dict[str, Any]
Results = dict[str, Row]

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- printed by python -m bench -->\n", "<!-- end of what is printed -->\n"
HEADS = ("figure", "value", "limit", "ratio", "target", "met", "measured on", "what limits it now")
MET = {True: "yes", False: "no", None: ""}

_LARGER = "the indexes of more data are deeper, and less of it is in the processor's caches"
_ONCE = "what is done once for a job or a run is shared by more units"
_JOBS = "a row, a posting and a key entry of each job, which are most of PostgreSQL's work"
_PAGE = "one statement that counts 100,000 narrow rows by state, and a template"

# Of each figure with a target.
LIMITS_NOW = {
    "intake_batch": f"{_JOBS}, for 3,900 jobs a batch ([decision 19](decisions/0019-a-charge-stays-a-row.md))",
    "intake_uniform": f"{_JOBS}, for 9,000 jobs a batch",
    "intake_hot_job": "reading the body a column at a time, and COPY of the events with their key",
    "intake_click": "a third of both cores waits: all connections of a process gather for one group and wait for its commit; of smaller"
    " groups each costs 1.5 ms of Python",
    "intake_click_p99": "64 connections wait for each other's groups, each of them durable",
    "intake_click_to_pgbench": "as `intake_click`",
    "report_by_ids": "Python: authorization, the days of ten jobs, 38 KB to a socket; PostgreSQL is a third",
    "report_by_ids_p99": "16 connections on two processes",
    "report_last_page": "pages are found by key: the last is read like the first",
    "export_rows": "writing the text of each row",
    "export_memory": "rows go through a cursor, whatever their number",
    "intake_growth": "the background work of each minute, where it falls into the last million events",
    "intake_growth_memory": "nothing of a day is kept by a process",
    "intake_growth_jobs": "five times as many rows for a batch, each on a page of its own",
    "intake_growth_few_of_many": "the indexes of more jobs are deeper",
    "settlement": "evaluating the rules in SQL over two days, and marking what is not valid",
    "billing_run": "10 us of a core for each line: its days, its job, its key, its digest",
    "feed_first": "checking and comparing all fields of a job, and its row",
    "feed_reload": "parsing, and the digest of each job",
    "client_cpu": "dates and amounts are values, not texts",
    "sandbox_start": "PostgreSQL makes its folder while Python imports the application",
    **{
        f"{work}_{times}": reason
        for reason, works in (
            (_LARGER, ("by_ids", "range_page")),
            (_ONCE, ("intake", "settlement", "billing")),
        )
        for work in works
        for times in ("tenfold", "hundredfold")
    },
    **{f"portal_pages{part}": _PAGE for part in ("", "_middle", "_last", "_filtered", "_searched")},
    "portal_pages_overview": "sums over all jobs of a partner",
}


def save(results: Results, *, on: date, path: Path) -> Results:
    """Puts the rows that were measured in the place of older ones, and returns all rows in the order of the table."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known |= {name: row | {"measuredOn": on.isoformat()} for name, row in results.items()}
    rows = {figure.name: known[figure.name] for figure in FIGURES if figure.name in known}
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return rows


def write_page(results: Results, page: Path = PAGE) -> None:
    page.write_text(replace_table(page.read_text(encoding="utf-8"), results), encoding="utf-8")


def replace_table(text: str, results: Results) -> str:
    """The page with the table of these results."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{print_table(results)}\n{END}{after}"


def print_table(results: Results) -> str:
    lines = [HEADS, ("---",) * len(HEADS)]
    lines += [_print_row(figure, results[figure.name]) for figure in FIGURES if figure.name in results]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _print_row(figure: Figure, row: Row) -> tuple[str, ...]:
    return (
        f"`{figure.name}`" + (f", {row['note']}" if row.get("note") else ""),
        f"{show(row['value'])} {figure.unit}",
        f"{show(row['limit'])}: {figure.limited_by}" if row["limit"] is not None else "",
        "" if row["ratio"] is None else f"{row['ratio']:.3g}",
        show_target(figure),
        MET[row["isMet"]],
        row["measuredOn"],
        LIMITS_NOW.get(figure.name, ""),
    )


def show(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 10 else f"{value:,.0f}"


def show_target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"at most {figure.target:g}" if figure.is_cost else f"{figure.target:g}"
