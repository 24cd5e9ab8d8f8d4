"""Owns two integrations of a partner: a good one, which is our client, and a bad one, in which mistakes are planted.

Does not own any expectation.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from jobmeter.certification.rehearsal.recording import Rehearsal, Sent
from jobmeter.client import Client, ItemError, JobPosting, Limits, Money, Surroundings, jobmeter_at
from jobmeter.sandbox.traffic.client import Sandbox
from tests.support.sandbox_client import SandboxClient, range_text

URL = "http://board.example"
TEXT = "You repair what broke, by day and by night, together with colleagues who know how. " * 2


@contextmanager
def open_local_sandbox(sandbox_client: SandboxClient) -> Iterator[Sandbox]:
    """The client side of the sandbox in this process."""
    sandbox = Sandbox(sandbox_client.credentials | {"base_url": URL})
    sandbox.client.close()
    sandbox.client = sandbox_client.client
    yield sandbox


class RehearsalTransport(httpx2.BaseTransport):
    """Passes requests through a rehearsal; a dropped one is a broken connection."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = Sent(
            method=request.method,
            target=request.url.raw_path.decode(),
            headers=dict(request.headers),
            body=request.read(),
        )
        returned = self._rehearsal.serve(sent)
        if returned is None:
            raise httpx2.ReadError("connection reset by peer", request=request)
        return httpx2.Response(
            returned.status, headers=dict(returned.headers), content=returned.body, request=request
        )


def run_good_integration(sandbox: Sandbox, rehearsal: Rehearsal) -> None:
    """Onboards two customers, posts, changes and closes jobs, and reads statuses and reports for days."""
    with Client(
        jobmeter_at(URL),
        client_id=sandbox.credentials["parent"]["client_id"],
        client_secret=sandbox.credentials["parent"]["client_secret"],
        transport=RehearsalTransport(rehearsal),
        limits=Limits(task_poll_seconds=0.6),
        surroundings=Surroundings(
            clock=sandbox.read_clock, sleep=lambda seconds: time.sleep(min(seconds, 1.05))
        ),
    ) as parent:
        harbour, pilot = onboard(parent, sandbox, "harbour", company=1001)
        bakery, baker = onboard(parent, sandbox, "bakery", company=1002)
        run_operations(harbour, [pilot.make_element("CREATE")])
        run_operations(bakery, [baker.make_element("CREATE") | {"workplaceTypes": ["Hybrid"]}])
        read_status(harbour, "harbour-1", times=9)
        run_operations(harbour, [{**pilot.make_element("UPDATE"), "title": "Senior fitter"}])
        untitled = {**pilot.make_element("CREATE"), "externalJobPostingId": "harbour-2", "title": None}
        list(harbour.jobs.submit([untitled]))
        run_operations(harbour, [untitled | {"title": "Deckhand"}])
        rich = {**pilot.make_element("CREATE"), "externalJobPostingId": "harbour-3"}
        amount = {"currencyCode": "USD", "amount": "99999999.00"}
        list(
            harbour.jobs.submit(
                [rich | {"title": "Captain", "budget": {"payForPerformanceTotalBudget": amount}}]
            )
        )
        sandbox.move_clock(advance="1d")
        yesterday = sandbox.read_clock().date() - timedelta(days=1)
        read_status(harbour, "harbour-1", times=2)
        list(harbour.reports.by_ids(["harbour-1"], yesterday, yesterday))
        list(harbour.reports.by_days(yesterday, yesterday))
        parent.reports.budget(sandbox.credentials["partner_contract_id"])
        sandbox.move_clock(advance="3d")
        list(harbour.reports.by_ids(["harbour-1"], yesterday, yesterday))
        read_status(harbour, "harbour-1", times=9)
        run_operations(harbour, [pilot.make_element("CLOSE")])
        assert parent.applications.find("harbour") is not None


