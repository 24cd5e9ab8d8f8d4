"""The line: a part imports only parts before it, a room only rooms before it, and there are no import cycles."""

import itertools
from collections.abc import Iterable

import pytest

from jobmeter.database.statements import USED
from tests.tidy.line import CLIENT, CLIENT_MAY_USE, EDGES, ENDS, LINE, ROOMS, room_of
from tests.tidy.source import Breach, Source, imports, refuse, sources


def may_use(part: str) -> tuple[str, ...] | None:
    """Returns the parts that a part may import besides itself; None if it is not on the line."""
    if not part:
        return ()
    if part in LINE:
        return LINE[: LINE.index(part)]
    if part in EDGES:
        return LINE
    if part in CLIENT:
        return (*CLIENT_MAY_USE, *CLIENT[: CLIENT.index(part)])
    if part in ENDS:
        return (*LINE, *EDGES, *CLIENT, *ENDS[: ENDS.index(part)])
    return None


def list_arrows(source: Source) -> list[tuple[int, str]]:
    """What a file imports or, if it is one of statements, whose lists it uses; with the lines."""
    if source.path.endswith(".sql"):
        found = USED.finditer(source.text)
        return [(source.text.count("\n", 0, one.start()) + 1, one[1]) for one in found]
    return list(imports(source))


def arrow_breaches(source: Source) -> list[Breach]:
    part, allowed = source.part, may_use(source.part)
    if allowed is None:
        message = f"`{part}` is not on the line; move it into a part, or add it to LINE with a decision"
        return [Breach(source.path, 1, message)]
    found = []
    for line, name in list_arrows(source):
        package, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if package != "jobmeter" or target in {"", part, *allowed} or target.startswith("__"):
            continue
        message = (
            f"`{part or 'jobmeter'}` may not import `{target}`: only what comes before it"
            f" ({', '.join(allowed) or 'nothing'}); move the shared code to an earlier part, or pass it as an argument"
        )
        found.append(Breach(source.path, line, message))
    return found


def room_breaches(source: Source) -> list[Breach]:
    """A room imports only the rooms before it."""
    part = source.part
    if part not in ROOMS or source.path.count("/") < 2:
        return []
    room = room_of(part, ".".join(source.path.split("/")[2:-1]))
    allowed = ROOMS[part][: ROOMS[part].index(room) + 1]
    found = []
    for line, name in list_arrows(source):
        package, _, rest = name.partition(".")
        target, _, inner = rest.partition(".")
        if package == "jobmeter" and target == part and (other := room_of(part, inner)) not in allowed:
            message = (
                f"`{room or part}` may not import `{other or part}`: only rooms before it"
                f" ({', '.join(allowed)}); move the shared code to an earlier room, or pass it as an argument"
            )
            found.append(Breach(source.path, line, message))
    return found


def module_of(source: Source) -> str:
    return source.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def cycle_breaches(tree: Iterable[Source]) -> list[Breach]:
    """Removes modules without remaining imports until none is left to remove; the remaining modules form cycles."""
    by_name = {module_of(source): source for source in tree}
    arrows = {name: _imported_modules(source, by_name) - {name} for name, source in by_name.items()}
    while free := {name for name, targets in arrows.items() if not targets}:
        arrows = {name: targets - free for name, targets in arrows.items() if name not in free}
    return [
        Breach(
            by_name[name].path,
            1,
            f"import cycle: {', '.join(sorted(targets))}; move the shared code to a third module",
        )
        for name, targets in arrows.items()
    ]


def _imported_modules(source: Source, by_name: dict[str, Source]) -> set[str]:
    """`from a.b import c` imports `a.b.c` if that is a module, otherwise `a.b`."""
    names = {name for _, name in imports(source)}
    return {name if name in by_name else name.rpartition(".")[0] for name in names} & by_name.keys()


def test_parts_import_only_earlier_parts():
    refuse(
        breach
        for source in (*sources(".py", "jobmeter"), *sources(".sql", "jobmeter"))
        for breach in arrow_breaches(source)
    )


def test_rooms_import_only_earlier_rooms():
    refuse(
        breach
        for source in (*sources(".py", "jobmeter"), *sources(".sql", "jobmeter"))
        for breach in room_breaches(source)
    )


def test_every_room_is_listed():
    folders = {tuple(source.path.split("/")[1:-1]) for source in sources(".py", "jobmeter")}
    named = {(part, *room.split(".")) for part, rooms in ROOMS.items() for room in rooms if room}
    assert {folder for folder in folders if len(folder) > 1} == named


