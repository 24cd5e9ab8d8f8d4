"""Owns small logs of requests for the judges, written as a partner's calls. Does not own any expectation."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from jobmeter.certification.model import Recorded

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
VERSIONED = {"linkedin-version": "202504"}
BUDGET = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}}


class Log:
    """Requests in order; the clock moves by a second with each of them, and by ``wait``."""

    def __init__(self) -> None:
        self.records: list[Recorded] = []
        self.now = START
        self.tokens: dict[str, str] = {}
        self.tasks: dict[tuple[str, str, str], str] = {}  # the last one of each operation

    def wait(self, **span: float) -> "Log":
        self.now += timedelta(**span)
        return self

    def call(
        self,
        client: str,
        method: str,
        target: str,
        *,
        sent: Any = None,
        status: int = 200,
        returned: Any = None,
        error: str = "",
        headers: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
        seconds: float = 1,
    ) -> "Log":
        self.now += timedelta(seconds=seconds)
        path, _, query = target.partition("?")
        versioned = VERSIONED if path.startswith("/rest/") else {}
        self.records.append(
            Recorded(
                number=len(self.records) + 1,
                at=self.now,
                received_at=self.now,
                client_id="",
                token=self.tokens.get(client, "") if not path.startswith("/oauth/") else "",
                method=method,
                path=path,
                query=query,
                status=status,
                error=error,
                headers=(JSON | versioned if headers is None else headers) | (more or {}),
                body=sent if isinstance(sent, str) else json.dumps(sent) if sent is not None else "",
                response_headers={"retry-after": "1"} if status == 429 else {},
                response=json.dumps(returned) if returned is not None else "",
            )
        )
        return self

    def token(self, client: str, *, method: str = "POST", query: str = "") -> "Log":
        mark = f"mark{len(self.records)}"
        form = urlencode({"grant_type": "client_credentials", "client_id": client}) + "&client_secret=***"
        self.call(
            client,
            method,
            f"/oauth/v2/accessToken{query}",
            sent=form,
            status=200 if method == "POST" else 405,
            returned={"access_token": f"***{mark}", "expires_in": 1800} if method == "POST" else None,
            headers=FORM,
        )
        self.tokens[client] = mark
        return self

    def introspect(self, client: str, *, active: bool = True) -> "Log":
        form = f"client_id={client}&client_secret=***&token=***"
        return self.call(
            client, "POST", "/oauth/v2/introspectToken", sent=form, returned={"active": active}, headers=FORM
        )

    def find(self, foreign_id: str, *, found: bool) -> "Log":
        query = urlencode({"q": "credentialsByUniqueForeignId", "uniqueForeignId": foreign_id})
        elements = [{"credentials": {"client_id": foreign_id}}] if found else []
        return self.call(
            "parent", "GET", f"/v2/provisionedApplications?{query}", returned={"elements": elements}
        )

    def new(self, client: str, *, foreign_id: str = "", status: int = 201) -> "Log":
        credentials = {"client_id": client, "client_secret": "***"}
        return self.call(
            "parent",
            "POST",
            "/v2/provisionedApplications",
            sent={"uniqueForeignId": foreign_id or client},
            status=status,
            returned={"credentials": credentials} if status == 201 else {"status": status},
        )

    def setup(
        self, client: str, *, contract: str = "urn:li:contract:7", named: int | None = 5, status: int = 200
    ) -> "Log":
        returned = {"value": {"contract": contract}} if status == 200 else {"status": status}
        sent = {} if named is None else {"partnerContractId": named}
        target = "/rest/provisionedHiringContracts?action=setup"
        return self.call(client, "POST", target, sent=sent, status=status, returned=returned)

    def post(
        self, client: str, *elements: dict[str, Any], statuses: tuple[int, ...] = (), **more: Any
    ) -> "Log":
        rows = []
        for index, element in enumerate(elements):
            status = statuses[index] if statuses else 202
            name, verb = element["externalJobPostingId"], element["jobPostingOperationType"]
            task = self.tasks[client, name, verb] = f"task-{len(self.records)}-{index}"
            rows.append({"status": status, "id": task} if status == 202 else {"status": status, "error": {}})
        headers = more.pop("headers", JSON | VERSIONED | {"x-restli-method": "batch_create"})
        return self.call(
            client,
            "POST",
            "/rest/simpleJobPostings",
            sent={"elements": list(elements)},
            returned={"elements": rows},
            headers=headers,
            **more,
        )

    def task(
        self,
        client: str,
        name: str,
        verb: str = "CREATE",
        *,
        status: str = "SUCCEEDED",
        message: str = "",
        **more: Any,
    ) -> "Log":
        task = self.tasks[client, name, verb]
        shown = {"id": task, "status": status} | ({"errorMessage": message} if message else {})
        return self.call(
            client,
            "GET",
            f"/rest/simpleJobPostingTasks?ids=List({task})",
            returned={"results": {task: shown}},
            **more,
        )

    def live(self, client: str, name: str = "pilot", **changed: Any) -> "Log":
        """A job that was posted, and whose task succeeded."""
        return self.post(client, job(name, **changed)).task(client, name)

    def status(
        self, client: str, name: str = "pilot", *, url: str | None = "https://board.example/1"
    ) -> "Log":
        shown = {name: {"jobPostingUrl": url, "listingStatus": "LISTED"}}
        return self.call(client, "GET", f"/v2/jobPostingStatus?ids=List({name})", returned={"results": shown})

    def by_ids(self, client: str, first: date, last: date, *, name: str = "pilot", **more: Any) -> "Log":
        target = f"/rest/partnerJobReports?ids=List({name})&dateRange={write_range(first, last)}"
        return self.call(client, "GET", target, **({"returned": {"results": {}}} | more))

    def by_range(
        self, client: str, day: date, *, start: int = 0, count: int = 2, total: int = 2, **more: Any
    ) -> "Log":
        target = f"/rest/partnerJobReports?q=dateRange&dateRange={write_range(day, day)}&start={start}&count={count}"
        returned = {"elements": [{}] * min(count, total - start), "paging": {"start": start, "total": total}}
        return self.call(client, "GET", target, **({"returned": returned} | more))

    def budget(self, client: str = "parent", **more: Any) -> "Log":
        return self.call(
            client,
            "GET",
            "/rest/partnerBudgetReports?partnerContractId=5",
            **({"returned": {"ok": 1}} | more),
        )

    def refused(
        self, client: str, code: str, target: str = "/rest/partnerBudgetReports?partnerContractId=5"
    ) -> "Log":
        return self.call(client, "GET", target, status=401, error=f"{code} no")


def write_range(first: date, last: date) -> str:
    one, other = (f"(year:{day.year},month:{day.month},day:{day.day})" for day in (first, last))
    return f"(start:{one},end:{other})"


def job(name: str = "pilot", **changed: Any) -> dict[str, Any]:
    """An element with all required fields; ``None`` removes one."""
    element = {
        "externalJobPostingId": name,
        "jobPostingOperationType": "CREATE",
        "title": f"Fitter {name}",
        "description": "A fitter repairs what broke. " * 8,
        "companyApplyUrl": "https://careers.example.com/apply",
        "listedAt": 1_772_442_000_000,
        "location": "Leeds, England, United Kingdom",
        "companyName": "Harbour Logistics",
        "company": "urn:li:organization:1001",
        "contract": "urn:li:contract:7",
        "budget": BUDGET,
    } | changed
    return {field: value for field, value in element.items() if value is not None}


def onboarded(*clients: str) -> Log:
    """A partner with a token, and customers with their applications and contracts."""
    log = Log().token("parent")
    for client in clients:
        log.find(client, found=False).new(client).token(client).setup(client)
    return log
