"""The published formats: our own samples of each come to what ``expected.tsv`` says, without any mapping."""

import csv
import io
from datetime import date

import msgspec
import pytest
from lxml import etree

from jobmeter.wire.xml.feed import names
from jobmeter.wire.xml.feed.flaws import FeedError
from jobmeter.wire.xml.feed.job import FeedJob
from jobmeter.wire.xml.feed.record import FeedNames, read_raw
from jobmeter.wire.xml.feed.requirements import FeedDefaults
from jobmeter.wire.xml.feed.shapes import SHAPES
from jobmeter.wire.xml.feed.stream import FeedNotes, read_feed
from jobmeter.wire.xml.html import plain_text
from tests.support.paths import FIXTURES
from tests.unit.wire.xml.feed.feed_samples import FIELDS, jobs_of

FOLDER = FIXTURES / "feeds"
# What the formats do not have at all (feeds register it): links of pages, the employer of a career site.
DEFAULTS = {
    "personio.xml": FeedDefaults(
        apply_url_pattern="https://harbour.jobs.personio.de/job/{id}", company_name="Harbour"
    ),
    "teamtailor.xml": FeedDefaults(company_name="Harbour", location="Leeds"),
}
EXPECTED = list(
    csv.DictReader((FOLDER / "expected.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t")
)
FILES = sorted({row["file"] for row in EXPECTED})
WORKPLACES = {
    "Hybrid remote": "Hybrid", "No": "", "Yes": "Remote", "On-site": "On-site", "Hybrid": "Hybrid", "remote": "Remote",
    "HYBRID": "Hybrid", "yes": "Remote", "none": "On-site", "hybrid": "Hybrid", "false": "On-site", "": "",
}  # fmt: skip
JOB_TYPES = {
    "FULL_TIME": "FULL_TIME", "PART_TIME": "PART_TIME", "full_time": "FULL_TIME", "fulltime, parttime": "FULL_TIME",
    "full-time, part-time": "FULL_TIME", "Full-time": "FULL_TIME", "permanent": "FULL_TIME", "Full Time": "FULL_TIME",
    "fulltime_permanent": "FULL_TIME", "full-time": "FULL_TIME", "Full-Time": "FULL_TIME",
}  # fmt: skip


def read_bytes(name: str) -> bytes:
    (path,) = FOLDER.glob(f"*/{name}")
    return path.read_bytes()


def read_sample(name: str, defaults: FeedDefaults | None = None) -> list:
    return jobs_of(read_bytes(name), defaults=defaults or FeedDefaults())


@pytest.mark.parametrize("name", FILES)
def test_a_sample_comes_to_what_is_expected(name):
    defaults = DEFAULTS.get(name, FeedDefaults())
    found = read_sample(name, defaults)
    rows = [row for row in EXPECTED if row["file"] == name]
    assert len(found) == len(rows)
    for job, row in zip(found, rows, strict=True):
        assert isinstance(job, FeedJob), job
        link = defaults.apply_url_pattern.replace("{id}", row["id"])
        assert {
            "id": job.partner_job_id,
            "title": job.title,
            "company": job.company,
            "place": job.location,
            "country": job.country,
            "postal_code": job.postal_code,
            "apply_url": job.apply_url,
            "listed": str(job.list_date or ""),
            "expires": str(job.expiration_date or ""),
            "email": job.poster_email,
            "other_places": "; ".join(job.other_places),
            "workplace": job.workplace_type,
        } == {field: row[field] for field in ("id", "title", "country", "postal_code", "listed", "expires", "email", "other_places")} | {
            "company": row["company"] or defaults.company_name,
            "place": row["place"] or defaults.location,
            "apply_url": row["apply_url"] or link,
            "workplace": WORKPLACES[row["workplace_as_sent"]],
        }  # fmt: skip
        if row["job_type_as_sent"]:
            assert job.job_type == JOB_TYPES[row["job_type_as_sent"]]


@pytest.mark.parametrize("name", FILES)
def test_the_description_of_a_sample_is_read_whole(name):
    """Escaped, in CDATA, in blocks or nested, it is the same text."""
    texts = [plain_text(job.description) for job in read_sample(name, DEFAULTS.get(name))]
    expected = [plain_text(job.description) for job in read_sample("linkedin-2025.xml")]
    if name == "personio.xml":
        expected = [f"Beschreibung\n{text}\nProfil\nEin klarer Kopf." for text in expected]
    if name == "talroo-latin1.xml":
        texts[1] = expected[1] = ""  # its encoding lacks some of the characters
    assert texts == expected


def test_a_json_list_is_read_like_the_other_formats():
    body = read_bytes("jsonld.json")
    found = jobs_of(body)
    samples = read_sample("linkedin-2025.xml")
    assert [
        (job.partner_job_id, job.title, job.company, job.description, job.apply_url) for job in found
    ] == [(job.partner_job_id, job.title, job.company, job.description, job.apply_url) for job in samples]
    assert [(job.location, job.country, job.other_places) for job in found] == [
        ("Leeds", "gb", ()),
        ("Köln", "de", ("Bonn, DE",)),
        ("Singapore", "sg", ()),
    ]
    assert [job.expiration_date for job in found] == [date(2027, 1, 31), date(2026, 12, 24), None]
    assert [(job.job_type, job.workplace_type) for job in found][:2] == [
        ("FULL_TIME", ""),
        ("FULL_TIME", "Remote"),
    ]
    assert found[0].salary == "28000-33000 GBP YEARLY"


@pytest.mark.parametrize(
    ("wrap", "is_complete"),
    [
        (lambda jobs: {"jobs": jobs}, True),
        (lambda jobs: {"@graph": jobs}, True),
        (lambda jobs: {"version": "https://jsonfeed.org/version/1.1", "next_url": "https://a.example/2", "items": [
            {"id": "x", "url": "https://a.example/", "_jobposting": job} for job in jobs]}, False),
    ],
)  # fmt: skip
def test_the_lists_of_json_feeds(wrap, is_complete):
    jobs = msgspec.json.decode(read_bytes("jsonld.json"))
    header, *found, _ = read_feed(io.BytesIO(msgspec.json.encode(wrap(jobs))))
    assert header.is_complete is is_complete
    assert [job.title for job in found] == [job["title"] for job in jobs]


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_what_a_format_lacks_is_named(name):
    refused = [row for row in read_sample(name) if isinstance(row, FeedError)]
    assert refused
    assert {
        word
        for row in refused
        for flaw in row.flaws
        for word in ("companyName", "location", "applyUrlPattern")
        if word in flaw.why
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_found_in_any_spelling(shape):
    steps = shape.split("/")
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in FIELDS.items())
    for spell in (str, str.upper, lambda text: f"a:{text}"):
        opening = "".join(f"<{spell(step)}>" for step in steps).replace(">", " xmlns:a='urn:a'>", 1)
        closing = "".join(f"</{spell(step)}>" for step in reversed(steps))
        header, job, _ = read_feed(io.BytesIO(f"{opening}{inner}{closing}".encode()))
        assert (header.shape, job.partner_job_id) == (shape, "J-1")
        assert header.is_complete is (shape not in {"rss/channel/item", "feed/entry"})


def test_a_feed_may_say_that_it_is_not_complete():
    body = read_bytes("monster.xml")
    assert next(read_feed(io.BytesIO(body))).is_complete
    assert not next(
        read_feed(io.BytesIO(body.replace(b"<isfullfeed>true", b"<isfullfeed>false")))
    ).is_complete


@pytest.mark.parametrize("is_complete", [True, False])
@pytest.mark.parametrize("name", ["wp-job-manager.xml", "indeed.xml", "jsonld.json"])
def test_a_default_says_whether_a_feed_is_complete(name, is_complete):
    header = next(read_feed(io.BytesIO(read_bytes(name)), defaults=FeedDefaults(is_complete=is_complete)))
    assert header.is_complete is is_complete


@pytest.mark.parametrize("name", [element for row in names.FIELDS for element in row.elements])
def test_every_element_of_the_table_is_read(name):
    """The table is the reference page: none of its rows is there for show."""
    row = next(row for row in names.FIELDS if name in row.elements)
    assert names.normalize_path(name) in names.PATHS[row.name]
    steps = name.removeprefix("*/").split("/")
    if name.startswith("@"):
        text = f"<job {name[1:]}='sentinel'/>"
    elif steps[-1].startswith("@"):
        text = f"<job><{steps[0]} {steps[-1][1:]}='sentinel'/></job>"
    else:
        steps = ["PositionProfile", *steps] if name.startswith("*/") else steps
        spelled = [step.replace("content:", "") for step in steps]
        text = (
            "<job>"
            + "".join(f"<{step}>" for step in spelled)
            + "sentinel"
            + "".join(f"</{step}>" for step in reversed(spelled))
            + "</job>"
        )
    raw = read_raw(etree.fromstring(text), FeedNames.empty(), 0)
    assert raw.find(row.name)[0] == "sentinel"


def test_what_is_never_used_says_nothing():
    body = "<source><job>" + "".join(f"<{name}>5</{name}>" for name in names.NOT_USED) + "</job></source>"
    *_, last = read_feed(io.BytesIO(body.encode()))
    assert last == FeedNotes(())
