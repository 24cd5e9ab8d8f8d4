"""The line: a part imports only the parts before it, and of another slice only its model and flow."""

import pytest

from tests.tidy.source import Breach, Source, imports, refuse, sources

# Money moves along this line. Charging stands before jobs (posting a job opens its budget) and before metering
# (taking events in charges them within the same transaction): it knows counts per job and day, nothing else.
LINE = (
    "base",
    "wire",
    "store",
    "ledger",
    "partners",
    "notices",
    "contracts",
    "charging",
    "jobs",
    "metering",
    "settlement",
    "delivery",
    "reports",
    "billing",
)
EDGES = ("api", "portal", "worker")
CLIENT_MAY_USE = ("base", "wire")
ENDS = ("sandbox", "app", "server", "reference", "cli_explain", "cli_feed", "cli_hiring", "cli", "__main__")

OPEN_PARTS = ("base", "wire", "store")  # libraries: any of their modules may be imported
VISIBLE = ("model", "flow")
PURE = ("model", "rules")
STORE_VALUES = "jobmeter.store.arrays"  # packed columns: a type of value, no connection
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


def is_visible(module: str) -> bool:
    """A long flow may be split: `flow_close` is as visible as `flow`."""
    return module.startswith(tuple(f"{name}_" for name in VISIBLE)) or module in VISIBLE


def arrow_breaches(source: Source) -> list[Breach]:
    part, allowed = source.part, may_use(source.part)
    if allowed is None:
        says = f"`{part}` is not on the line; move it into a part, or give it its place in LINE with an ADR"
        return [Breach(source.path, 1, says)]
    found = []
    for line, name in imports(source):
        package, _, rest = name.partition(".")
        target, _, inner = rest.partition(".")
        module = inner.partition(".")[0]
        if package != "jobmeter" or target in {"", part} or target.startswith("__"):
            continue
        if target not in allowed:
            says = f"`{part or 'jobmeter'}` may not import `{target}`: only what comes before it ({', '.join(allowed) or 'nothing'})"
            found.append(
                Breach(source.path, line, f"{says}; move the shared piece down the line or pass it in")
            )
        elif part not in ENDS and target not in OPEN_PARTS and not is_visible(module):
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
    closed = [*IMPURE_LIBRARIES, "jobmeter.store"]
    closed += [f"{own}.store", f"{own}.flow"] if pure_module else []
    return [
        Breach(
            source.path, line, f"`{name}` has effects; {source.stem} is pure: take the values as arguments"
        )
        for line, name in imports(source)
        if not name.startswith(f"{STORE_VALUES}.")
        if any(name == banned or name.startswith((f"{banned}.", f"{banned}_")) for banned in closed)
    ]


def test_parts_import_only_what_comes_before_them():
    refuse(breach for source in sources(".py", "jobmeter") for breach in arrow_breaches(source))


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
        ("jobs/flow.py", "from jobmeter.contracts.flow_credits import use_credit"),
        ("jobs/flow.py", "from jobmeter.jobs import rules, store"),
        ("jobs/store.py", "from jobmeter.store.statements import load"),
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
        ("jobs/model.py", "from jobmeter.store.database import Database", 1),
        ("jobs/model.py", "from jobmeter.store.arrays import Column", 0),
        ("wire/xml/feed.py", "from starlette.requests import Request", 1),
        ("jobs/rules.py", "from jobmeter.jobs.model import Job", 0),
        ("jobs/flow.py", "from jobmeter.jobs import store", 0),
        ("store/models.py", "import psycopg", 0),
    ],
)
def test_purity_sees_effects(path, statement, count):
    assert len(purity_breaches(Source(f"jobmeter/{path}", statement))) == count
