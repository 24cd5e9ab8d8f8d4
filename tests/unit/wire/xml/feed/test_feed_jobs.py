"""Parsing a feed: one item per job with all its flaws, whatever is wrong with it, and fingerprints that detect changes."""

import re
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.feed.content import make_content
from jobmeter.wire.xml.feed.flaws import FeedError, FeedFlaw
from jobmeter.wire.xml.feed.job import FeedJob
from jobmeter.wire.xml.feed.requirements import FeedDefaults, FeedRules, PosterEmail
from jobmeter.wire.xml.feed.stream import FeedHeader, FeedRemoval, FeedSame
from tests.unit.wire.xml.feed.feed_samples import FIELDS, feed, job, jobs_of, one_job, read


def test_a_feed_is_parsed():
    header, found, _ = read(feed(job()))
    assert header == FeedHeader("Acme", "", "", None, "source/job")
    assert found == FeedJob(
        index=0,
        partner_job_id="J-1",
        fingerprint=found.fingerprint,
        source=found.source,
        company="Acme & Sons",
        company_id=99,
        title="Fitter",
        description=f"<p>{'Fit pumps. ' * 20}</p><p><strong>Now</strong></p>",
        apply_url="https://acme.example/jobs/1?a=1&b=2",
        location="Leeds, United Kingdom",
        country="",
        postal_code="",
        other_places=(),
        workplace_type="Hybrid",
        industries=("55", "53"),
        job_functions=("mnfc",),
        experience_level="ENTRY_LEVEL",
        job_type="FULL_TIME",
        salary="50000-60000.50 GBP YEARLY",
        list_date=date(2026, 3, 19),
        expiration_date=date(2026, 4, 9),
        poster_email="jo@acme.example",
        availability="",
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            (
                "<lastBuildDate>Mon, 09 Mar 2026 10:00:00 GMT</lastBuildDate><publisherUrl>https://a.example</publisherUrl>"
                "<publisher><![CDATA[A & B]]></publisher><expectedJobCount>12</expectedJobCount>"
            ),
            ("A & B", "https://a.example", "Mon, 09 Mar 2026 10:00:00 GMT", 12),
        ),
        ("<publisherURL>https://a.example</publisherURL>", ("", "https://a.example", "", None)),
        ("<expectedJobCount>many</expectedJobCount>", ("", "", "", None)),
        ("", ("", "", "", None)),
    ],
)
@pytest.mark.parametrize("jobs", [(), (job(),)])
def test_the_header_comes_first(header, expected, jobs):
    found = read(feed(*jobs, header=header))
    assert found[0] == FeedHeader(*expected, "source/job" if jobs else "")
    assert len(found) == 2 + len(jobs)


REQUIRED = [
    ({"partnerJobId": "x" * 201}, "job/partnerJobId", "has 201 characters, 1 to 200 are allowed"),
    ({"title": None}, "job/title", "is required"),
    ({"title": "x" * 201}, "job/title", "has 201 characters, 1 to 200 are allowed"),
    ({"title": "<![CDATA[<b> </b>]]>"}, "job/title", "is required"),
    ({"description": None}, "job/description", "is required"),
    ({"description": "short"}, "job/description", "has 5 characters, 100 to 25000 are allowed"),
    ({"description": "x" * 25_001}, "job/description", "has 25001 characters, 100 to 25000 are allowed"),
    ({"applyUrl": "mailto:jo@acme.example"}, "job/applyUrl", "is not a URL that begins with http:// or https://"),
    ({"applyUrl": "www.acme.example/1"}, "job/applyUrl", "is not a URL that begins with http:// or https://"),
    ({"applyUrl": "https://a.example/a b"}, "job/applyUrl", "is not a URL that begins with http:// or https://"),
    ({"applyUrl": "https://jo:x@a.example/"}, "job/applyUrl", "must not contain a user name"),
    ({"applyUrl": f"https://a.example/{'x' * 2_083}"}, "job/applyUrl", "has 2101 characters, 1 to 2083 are allowed"),
    ({"location": None}, "job/location", "is required: add <location> or <city>, or set location for the feed"),
    ({"location": None, "country": "GB"}, "job/location", "is required: add <location> or <city>, or set location for the feed"),
    ({"jobPostingAvailability": "FRIENDS"}, "job/jobPostingAvailability", "is not one of PUBLIC, INTERNAL, PRIVATE_TO_ATS_INTEGRATION"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "why"), REQUIRED)
