"""Parsing a feed: one item per job, whatever is wrong with it, and fingerprints that detect changes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.feed.content import make_content
from jobmeter.wire.xml.feed.job import FeedJob, FeedRules, FeedSalary
from jobmeter.wire.xml.feed.stream import FeedError, FeedHeader, FeedSame
from tests.unit.wire.xml.feed.feed_samples import FIELDS, feed, job, read


def test_a_feed_is_parsed():
    header, found = read(feed(job()))
    assert header == FeedHeader("Acme", "", "", None)
    assert found == FeedJob(
        index=0,
        partner_job_id="J-1",
        fingerprint=found.fingerprint,
        company="Acme & Sons",
        company_id=99,
        title="Fitter",
        description=f"<p>{'Fit pumps. ' * 20}</p>Now",
        apply_url="https://acme.example/jobs/1?a=1&b=2",
        location="Leeds, United Kingdom",
        city="",
        state="",
        country="",
        postal_code="",
        workplace_type="Hybrid",
        industries=("55", "53"),
        job_functions=("mnfc",),
        experience_level="ENTRY_LEVEL",
        job_type="FULL_TIME",
        salaries=(FeedSalary("50000", "GBP", "60000.50", "GBP", "YEARLY", "BASE_SALARY"),),
        list_date=date(2026, 3, 9),
        expiration_date=date(2026, 4, 9),
        poster_email="jo@acme.example",
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            (
                "<lastBuildDate>Mon, 09 Mar 2026 10:00:00 GMT</lastBuildDate><publisherUrl>https://a.example</publisherUrl>"
                "<publisher><![CDATA[A & B]]></publisher><expectedJobCount>12</expectedJobCount>"
            ),
            FeedHeader("A & B", "https://a.example", "Mon, 09 Mar 2026 10:00:00 GMT", 12),
        ),
        ("<publisherURL>https://a.example</publisherURL>", FeedHeader("", "https://a.example", "", None)),
        ("<expectedJobCount>many</expectedJobCount>", FeedHeader("", "", "", None)),
        ("", FeedHeader("", "", "", None)),
    ],
)
@pytest.mark.parametrize("jobs", [(), (job(),)])
def test_the_header_comes_first(header, expected, jobs):
    found = read(feed(*jobs, header=header))
    assert found[0] == expected
    assert len(found) == 1 + len(jobs)


@pytest.mark.parametrize(
    ("changes", "path", "why"),
    [
        ({"partnerJobId": None}, "job/partnerJobId", "is required"),
        ({"partnerJobId": "x" * 41}, "job/partnerJobId", "has 41 characters, 1 to 40 are allowed"),
        ({"company": " "}, "job/company", "is required"),
        ({"title": "x" * 201}, "job/title", "has 201 characters, 1 to 200 are allowed"),
        ({"title": "a<b>c</b>"}, "job/title", "must be text, with markup in a CDATA section"),
        ({"description": None}, "job/description", "is required"),
        ({"description": "short"}, "job/description", "has 5 characters, 100 to 25000 are allowed"),
        ({"applyUrl": None}, "job/applyUrl", "is required"),
        ({"applyUrl": "http://a.example"}, "job/applyUrl", "is not a URL that begins with https://"),
        (
            {"applyUrl": "https://a.example/" + "x" * 2_083},
            "job/applyUrl",
            "has 2101 characters, 1 to 2083 are allowed",
        ),
        ({"companyId": "Acme"}, "job/companyId", "is not a positive integer"),
        ({"location": None}, "job/location", "is required unless city, state and country are given"),
        (
            {"location": None, "city": "Leeds", "country": "GB"},
            "job/location",
            "is required unless city, state and country are given",
        ),
        ({"country": "XX"}, "job/country", "'XX' is not a valid country code"),
        ({"workplaceTypes": "Moon"}, "job/workplaceTypes", "'Moon' is not one of On-site, Hybrid, Remote"),
        (
            {"industryCodes": "<industryCode>2</industryCode>"},
            "job/industryCodes",
            "'2' is not a valid industry code",
        ),
        (
            {"jobFunctions": "<jobFunction>zz</jobFunction>"},
            "job/jobFunctions",
            "'zz' is not a valid job function code",
        ),
        (
            {
                "jobFunctions": "".join(
                    f"<jobFunction>{code}</jobFunction>" for code in ("it", "eng", "hr", "qa")
                )
            },
            "job/jobFunctions",
            "has 4 codes, at most 3 are allowed",
        ),
        ({"listDate": "2026-13-01"}, "job/listDate", "'2026-13-01' is not a date in the format MM/DD/YYYY"),
        ({"expirationDate": "soon"}, "job/expirationDate", "'soon' is not a date in the format MM/DD/YYYY"),
        ({"posterEmail": None}, "job/posterEmail", "is required"),
        ({"posterEmail": "jo"}, "job/posterEmail", "has 2 characters, 3 to 254 are allowed"),
        ({"posterEmail": "j o@a.example"}, "job/posterEmail", "is not an e-mail address"),
        (
            {"salaries": "<salary><period>CENTURY</period></salary>"},
            "job/salaries/salary/period",
            "'CENTURY' is not a period",
        ),
        (
            {"salaries": "<salary><type>TIPS</type></salary>"},
            "job/salaries/salary/type",
            "'TIPS' is not a type of salary",
        ),
        (
            {"salaries": "<salary><lowEnd><amount>a lot</amount></lowEnd></salary>"},
            "job/salaries/salary/lowEnd/amount",
            "'a lot' is not an amount",
        ),
        (
            {"salaries": "<salary><highEnd><amount>1</amount></highEnd></salary>"},
            "job/salaries/salary/highEnd/currencyCode",
            "'' is not a currency",
        ),
    ],
)
def test_an_invalid_job_is_reported_and_the_stream_continues(changes, path, why):
    _, first, wrong, last = read(feed(job(partnerJobId="A"), job(**{"partnerJobId": "B", **changes}), job()))
    assert isinstance(first, FeedJob)
    assert isinstance(last, FeedJob)
    named = {None: "", "x" * 41: "x" * 41}.get(changes.get("partnerJobId", "B"), "B")
    assert wrong == FeedError(1, named, path, why)
    assert last.index == 2


def test_a_repeated_id_is_reported():
    _, first, second = read(feed(job(), job(title="Other")))
    assert isinstance(first, FeedJob)
    assert second == FeedError(1, "J-1", "job/partnerJobId", "occurs more than once in the feed")


def test_a_repeated_element_is_reported():
    _, found = read(feed(job(colour="red</colour><title>Again</title><colour>")))
    assert found == FeedError(0, "J-1", "job/title", "occurs more than once")


@pytest.mark.parametrize("written", ["", "<!-- nothing -->"])
def test_an_empty_element_counts_as_absent(written):
    assert read(feed(job(city=written)))[1] == read(feed(job()))[1]


def test_rules_can_be_set():
    rules = FeedRules(
        poster_email_needed=False,
        company_id_needed=True,
        description_characters_min=1,
        apply_url_schemes=("http", "https"),
    )
    body = feed(
        job(posterEmail=None, description="short", applyUrl="http://a.example"),
        job(partnerJobId="2", companyId=None),
    )
    _, accepted, refused = read(body, rules=rules)
    assert isinstance(accepted, FeedJob)
    assert refused == FeedError(1, "2", "job/companyId", "is required")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"workplaceTypes": None, "isRemote": "Yes"}, "Remote"),
        ({"workplaceTypes": None, "isRemote": "No"}, ""),
        ({"workplaceTypes": "<workplaceType>On-site</workplaceType>"}, "On-site"),
    ],
)
def test_workplace_types(changes, expected):
    assert read(feed(job(**changes)))[1].workplace_type == expected


def test_a_known_job_is_not_parsed_further():
    # given a feed that has been read
    jobs = [job(partnerJobId=str(n), title=f"Title {n}") for n in range(5)]
    known = {found.partner_job_id: found.fingerprint for found in read(feed(*jobs))[1:]}
    # when it is read again with one job changed, one removed and one added
    changed = [jobs[0], job(partnerJobId="1", title="Changed"), jobs[3], jobs[4], job(partnerJobId="9")]
    found = read(feed(*changed), known=known)[1:]
    # then only the changed and the new job are parsed
    assert [type(item) for item in found] == [FeedSame, FeedJob, FeedSame, FeedSame, FeedJob]
    assert found[2] == FeedSame(2, "3")


@given(st.permutations(list(FIELDS.items())), st.sampled_from(["", " ", "\n\t", "<!-- x -->"]))
def test_a_fingerprint_depends_only_on_the_fields(fields, gap):
    text = gap.join(
        f"<{name}>{gap if name in {'title', 'company'} else ''}{value}</{name}>" for name, value in fields
    )
    turned = read(feed(f"<job>{gap}{text}<industry>ignored</industry></job>"))[1]
    assert turned.fingerprint == read(feed(job()))[1].fingerprint


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "partnerJobId"])
def test_a_fingerprint_depends_on_every_field(name):
    lists = {
        "salaries": FIELDS["salaries"].replace("50000", "50001"),
        "industryCodes": "<industryCode>4</industryCode>",
    }
    other = lists.get(
        name, {"workplaceTypes": "Remote", "jobFunctions": "<jobFunction>it</jobFunction>"}.get(name, "7")
    )
    whole = read(feed(job()))[1].fingerprint
    known = {"J-1": whole}
    assert read(feed(job()), known=known)[1] == FeedSame(0, "J-1")
    assert not isinstance(read(feed(job(**{name: other})), known=known)[1], FeedSame)
    assert not isinstance(read(feed(job(**{name: None})), known=known)[1], FeedSame)


def test_nested_jobs_and_other_elements_are_ignored():
    body = feed("<x/>", job(extra="<job><title>no</title></job>"), "<y>z</y>", job(partnerJobId="2"))
    assert [item.partner_job_id for item in read(body)[1:]] == ["J-1", "2"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            {
                "job_type": "F",
                "experience_level": "2",
                "location_name": "Leeds, United Kingdom",
                "country_code": None,
            },
        ),
        ({}, {"salary": "50000-60000.50 GBP YEARLY", "company_id": 99, "poster_email": "jo@acme.example"}),
        (
            {"location": None, "city": "Leeds", "state": "Yorkshire", "country": "GB", "postalCode": "LS1"},
            {"location_name": "Leeds, Yorkshire", "country_code": "gb", "postal_code": "LS1"},
        ),
        ({"jobtype": "VOLUNTEER", "experienceLevel": None}, {"job_type": "O", "experience_level": None}),
        ({"jobtype": None, "salaries": None}, {"job_type": None, "salary": None}),
    ],
)
def test_a_feed_job_has_the_content_of_a_post(changes, expected):
    content = make_content(read(feed(job(**changes)))[1])
    assert {name: getattr(content, name) for name in expected} == expected