def test_there_are_no_import_cycles():
    refuse(cycle_breaches(sources(".py", "jobmeter", "tests", "bench")))


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("base/money.py", "from jobmeter.wire import events"),
        ("ledger/flow.py", "from jobmeter.jobs.flow import close_job"),
        ("ledger/flow.py", "import jobmeter.jobs.model"),
        ("charging/flow.py", "from jobmeter.jobs.model import Job"),
        ("api/jobs.py", "from jobmeter.portal.pages import home"),
        ("worker/chores.py", "from jobmeter.api import routes"),
        ("client/session.py", "from jobmeter.jobs.model import Job"),
        ("client/session.py", "from jobmeter.pull.run import Pull"),
        ("pull/run.py", "from jobmeter.database.pool import Database"),
        ("sandbox/demo.py", "from jobmeter.cli import main"),
        ("__init__.py", "from jobmeter.client.session import Session"),
        ("extras/shelf.py", "import os"),
    ],
)
def test_imports_of_later_parts_are_refused(path, statement):
    found = arrow_breaches(Source(f"jobmeter/{path}", f'"""Sample."""\n{statement}\n'))
    assert len(found) == 1
    assert found[0].path == f"jobmeter/{path}"


def test_statements_use_only_lists_of_earlier_parts_and_rooms():
    later = Source("jobmeter/charging/charge/queries.sql", "-- uses: jobmeter.metering.intake\n")
    assert [breach.line for breach in arrow_breaches(later)] == [1]
    room = Source("jobmeter/charging/budgets/queries.sql", "\n-- uses: jobmeter.charging.charge\n")
    assert (arrow_breaches(room), [breach.line for breach in room_breaches(room)]) == ([], [2])
    earlier = Source("jobmeter/metering/intake/queries.sql", "-- uses: jobmeter.charging.charge\n")
    assert arrow_breaches(earlier) == room_breaches(earlier) == []


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("wire/events.py", "from jobmeter.base.money import Micros"),
        ("jobs/flow.py", "from jobmeter.charging.flow import open_budget"),
        ("jobs/flow.py", "from jobmeter.jobs import rules, store"),
        ("jobs/store.py", "from jobmeter.database.statements import load"),
        ("portal/pages.py", "from jobmeter import __version__"),
        ("client/session.py", "from jobmeter.wire.restli import grammar"),
        ("pull/run.py", "from jobmeter.client.client import Client"),
        ("sandbox/traffic.py", "from jobmeter.jobs.store import read_job"),
        ("cli.py", "from jobmeter.app import compose"),
        ("jobs/flow.py", "from jobmeterish import store"),
    ],
)
def test_imports_of_earlier_parts_are_accepted(path, statement):
    assert arrow_breaches(Source(f"jobmeter/{path}", statement)) == []


@pytest.mark.parametrize(
    ("path", "statement", "count"),
    [
        ("jobs/runs/flow.py", "from jobmeter.jobs.postings.flow import find_tasks", 1),
        ("jobs/runs/flow.py", "from jobmeter.jobs.postings import flow", 1),
        ("jobs/funding.py", "from jobmeter.jobs.runs.flow import end_run", 1),
        ("jobs/feeds/flow.py", "from jobmeter.jobs.feeds.loading.flow import load_feed", 1),
        ("wire/xml/tree.py", "from jobmeter.wire.xml.job.selectors import show_job", 1),
        ("jobs/postings/flow.py", "from jobmeter.jobs.runs.flow import end_run", 0),
        ("jobs/postings/flow.py", "from jobmeter.jobs import store", 0),
        ("jobs/postings/flow.py", "from jobmeter.jobs.postings import rules", 0),
        ("jobs/feeds/loading/flow.py", "from jobmeter.jobs.feeds import store", 0),
        ("api/routes.py", "from jobmeter.api.restli import gateway", 0),
        ("wire/xml/job/keys.py", "from jobmeter.wire.xml.tree import Tree", 0),
    ],
)
def test_imports_of_later_rooms_are_refused(path, statement, count):
    assert len(room_breaches(Source(f"jobmeter/{path}", statement))) == count


@pytest.mark.parametrize("part", ROOMS)
def test_no_two_rooms_can_import_each_other(part):
    assert len(set(ROOMS[part])) == len(ROOMS[part])
    for one, other in itertools.combinations(ROOMS[part], 2):
        cycle = [_import_between(part, one, other), _import_between(part, other, one)]
        assert len([breach for source in cycle for breach in room_breaches(source)]) == 1


def _import_between(part: str, importing: str, imported: str) -> Source:
    path = "/".join(filter(None, ("jobmeter", part, importing.replace(".", "/"), "model.py")))
    return Source(path, f"from {'.'.join(filter(None, ('jobmeter', part, imported, 'model')))} import Value")


def test_no_part_is_listed_twice():
    parts = (*LINE, *EDGES, *CLIENT, *ENDS)
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize(
    ("statements", "count"),
    [
        (["import jobmeter.jobs.b as b", "from jobmeter.jobs.a import act"], 2),
        (["from jobmeter.jobs import b", "from jobmeter.jobs import c", "from jobmeter.jobs import a"], 3),
        (["from jobmeter.jobs import b", "from jobmeter.jobs import c", "import os"], 0),
        (["from jobmeter.jobs import a", "from jobmeter.jobs.a import act"], 0),
    ],
)
def test_import_cycles_are_found(statements, count):
    tree = [Source(f"jobmeter/jobs/{name}.py", text) for name, text in zip("abc", statements, strict=False)]
    assert len(cycle_breaches(tree)) == count
