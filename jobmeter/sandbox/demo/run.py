"""Owns the demonstration: real ads posted through the HTTP API, 35 days of traffic, the reports and the invoice at the end.

Does not own any product behaviour: everything here is what a partner and a job board could do.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.terminal import Terminal
from jobmeter.sandbox.demo import tables
from jobmeter.sandbox.demo.ads import Ad, read_ads
from jobmeter.sandbox.demo.billing import set_up_billing, show_invoice
from jobmeter.sandbox.traffic.client import Sandbox, SandboxRefusedError, read_credentials
from jobmeter.sandbox.traffic.plan import BOARD_PLAN
from jobmeter.sandbox.traffic.player import TAIL_DAYS, PlaybackResult, play_traffic

CUSTOMERS = 6
DAYS = 35
SEED = 20_260_101
VERSION = "202504"
BATCH = 100
START_SECONDS_MAX = 60
REAL_ADS = Path("../shared/data/real-job-ads.csv")
BUDGETS = ("25.00", "60.00", "150.00", "400.00", "1500.00")
PLAN = replace(BOARD_PLAN, seed=SEED, views_per_job_day=14)


class Partner:
    """The partner of the demonstration: one token per application, renewed when the sandbox clock outlives it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def call(self, keys: dict[str, Any], method: str, path: str, **content: Any) -> Any:
        headers = {"LinkedIn-Version": VERSION, "X-RestLi-Protocol-Version": "2.0.0"}
        headers |= content.pop("headers", {})
        return self.sandbox.call(method, path, key=self._token(keys), headers=headers, **content)

    def _token(self, keys: dict[str, Any]) -> str:
        now = self.sandbox.read_clock()
        token, until = self._tokens.get(keys["client_id"], ("", now))
        if until <= now:
            form = {"grant_type": "client_credentials"} | {
                name: keys[name] for name in ("client_id", "client_secret")
            }
            answer = self.sandbox.client.post("/oauth/v2/accessToken", data=form).json()
            token, until = answer["access_token"], now + timedelta(seconds=answer["expires_in"] - 60)
            self._tokens[keys["client_id"]] = token, until
        return token


def demo() -> None:
    """Runs the whole demonstration on a new sandbox. Raises ``SandboxRefusedError`` when a step fails."""
    console = Terminal()
    ads = choose_ads(console)
    with (
        tempfile.TemporaryDirectory(prefix="jobmeter-demo-") as folder,
        open_sandbox(Path(folder)) as sandbox,
    ):
        partner = Partner(sandbox)
        console.print_line(f"A sandbox listens at {sandbox.credentials['base_url']}; its clock can be moved.")
        set_up_billing(sandbox)
        customers = make_customers(partner)
        posted = post_ads(partner, customers, ads, console)
        playback, watched = play_and_watch(partner, customers[0], posted[0], console)
        tables.show_playback(console, playback)
        show_reports(partner, customers, posted, watched, console)
        check = subprocess.run(
            [sys.executable, "-m", "jobmeter", "db", "check", "--data", folder], check=False
        )
        if check.returncode != 0:
            raise SandboxRefusedError("the laws of the money are broken")
        show_invoice(sandbox, console)
    tables.show_next_steps(console)


def choose_ads(console: Terminal) -> tuple[Ad, ...]:
    """Returns the real ads if they are next to the checkout, else the smaller packaged set."""
    if REAL_ADS.is_file():
        ads = read_ads(REAL_ADS)
        console.print_line(f"Posting {len(ads)} real job ads from {REAL_ADS}.")
    else:
        ads = read_ads(None)
        console.print_line(
            f"Posting the {len(ads)} job ads that ship with Jobmeter ({REAL_ADS} is not there)."
        )
    return ads


@contextmanager
def open_sandbox(folder: Path) -> Iterator[Sandbox]:
    """Starts a sandbox server with its own process and data folder; stops it when the block ends."""
    credentials = folder / "credentials.json"
    command = [sys.executable, "-m", "jobmeter", "sandbox", "--port", "0", "--data", str(folder)]
    server = subprocess.Popen([*command, "--credentials", str(credentials)], stdout=subprocess.DEVNULL)
    try:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        content = None
        while content is None and time.monotonic() < give_up_at and server.poll() is None:
            content = read_credentials(credentials)
            time.sleep(0.05)
        if content is None:
            raise SandboxRefusedError("the sandbox did not start")
        yield Sandbox(content)
    finally:
        server.terminate()
        server.wait(30)


def make_customers(partner: Partner) -> list[dict[str, Any]]:
    """Creates a child application and a contract for each customer through the provisioning API."""
    contract_id = partner.sandbox.credentials["partner_contract_id"]
    customers = []
    for number in range(1, CUSTOMERS + 1):
        made = partner.call(
            partner.sandbox.credentials["parent"],
            "POST",
            "/v2/provisionedApplications",
            json={
                "uniqueForeignId": f"customer-{number}",
                "name": f"Sandbox Partner - Customer {number}",
                "description": "A customer of the demonstration",
            },
        )
        keys = made["credentials"]
        setup = partner.call(
            keys,
            "POST",
            "/rest/provisionedHiringContracts?action=setup",
            json={"partnerContractId": contract_id},
        )
        customers.append(keys | {"contract": setup["value"]["contract"]})
    return customers


