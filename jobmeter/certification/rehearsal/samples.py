"""Owns the sample requests: what an integration sends from its first token to its last report, printed as curl.

Does not own the verdicts. Secrets are printed as shell variables, never as values.
"""

import shlex
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.faults import CommandFailed
from jobmeter.certification.rehearsal.recording import Rehearsal, Sent
from jobmeter.sandbox.traffic.client import Sandbox

VERSION = "202504"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
POLLS_MAX, POLL_SECONDS = 60, 0.6
TOKEN_MARGIN = timedelta(minutes=1)
FAILED_TASK = {"X-Jobmeter-Task": "JOB_FIELD_PROCESSOR_TITLE"}
UNAUTHORIZED = 401
UNAFFORDABLE = "999999999.00"
CUSTOMER_NAMES = {1001: "Harbour Logistics", 1002: "Northern Bakeries"}


class Application:
    """An application with its token. Its secret and token are the shell variables NAME_SECRET and NAME."""

    def __init__(self, name: str, *, client_id: str, client_secret: str) -> None:
        self.name = name
        self.client_id = client_id
        self.client_secret = client_secret
        self.token = ""
        self.valid_until: datetime | None = None


class Samples:
    """Sends the requests through a rehearsal, each printed as curl."""

    def __init__(
        self,
        sandbox: Sandbox,
        rehearsal: Rehearsal,
        *,
        print_line: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sandbox = sandbox
        self._rehearsal = rehearsal
        self._print = print_line
        self._sleep = sleep
        parent = sandbox.credentials["parent"]
        self._parent = Application(
            "PARENT", client_id=parent["client_id"], client_secret=parent["client_secret"]
        )
        self._run = f"{to_ms(sandbox.read_clock()):x}"  # samples can run again on the same sandbox

    def run(self) -> None:
        """From the first token to the last report. Raises ``CommandFailed`` for a response that cannot be continued from."""
        harbour = self._onboard("CHILD", "Harbour Logistics", company=1001)
        bakery = self._onboard("CHILD2", "Northern Bakeries", company=1002)
        first = self._make_job("pilot", "Harbour pilot", company=1001, contract=harbour[1])
        self._say("A job with a budget, followed until it is live; then its address and status.")
        self._post(harbour[0], first)
        self._read_status(harbour[0], first)
        second = self._make_job("baker", "Night baker", company=1002, contract=bakery[1])
        self._post(bakery[0], second | {"workplaceTypes": ["On-site"], "employmentStatus": "Night shift"})
        self._show_errors(harbour[0], harbour[1])
        self._say("The title of the live job is changed.")
        self._post(harbour[0], first | {"jobPostingOperationType": "UPDATE", "title": "Senior harbour pilot"})
        self._show_tokens(harbour[0], first)
        self._show_reports(harbour[0], first)
        self._say("The job is closed, which ends its charges.")
        self._post(harbour[0], first | {"jobPostingOperationType": "CLOSE"})
        self._say("A customer is onboarded again: its application is found, and not created.")
        self._find(f"harbour-logistics-{self._run}")

    # -- steps

    def _onboard(self, name: str, company_name: str, *, company: int) -> tuple[Application, str]:
        """A customer's application and contract."""
        foreign_id = f"{company_name.lower().replace(' ', '-')}-{self._run}"
        self._say(
            f"A customer is onboarded: looked up by its foreign id, created, its contract set up ({company_name})."
        )
        self._find(foreign_id)
        body = {
            "uniqueForeignId": foreign_id,
            "name": f"Sample ATS - {company_name}",
            "description": f"Company {company}",
        }
        made = self._call(self._parent, "POST", "/v2/provisionedApplications", body)
        keys = made["credentials"]
        child = Application(name, client_id=keys["client_id"], client_secret=keys["client_secret"])
        contract = {"partnerContractId": self._sandbox.credentials["partner_contract_id"]}
        answered = self._call(child, "POST", "/rest/provisionedHiringContracts?action=setup", contract)
        return child, str(answered["value"]["contract"])

    def _find(self, foreign_id: str) -> None:
        query = urlencode({"q": "credentialsByUniqueForeignId", "uniqueForeignId": foreign_id})
        self._call(self._parent, "GET", f"/v2/provisionedApplications?{query}")

    def _make_job(self, name: str, title: str, *, company: int, contract: str) -> dict[str, Any]:
        listed_at = to_ms(self._sandbox.read_clock()) - 1_000
        return {
            "externalJobPostingId": f"{name}-{self._run}",
            "jobPostingOperationType": "CREATE",
            "title": title,
            "description": f"{title}: you work with experienced colleagues, by day and by night, and are paid well. "
            * 3,
            "companyApplyUrl": "https://careers.example.com/apply",
            "companyName": CUSTOMER_NAMES[company],
            "company": f"urn:li:organization:{company}",
            "listedAt": listed_at,
            "location": "Leeds, England, United Kingdom",
            "contract": contract,
            "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
        }

    def _show_errors(self, child: Application, contract: str) -> None:
        job = self._make_job("deckhand", "Deckhand", company=1001, contract=contract)
        self._say("Errors inside a 200: a job without a title is corrected, one whose task fails is left.")
        self._submit(child, {name: value for name, value in job.items() if name != "title"})
        self._post(child, job)
        cook = self._make_job("cook", "Ship's cook", company=1001, contract=contract)
        self._post(child, cook, headers=FAILED_TASK)
        self._say("A budget above what the contract has left: 402 in the row, and not sent again.")
        amount = {"currencyCode": "USD", "amount": UNAFFORDABLE}
        rich = self._make_job("captain", "Captain", company=1001, contract=contract)
        self._submit(child, rich | {"budget": {"payForPerformanceTotalBudget": amount}})

    def _show_tokens(self, child: Application, job: Mapping[str, Any]) -> None:
        self._say("A token is checked; at its end, and after it was revoked, a new one is requested.")
        self._oauth(child, "/oauth/v2/introspectToken", {"token": child.token})
        self._move("31m")
        self._read_status(child, job)
        self._oauth(child, "/oauth/v2/revoke", {"token": child.token})
        self._read_status(child, job)

    def _show_reports(self, child: Application, job: Mapping[str, Any]) -> None:
        external_id = str(job["externalJobPostingId"])
        self._move("1d")
        yesterday = day_of(self._sandbox.read_clock()) - timedelta(days=1)
        self._say(
            "On the next day: the job's status again, its report by id, and by date range to the last page."
        )
        self._read_status(child, job)
        self._report_by_ids(child, external_id, yesterday)
        self._report_by_range(child, yesterday)
        self._say("The budget report, with the partner's own token.")
        contract_id = self._sandbox.credentials["partner_contract_id"]
        self._call(self._parent, "GET", f"/rest/partnerBudgetReports?partnerContractId={contract_id}")
        self._move("3d")
        self._say("Three days later the figures of that day are final, and read again.")
        self._report_by_ids(child, external_id, yesterday)

    def _report_by_ids(self, child: Application, external_id: str, day: date) -> None:
        self._call(
            child,
            "GET",
            f"/rest/partnerJobReports?ids=List({quote(external_id)})&dateRange={_write_range(day)}",
        )

    def _report_by_range(self, child: Application, day: date) -> None:
        start, total = 0, 1
        while start < total:
            page = f"start={start}&count=50"
            found = self._call(
                child, "GET", f"/rest/partnerJobReports?q=dateRange&dateRange={_write_range(day)}&{page}"
            )
            start += max(len(found["elements"]), 1)
            total = found["paging"]["total"]

    # -- calls

    def _post(
        self, child: Application, job: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Submits an operation, and follows its task to the end."""
        row = self._submit(child, job, headers=headers)
        if "id" not in row:
            raise CommandFailed(
                f"the sample job {job['externalJobPostingId']} was refused: {row.get('error')}"
            )
        target = f"/rest/simpleJobPostingTasks?ids=List({quote(row['id'], safe='')})"
        for _ in range(POLLS_MAX):
            found = self._call(child, "GET", target)["results"][row["id"]]
            if found["status"] != "IN_PROGRESS":
                return
            self._sleep(POLL_SECONDS)
        raise CommandFailed(f"the task {row['id']} does not end")

    def _submit(
        self, child: Application, job: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        more = {"X-RestLi-Method": "batch_create"} | dict(headers or {})
        answered = self._call(child, "POST", "/rest/simpleJobPostings", {"elements": [job]}, headers=more)
        row: dict[str, Any] = answered["elements"][0]
        return row

    def _read_status(self, child: Application, job: Mapping[str, Any]) -> None:
        self._call(child, "GET", f"/v2/jobPostingStatus?ids=List({quote(str(job['externalJobPostingId']))})")

    def _call(
        self,
        caller: Application,
        method: str,
        target: str,
        content: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Sends a request with a valid token; once more with a new one if the token was revoked."""
        self._renew(caller)
        sent = {"Authorization": f"Bearer {caller.token}", "X-RestLi-Protocol-Version": "2.0.0"}
        if target.startswith("/rest/"):
            sent["LinkedIn-Version"] = VERSION
        body = b"" if content is None else msgspec.json.encode(content)
        sent |= ({"Content-Type": JSON} if body else {}) | dict(headers or {})
        status, answered = self._exchange(caller, Sent(method=method, target=target, headers=sent, body=body))
        if status == UNAUTHORIZED:
            caller.valid_until = None
            return self._call(caller, method, target, content, headers=headers)
        if status >= UNAUTHORIZED - 1:
            raise CommandFailed(
                f"the sample request {method} {target} was answered with {status}: {answered}"
            )
        return answered

    def _renew(self, caller: Application) -> None:
        now = self._sandbox.read_clock()
        if caller.valid_until is not None and now < caller.valid_until - TOKEN_MARGIN:
            return
        answered = self._oauth(caller, "/oauth/v2/accessToken", {"grant_type": "client_credentials"})
        caller.token = answered["access_token"]
        caller.valid_until = now + timedelta(seconds=answered["expires_in"])

    def _oauth(self, caller: Application, path: str, form: dict[str, str]) -> Any:
        body = urlencode(form | {"client_id": caller.client_id, "client_secret": caller.client_secret})
        sent = Sent(method="POST", target=path, headers={"Content-Type": FORM}, body=body.encode())
        return self._exchange(caller, sent)[1]

    def _exchange(self, caller: Application, sent: Sent) -> tuple[int, Any]:
        self._print(write_curl(sent, caller))
        returned = self._rehearsal.serve(sent)
        assert returned is not None, "samples are not disturbed"
        return returned.status, msgspec.json.decode(returned.body) if returned.body else None

    def _move(self, span: str) -> None:
        self._print(f"jobmeter clock advance {span}")
        self._sandbox.move_clock(advance=span)

    def _say(self, text: str) -> None:
        self._print(f"\n# {text}")


def write_curl(sent: Sent, caller: Application) -> str:
    """Returns the request as a command; the secret and the token of the caller are variables."""
    words = [f"curl -s -X {sent.method}" if sent.method not in {"GET", "POST"} else "curl -s"]
    words.append(f'"$BASE"{shlex.quote(sent.target)}')
    words += [f"-H {_hide(f'{name}: {value}', caller)}" for name, value in sent.headers.items()]
    if sent.body:
        words.append(f"-d {_hide(sent.body.decode(), caller)}")
    return " ".join(words)


def _hide(text: str, caller: Application) -> str:
    """Quotes a text for the shell, with variables instead of what is secret."""
    quoted = shlex.quote(text)
    for value, name in ((caller.client_secret, f"{caller.name}_SECRET"), (caller.token, caller.name)):
        for written in {value, quote(value, safe="")} if value else ():
            quoted = quoted.replace(written, f"'\"${name}\"'")
    return quoted


def _write_range(day: date) -> str:
    written = f"(year:{day.year},month:{day.month},day:{day.day})"
    return f"(start:{written},end:{written})"