def test_a_job_that_could_not_be_used_is_refused_and_the_stream_continues(changes, path, why):
    first, wrong, last = jobs_of(
        feed(job(partnerJobId="A"), job(**{"partnerJobId": "B", **changes}), job(partnerJobId="C"))
    )
    assert isinstance(first, FeedJob)
    assert isinstance(last, FeedJob)
    assert isinstance(wrong, FeedError)
    assert (wrong.index, wrong.path, wrong.flaws[0].why, wrong.is_error) == (1, path, why, True)


OPTIONAL = [
    ("companyId", "Acme", "company_id", None),
    ("country", "Atlantis", "country", ""),
    ("postalCode", "9" * 400, "postal_code", ""),
    ("workplaceTypes", "Moon", "workplace_type", ""),
    ("industryCodes", "<industryCode>zz</industryCode><industryCode>4</industryCode>", "industries", ("4",)),
    ("jobFunctions", "<jobFunction>hcpr</jobFunction><jobFunction>it</jobFunction>", "job_functions", ("it",)),
    ("jobFunctions", "".join(f"<jobFunction>{code}</jobFunction>" for code in ("it", "eng", "hr", "qa")), "job_functions", ("it", "eng", "hr")),
    ("experienceLevel", "wizard", "experience_level", ""),
    ("jobtype", "gig", "job_type", "OTHER"),
    ("listDate", "2026-13-01", "list_date", None),
    ("expirationDate", "soon", "expiration_date", None),
    ("posterEmail", "j o@a.example", "poster_email", ""),
    ("posterEmail", None, "poster_email", ""),
    ("salaries", "<salary><period>fortnightly</period><lowEnd><amount>5</amount></lowEnd></salary>", "salary", "5"),
    ("salaries", "<salary><type>TIPS</type></salary>", "salary", ""),
    ("salaries", "<salary><lowEnd><amount>a lot</amount></lowEnd></salary>", "salary", ""),
    ("salary", "x" * 300, "salary", "x" * 255),
    ("alternateLocations", "".join(f"<l>Town {number}</l>" for number in range(9)), "other_places", tuple(f"Town {number}" for number in range(7))),
    ("partnerJobId", "x" * 41, "partner_job_id", "x" * 41),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "field", "expected"), OPTIONAL)
def test_an_optional_field_that_cannot_be_read_is_left_out_with_a_warning(name, value, field, expected):
    changes = {name: value} | ({"salaries": None} if name == "salary" else {})
    found = one_job(feed(job(**changes)))
    assert isinstance(found, FeedJob)
    assert getattr(found, field) == expected
    assert [flaw.is_error for flaw in found.warnings] == [False]


def test_all_flaws_of_a_job_are_in_one_row():
    found = one_job(
        feed(job(title=None, applyUrl="www.a.example", description="too short", listDate="soon", foo="x"))
    )
    assert [(flaw.path, flaw.is_error) for flaw in found.flaws] == [
        ("job/title", True),
        ("job/description", True),
        ("job/applyUrl", True),
        ("job/listDate", False),
    ]
    assert found.why == (
        "3 flaws, 1 warnings. title is required; description has 9 characters, 100 to 25000 are allowed; "
        "applyUrl: 'www.a.example' is not a URL that begins with http:// or https://; "
        "listDate: 'soon' is not a date (try 2027-01-31) and was left out"
    )


def test_flaws_name_the_elements_of_the_format():
    text = "<job><Job-Title>Fitter</Job-Title><body>short</body><job_url>x</job_url><town>Leeds</town><employer>A</employer></job>"
    found = one_job(feed(text))
    assert {flaw.path for flaw in found.flaws} == {"job/body", "job/job_url", "job/partnerJobId"}
    assert found.title == "Fitter"


def test_unknown_elements_are_passed_over_and_named_once():
    *_, notes = read(feed(*(job(partnerJobId=str(n), priority="7", cpc="0.2") for n in range(3))))
    assert notes.notes == ("job/priority is not used (3 jobs, first: 0)",)