def onboard(parent: Client, sandbox: Sandbox, name: str, *, company: int) -> tuple[Client, JobPosting]:
    assert parent.applications.find(name) is None
    new = parent.applications.create(
        unique_foreign_id=name, name=f"Good ATS - {name}", description="A customer"
    )
    child = parent.for_application(client_id=new.client_id, client_secret=new.client_secret)
    contract = child.contracts.set_up(sandbox.credentials["partner_contract_id"])
    posting = JobPosting(
        external_id=f"{name}-1",
        title="Fitter",
        description=TEXT,
        apply_url="https://careers.example.com/fitter",
        listed_at=sandbox.read_clock().astimezone(UTC) - timedelta(seconds=5),
        location="Leeds, England, United Kingdom",
        contract_urn=contract.urn,
        company_urn=f"urn:li:organization:{company}",
        company_name=name.title(),
        total_budget=Money(30_000_000, "USD"),
    )
    return child, posting


def run_operations(child: Client, operations: list[Any]) -> None:
    """A failed task is noticed, and its job posted again with another text."""
    for outcome in child.jobs.post(operations):
        if not isinstance(outcome, ItemError) and outcome.status == "FAILED":
            (operation,) = operations
            run_operations(child, [operation | {"title": f"{operation['title']} (corrected)"}])


def read_status(child: Client, external_id: str, *, times: int) -> None:
    for _ in range(times):
        list(child.jobs.read_statuses([external_id]))


