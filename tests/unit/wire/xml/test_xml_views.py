"""Look-ups: which fields are shown, selected and in which order, as XML and as JSON."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.job.fields import JobContent
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.job.response import JobPoster, JobView, make_snippet, render_job_json, render_job_xml
from jobmeter.wire.xml.job.selectors import parse_selector
from jobmeter.wire.xml.reader import read_document
from tests.unit.wire.xml.samples import POST, read_post

POSTED_MS = int(datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
VIEW = JobView(
    job_id=1337,
    active=True,
    posted_at_ms=POSTED_MS,
    expires_at_ms=POSTED_MS + 30 * DAY_MS,
    content=read_post(POST).content,
    site_job_url="https://board.example/jobs?jobId=1337",
    poster=JobPoster("m-1", "Jo", "Doe", ""),
)


def selected(selector, view=VIEW):
    root = etree.fromstring(render_job_xml(view, selector=selector))
    return etree.tostring(root, encoding="unicode").replace("\n", "").replace("  ", "")


@pytest.mark.parametrize(
    ("selector", "xml"),
    [
        (":(id)", "<id>1337</id>"),
        (":(active,id)", "<active>true</active><id>1337</id>"),
        (":(posting-date)", "<posting-date><year>2026</year><month>3</month><day>9</day></posting-date>"),
        (":(expiration-date:(day,month))", "<expiration-date><day>8</day><month>4</month></expiration-date>"),
        (":(posting-timestamp)", f"<posting-timestamp>{POSTED_MS}</posting-timestamp>"),
        (":(company:(name))", "<company><name>Acme &amp; Sons</name></company>"),
        (
            ":(position:(job-functions:(job-function:(name,code)),title))",
            (
                '<position><job-functions total="1"><job-function><name>Manufacturing</name><code>mnfc</code>'
                "</job-function></job-functions><title>Fitter</title></position>"
            ),
        ),
        (
            ":(position:(industries:(code)))",
            (
                '<position><industries total="2"><industry><code>55</code></industry>'
                "<industry><code>53</code></industry></industries></position>"
            ),
        ),
        (
            ":(position:(location:(country:(name)),job-type,experience-level:(name)))",
            (
                "<position><location><country><name>United Kingdom</name></country></location>"
                "<job-type><code>F</code><name>Full-time</name></job-type>"
                "<experience-level><name>Entry level</name></experience-level></position>"
            ),
        ),
        (":(description-snippet)", "<description-snippet>Fit pumps.</description-snippet>"),
        (
            ":(location-description,salary)",
            "<location-description>Leeds</location-description><salary>30,000 a year</salary>",
        ),
        (
            ":(job-poster:(id,headline),site-job-request:(url))",
            (
                "<job-poster><id>m-1</id></job-poster>"
                "<site-job-request><url>https://board.example/jobs?jobId=1337</url></site-job-request>"
            ),
        ),
        (
            ":(poster:(role:(name)),referral-bonus,tracking-pixel-url)",
            "<poster><role><name>Company recruiter</name></role></poster>",
        ),
        (":(job-poster:(headline))", ""),
    ],
)
def test_fields_are_selected_in_the_order_of_the_selector(selector, xml):
    assert selected(selector) == f"<job>{xml}</job>"


def test_a_look_up_returns_what_was_posted():
    # when the result of a look-up is sent as a post
    document = read_job(read_document(render_job_xml(VIEW)), DocumentKind.POST)
    # then the content is the same
    assert document.content == VIEW.content


def test_the_json_look_up_can_be_posted():
    body = render_job_json(VIEW)
    document = read_job(read_document(body, content_type="application/json"), DocumentKind.POST)
    assert document.content == VIEW.content


def test_json_has_lists_and_numeric_ids():
    found = json.loads(
        render_job_json(VIEW, selector=":(id,active,position:(industries,job-type),posting-date)")
    )
    assert found == {
        "id": 1337,
        "active": True,
        "position": {
            "industries": {
                "_total": 2,
                "values": [
                    {"code": "55", "name": "Machinery", "id": 55},
                    {"code": "53", "name": "Automotive", "id": 53},
                ],
            },
            "jobType": {"code": "F", "name": "Full-time"},
        },
        "postingDate": {"year": 2026, "month": 3, "day": 9},
    }


def test_absent_fields_are_not_shown():
    view = replace(
        VIEW, active=False, content=JobContent(title="x", poster_display=False), poster=None, site_job_url=""
    )
    names = [element.tag for element in etree.fromstring(render_job_xml(view))]
    assert names == [
        "id",
        "active",
        "posting-date",
        "expiration-date",
        "position",
        "expiration-timestamp",
        "posting-timestamp",
        "poster",
    ]
    assert (
        selected(":(active,poster)", view)
        == "<job><active>false</active><poster><display>false</display></poster></job>"
    )


def test_the_default_order_is_the_order_of_the_protocol(shared):
    order = json.loads((shared / "fixtures" / "xml" / "NOTES.json").read_text())["job_element_order"]
    names = [element.tag for element in etree.fromstring(render_job_xml(VIEW))]
    assert names == [name for name in order if name in names]
    assert len(names) > 12


@pytest.mark.parametrize(
    ("description", "snippet"),
    [("<p>" + "x" * 500 + "</p>", "x" * 400), ("<b>" * 400 + "ab", "ab"), ("a &amp; b", "a & b"), ("", "")],
)
def test_a_snippet_is_400_characters_without_tags(description, snippet):
    assert make_snippet(description) == snippet


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        (":(a)", {"a": None}),
        (":(a,b-c)", {"a": None, "b-c": None}),
        (":(a:(b:(c)),d)", {"a": {"b": {"c": None}}, "d": None}),
        (":(b,a:(x,y),a)", {"b": None, "a": {"x": None, "y": None}}),
    ],
)
def test_selectors_are_parsed(text, selector):
    found = parse_selector(text)
    assert found == selector
    assert list(found) == list(selector)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        ":()",
        "(a)",
        ":(a",
        ":(a))",
        ":(a):(b)",
        ":(a,)",
        ":(,a)",
        ":(a,,b)",
        ":(a:)",
        ":(a:b)",
        ":(:(a))",
        ":(a)x",
        ":(a b)",
        ":(A)",
        ":(a-)",
        ":(a(b))",
        ":(a:(b)c)",
        ":(a),(b)",
        ":(" * 9 + "a" + ")" * 9,
        ":(a" + ":(a" * 8 + ")" * 9,
        f":({'a,' * 2000}a)",
    ],
)
def test_malformed_selectors_are_refused(text):
    with pytest.raises(Refused) as caught:
        parse_selector(text)
    assert caught.value.fault is Fault.JOB_SELECTOR_INVALID


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        (":(x)", "x"),
        (":(id:(x))", "id/x"),
        (":(company:(x))", "company/x"),
        (":(position:(industries:(industry:(x))))", "position/industries/industry/x"),
        (":(position:(industries:(x)))", "position/industries/x"),
        (":(position:(location:(country:(id))))", "position/location/country/id"),
    ],
)
def test_unknown_fields_are_refused(selector, name):
    with pytest.raises(Refused, match=f"^Unknown field {name} in resource Job$"):
        render_job_xml(VIEW, selector=selector)


def test_selectors_take_linear_time():
    began = time.process_time()
    for text in (":(" + "a-" * 990 + "a)", ":(" + "a," * 990 + "a)", ":(" * 999, ":(a" * 500):
        for _ in range(20):
            try:
                parse_selector(text)
            except Refused:
                continue
    assert time.process_time() - began < 2