def test_a_repeated_id_names_the_first_job():
    first, second = jobs_of(feed(job(), job(title="Other")))
    assert isinstance(first, FeedJob)
    assert second == FeedError(
        1,
        "J-1",
        "job/partnerJobId",
        "is also job 0; give each place an id of its own, or use alternateLocations",
        "Other",
        second.flaws,
    )


def test_a_job_without_an_id_is_recognized_by_its_link():
    found = one_job(feed(job(partnerJobId=None)))
    assert re.fullmatch("url-[0-9a-f]{32}", found.partner_job_id)
    assert found.warnings[0].path == "job/partnerJobId"
    assert one_job(feed(job(partnerJobId=None, title="Other"))).partner_job_id == found.partner_job_id
    assert one_job(feed(job(partnerJobId=None, applyUrl=None))).partner_job_id == ""


def test_a_job_says_itself_that_it_is_over():
    ends = [{"action": "delete"}, {"status": "Filled"}, {"active": "false"}, {"action": "Close"}]
    stays = [{"action": "addOrUpdate"}, {"status": "open"}, {"active": "true"}]
    assert [type(one_job(feed(job(**changes)))) for changes in ends] == [FeedRemoval] * len(ends)
    assert [type(one_job(feed(job(**changes)))) for changes in stays] == [FeedJob] * len(stays)


@pytest.mark.parametrize("written", ["", "<!-- nothing -->", "<![CDATA[]]>", " \n "])
def test_an_empty_element_counts_as_absent(written):
    empty, absent = one_job(feed(job(city=written))), one_job(feed(job()))
    assert msgspec.structs.replace(empty, source=absent.source) == absent


@pytest.mark.parametrize(
    ("rule", "changes", "severities"),
    [
        (PosterEmail.REQUIRED, {"posterEmail": None}, [True]),
        (PosterEmail.REQUIRED, {"posterEmail": "jo"}, [True]),
        (PosterEmail.REQUIRED, {}, []),
        (PosterEmail.WARNED, {"posterEmail": None}, [False]),
        (PosterEmail.WARNED, {"posterEmail": "jo"}, [False]),
        (PosterEmail.IGNORED, {"posterEmail": None}, []),
    ],
)
def test_the_poster_is_required_by_a_setting(rule, changes, severities):
    found = one_job(feed(job(**changes)), rules=FeedRules(poster_email=rule))
    flaws = found.flaws if isinstance(found, FeedError) else found.warnings
    assert [flaw.is_error for flaw in flaws] == severities
    default = FeedDefaults(poster_email="jobs@acme.example")
    kept = one_job(feed(job(**changes)), rules=FeedRules(poster_email=rule), defaults=default)
    assert kept.poster_email == ("jo@acme.example" if not changes else "jobs@acme.example")


def test_rules_can_be_set():
    rules = FeedRules(company_id_needed=True, description_characters_min=1, apply_url_schemes=("https",))
    body = feed(
        job(description="short"),
        job(partnerJobId="2", companyId=None),
        job(partnerJobId="3", applyUrl="http://a.example"),
    )
    accepted, *refused = jobs_of(body, rules=rules)
    assert isinstance(accepted, FeedJob)
    assert [(row.path, row.why) for row in refused] == [
        ("job/companyId", "is required"),
        ("job/applyUrl", "'http://a.example' is not a URL that begins with https://"),
    ]


@pytest.mark.parametrize(
    ("missing", "default", "field", "expected"),
    [
        ({"company": None, "companyId": None}, {"company_name": "Acme"}, "company", "Acme"),
        ({"company": None, "companyId": None}, {"company_id": 7}, "company_id", 7),
        ({"location": None}, {"location": "Leeds"}, "location", "Leeds"),
        ({"country": None}, {"country": "GB"}, "country", "gb"),
        ({"posterEmail": None}, {"poster_email": "a@b.example"}, "poster_email", "a@b.example"),
        ({"applyUrl": None}, {"apply_url_pattern": "https://a.example/{id}/apply"}, "apply_url", "https://a.example/J-1/apply"),
        ({"listDate": "03/04/2026"}, {"dates_day_first": True}, "list_date", date(2026, 4, 3)),
        ({"listDate": "03/04/2026"}, {}, "list_date", date(2026, 3, 4)),
    ],
)  # fmt: skip
def test_the_defaults_of_a_feed_fill_what_is_missing(missing, default, field, expected):
    body = feed(job(**missing))
    assert getattr(one_job(body, defaults=FeedDefaults(**default)), field) == expected