class BadIntegration:
    """Plain HTTP by somebody who has not read the documentation; each method is one mistake."""

    def __init__(self, sandbox: Sandbox, rehearsal: Rehearsal) -> None:
        self._sandbox = sandbox
        self._rehearsal = rehearsal
        self._parent = self._sign_in(sandbox.credentials["parent"])

    def run(self) -> None:
        self._get_token_by_url()
        harbour = self._create("harbour")
        self._create("harbour")  # 409, ignored
        child = self._sign_in(harbour)
        self._post_without_set_up(child)
        bakery = self._sign_in(self._create("bakery"))
        self._call("POST", "/rest/provisionedHiringContracts?action=setup", bakery, {})
        self._use_before_the_task_ends(bakery)
        self._post_again_unchanged(bakery)
        self._post_without_money(bakery)
        self._change_half_of_a_job(bakery)
        self._close_twice(bakery)
        self._register_twice(bakery)
        self._call("POST", "/rest/jobCampaigns", bakery, {"partnerJobCampaignId": "mine"})
        self._call("GET", "/rest/partnerBudgetReports", self._parent, versioned=False)
        self._read_wrong_reports(bakery)
        self._call("GET", "/rest/jobPostingGeoLocations?q=search&location=Leeds", bakery, fail="6018")
        self._use_dead_tokens(harbour)

    # -- mistakes

    def _get_token_by_url(self) -> None:
        keys = self._sandbox.credentials["child"]
        self._exchange("GET", f"/oauth/v2/accessToken?{urlencode(keys)}", {})

    def _post_without_set_up(self, child: str) -> None:
        self._post(child, self._job("first"))
        self._read(child, "first")
        self._post(child, self._job("two-places", workplaceTypes=["Remote", "Hybrid"]))

    def _use_before_the_task_ends(self, child: str) -> None:
        self._post(child, self._job("early", company="urn:li:organization:7"))
        self._read(child, "early")

    def _post_again_unchanged(self, child: str) -> None:
        untitled = self._job("untitled", title=None)
        for _ in range(3):
            self._post(child, untitled)

    def _post_without_money(self, child: str) -> None:
        amount = {"currencyCode": "USD", "amount": "99999999.00"}
        rich = self._job("rich", budget={"payForPerformanceTotalBudget": amount})
        for _ in range(3):
            self._post(child, rich)

    def _change_half_of_a_job(self, child: str) -> None:
        job = self._job("changed", title="A job that will be changed")
        self._follow(child, self._post(child, job))
        self._post(child, {**job, "jobPostingOperationType": "UPDATE", "description": None, "title": "New"})

    def _close_twice(self, child: str) -> None:
        for _ in range(3):
            self._post(child, self._job("changed", jobPostingOperationType="CLOSE"))

    def _register_twice(self, child: str) -> None:
        for path in ("one", "two"):
            body = {"url": f"https://ats.example.com/{path}", "kinds": ["CHARGES"]}
            self._call("POST", "/partner/webhooks", child, body)

    def _read_wrong_reports(self, child: str) -> None:
        today = self._sandbox.read_clock().date()
        # Of the month before: on the first of a month, a range until then would be one of today.
        first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        self._report(child, f"ids=List(early)&dateRange={range_text(today, today)}")
        self._report(child, f"ids=List(early)&dateRange={range_text(first - timedelta(days=1), first)}")
        self._call("GET", "/rest/partnerBudgetReports", child)

    def _use_dead_tokens(self, keys: dict[str, str]) -> None:
        token = self._sign_in(keys)
        self._exchange("POST", "/oauth/v2/revoke", {}, urlencode(keys | {"token": token}))
        for _ in range(4):
            self._read(token, "first")
        token = self._sign_in(keys)
        self._sandbox.move_clock(advance="31m")
        for _ in range(4):
            self._read(token, "first")

    # -- calls

    def _sign_in(self, keys: dict[str, str]) -> str:
        """A new token whenever one is needed; three of them at once."""
        form = urlencode(
            {"grant_type": "client_credentials"}
            | {name: keys[name] for name in ("client_id", "client_secret")}
        )
        token = ""
        for _ in range(3):
            token = self._exchange("POST", "/oauth/v2/accessToken", {}, form)["access_token"]
        return str(token)

    def _create(self, name: str) -> dict[str, str]:
        body = {"uniqueForeignId": name, "name": f"Bad ATS - {name}", "description": "A customer"}
        found: dict[str, str] = self._call("POST", "/v2/provisionedApplications", self._parent, body).get(
            "credentials", {}
        )
        return found

    def _job(self, name: str, **changed: Any) -> dict[str, Any]:
        element = {
            "externalJobPostingId": name,
            "jobPostingOperationType": "CREATE",
            "title": f"Fitter {name}",
            "description": f"{name}: {TEXT}",
            "companyApplyUrl": "https://careers.example.com/apply",
            "listedAt": int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000),
            "location": "Leeds",
            "companyName": "Bakery",
            "contract": f"urn:li:contract:{self._sandbox.credentials['partner_contract_id']}",
            "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
        } | changed
        return {field: value for field, value in element.items() if value is not None}

    def _post(self, token: str, job: dict[str, Any]) -> str:
        content = {"elements": [{field: value for field, value in job.items() if value is not None}]}
        (row,) = self._call("POST", "/rest/simpleJobPostings", token, content, method_header=True)["elements"]
        return str(row.get("id", ""))

    def _follow(self, token: str, task: str) -> None:
        target = f"/rest/simpleJobPostingTasks?{urlencode({'ids': task})}"
        while self._call("GET", target, token)["results"][task]["status"] == "IN_PROGRESS":
            time.sleep(0.6)

    def _read(self, token: str, external_id: str) -> None:
        self._call("GET", f"/v2/jobPostingStatus?ids={external_id}", token)

    def _report(self, token: str, query: str) -> None:
        self._call("GET", f"/rest/partnerJobReports?{query}", token, protocol="2.0.0")

    def _call(
        self,
        method: str,
        target: str,
        token: str,
        content: Any = None,
        *,
        method_header: bool = False,
        versioned: bool = True,
        fail: str = "",
        protocol: str = "1.0.0",
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}", "X-RestLi-Protocol-Version": protocol}
        headers |= {"LinkedIn-Version": "202504"} if versioned and target.startswith("/rest/") else {}
        headers |= {"X-RestLi-Method": "batch_create"} if method_header else {}
        headers |= {"X-Jobmeter-Fail": fail} if fail else {}
        return self._exchange(method, target, headers, content)

    def _exchange(self, method: str, target: str, headers: dict[str, str], content: Any = None) -> Any:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        kind = (
            form
            if isinstance(content, str)
            else {"Content-Type": "application/json"}
            if content is not None
            else {}
        )
        request = httpx2.Request(
            method,
            f"{URL}{target}",
            headers=headers | kind,
            **(
                {"content": content}
                if isinstance(content, str)
                else {"json": content}
                if content is not None
                else {}
            ),
        )
        response = RehearsalTransport(self._rehearsal).handle_request(request)
        return response.json() if response.content else {}
