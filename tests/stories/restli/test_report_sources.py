"""Whichever table or column a report cannot read, the response has one of the report's own documented codes.

The tables are found by renaming every table and view of the schema, so none that a statement reads can be left out.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import Any

import psycopg
import pytest

from jobmeter.base.clock import to_ms
from tests.support.databases.citus import CITUS_URL
from tests.support.sandbox_client import SandboxClient, open_sandbox_client, range_text
from tests.support.scenario import one_of

CODES = {
    "ids": {6012, 6015, 6016, 6017, 6018, 6019, 6020},
    "range": {6024, 6025, 6026},
    "budget": {6003, 6005},
}
# Which code a missing table has, where the page names the data that are in it.
EXPECTED = {
    ("ids", "job_postings"): 6012, ("ids", "job_posting_versions"): 6012, ("ids", "job_budgets"): 6017,
    ("ids", "charges"): 6015, ("ids", "event_days"): 6015, ("ids", "job_day_folds"): 6015,
    ("ids", "job_days"): 6018, ("ids", "all_job_days"): 6018,
    ("ids", "job_months"): 6020, ("ids", "job_month_keeping"): 6020,
    ("range", "job_postings"): 6026, ("range", "job_posting_versions"): 6026, ("range", "job_budgets"): 6024,
    ("range", "charges"): 6024, ("range", "event_days"): 6024, ("range", "job_day_folds"): 6024,
    ("range", "job_days"): 6024, ("range", "all_job_days"): 6024,
    ("range", "job_months"): 6025, ("range", "job_month_keeping"): 6025,
    ("budget", "partner_contracts"): 6003, ("budget", "contract_days"): 6005, ("budget", "all_job_days"): 6005,
    ("budget", "job_month_keeping"): 6005,
}  # fmt: skip
AS_OF = {("ids", "job_day_restatements"): 6018, ("range", "job_day_restatements"): 6024}
NEEDED = {("job_months", "figures"), ("contract_days", "charge_micros")}  # they are always among those tried
# Read for every request, before its report.
PIPELINE = {"access_tokens", "applications", "sandbox_clock", "sandbox_failure", "call_counters"}


class Asker:
    """Requests each report; ``as_of`` reports read what is recorded of earlier figures as well."""

    def __init__(self, sandbox_client: SandboxClient) -> None:
        day = sandbox_client.now.date() - timedelta(days=1)
        jobs, dates = "/rest/partnerJobReports?", range_text(day, day)
        contract = sandbox_client.credentials["partner_contract_id"]
        as_of = f"&asOf={to_ms(sandbox_client.now)}"
        self._client = sandbox_client.client
        self._headers = {who: sandbox_client.headers(who) for who in ("child", "parent")}
        self.targets = {
            "ids": f"{jobs}ids=List(seen-1)&dateRange={dates}",
            "range": f"{jobs}q=dateRange&dateRange={dates}",
            "ids asOf": f"{jobs}ids=List(seen-1)&dateRange={dates}{as_of}",
            "range asOf": f"{jobs}q=dateRange&dateRange={dates}{as_of}",
            "budget": f"/rest/partnerBudgetReports?partnerContractId={contract}",
        }

    def ask(self, report: str) -> Any:
        headers = self._headers["parent" if report == "budget" else "child"]
        return self._client.get(self.targets[report], headers=headers)


@pytest.fixture
def asker(database_url: str) -> Iterator[Asker]:
    with open_sandbox_client(database_url, report_seconds_max=1) as sandbox_client:
        job_id = sandbox_client.post_job("seen-1")
        sandbox_client.send_clicks(job_id, 3)
        sandbox_client.advance_to_midnight()
        found = Asker(sandbox_client)
        assert {found.ask(report).status_code for report in found.targets} == {200}
        yield found


@contextmanager
def renamed(connection: psycopg.Connection, what: str, back: str) -> Iterator[None]:
    connection.execute(what)
    try:
        yield
    finally:
        connection.execute(back)


def list_failures(asker: Asker) -> dict[str, Any]:
    answers = {report: asker.ask(report) for report in asker.targets}
    return {report: answer for report, answer in answers.items() if answer.status_code != 200}


def list_tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace"
        " AND relname !~ '^events_[0-9]' ORDER BY relname"
    ).fetchall()
    return [name for (name,) in rows]


def read_probed_tables() -> set[str]:
    text = files("jobmeter.reports.sources").joinpath("queries.sql").read_text()
    return set(re.findall(r"FROM (\w+)", text))


@pytest.mark.skipif(
    bool(CITUS_URL), reason="what a node looks up is not renamed with a table of the coordinator"
)
@pytest.mark.long
@one_of(10)
def test_every_table_that_a_report_reads_has_its_code(asker: Asker, database_url: str, every: int) -> None:
    """Each that reports are known to read, and one of ``every`` other tables."""
    found = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        tables = list_tables(connection)
        assert set(tables) >= PIPELINE | read_probed_tables()
        for table in sorted({*read_probed_tables(), *tables[::every]}):
            with renamed(
                connection, f"ALTER TABLE {table} RENAME TO lost", f"ALTER TABLE lost RENAME TO {table}"
            ):
                failures = list_failures(asker)
            if table in PIPELINE:
                continue
            for report, answer in failures.items():
                found[report, table] = answer.json().get("serviceErrorCode", answer.text)
    as_of = {(f"{report} asOf", table): code for (report, table), code in (EXPECTED | AS_OF).items()}
    assert found == EXPECTED | {key: code for key, code in as_of.items() if not key[0].startswith("budget")}
    assert {table for _, table in found} == read_probed_tables()


@pytest.mark.long
@one_of(4)
def test_every_column_that_a_report_reads_has_a_documented_code(
    asker: Asker, database_url: str, every: int
) -> None:
    failed = set()
    with psycopg.connect(database_url, autocommit=True) as connection:
        columns = connection.execute(
            "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relname = ANY(%s) AND attnum > 0 AND NOT attisdropped AND NOT relispartition ORDER BY 1, 2",
            [sorted(read_probed_tables())],
        ).fetchall()
        for table, column in sorted({*columns[::every], *NEEDED}):
            change = f"ALTER TABLE {table} RENAME COLUMN"
            with renamed(connection, f"{change} {column} TO lost", f"{change} lost TO {column}"):
                failures = list_failures(asker)
            for report, answer in failures.items():
                code = answer.json().get("serviceErrorCode")
                assert code in CODES[report.partition(" ")[0]], (table, column, report, answer.text)
            failed |= {(table, column)} if failures else set()
    assert failed >= NEEDED
    assert len(failed) > 40 // every
