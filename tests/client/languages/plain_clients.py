"""Owns what clients do in the story that split no ranges and follow no pages: LinkedIn's official ones, for Python and for
JavaScript, and the one that is generated for Java.

The questions are split here, as their users do. Does not own any expectation.
"""

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.common import constants

from jobmeter.base.limits import REPORT_IDS_MAX
from jobmeter.client.http.ranges import split_ids, split_months
from tests.client.languages.clients import DRAFT, PAGE_JOBS, read_figures, run_node
from tests.client.languages.java import run_java
from tests.client.languages.story import Figures, Question

VERSION = "202504"
Row = tuple[str, str, int, int, str]


class LinkedInPython:
    def __init__(self, credentials: dict[str, Any], _: Path) -> None:
        self.credentials = credentials

    @contextmanager
    def open(self) -> Iterator[RestliClient]:
        """The client's base URLs point to the sandbox, as the documentation of its constants allows."""
        names = {
            "OAUTH_BASE_URL": "/oauth/v2",
            "VERSIONED_BASE_URL": "/rest",
            "NON_VERSIONED_BASE_URL": "/v2",
        }
        before = {name: getattr(constants, name) for name in names}
        for name, path in names.items():
            setattr(constants, name, f"{self.credentials['base_url']}{path}")
        client = RestliClient()
        try:
            with client.session:
                yield client
        finally:
            for name, value in before.items():
                setattr(constants, name, value)

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        with self.open() as client:
            parent = fetch_token(self.credentials["parent"])
            made = client.create(resource_path="/provisionedApplications", access_token=parent, entity=DRAFT)
            child: dict[str, str] = made.response.json()["credentials"]
            token = fetch_token(child)
            setup = client.action(
                resource_path="/provisionedHiringContracts",
                action_name="setup",
                action_params={"partnerContractId": self.credentials["partner_contract_id"]},
                access_token=token,
                version_string=VERSION,
            )
            contract = setup.value["contract"]
            tasks = submit(client, token, [one | {"contract": contract} for one in elements])
        return child, {
            task["externalJobPostingId"]: int(task["jobPosting"].rpartition(":")[2]) for task in tasks
        }

    def report(self, question: Question) -> Figures:
        with self.open() as client:
            asked = {
                "access_token": fetch_token(question.child),
                "version_string": VERSION,
                "resource_path": "/partnerJobReports",
            }
            budget = client.get(
                resource_path="/partnerBudgetReports",
                query_params={"partnerContractId": self.credentials["partner_contract_id"]},
                access_token=fetch_token(self.credentials["parent"]),
                version_string=VERSION,
            ).entity["partnerBudgetDetails"][0]
            return Figures(
                by_ids=_read_by_ids(client, asked, question),
                by_days=_read_by_days(client, asked, question),
                spent=budget["serviceTermBudgetSpent"]["amount"],
                limit=budget["serviceTermBudgetLimit"]["amount"],
            )

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        name = element["externalJobPostingId"]
        with self.open() as client:
            token = fetch_token(child)
            (task,) = submit(client, token, [element])
            found = client.batch_get(resource_path="/jobPostingStatus", ids=[name], access_token=token)
        return task["status"], found.results[name]["listingStatus"]


def fetch_token(keys: dict[str, str]) -> str:
    auth = AuthClient(client_id=keys["client_id"], client_secret=keys["client_secret"])
    with auth.session:
        token: str = auth.get_two_legged_access_token().access_token
    return token


def submit(client: RestliClient, token: str, elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    posted = client.batch_create(
        resource_path="/simpleJobPostings", entities=elements, access_token=token, version_string=VERSION
    )
    urns = [row.id for row in posted.elements]
    while True:
        found = client.batch_get(
            resource_path="/simpleJobPostingTasks", ids=urns, access_token=token, version_string=VERSION
        ).results
        if all(found[urn]["status"] != "IN_PROGRESS" for urn in urns):
            return [found[urn] for urn in urns]
        time.sleep(0.02)


def _read_by_ids(client: RestliClient, asked: dict[str, str], question: Question) -> list[Row]:
    rows: list[Row] = []
    for ids in split_ids(question.ids, count_max=REPORT_IDS_MAX):
        months = [
            client.batch_get(ids=list(ids), query_params={"dateRange": write_range(*span)}, **asked).results
            for span in split_months(question.first, question.last)
        ]
        rows += [row for one in ids for month in months for row in read_figures(month[one])]
    return rows


def _read_by_days(client: RestliClient, asked: dict[str, str], question: Question) -> list[Row]:
    rows: list[Row] = []
    days = write_range(question.first, question.last)
    for start in range(0, len(question.ids), PAGE_JOBS):
        page = client.finder(
            finder_name="dateRange",
            query_params={"dateRange": days, "start": start, "count": PAGE_JOBS},
            **asked,
        )
        rows += [row for report in page.elements for row in read_figures(report)]
    return rows


def write_range(first: date, last: date) -> dict[str, Any]:
    days = {"start": first, "end": last}
    return {name: {"year": day.year, "month": day.month, "day": day.day} for name, day in days.items()}


class Split:
    """A client that is a program, which is given questions that are split already."""

    def __init__(self, credentials: dict[str, Any], folder: Path) -> None:
        self.given = credentials | {
            "baseUrl": credentials["base_url"],
            "partnerContractId": credentials["partner_contract_id"],
            "draft": DRAFT,
        }
        self.folder = folder

    @abstractmethod
    def run(self, verb: str, **given: Any) -> Any: ...

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        found = self.run("post", elements=elements)
        return found["child"], {name: int(str(job).rpartition(":")[2]) for name, job in found["jobs"]}

    def ask(self, question: Question) -> Any:
        return self.run(
            "report",
            child=question.child,
            groups=list(split_ids(question.ids, count_max=REPORT_IDS_MAX)),
            months=[write_range(*span) for span in split_months(question.first, question.last)],
            days=write_range(question.first, question.last),
            starts=list(range(0, len(question.ids), PAGE_JOBS)),
        )

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        found = self.run("close", child=child, elements=[element])
        return found["task"], found["listing"]


class LinkedInJavaScript(Split):
    def run(self, verb: str, **given: Any) -> Any:
        return run_node(self.folder / "story.js", self.given | given, verb)

    def report(self, question: Question) -> Figures:
        found = self.ask(question)
        by_ids = [row for reports in found["byIds"] for report in reports for row in read_figures(report)]
        by_days = [row for report in found["byDays"] for row in read_figures(report)]
        budget = found["budget"]["partnerBudgetDetails"][0]
        return Figures(
            by_ids,
            by_days,
            budget["serviceTermBudgetSpent"]["amount"],
            budget["serviceTermBudgetLimit"]["amount"],
        )


class GeneratedJava(Split):
    """The classes that openapi-generator makes, in a session of ``clients/java``."""

    def run(self, verb: str, **given: Any) -> Any:
        return run_java(self.folder, self.given | given, verb)

    def report(self, question: Question) -> Figures:
        found = self.ask(question)
        by_ids, by_days = ([tuple(row) for row in found[name]] for name in ("byIds", "byDays"))
        return Figures(by_ids, by_days, found["spent"], found["limit"])
