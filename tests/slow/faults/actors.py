"""Owns who works while the nemesis is at it: job boards, candidates, a partner, an operator, and readers.

Each runs in a thread of its own with its own random numbers, until the round is over. Does not own any expectation.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from jobmeter.base.days import DAY_MS
from jobmeter.base.limits import IDEMPOTENCY_KEPT_HOURS
from jobmeter.metering.pseudonyms.flow import SALT_DAYS
from jobmeter.wire.links import make_link_token
from tests.slow.faults.callers import Caller, RoundOver
from tests.slow.faults.receipts import CLICK, Write
from tests.stories.portal.sessions import TOKEN
from tests.stories.repeats.billing_writes import CONTRACT, PARTY
from tests.stories.repeats.writes import make_element
from tests.support.sandbox_client import bearer, make_event

# Between two requests: a round is to cost little, and most of its time is spent in requests all the same while something is broken.
BATCH_PAUSE_SECONDS, CLICK_PAUSE_SECONDS, POST_PAUSE_SECONDS, READ_PAUSE_SECONDS = 0.1, 0.05, 0.2, 0.3
BATCH_ROWS = 120
REPEATED_ROWS = 10
EVENT_AGE_MS_MAX = 300
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
POSTED_AT_ONCE = 2
OPENING_SECONDS_MAX = 90
# In whole units: at the price of 1.50 the last ones are spent soon.
BUDGETS = (9_000, 9_000, 9_000, 600, 60, 3)
# Mostly short ones, so that the keys of most writes are still known at the end.
MOVES = ("1h", "1h", "1h", "2h", "2h", "2h", "1d")
FIRST_MOVE = "3d"  # past the end of a month, and past its invoices, while things are broken
# Moved in a round, and by one move more: the jobs run on, and while the salt of its day is kept an event is recognized.
DAYS_MAX = SALT_DAYS - 4
READS = (
    "/operator/overview",
    "/operator/jobs?count=20",
    "/operator/settlementDays",
    "/operator/billing/accounts",
    "/operator/health",
)
PAGES = ("/portal/partner", "/portal/partner/jobs", "/portal/partner/reports", "/portal/partner/contracts")
CLOCK_PATH = "/sandbox/clock"
# Less than a key is kept: where the machine's clock jumps, processes differ by minutes in what time it is.
KEY_MS = (IDEMPOTENCY_KEPT_HOURS - 1) * 3_600_000
HTML = {"Accept": "text/html"}


@dataclass(frozen=True)
class Actor:
    """``jobs`` are those that stay open during the round."""

    name: str
    caller: Caller
    rng: Random
    jobs: tuple[int, ...] = ()

    @property
    def customer_contract(self) -> str:
        return f"urn:li:contract:{self.caller.credentials['customer_contract_id']}"

    def may_continue(self, seconds: float = 0.0) -> bool:
        return not self.caller.shift.is_over.wait(seconds)


def play(act: Callable[[Actor], None], actor: Actor, failures: list[str]) -> None:
    """Runs an actor to the end of the round. ``failures`` receives why one ended before."""
    with contextlib.closing(actor.caller), contextlib.suppress(RoundOver):
        try:
            act(actor)
        except Exception as error:
            if not isinstance(error, RoundOver):
                failures.append(f"{act.__name__}: {error!r}")
            raise


# -- before the nemesis begins


def open_business(caller: Caller, *, name: str, budgets: Sequence[int] = BUDGETS) -> tuple[int, ...]:
    """Bills the partner from this month on, posts the jobs that stay open, and waits until they are live. Returns them."""
    partner = int(caller.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    operator = {"headers": caller.as_operator}
    caller.ask("PUT", "/operator/billing/seller", json=PARTY, **operator)
    draft = {"partnerId": partner, "currency": "USD", "profile": PARTY}
    account = caller.ask("POST", "/operator/billing/accounts", json=draft, **operator).json()
    if "id" in account:  # the partner of an older database has one already
        path = f"/operator/billing/accounts/{account['id']}"
        caller.ask("POST", f"{path}/taxRates", json={"category": "Z"}, **operator)
        agreed = f"{path}/agreements/{caller.credentials['partner_contract_id']}"
        caller.ask("PUT", agreed, json={"bills": "USE"}, **operator)
    funded = {"amount": "100000.00", "reference": name}
    contract = caller.credentials["partner_contract_id"]
    caller.ask("POST", f"/operator/contracts/{contract}/topUps", json=funded, **operator)
    actor = Actor(name, caller, Random(name))
    elements = [make_job(actor, f"{name}-open-{at}", units) for at, units in enumerate(budgets)]
    # With a key: on a busy machine the first try may be answered too late, and another would post the jobs again.
    posted = caller.write(
        Write("POST", "/rest/simpleJobPostings", batch_of(elements), 0), seconds_max=OPENING_SECONDS_MAX
    )
    assert posted is not None, "the jobs cannot be posted"
    jobs = tuple(read_posting(caller, row["id"]) for row in json.loads(posted[1])["elements"])
    time.sleep(1.1 * EVENT_AGE_MS_MAX / 1_000)  # so that every event's time is within the jobs' run
    return jobs


def make_job(actor: Actor, external_id: str, units: int = 30) -> dict[str, Any]:
    listed_at = actor.caller.read_now_ms() - 1_000
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": f"{units}.00"}}
    return make_element(external_id, actor.customer_contract, listed_at) | {"budget": budget}


def batch_of(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"json": {"elements": elements}, "headers": {"X-RestLi-Method": "batch_create"}}


def read_posting(caller: Caller, task: str) -> int:
    """Waits until the task of a posting has ended, and returns the job."""
    while True:
        found = read_task(caller, task)
        if found["status"] == "SUCCEEDED":
            return int(found["jobPosting"].rsplit(":", 1)[-1])
        assert found["status"] == "IN_PROGRESS", found
        time.sleep(0.1)


def read_task(caller: Caller, task: str) -> dict[str, Any]:
    path = f"/rest/simpleJobPostingTasks?ids=List({quote(task, safe='')})"
    answer = caller.call_as_customer("GET", path).json()
    found: dict[str, Any] = answer.get("results", {}).get(task, {"status": "MISSING", "answer": answer})
    return found


# -- while it is at work


def send_batches(actor: Actor) -> None:
    """A job board: batches, each until it is acknowledged; some events are those of an earlier batch."""
    caller, sent = actor.caller, list[dict[str, Any]]()
    headers = bearer(caller.credentials["events_key"])
    for number in itertools.count():
        if not actor.may_continue(BATCH_PAUSE_SECONDS):
            return
        at = caller.read_now_ms()
        fresh = [
            make_event(
                actor.rng.choice(actor.jobs),
                f"{actor.name}-{number}-{n}",
                at - actor.rng.randrange(EVENT_AGE_MS_MAX),
                type=actor.rng.choice(["view", CLICK]),
            )
            for n in range(BATCH_ROWS)
        ]
        events = fresh + actor.rng.sample(sent, min(len(sent), REPEATED_ROWS))
        caller.receipts.send(fresh)
        answer = caller.ask("POST", "/events", json=events, headers=headers)
        caller.receipts.acknowledge(events, answer.json())
        caller.receipts.moments.append((caller.tried_at, time.monotonic()))
        sent += fresh


def follow_links(actor: Actor) -> None:
    """Candidates: each follows an apply link once. One who gets no answer gives up: nobody clicks twice."""
    caller, key = actor.caller, actor.caller.credentials["secret_key"]
    for number in itertools.count():
        if not actor.may_continue(CLICK_PAUSE_SECONDS):
            return
        job, visitor = actor.rng.choice(actor.jobs), f"{actor.name}x{number}"
        event = {"visitor": visitor, "job": job, "type": CLICK}
        network = ".".join(str(actor.rng.randrange(1, 224)) for _ in range(3))
        headers = {
            "Cookie": f"jobmeter_visitor={visitor}",
            "User-Agent": BROWSER,
            "X-Forwarded-For": f"{network}.7",
        }
        caller.receipts.send([event])
        path = f"/jobs/apply/{make_link_token(job, purpose='apply', key=key)}"
        answer = caller.try_once("GET", path, headers=headers)
        if answer is not None and answer.status_code == 302:
            caller.receipts.acknowledge([event], {"rejected": 0, "rejections": []})


def post_jobs(actor: Actor) -> None:
    """A partner: posts, renews and closes jobs, each request with a key and until it is answered."""
    posted: list[str] = []
    for number in itertools.count():
        if not actor.may_continue(POST_PAUSE_SECONDS):
            return
        names = [f"{actor.name}-{number}-{n}" for n in range(POSTED_AT_ONCE)]
        began_at = actor.caller.read_now_ms()
        made = send_elements(actor, [make_job(actor, name) for name in names])
        # Later the key of a first try that was carried out is deleted, and the task of another finds that the job exists.
        if made is not None and actor.caller.read_now_ms() - began_at < KEY_MS:
            tasks = {name: row["id"] for name, row in zip(names, made, strict=True) if row["status"] == 202}
            actor.caller.receipts.postings.update(tasks)
            posted += tasks
        for verb in ("RENEW", "CLOSE"):
            if posted and actor.rng.random() < 0.4:
                name = posted.pop(actor.rng.randrange(len(posted))) if verb == "CLOSE" else posted[-1]
                send_elements(actor, [make_job(actor, name) | {"jobPostingOperationType": verb}])


def send_elements(actor: Actor, elements: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    write = Write("POST", "/rest/simpleJobPostings", batch_of(elements), actor.caller.read_now_ms())
    actor.caller.receipts.writes.append(write)
    answer = actor.caller.write(write)
    return None if answer is None else list(json.loads(answer[1])["elements"])


def run_programme(actor: Actor) -> None:
    """The operator: opens and tops up contracts, bills, and moves the clock, so that days are settled and invoiced."""
    caller = actor.caller
    partner = int(caller.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    began_at, contract = caller.read_now_ms(), caller.credentials["partner_contract_id"]
    for number in itertools.count():
        if not actor.may_continue(actor.rng.uniform(0.1, 0.5)):
            return
        now_ms, top_up = caller.read_now_ms(), {"amount": "10.00", "reference": f"{actor.name}-{number}"}
        asked: list[tuple[str, dict[str, Any]]] = [
            (f"/operator/partners/{partner}/contracts", CONTRACT),
            (f"/operator/contracts/{contract}/topUps", top_up),
        ]
        move = (CLOCK_PATH, {"advance": actor.rng.choice(MOVES) if number else FIRST_MOVE})
        if now_ms - began_at < DAYS_MAX * DAY_MS:
            asked += [move] * len(asked)
        path, body = actor.rng.choice(asked) if number else move
        chosen = Write("POST", path, {"headers": caller.as_operator, "json": body}, now_ms)
        caller.receipts.writes.append(chosen)
        caller.write(chosen)


def read_everything(actor: Actor) -> None:
    """Somebody who reads: reports, the feed, the operator's lists, and a partner's web pages."""
    caller, contract = actor.caller, actor.caller.credentials["partner_contract_id"]
    for number in itertools.count():
        if not actor.may_continue(READ_PAUSE_SECONDS):
            return
        events_key = bearer(caller.credentials["events_key"])
        caller.try_once("GET", READS[number % len(READS)], headers=caller.as_operator)
        read_page(caller, PAGES[number % len(PAGES)])
        caller.try_once("GET", "/delivery/snapshot", headers=events_key)
        reports = f"/rest/partnerBudgetReports?partnerContractId={contract}"
        caller.call_as_customer("GET", reports, application="parent")


def read_page(caller: Caller, path: str) -> None:
    """Reads a web page of the partner, who logs in where the server asks for that."""
    answer = caller.try_once("GET", path, headers=HTML)
    if answer is not None and answer.status_code == 200:
        caller.receipts.pages.append(path)
    elif answer is not None and answer.status_code == 303:
        log_in(caller)


def log_in(caller: Caller) -> None:
    """As the sandbox's partner, by the form that a browser sends. Whether it worked is seen by the next page."""
    page = caller.try_once("GET", "/portal/login", headers=HTML)
    token = None if page is None else TOKEN.search(page.text)
    if token:
        form = {"who": "partner", "token": token[1]}
        caller.try_once("POST", "/portal/sandbox/login", data=form, headers=HTML)
