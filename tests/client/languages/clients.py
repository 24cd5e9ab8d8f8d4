"""Owns what our clients do in the story: for Python, for TypeScript, and curl with ``docs/reference/requests.http``.

Does not own any expectation, or what LinkedIn's clients do (``plain_clients``).
"""

import json
import subprocess
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jobmeter.base.limits import REPORT_IDS_MAX
from jobmeter.base.money import format_amount
from jobmeter.client import Client, ItemError, JobReport, Money, Surroundings, Task, jobmeter_at, list_days
from jobmeter.client.http.ranges import split_ids, split_months
from tests.client.doubles import PATIENT, nap
from tests.client.languages.http_file import HttpFile
from tests.client.languages.story import CUSTOMER, Figures, Question
from tests.support.missing_part import find_programs

DRAFT = {"uniqueForeignId": CUSTOMER, "name": "An ATS - Harbour", "description": "Pilots"}
NODE_SECONDS_MAX = 240
PAGE_JOBS = 50


class OurPython:
    def __init__(self, credentials: dict[str, Any], _: Path) -> None:
        self.credentials = credentials

    def open(self, keys: dict[str, str]) -> Client:
        return Client(
            jobmeter_at(self.credentials["base_url"]),
            client_id=keys["client_id"],
            client_secret=keys["client_secret"],
            limits=PATIENT,
            surroundings=Surroundings(sleep=nap),
        )

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        with self.open(self.credentials["parent"]) as parent:
            new = parent.applications.create(
                unique_foreign_id=CUSTOMER, name=DRAFT["name"], description=DRAFT["description"]
            )
        child = {"client_id": new.client_id, "client_secret": new.client_secret}
        with self.open(child) as client:
            contract = client.contracts.set_up(self.credentials["partner_contract_id"])
            tasks = list(client.jobs.post(one | {"contract": contract.urn} for one in elements))
        assert all(isinstance(task, Task) and task.status == "SUCCEEDED" for task in tasks), tasks
        return child, {task.external_id: task.job_id for task in tasks}

    def report(self, question: Question) -> Figures:
        with self.open(self.credentials["parent"]) as parent:
            budget = parent.reports.budget(self.credentials["partner_contract_id"])
        days = question.first, question.last
        with self.open(question.child) as client:
            return Figures(
                by_ids=_write_rows(client.reports.by_ids(question.ids, *days)),
                by_days=_write_rows(client.reports.by_days(*days)),
                spent=_write(budget.spent),
                limit=_write(budget.limit),
            )

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        with self.open(child) as client:
            (task,) = client.jobs.post([element])
            (status,) = client.jobs.read_statuses([element["externalJobPostingId"]])
        return task.status, status.listing_status


def _write(money: Money) -> str:
    return format_amount(money.amount_micros, money.currency)


def _write_rows(reports: Iterable[JobReport | ItemError]) -> list[tuple[str, str, int, int, str]]:
    return [
        (row.external_id, row.day.isoformat(), row.views, row.apply_clicks, _write(row.charge))
        for row in list_days(reports)
    ]


class OurTypeScript:
    """``failures`` is the share of exchanges that the network breaks; all kinds of failures have to occur."""

    def __init__(self, credentials: dict[str, Any], folder: Path, failures: float = 0) -> None:
        self.given = {
            "baseUrl": credentials["base_url"],
            "parent": credentials["parent"],
            "partnerContractId": credentials["partner_contract_id"],
            "customer": CUSTOMER,
            "failures": failures,
        }
        self.script = folder / "test" / "story.mjs"

    def run(self, verb: str, **given: Any) -> Any:
        return run_node(self.script, self.given | given, verb)

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        found = self.run("post", elements=elements)
        child = found["child"]
        return {"client_id": child["clientId"], "client_secret": child["clientSecret"]}, dict(found["jobs"])

    def report(self, question: Question) -> Figures:
        found = self.run(
            "report",
            child=_name_keys(question.child),
            ids=question.ids,
            first=question.first.isoformat(),
            last=question.last.isoformat(),
        )
        assert found["missing"] == [], "some kinds of failure did not occur"
        references = [reference for reference, _ in found["charges"]]
        assert len(set(references)) == len(references) > 0
        rows = {name: [tuple(row) for row in found[name]] for name in ("byIds", "byDays")}
        return Figures(rows["byIds"], rows["byDays"], found["budget"]["spent"], found["budget"]["limit"])

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        found = self.run("close", child=_name_keys(child), elements=[element])
        return found["task"], found["listing"]