def test_a_known_job_is_not_parsed_further():
    # given a feed that has been read
    jobs = [job(partnerJobId=str(n), title=f"Title {n}") for n in range(5)]
    known = {found.partner_job_id: found.fingerprint for found in jobs_of(feed(*jobs))}
    # when it is read again with one job changed, one removed and one added
    changed = [jobs[0], job(partnerJobId="1", title="Changed"), jobs[3], jobs[4], job(partnerJobId="9")]
    found = jobs_of(feed(*changed), known=known)
    # then only the changed and the new job are parsed
    assert [type(item) for item in found] == [FeedSame, FeedJob, FeedSame, FeedSame, FeedJob]
    assert found[2] == FeedSame(2, "3")
    # and all of them when the feed gets other defaults
    defaults = FeedDefaults(country="GB")
    assert {type(item) for item in jobs_of(feed(*jobs), known=known, defaults=defaults)} == {FeedJob}


@given(st.permutations(list(FIELDS.items())), st.sampled_from(["", " ", "\n\t", "<!-- x -->"]))
def test_a_fingerprint_depends_only_on_the_fields(fields, gap):
    text = gap.join(
        f"<{name}>{gap if name in {'title', 'company'} else ''}{value}</{name}>" for name, value in fields
    )
    turned = one_job(feed(f"<job>{gap}{text}<lastactivitydate>today</lastactivitydate><cpc>1</cpc></job>"))
    assert turned.fingerprint == one_job(feed(job())).fingerprint


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "partnerJobId"])
def test_a_fingerprint_depends_on_every_field(name):
    lists = {
        "salaries": FIELDS["salaries"].replace("50000", "50001"),
        "industryCodes": "<industryCode>4</industryCode>",
    }
    other = lists.get(
        name, {"workplaceTypes": "Remote", "jobFunctions": "<jobFunction>it</jobFunction>"}.get(name, "7")
    )
    known = {"J-1": one_job(feed(job())).fingerprint}
    assert one_job(feed(job()), known=known) == FeedSame(0, "J-1")
    assert not isinstance(one_job(feed(job(**{name: other})), known=known), FeedSame)
    assert not isinstance(one_job(feed(job(**{name: None})), known=known), FeedSame)


def test_nested_jobs_and_other_elements_are_ignored():
    body = feed("<x/>", job(extra="<job><title>no</title></job>"), "<y>z</y>", job(partnerJobId="2"))
    assert [item.partner_job_id for item in jobs_of(body)] == ["J-1", "2"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"job_type": "F", "experience_level": "2", "location_name": "Leeds, United Kingdom"}),
        ({}, {"salary": "50000-60000.50 GBP YEARLY", "company_id": 99, "poster_email": "jo@acme.example"}),
        (
            {"location": None, "city": "Leeds", "state": "Yorkshire", "country": "GB", "postalCode": "LS1"},
            {"location_name": "Leeds, Yorkshire", "country_code": "gb", "postal_code": "LS1"},
        ),
        ({"jobtype": "VOLUNTEER"}, {"job_type": "O", "employmentStatus": "VOLUNTEER"}),
        ({"jobtype": "internship"}, {"job_type": "O", "employmentStatus": "INTERNSHIP"}),
        ({"jobtype": None, "salaries": None}, {"job_type": None, "employmentStatus": None, "salary": None}),
        ({"workplaceTypes": "remote"}, {"workplaceTypes": ("Remote",)}),
        ({"jobPostingAvailability": "internal"}, {"availability": "INTERNAL"}),
        (
            {"alternateLocations": "<alternateLocation>Bonn</alternateLocation>"},
            {"alternateLocations": ("Bonn",)},
        ),
        ({"company": None}, {"company_name": None, "company_id": 99}),
    ],
)
def test_a_feed_job_has_the_content_of_a_post(changes, expected):
    content = make_content(one_job(feed(job(**changes))))
    assert {name: getattr(content, name) for name in expected} == expected


def test_a_flaw_reads_as_a_sentence():
    assert FeedFlaw("job/url", "x", "is not a URL", is_error=True).to_text() == "url: 'x' is not a URL"
    assert FeedFlaw("job/url", "", "is required", is_error=True).to_text() == "url is required"