def post_ads(
    partner: Partner, customers: list[dict[str, Any]], ads: tuple[Ad, ...], console: Terminal
) -> list[list[str]]:
    """Posts the ads for the customers in turn, and returns the external ids that each of them has live."""
    now_ms = to_ms(partner.sandbox.read_clock())
    posted: list[list[str]] = []
    for number, customer in enumerate(customers):
        mine = ads[number :: len(customers)]
        elements = [make_element(ad, customer, now_ms, index) for index, ad in enumerate(mine)]
        tasks = []
        for start in range(0, len(elements), BATCH):
            reply = partner.call(
                customer,
                "POST",
                "/rest/simpleJobPostings",
                headers={"X-RestLi-Method": "batch_create"},
                json={"elements": elements[start : start + BATCH]},
            )
            tasks += [row["id"] for row in reply["elements"] if row["status"] == 202]
        posted.append(await_tasks(partner, customer, tasks))
    console.print_line(f"{sum(map(len, posted))} jobs are live for {len(customers)} customers.")
    return posted


def make_element(ad: Ad, customer: dict[str, Any], now_ms: int, index: int) -> dict[str, Any]:
    element = {
        "externalJobPostingId": ad.external_id,
        "jobPostingOperationType": "CREATE",
        "title": ad.title,
        "description": ad.description,
        "companyApplyUrl": f"https://careers.example.com/{ad.external_id}",
        "companyName": ad.company_name,
        "listedAt": now_ms - 1_000,
        "location": ad.location,
        "employmentStatus": ad.employment_status,
        "experienceLevel": ad.experience_level,
        "workplaceTypes": [ad.workplace_type],
        "posterEmail": "jobs@careers.example.com",
        "contract": customer["contract"],
        "budget": {
            "payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": BUDGETS[index % len(BUDGETS)]}
        },
    }
    return {field: value for field, value in element.items() if value is not None}


def await_tasks(partner: Partner, customer: dict[str, Any], tasks: list[str]) -> list[str]:
    live: list[str] = []
    waiting = list(tasks)
    while waiting:
        wanted, waiting = waiting[:40], waiting[40:]
        ids = ",".join(quote(urn, safe="") for urn in wanted)
        found = partner.call(customer, "GET", f"/rest/simpleJobPostingTasks?ids=List({ids})")["results"]
        live += [row["externalJobPostingId"] for row in found.values() if row["status"] == "SUCCEEDED"]
        waiting += [urn for urn, row in found.items() if row["status"] == "IN_PROGRESS"]
    return live


def play_and_watch(
    partner: Partner, customer: dict[str, Any], ids: list[str], console: Terminal
) -> tuple[PlaybackResult, list[tuple[date, dict[str, Any]]]]:
    """Plays the traffic, and records day by day what the reports show for the first full day."""
    first_full_day = day_of(partner.sandbox.read_clock()) + timedelta(days=1)
    watched: list[tuple[date, dict[str, Any]]] = []
    bar = Progress(
        TextColumn("Playing {task.fields[day]}"), BarColumn(), TimeElapsedColumn(), console=console
    )
    with bar:
        task = bar.add_task("play", total=(DAYS + TAIL_DAYS) * 24, day="day 0")

        def when_moved(now: datetime) -> None:
            bar.advance(task)
            bar.update(task, day=f"{now:%d %b}")
            due = first_full_day + timedelta(days=len(watched) + 1)
            if len(watched) < TAIL_DAYS and day_of(now) >= due:
                watched.append((day_of(now), read_totals(partner, customer, ids, first_full_day)))

        playback = play_traffic(partner.sandbox, PLAN, days=DAYS, when_moved=when_moved)
        bar.update(task, completed=(DAYS + TAIL_DAYS) * 24, day="done")
    return playback, watched


def read_totals(partner: Partner, customer: dict[str, Any], ids: list[str], day: date) -> dict[str, Any]:
    """Returns the figures of one day over up to ten jobs."""
    report = partner.call(customer, "GET", report_path(ids[:10], day, day))
    rows = [row for job in report["results"].values() for row in job.get("jobPerformanceMetrics", [])]
    return tables.sum_rows(rows)


def report_path(ids: list[str], first: date, last: date) -> str:
    wanted = ",".join(quote(external_id, safe="") for external_id in ids)
    return f"/rest/partnerJobReports?ids=List({wanted})&dateRange={tables.range_text(first, last)}"


def show_reports(
    partner: Partner,
    customers: list[dict[str, Any]],
    posted: list[list[str]],
    watched: list[tuple[date, dict[str, Any]]],
    console: Terminal,
) -> None:
    today = day_of(partner.sandbox.read_clock())
    first, last = tables.fullest_month(today - timedelta(days=DAYS + TAIL_DAYS), today - timedelta(days=1))
    customer, ids = customers[0], posted[0]
    reports: dict[str, Any] = {}
    for start in range(0, len(ids), 10):
        reports |= partner.call(customer, "GET", report_path(ids[start : start + 10], first, last))["results"]
    busiest = max(reports.values(), key=lambda report: len(report.get("jobPerformanceMetrics", [])))
    tables.show_job(console, busiest, first, last)
    week = last - timedelta(days=DAYS - 14)
    path = f"/rest/partnerJobReports?q=dateRange&start=0&count=8&dateRange={tables.range_text(week, week)}"
    tables.show_page(console, partner.call(customer, "GET", path), week)
    contract_id = partner.sandbox.credentials["partner_contract_id"]
    budget = partner.call(
        partner.sandbox.credentials["parent"],
        "GET",
        f"/rest/partnerBudgetReports?partnerContractId={contract_id}",
    )
    tables.show_budget(console, budget)
    tables.show_estimate(console, watched)
    tables.show_exhausted(console, list(reports.values()))
