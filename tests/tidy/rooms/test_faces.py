"""What a room exposes: its model and flow to other slices; also its rules and store to later rooms of its own slice."""

import pytest

from tests.tidy.line import ENDS, LINE, ROOMS, room_of
from tests.tidy.source import Breach, Source, imports, refuse, sources

OPEN_PARTS = (
    "base",
    "outbound",
    "geo",
    "charts",
    "wire",
    "database",
    "http",
)  # libraries: any of their modules may be imported
FACES = ("model", "flow")
ROOM_FACES = (*FACES, "rules", "store")
# Slices whose rooms expose to each other only what they expose to other slices.
CLOSED_ROOMS = ("contracts", "jobs")


def split(name: str) -> tuple[str, str, str]:
    """Returns part, room and the first name inside it: `jobs`, `feeds` and `flow` for `jobmeter.jobs.feeds.flow.x`."""
    part, _, inner = name.removeprefix("jobmeter.").partition(".")
    room = room_of(part, inner)
    return part, room, inner.removeprefix(room).removeprefix(".").partition(".")[0]


def face_breaches(source: Source) -> list[Breach]:
    """Across slices: exact names, no prefixes. The ends assemble the application and may import any module."""
    if source.part in ENDS:
        return []
    found = []
    for line, name in imports(source):
        part, room, module = split(name)
        is_slice = name.startswith("jobmeter.") and part in LINE and part not in OPEN_PARTS
        if is_slice and part != source.part and module not in FACES:
            owner = ".".join(filter(None, ("jobmeter", part, room)))
            message = f"`{name}` is private to its slice; import {owner}.model or {owner}.flow"
            found.append(Breach(source.path, line, message))
    return found


def room_face_breaches(source: Source) -> list[Breach]:
    """Between rooms: files of the slice itself or of an enclosing room are shared; the steps of a flow are private."""
    part = source.part
    if part not in LINE or part in OPEN_PARTS or part not in ROOMS or source.path.count("/") < 2:
        return []
    own = room_of(part, ".".join(source.path.split("/")[2:-1]))
    faces = FACES if part in CLOSED_ROOMS else ROOM_FACES
    found = []
    for line, name in imports(source):
        target, room, module = split(name)
        if (
            name.startswith("jobmeter.")
            and target == part
            and not f"{own}.".startswith(f"{room}.")
            and room
            and module not in faces
        ):
            message = f"`{name}` is private to `{room}`; move what other rooms need to its {', '.join(faces)}"
            found.append(Breach(source.path, line, message))
    return found


def test_slices_expose_only_their_model_and_flow():
    refuse(breach for source in sources(".py", "jobmeter") for breach in face_breaches(source))


def test_rooms_of_a_slice_do_not_expose_their_steps():
    found = (breach for source in sources(".py", "jobmeter") for breach in room_face_breaches(source))
    refuse(found)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("jobs/flow.py", "from jobmeter.ledger import store"),
        ("jobs/flow.py", "from jobmeter.ledger.rules import is_balanced"),
        ("jobs/flow.py", "from jobmeter import ledger"),
        ("jobs/flow.py", "from jobmeter.ledger import Posting"),
        ("jobs/flow.py", "from jobmeter.contracts.flow_credits import use_credit"),
        ("jobs/flow.py", "from jobmeter.contracts.models import Contract"),
        ("jobs/flow.py", "from jobmeter.charging.budgets.store import lock_job_budget"),
        ("jobs/flow.py", "from jobmeter.charging.budgets import store"),
        ("jobs/flow.py", "from jobmeter.charging.corrections.credits import credit_charge"),
        ("promotion/flow.py", "from jobmeter.jobs.status.json import serialize_status"),
        ("worker/feeds.py", "from jobmeter.jobs.feeds.load import load_feed"),
        ("worker/feeds.py", "from jobmeter.jobs.feeds.loading.rules import FeedBatcher"),
        ("reports/flow.py", "from jobmeter.jobs.store import read_job"),
        ("api/jobs.py", "from jobmeter.jobs.store import read_job"),
    ],
)
def test_imports_of_private_modules_are_refused(path, statement):
    assert len(face_breaches(Source(f"jobmeter/{path}", statement))) == 1


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("jobs/flow.py", "from jobmeter.charging.flow import open_budget"),
        ("metering/flow.py", "from jobmeter.charging import flow as charging"),
        ("jobs/feeds/flow.py", "from jobmeter.contracts.hiring import flow as hiring"),
        ("worker/feeds.py", "from jobmeter.jobs.feeds.loading.flow import load_feed"),
        ("api/board/events.py", "from jobmeter.metering.intake import model as identity"),
        ("jobs/flow.py", "from jobmeter.jobs import rules, store"),
        ("jobs/store.py", "from jobmeter.database.statements import load"),
        ("sandbox/traffic.py", "from jobmeter.jobs.store import read_job"),
        ("portal/pages.py", "from jobmeter import __version__"),
    ],
)
def test_imports_of_model_and_flow_are_accepted(path, statement):
    assert face_breaches(Source(f"jobmeter/{path}", statement)) == []


@pytest.mark.parametrize(
    ("path", "statement", "count"),
    [
        ("jobs/postings/changes.py", "from jobmeter.jobs.campaigns.membership import join_campaign", 1),
        ("jobs/postings/changes.py", "from jobmeter.jobs.campaigns import queries", 1),
        ("metering/filters/flow.py", "from jobmeter.metering.intake import live_window_cache", 1),
        ("jobs/postings/changes.py", "from jobmeter.jobs.campaigns.flow import join_campaign", 0),
        ("jobs/postings/changes.py", "from jobmeter.jobs.campaigns import rules, store", 2),
        ("contracts/hiring/flow.py", "from jobmeter.contracts.partner.store import next_contract_id", 1),
        ("settlement/days/flow.py", "from jobmeter.settlement.click_rules import rules, store", 0),
        ("jobs/feeds/loading/flow.py", "from jobmeter.jobs.feeds import store", 0),
        ("jobs/postings/changes.py", "from jobmeter.jobs.funding import find_contract", 0),
        ("jobs/postings/flow.py", "from jobmeter.jobs.postings.creation import create", 0),
        ("api/restli/simple_job_postings.py", "from jobmeter.http.bodies import read_json", 0),
        ("wire/xml/feed/job.py", "from jobmeter.wire.xml.html import strip_tags", 0),
    ],
)
def test_imports_of_steps_of_another_room_are_refused(path, statement, count):
    assert len(room_face_breaches(Source(f"jobmeter/{path}", statement))) == count
