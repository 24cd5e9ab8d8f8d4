"""A job that was sent as it was before is recognized without reading its fields, and nothing else of a reading changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.feed.job import FeedJob
from jobmeter.wire.xml.feed.requirements import FeedDefaults
from jobmeter.wire.xml.feed.stream import SOURCES_DIFFERING_MAX, FeedSame
from tests.unit.wire.xml.feed.feed_samples import FIELDS, feed, job, jobs_of, read

JOBS = [job(partnerJobId=str(number), title=f"Title {number}") for number in range(4)]
TEXTS = ("", " ", "x", "Leeds", "<b>bold</b> text", "<city>Bonn</city>", "delete", "&lt;p&gt;", "\u200b")
# Of these elements the first is not used, and nobody knows the second.
OTHERS = ("cpc", "mood", "action", "city", "title", "partnerJobId")


def know(body, **options):
    """What is kept of the jobs that were taken."""
    taken = [found for found in jobs_of(body, **options) if isinstance(found, FeedJob)]
    return {found.partner_job_id: found.fingerprint + found.source for found in taken}


@st.composite
def drafts(draw):
    """A job of few ids, so that ids are repeated, with some elements changed, moved and added."""
    fields = list(({**FIELDS, "partnerJobId": str(draw(st.integers(0, 3)))}).items())
    if draw(st.booleans()):
        fields = draw(st.permutations(fields))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(fields) - 1))
        fields[place] = (fields[place][0], draw(st.sampled_from(TEXTS)))
    fields += draw(st.lists(st.tuples(st.sampled_from(OTHERS), st.sampled_from(TEXTS)), max_size=2))
    gap = draw(st.sampled_from(["", "\n "]))
    return f"<job>{gap.join(f'<{name}>{value}</{name}>' for name, value in fields)}</job>"


@pytest.mark.long
@given(st.lists(drafts(), max_size=5), st.lists(drafts(), max_size=3), st.randoms(use_true_random=False))
def test_the_element_of_a_job_only_saves_reading_it(before, new, rng):
    """Whatever was sent before and is sent now, in any order, the items and the notes are those without the hashes of elements."""
    known = know(feed(*before))
    now = [*before, *new]
    rng.shuffle(now)
    without = {partner_job_id: digests[:16] for partner_job_id, digests in known.items()}
    assert read(feed(*now), known=known) == read(feed(*now), known=without)


def test_a_job_as_it_was_sent_is_the_same_and_any_other_is_read():
    known = know(feed(*JOBS))
    assert {len(digests) for digests in known.values()} == {32}
    # when, of four jobs, what is not read, nothing, the order, and what is read has changed
    added = JOBS[0].replace("</job>", "<cpc>1</cpc></job>")
    moved = (
        JOBS[2].replace("<companyId>99</companyId>", "").replace("</job>", "<companyId>99</companyId></job>")
    )
    body = feed(added, JOBS[1], moved, JOBS[3].replace("Fit pumps", "Fit pipes"))
    # then by its fields the last is another, and by their elements alone all but one
    elements_alone = {partner_job_id: bytes(16) + digests[16:] for partner_job_id, digests in known.items()}
    assert [type(found) for found in jobs_of(body, known=known)] == [FeedSame, FeedSame, FeedSame, FeedJob]
    by_elements = jobs_of(body, known=elements_alone)
    assert [type(found) for found in by_elements] == [FeedJob, FeedSame, FeedJob, FeedJob]
    # and all of them with other defaults
    defaults = FeedDefaults(country="GB")
    assert {type(found) for found in jobs_of(body, known=elements_alone, defaults=defaults)} == {FeedJob}


def test_what_nobody_knows_is_counted_at_each_reading():
    unknown = feed(*(one.replace("</job>", "<mood>good</mood></job>") for one in JOBS))
    first, again = read(unknown)[-1], read(unknown, known=know(unknown))[-1]
    assert first == again
    assert first.notes == ("job/mood is not used (4 jobs, first: 0)",)


def test_a_feed_that_is_sent_in_another_way_each_time_is_read_by_its_fields():
    jobs = [job(partnerJobId=str(number)) for number in range(SOURCES_DIFFERING_MAX + 20)]
    known = know(feed(*jobs))
    # when all but one of the last are sent in another way, and the elements are no more compared
    other = [one.replace("</job>", "<cpc>1</cpc></job>") for one in jobs[:-10]] + jobs[-10:]
    elements_of_last = dict(known)
    for number in range(len(jobs) - 10, len(jobs)):
        elements_of_last[str(number)] = bytes(16) + known[str(number)][16:]
    found = jobs_of(feed(*other), known=elements_of_last)
    assert [type(one) for one in found] == [FeedSame] * (len(jobs) - 10) + [FeedJob] * 10
    # then a few are compared on and on
    few = jobs_of(feed(*other[-30:]), known=elements_of_last)
    assert [type(one) for one in few] == [FeedSame] * 30