def _name_keys(keys: dict[str, str]) -> dict[str, str]:
    return {"clientId": keys["client_id"], "clientSecret": keys["client_secret"]}


def run_node(script: Path, given: dict[str, Any], verb: str) -> Any:
    file = script.with_name("input.json")
    file.write_text(json.dumps(given))
    (node,) = find_programs("node")
    done = subprocess.run(
        [node, str(script), str(file), verb], capture_output=True, timeout=NODE_SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


class Curl:
    """Sends the requests of the collection, with another body or query where the story needs them."""

    def __init__(self, credentials: dict[str, Any], _: Path) -> None:
        self.credentials = credentials
        self.file = HttpFile({"BASE": credentials["base_url"]})

    def sign_in(self, variable: str, keys: dict[str, str]) -> None:
        form = {"grant_type": "client_credentials"} | {
            name: keys[name] for name in ("client_id", "client_secret")
        }
        answer = self.file.send("issueOauthAccessToken", form=form)
        self.file.variables[variable] = answer.json()["access_token"]

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        self.sign_in("PARENT", self.credentials["parent"])
        child: dict[str, str] = self.file.send("createProvisionedApplicationV2", body=DRAFT).json()[
            "credentials"
        ]
        self.sign_in("CHILD", child)
        draft = {"partnerContractId": self.credentials["partner_contract_id"]}
        contract = self.file.send("setupProvisionedHiringContracts", body=draft).json()["value"]["contract"]
        tasks = self.submit([one | {"contract": contract} for one in elements])
        return child, {
            task["externalJobPostingId"]: int(task["jobPosting"].rpartition(":")[2]) for task in tasks
        }

    def submit(self, elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = self.file.send("createSimpleJobPostings", body={"elements": elements}).json()["elements"]
        urns = [row["id"] for row in rows]
        while True:
            query = "&".join(f"ids={quote(urn)}" for urn in urns)
            found = self.file.send("getSimpleJobPostingTasks", query=query).json()["results"]
            if all(found[urn]["status"] != "IN_PROGRESS" for urn in urns):
                return [found[urn] for urn in urns]

    def report(self, question: Question) -> Figures:
        self.sign_in("PARENT", self.credentials["parent"])
        self.sign_in("CHILD", question.child)
        by_ids: list[Any] = []
        for ids in split_ids(question.ids, count_max=REPORT_IDS_MAX):
            months = [
                self.read_reports(
                    f"{write_dotted_range(*span)}&" + "&".join(f"ids={quote(one)}" for one in ids)
                )["results"]
                for span in split_months(question.first, question.last)
            ]
            by_ids += [row for one in ids for month in months for row in read_figures(month[one])]
        by_days, total = [], 1
        for start in range(0, 1_000, PAGE_JOBS):
            if start < total:
                page = self.read_reports(
                    f"{write_dotted_range(question.first, question.last)}&q=dateRange&start={start}&count={PAGE_JOBS}"
                )
                by_days += [row for report in page["elements"] for row in read_figures(report)]
                total = page["paging"]["total"]
        budget = self.file.send("getPartnerBudgetReports").json()["partnerBudgetDetails"][0]
        return Figures(
            by_ids,
            by_days,
            budget["serviceTermBudgetSpent"]["amount"],
            budget["serviceTermBudgetLimit"]["amount"],
        )

    def read_reports(self, query: str) -> Any:
        return self.file.send("getPartnerJobReports", query=query).json()

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        self.sign_in("CHILD", child)
        (task,) = self.submit([element])
        name = element["externalJobPostingId"]
        found = self.file.send("checkJobPostingStatus", query=f"ids={quote(name)}").json()
        return task["status"], found["results"][name]["listingStatus"]


def write_dotted_range(first: date, last: date) -> str:
    parts = [
        f"dateRange.{end}.{part}={getattr(day, part)}"
        for end, day in (("start", first), ("end", last))
        for part in ("year", "month", "day")
    ]
    return "&".join(parts)


def read_figures(report: dict[str, Any]) -> list[tuple[str, str, int, int, str]]:
    """The rows of a report as it is on the wire."""
    name = report["jobPostingInfo"]["externalJobPostingId"]
    return [
        (
            name,
            date(**row["date"]).isoformat(),
            row["viewCount"],
            row["applyClickCount"],
            row["charge"]["amount"],
        )
        for row in report["jobPerformanceMetrics"]
    ]
