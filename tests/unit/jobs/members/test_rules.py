"""Who sees which job, what is allowed and why not (credits page, job access), and what an edit changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.jobs.members.model import (
    Denial,
    EditableTexts,
    JobKind,
    JobViewer,
    OwnedJob,
    PortalPowers,
    TextEdit,
)
from jobmeter.jobs.members.rules import (
    check_allowed,
    check_edit,
    find_powers,
    is_visible,
    list_changes,
    make_document,
)
from jobmeter.jobs.model import JobState

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POSTER, SEAT, STRANGER = "jo@customer.example", "seat@client.example", "someone@else.example"
TEXTS = EditableTexts(
    title="Fitter", location="Lyon, France", description="Repairs.", apply_url="https://a.example"
)
ALL = PortalPowers(against_edit=None, against_close=None, against_renew=None)
FROM_FEED = PortalPowers(
    against_edit=Denial.FROM_FEED, against_close=Denial.FROM_FEED, against_renew=Denial.FROM_FEED
)


def make_job(kind: JobKind = JobKind.CLICKS, *, channel: str = "", **changed) -> OwnedJob:
    hiring = {JobKind.SLOT: HiringKind.SLOTS, JobKind.CREDIT: HiringKind.CREDITS}.get(kind)
    usual = {JobKind.SLOT: "XML", JobKind.CREDIT: "XML", JobKind.FEED: "FEED"}.get(kind, "P4P")
    job = OwnedJob(
        shard=1,
        job_id=257,
        application_id=5,
        partner_id=4,
        external_id="A",
        channel=channel or usual,
        poster_email=POSTER,
        state=JobState.LIVE,
        revision=0,
        run_number=1,
        expires_at=NOW + timedelta(days=9),
        pays_per_click=kind is JobKind.CLICKS,
        hiring_contract_id=None if hiring is None else 7,
        hiring_kind=hiring,
        hiring_ends_at=None if hiring is None else NOW + timedelta(days=90),
        owner_name="" if hiring is None else "Harbour Logistics",
        seats=(SEAT,) if hiring is HiringKind.SLOTS else (),
        agency="Talentbridge",
        title=TEXTS.title,
        location=TEXTS.location,
        description=TEXTS.description,
        apply_url=TEXTS.apply_url,
    )
    return replace(job, **changed)


MEMBER, BY_SEAT = JobViewer(email=POSTER), JobViewer(email=SEAT)
CUSTOMER = JobViewer(email=STRANGER, application_ids=(5,))
OWNER = JobViewer(email=STRANGER, hiring_contract_ids=(7,))


@pytest.mark.parametrize("kind", JobKind)
def test_a_job_has_the_kind_of_what_pays_for_it(kind: JobKind) -> None:
    assert make_job(kind).kind is kind


@pytest.mark.parametrize(
    ("kind", "channel", "seen_by"),
    [
        (JobKind.CLICKS, "", {"poster", "customer"}),
        (JobKind.FREE, "", {"poster", "customer"}),
        (JobKind.FEED, "", {"poster", "customer"}),
        (JobKind.CREDIT, "", {"poster", "customer", "owner"}),
        (JobKind.SLOT, "", {"seat", "customer", "owner"}),
        (JobKind.SLOT, "P4P", {"poster", "seat", "customer", "owner"}),
    ],
)
def test_posters_seats_and_customers_see_their_jobs_and_nobody_else_does(
    kind: JobKind, channel: str, seen_by: set[str]
) -> None:
    job = make_job(kind, channel=channel)
    viewers = {
        "poster": JobViewer(email=POSTER.upper()),
        "seat": JobViewer(email="Seat@Client.example"),
        "customer": CUSTOMER,
        "owner": OWNER,
        "stranger": JobViewer(email=STRANGER),
        "nobody": JobViewer(email=""),
        "other customer": JobViewer(email=POSTER, application_ids=(6,)),
        "other owner": JobViewer(email=SEAT, hiring_contract_ids=(8,)),
    }
    assert {name for name, viewer in viewers.items() if is_visible(job, viewer)} == seen_by


def test_a_job_without_a_poster_is_nobodys() -> None:
    for kind in JobKind:
        assert not is_visible(make_job(kind, poster_email="", seats=("",)), JobViewer(email=""))


PAYER, AGENCY = Denial.PAYER_RENEWS, Denial.AGENCY_RENEWS


@pytest.mark.parametrize(
    ("kind", "channel", "viewer", "renewal"),
    [
        (JobKind.CLICKS, "", MEMBER, PAYER),
        (JobKind.CLICKS, "", CUSTOMER, PAYER),
        (JobKind.FREE, "", CUSTOMER, AGENCY),
        (JobKind.CREDIT, "", MEMBER, PAYER),
        (JobKind.CREDIT, "", CUSTOMER, PAYER),
        (JobKind.CREDIT, "", OWNER, PAYER),
        (JobKind.SLOT, "", BY_SEAT, None),
        (JobKind.SLOT, "", CUSTOMER, None),
        (JobKind.SLOT, "", OWNER, None),
        (JobKind.SLOT, "P4P", MEMBER, PAYER),
        (JobKind.SLOT, "P4P", BY_SEAT, None),
    ],
)
def test_a_live_job_is_edited_and_closed_and_only_own_slots_are_renewed(
    kind: JobKind, channel: str, viewer: JobViewer, renewal: Denial | None
) -> None:
    assert find_powers(make_job(kind, channel=channel), viewer, NOW) == replace(ALL, against_renew=renewal)


def test_a_job_of_a_feed_is_changed_in_the_feed() -> None:
    assert find_powers(make_job(JobKind.FEED), MEMBER, NOW) == FROM_FEED


@pytest.mark.parametrize(
    ("kind", "viewer", "end", "close", "renew"),
    [
        (JobKind.CLICKS, MEMBER, {"state": JobState.EXPIRED}, Denial.EXPIRED, Denial.EXPIRED),
        (JobKind.CLICKS, MEMBER, {"expires_at": NOW}, Denial.EXPIRED, Denial.EXPIRED),
        (JobKind.CREDIT, MEMBER, {"state": JobState.EXPIRED}, None, PAYER),
        (JobKind.SLOT, BY_SEAT, {"state": JobState.EXPIRED}, None, None),
        (JobKind.SLOT, BY_SEAT, {"expires_at": NOW}, None, None),
    ],
)
def test_an_expired_job_is_not_edited_and_one_on_own_slots_can_be_renewed(
    kind: JobKind, viewer: JobViewer, end: dict, close: Denial | None, renew: Denial | None
) -> None:
    powers = find_powers(make_job(kind, **end), viewer, NOW)
    assert powers == PortalPowers(against_edit=Denial.EXPIRED, against_close=close, against_renew=renew)


@pytest.mark.parametrize("state", [JobState.CLOSED, JobState.FAILED])
@pytest.mark.parametrize("kind", [JobKind.CLICKS, JobKind.CREDIT, JobKind.SLOT])
def test_a_job_that_is_over_for_good_is_only_seen(kind: JobKind, state: JobState) -> None:
    why = Denial[state.name]
    powers = find_powers(make_job(kind, state=state), CUSTOMER, NOW)
    assert powers == PortalPowers(against_edit=why, against_close=why, against_renew=why)


def test_on_a_contract_that_has_ended_a_job_is_only_closed() -> None:
    for kind in (JobKind.SLOT, JobKind.CREDIT):
        powers = find_powers(make_job(kind, hiring_ends_at=NOW), CUSTOMER, NOW)
        assert powers.against_close is None
        assert powers.against_edit is Denial.CONTRACT_ENDED
        assert powers.against_renew is not None
        lasting = find_powers(make_job(kind, hiring_ends_at=NOW + timedelta(seconds=1)), CUSTOMER, NOW)
        assert lasting.against_edit is None


@pytest.mark.parametrize(
    ("kind", "denial", "text"),
    [
        (
            JobKind.CREDIT,
            PAYER,
            "Only Harbour Logistics can renew it, because Harbour Logistics pays for it.",
        ),
        (JobKind.CLICKS, PAYER, "Only Talentbridge can renew it, because Talentbridge pays for it."),
        (JobKind.FREE, AGENCY, "Only Talentbridge can renew it."),
        (
            JobKind.FEED,
            Denial.FROM_FEED,
            "The job is from a feed of Talentbridge: it is changed and closed there.",
        ),
        (JobKind.SLOT, Denial.CONTRACT_ENDED, "The contract of Harbour Logistics has ended."),
    ],
)
def test_a_refusal_says_who_can_do_it_and_why(kind: JobKind, denial: Denial, text: str) -> None:
    with pytest.raises(Refused) as refused:
        check_allowed(denial, make_job(kind))
    assert (refused.value.fault, refused.value.message) == (Fault.JOB_ACTION_DENIED, text)
    assert refused.value.parameters["denial"] is denial


# -- edits


def test_an_edit_of_what_the_editor_saw_is_accepted() -> None:
    wanted = replace(TEXTS, title="Welder")
    assert check_edit(make_job(), TextEdit(texts=wanted, seen=TEXTS.mark)) == wanted
    assert list_changes(TEXTS, wanted) == {"title": "Welder"}


def test_a_change_by_another_is_not_overwritten_and_both_versions_are_returned() -> None:
    wanted = replace(TEXTS, title="Welder")
    job = make_job(description="Repairs ships.")
    with pytest.raises(Refused) as refused:
        check_edit(job, TextEdit(texts=wanted, seen=TEXTS.mark))
    assert refused.value.fault is Fault.JOB_CHANGED_MEANWHILE
    assert refused.value.parameters["current"] == job.texts
    assert refused.value.parameters["wanted"] == wanted


def test_two_editors_who_want_the_same_agree() -> None:
    job = make_job(title="Welder")
    assert check_edit(job, TextEdit(texts=job.texts, seen=TEXTS.mark)) == job.texts


@pytest.mark.parametrize("sent", ["One\r\nTwo", "One\nTwo", "  One\nTwo\r\n"])
def test_the_ends_of_lines_of_a_form_change_nothing(sent: str) -> None:
    job = make_job(description="One\nTwo")
    edit = TextEdit(texts=replace(job.texts, description=sent), seen=job.texts.mark)
    assert check_edit(job, edit) == job.texts


texts = st.builds(
    EditableTexts,
    title=st.text(max_size=5),
    location=st.text(max_size=5),
    description=st.text(max_size=9),
    apply_url=st.text(max_size=5),
)


@given(texts, texts, texts)
def test_an_edit_never_replaces_what_its_editor_did_not_see(
    seen: EditableTexts, current: EditableTexts, wanted: EditableTexts
) -> None:
    job = make_job(
        title=current.title,
        location=current.location,
        description=current.description,
        apply_url=current.apply_url,
    )
    edit = TextEdit(texts=wanted, seen=seen.mark)
    if seen == current or list_changes(current, check_edit(job, replace(edit, seen=current.mark))) == {}:
        check_edit(job, edit)
    else:
        with pytest.raises(Refused) as refused:
            check_edit(job, edit)
        assert refused.value.parameters["current"] == current


@given(texts, texts)
def test_different_texts_have_different_marks(one: EditableTexts, other: EditableTexts) -> None:
    assert (one.mark == other.mark) == (one == other)


def test_an_edit_is_read_as_a_document_of_the_xml_api() -> None:
    document = make_document({"title": "Welder", "description": "<b>Welds</b>", "apply_url": ""})
    assert (document.content.title, document.cleared) == ("Welder", {"application_url"})
    with pytest.raises(Refused) as refused:
        make_document({"title": "", "apply_url": "x y", "location": "x" * 256})
    assert refused.value.fault is Fault.JOB_DOCUMENT_INVALID
    for path in ("job/position/title", "job/how-to-apply/application-url", "job/position/location/name"):
        assert path in refused.value.message
