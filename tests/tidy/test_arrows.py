"""The line: a part imports only the parts before it, and of another slice only its model and flow."""

import pytest

from tests.tidy.source import Breach, Source, imports, refuse, sources

# Money moves along this line. Charging stands before jobs (posting a job opens its budget) and before metering
# (taking events in charges them within the same transaction): it knows counts per job and day, nothing else.
LINE = (
    "base",
    "outbound",
    "geo",
    "wire",
    "database",
    "ledger",
    "request_control",
    "partners",
    "notifications",
    "contracts",
    "charging",
    "jobs",
    "metering",
    "settlement",
    "promotion",
    "explain",
    "billing",
    "reports",
    "integrity",
)
EDGES = ("api", "portal", "worker")
CLIENT_MAY_USE = ("base", "wire")
ENDS = ("sandbox", "app", "cli", "__main__")

# Inside a part the rooms have an order too; "" are the files that stand in the part itself.
ROOMS = {
    "api": ("http", "board", "candidate", "oauth", "operator", "partner", "restli", "xml", "openapi", ""),
    "charging": (
        "",
        "job_changes",
        "budgets",
        "windows",
        "pacing",
        "corrections",
        "charge",
        "retention",
        "months",
    ),
    "contracts": ("", "partner", "hiring"),
    "jobs": ("", "slots", "runs", "campaigns", "xml_jobs", "postings", "feeds", "pages", "status"),
    "ledger": ("", "bulk", "chain"),
    "metering": ("", "filters", "retention", "intake"),
    "partners": ("", "applications", "tokens", "secrets", "oauth1"),
    "reports": ("", "job_reports", "charge_stream", "uncharged_clicks", "sources"),
    "sandbox": ("traffic", "", "demo"),
    "settlement": ("", "click_rules", "days"),
    "wire": ("", "restli", "xml", "xml.job", "xml.feed"),
}

OPEN_PARTS = (
    "base",
    "outbound",
    "geo",
    "wire",
    "database",
)  # libraries: any of their modules may be imported
VISIBLE = ("model", "flow", "json")
MORE_VISIBLE = (
    "charging.corrections.credits",
    "jobs.feeds.load",
    "metering.intake.identity",
    "metering.intake.single_events",
    "notifications.dispatch",
    "promotion.alerts",
    "reports.job_reports.job_list_cache",
)
PURE = ("model", "rules")
STORE_VALUES = ("jobmeter.database.arrays.", "jobmeter.database.columns.")  # a type of value, no connection
IMPURE_LIBRARIES = ("psycopg", "psycopg_pool", "starlette", "httpx2", "httpx", "granian")


def may_use(part: str) -> tuple[str, ...] | None:
    """The parts that a part may import besides itself; None for a part that is not on the line."""
    if not part:
        return ()
    if part in LINE:
        return LINE[: LINE.index(part)]
    if part in EDGES:
        return LINE
    if part == "client":
        return CLIENT_MAY_USE
    if part in ENDS:
        return (*LINE, *EDGES, "client", *ENDS[: ENDS.index(part)])
    return None


def is_visible(name: str) -> bool:
    """Of a part or of one of its rooms: its values, its verbs, how they look as JSON; a few by name."""
    part, _, inner = name.removeprefix("jobmeter.").partition(".")
    steps = inner.split(".")
    if steps[0] in ROOMS.get(part, ()) and len(steps) > 1:
        steps = steps[1:]
    more = tuple(f"jobmeter.{module}" for module in MORE_VISIBLE)
    return steps[0] in VISIBLE or name in more or name.startswith(tuple(f"{module}." for module in more))


def room_of(part: str, folder: str) -> str:
    """The deepest room that the dotted folder lies in; "" outside all of them."""
    inside = [room for room in ROOMS[part] if room and (folder == room or folder.startswith(f"{room}."))]
    return max(inside, key=len, default="")


