"""What a room shows: to another slice its model and flow, to a later room of its own slice its rules and store too."""

import pytest

from tests.tidy.line import ENDS, LINE, ROOMS, room_of
from tests.tidy.source import Breach, Source, imports, refuse, sources

OPEN_PARTS = (
    "base",
    "outbound",
    "geo",
    "wire",
    "database",
)  # libraries: any of their modules may be imported
FACES = ("model", "flow")
ROOM_FACES = (*FACES, "rules", "store")
# Slices whose rooms show each other what they show to other slices, and nothing more.
CLOSED_ROOMS = ("contracts", "jobs")


def split(name: str) -> tuple[str, str, str]:
    """Part, room and the first name inside it: `jobmeter.jobs.feeds.flow.x` is `jobs`, `feeds` and `flow`."""
    part, _, inner = name.removeprefix("jobmeter.").partition(".")
    room = room_of(part, inner)
    return part, room, inner.removeprefix(room).removeprefix(".").partition(".")[0]


def face_breaches(source: Source) -> list[Breach]:
    """Across slices: exact names, no prefixes. The ends put everything together and may open any module."""
    if source.part in ENDS:
        return []
    found = []
    for line, name in imports(source):
        part, room, module = split(name)
        is_slice = name.startswith("jobmeter.") and part in LINE and part not in OPEN_PARTS
        if is_slice and part != source.part and module not in FACES:
            owner = ".".join(filter(None, ("jobmeter", part, room)))
            says = f"`{name}` is private to its slice; import {owner}.model or {owner}.flow"
            found.append(Breach(source.path, line, says))
    return found


def room_face_breaches(source: Source) -> list[Breach]:
    """The files of the slice itself (no room), or of the room around, are shared; a step that a flow was split into is not."""
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
            says = (
                f"`{name}` is a step inside `{room}`; put what other rooms need into its {', '.join(faces)}"
            )
            found.append(Breach(source.path, line, says))
    return found


def test_slices_show_their_model_and_flow_alone():
    refuse(breach for source in sources(".py", "jobmeter") for breach in face_breaches(source))


def test_rooms_of_a_slice_show_no_step_of_theirs():
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
def test_what_is_private_to_a_slice_is_refused(path, statement):
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
def test_model_and_flow_are_visible(path, statement):
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
        ("api/restli/simple_job_postings.py", "from jobmeter.api.http.bodies import read_json", 0),
        ("wire/xml/feed/job.py", "from jobmeter.wire.xml.html import strip_tags", 0),
    ],
)
def test_steps_of_another_room_are_refused(path, statement, count):
    assert len(room_face_breaches(Source(f"jobmeter/{path}", statement))) == count
