"""Owns the commands ``jobmeter jobs ...``: an application posts, renews and closes its jobs; the operator lists those of all.

Does not own the operations: they are elements of the protocol, read from a file.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import (
    BIGINT_MAX,
    ApplicationOption,
    JobId,
    PartnerOption,
    SearchOption,
    whole_number,
)
from jobmeter.cli.output import Row
from jobmeter.cli.partner.calls import PARTNER, Partner, to_row
from jobmeter.client import ItemError, ListedJob, Task

STANDARD_INPUT = Path("-")
STATES = Literal["PENDING", "LIVE", "CLOSED", "EXPIRED", "FAILED"]
KINDS = Literal["P4P", "SLOT", "CREDIT", "BASIC"]
ORDERS = Literal["posted", "spent", "clicks", "title"]
SECONDS_MAX = 86_400

app = App(name="jobs")

Ids = Annotated[str, Parameter(help="External ids of the jobs, separated by blanks.")]
JobsFile = Annotated[
    Path,
    Parameter(
        help="JSON array, or one JSON object a line, of the protocol's elements; - for standard input."
    ),
]
WaitOption = Annotated[
    int, whole_number("--wait-seconds", least=0, most=SECONDS_MAX, meaning="How long results are waited for.")
]


@app.command(name="list")
def list_jobs(
    *,
    partner: PartnerOption = None,
    application: ApplicationOption = None,
    state: Annotated[STATES | None, Parameter(help="Only jobs in this state.")] = None,
    external_id: Annotated[str | None, Parameter(help="Only jobs with this external id.")] = None,
    search: SearchOption = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists jobs for the operator; a search in titles needs a partner or an application.

    Example: jobmeter jobs list --partner 1000001 --state LIVE --search welder
    """
    rows = server.read_all(
        "/operator/jobs",
        partnerId=partner,
        applicationId=application,
        state=state,
        externalId=external_id,
        search=search,
    )
    server.print_rows(rows, ("id", "externalJobPostingId", "title", "state", "expiresAt"))


@app.command
def own(
    *,
    state: Annotated[str | None, Parameter(help="Only jobs in these states, separated by commas.")] = None,
    kind: Annotated[KINDS | None, Parameter(help="Only jobs that are paid like this.")] = None,
    of: Annotated[
        int | None,
        whole_number(
            "--of", least=1, most=BIGINT_MAX, meaning="Only jobs of the application with this number."
        ),
    ] = None,
    campaign: Annotated[
        str | None, Parameter(help="Only jobs of the partner's campaign with this id.")
    ] = None,
    search: Annotated[
        str | None, Parameter(help="Part of a title, company, external id or job code.")
    ] = None,
    order: Annotated[ORDERS, Parameter(help="What the jobs are ordered by.")] = "posted",
    rows_max: Annotated[
        int, whole_number("--rows-max", least=1, most=BIGINT_MAX, meaning="How many jobs are shown.")
    ] = 50,
    server: Partner = PARTNER,
) -> None:
    """Lists the application's own jobs, or those of all applications of a parent, with their figures so far.

    Example: jobmeter jobs own --state RAN_OUT,DAY_BUDGET --order spent
    """
    wanted = {"state": state, "kind": kind, "application": of, "campaign": campaign, "search": search}
    with server.open_client() as client:
        found = islice(client.lists.jobs(**wanted, order=order), rows_max)
        rows = [_show_job(job) for job in found]
    server.print_rows(rows, ("externalId", "state", "applyClicks", "spent.amount", "title"))


@app.command
def links(job: JobId, *, server: Operator = OPERATOR) -> None:
    """Shows the links of a job, for a job board: its page, apply link and view pixel.

    Example: jobmeter jobs links 256
    """
    server.show("GET", f"/operator/jobs/{job}/links")


@app.command
def show(*ids: Ids, server: Partner = PARTNER) -> None:
    """Shows whether jobs of the application are listed and promoted, and why not.

    Example: jobmeter jobs show job-17 job-18
    """
    with server.open_client() as client:
        rows = [_show_status(found) for found in client.jobs.read_statuses(_require(ids))]
    server.print_rows(rows, ("externalId", "listingStatus", "promotionStatus", "listingDetail", "error"))
    _end(rows)


@app.command
def create(file: JobsFile, *, wait_seconds: WaitOption = 900, server: Partner = PARTNER) -> None:
    """Posts the jobs of FILE and waits for the results; the exit code is 1 if one was refused.

    An element without an operation creates its job. Batches are split, and sent again after a failure that may pass.

    Example: jobmeter jobs create jobs.json
    """
    _send(server, _read_elements(file, "CREATE"), wait_seconds)


@app.command
def update(file: JobsFile, *, wait_seconds: WaitOption = 900, server: Partner = PARTNER) -> None:
    """Updates the jobs of FILE and waits for the results; the exit code is 1 if one was refused.

    Example: jobmeter jobs update jobs.json
    """
    _send(server, _read_elements(file, "UPDATE"), wait_seconds)


@app.command
def renew(*ids: Ids, wait_seconds: WaitOption = 900, server: Partner = PARTNER) -> None:
    """Renews jobs for another run.

    Example: jobmeter jobs renew job-17
    """
    _send(server, _list_operations(ids, "RENEW"), wait_seconds)


@app.command
def close(*ids: Ids, wait_seconds: WaitOption = 900, server: Partner = PARTNER) -> None:
    """Closes jobs; what is left of their budgets is available again.

    Example: jobmeter jobs close job-17 job-18
    """
    _send(server, _list_operations(ids, "CLOSE"), wait_seconds)


def _send(server: Partner, operations: Iterable[dict[str, Any]], wait_seconds: int) -> None:
    with server.open_client() as client:
        rows = [_show_result(result) for result in client.jobs.post(operations, seconds_max=wait_seconds)]
    server.print_rows(rows, ("externalId", "status", "jobId", "error"))
    _end(rows)


def _read_elements(file: Path, operation: str) -> list[dict[str, Any]]:
    """Raises ``CommandFailed`` for a file that is no JSON."""
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else file.read_text(encoding="utf-8")
        is_array = text.lstrip().startswith("[")
        elements = (
            json.loads(text) if is_array else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CommandFailed(f"{file} cannot be read as JSON: {error}") from error
    if not elements or not all(isinstance(element, dict) for element in elements):
        raise CommandFailed(f"{file} has no JSON objects, one for each job")
    return [{"jobPostingOperationType": operation} | element for element in elements]


def _list_operations(ids: tuple[str, ...], operation: str) -> Iterator[dict[str, Any]]:
    for external_id in _require(ids):
        yield {"externalJobPostingId": external_id, "jobPostingOperationType": operation}


def _require(ids: tuple[str, ...]) -> tuple[str, ...]:
    if not ids:
        raise CommandFailed("give the external ids of one or more jobs")
    return ids


def _show_result(result: Task | ItemError) -> Row:
    if isinstance(result, ItemError):
        return {
            "externalId": result.external_id,
            "status": "REFUSED",
            "jobId": None,
            "error": str(result.error),
        }
    row = to_row(result)
    return row | {"error": row.pop("errorMessage")}


def _show_job(job: ListedJob) -> Row:
    row = to_row(job)
    del row["fields"]
    return row


def _show_status(found: Any) -> Row:
    if isinstance(found, ItemError):
        return {"externalId": found.external_id, "error": str(found.error)}
    return to_row(found) | {"error": None}


def _end(rows: Iterable[Row]) -> None:
    if any(row["error"] for row in rows):
        sys.exit(1)