def room_breaches(source: Source) -> list[Breach]:
    """A room imports only the rooms before it."""
    part = source.part
    if part not in ROOMS or source.path.count("/") < 2:
        return []
    room = room_of(part, ".".join(source.path.split("/")[2:-1]))
    allowed = ROOMS[part][: ROOMS[part].index(room) + 1]
    found = []
    for line, name in imports(source):
        package, _, rest = name.partition(".")
        target, _, inner = rest.partition(".")
        if package == "jobmeter" and target == part and (other := room_of(part, inner)) not in allowed:
            says = f"`{room or part}` may not import `{other or part}`: only rooms before it ({', '.join(allowed)})"
            found.append(Breach(source.path, line, says))
    return found


def arrow_breaches(source: Source) -> list[Breach]:
    part, allowed = source.part, may_use(source.part)
    if allowed is None:
        says = f"`{part}` is not on the line; move it into a part, or give it its place in LINE with an ADR"
        return [Breach(source.path, 1, says)]
    found = []
    for line, name in imports(source):
        package, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if package != "jobmeter" or target in {"", part} or target.startswith("__"):
            continue
        if target not in allowed:
            says = f"`{part or 'jobmeter'}` may not import `{target}`: only what comes before it ({', '.join(allowed) or 'nothing'})"
            found.append(
                Breach(source.path, line, f"{says}; move the shared piece down the line or pass it in")
            )
        elif part not in ENDS and target not in OPEN_PARTS and not is_visible(name):
            says = (
                f"`{name}` is private to its slice; import jobmeter.{target}.model or jobmeter.{target}.flow"
            )
            found.append(Breach(source.path, line, says))
    return found


def purity_breaches(source: Source) -> list[Breach]:
    """Decisions and values touch no database; the grammar of the wire touches neither database nor HTTP."""
    pure_module = source.part in LINE and source.part not in OPEN_PARTS and source.stem.startswith(PURE)
    if not pure_module and source.part != "wire":
        return []
    own = f"jobmeter.{source.part}"
    closed = [*IMPURE_LIBRARIES, "jobmeter.database"]
    folder = source.path.removeprefix("jobmeter/").rpartition("/")[0].replace("/", ".")
    owns = {own, f"jobmeter.{folder}"}
    closed += [f"{one}.{name}" for one in owns for name in ("store", "flow")] if pure_module else []
    return [
        Breach(
            source.path, line, f"`{name}` has effects; {source.stem} is pure: take the values as arguments"
        )
        for line, name in imports(source)
        if not name.startswith(STORE_VALUES)
        if any(name == banned or name.startswith((f"{banned}.", f"{banned}_")) for banned in closed)
    ]


def test_parts_import_only_what_comes_before_them():
    refuse(breach for source in sources(".py", "jobmeter") for breach in arrow_breaches(source))


def test_rooms_import_only_what_comes_before_them():
    refuse(breach for source in sources(".py", "jobmeter") for breach in room_breaches(source))


def test_every_room_has_its_place():
    folders = {tuple(source.path.split("/")[1:-1]) for source in sources(".py", "jobmeter")}
    named = {(part, *room.split(".")) for part, rooms in ROOMS.items() for room in rooms if room}
    assert {folder for folder in folders if len(folder) > 1} == named


def test_decisions_and_wire_are_pure():
    refuse(breach for source in sources(".py", "jobmeter") for breach in purity_breaches(source))


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("base/money.py", "from jobmeter.wire import events"),
        ("ledger/flow.py", "from jobmeter.jobs.flow import close_job"),
        ("ledger/flow.py", "import jobmeter.jobs.model"),
        ("charging/flow.py", "from jobmeter.jobs.model import Job"),
        ("jobs/flow.py", "from jobmeter.ledger import store"),
        ("jobs/flow.py", "from jobmeter.ledger.rules import is_balanced"),
        ("jobs/flow.py", "from jobmeter import ledger"),
        ("jobs/flow.py", "from jobmeter.ledger import Posting"),
        ("jobs/flow.py", "from jobmeter.contracts.flow_credits import use_credit"),
        ("jobs/flow.py", "from jobmeter.charging.budgets.store import lock_job_budget"),
        ("jobs/flow.py", "from jobmeter.charging.budgets import store"),
        ("reports/flow.py", "from jobmeter.jobs.store import read_job"),
        ("api/jobs.py", "from jobmeter.portal.pages import home"),
        ("api/jobs.py", "from jobmeter.jobs.store import read_job"),
        ("worker/chores.py", "from jobmeter.api import routes"),
        ("client/session.py", "from jobmeter.jobs.model import Job"),
        ("sandbox/demo.py", "from jobmeter.cli import main"),
        ("__init__.py", "from jobmeter.client.session import Session"),
        ("extras/shelf.py", "import os"),
    ],
)
def test_arrows_refuse(path, statement):
    found = arrow_breaches(Source(f"jobmeter/{path}", f'"""Sample."""\n{statement}\n'))
    assert len(found) == 1
    assert found[0].path == f"jobmeter/{path}"


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("wire/events.py", "from jobmeter.base.money import Micros"),
        ("jobs/flow.py", "from jobmeter.charging.flow import open_budget"),
        ("metering/flow.py", "from jobmeter.charging import flow as charging"),
        ("jobs/flow.py", "from jobmeter.charging.corrections.credits import credit_charge"),
        ("jobs/feeds/flow.py", "from jobmeter.contracts.hiring import flow as hiring"),
        ("api/board/events.py", "from jobmeter.metering.intake import identity"),
        ("jobs/flow.py", "from jobmeter.jobs import rules, store"),
        ("jobs/store.py", "from jobmeter.database.statements import load"),
        ("portal/pages.py", "from jobmeter import __version__"),
        ("client/session.py", "from jobmeter.wire.restli import grammar"),
        ("sandbox/traffic.py", "from jobmeter.jobs.store import read_job"),
        ("cli.py", "from jobmeter.app import compose"),
        ("jobs/flow.py", "from jobmeterish import store"),
    ],
)
def test_arrows_allow(path, statement):
    assert arrow_breaches(Source(f"jobmeter/{path}", statement)) == []


@pytest.mark.parametrize(
    ("path", "statement", "count"),
    [
        ("jobs/rules.py", "from jobmeter.jobs import store", 1),
        ("jobs/rules_renewal.py", "from jobmeter.jobs.flow import close_job", 1),
        ("jobs/model.py", "from psycopg import AsyncConnection", 1),
        ("jobs/model.py", "from jobmeter.database.pool import Database", 1),
        ("jobs/model.py", "from jobmeter.database.arrays import Column", 0),
        ("jobs/feeds/rules.py", "from jobmeter.jobs.feeds import store", 1),
        ("jobs/feeds/rules.py", "from jobmeter.jobs import store", 1),
        ("wire/xml/feed.py", "from starlette.requests import Request", 1),
        ("jobs/rules.py", "from jobmeter.jobs.model import Job", 0),
        ("jobs/flow.py", "from jobmeter.jobs import store", 0),
        ("database/models.py", "import psycopg", 0),
    ],
)
def test_purity_sees_effects(path, statement, count):
    assert len(purity_breaches(Source(f"jobmeter/{path}", statement))) == count


@pytest.mark.parametrize(
    ("path", "statement", "count"),
    [
        ("jobs/slots/flow.py", "from jobmeter.jobs.postings.flow import find_tasks", 1),
        ("jobs/slots/flow.py", "from jobmeter.jobs.postings import flow", 1),
        ("jobs/funding.py", "from jobmeter.jobs.slots.flow import free_held_slot", 1),
        ("wire/xml/tree.py", "from jobmeter.wire.xml.job.selectors import show_job", 1),
        ("jobs/postings/flow.py", "from jobmeter.jobs.slots.flow import free_held_slot", 0),
        ("jobs/postings/flow.py", "from jobmeter.jobs import store", 0),
        ("jobs/postings/flow.py", "from jobmeter.jobs.postings import rules", 0),
        ("api/routes.py", "from jobmeter.api.restli import gateway", 0),
        ("wire/xml/job/keys.py", "from jobmeter.wire.xml.tree import Tree", 0),
    ],
)
def test_rooms_stand_in_order(path, statement, count):
    assert len(room_breaches(Source(f"jobmeter/{path}", statement))) == count
