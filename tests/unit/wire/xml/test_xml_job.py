"""Parsing a job: accepted posts and edits, and a path for every flaw."""

import json

import pytest
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.job.fields import (
    FIELDS,
    Flaw,
    JobContent,
    merge_content,
    path_of,
    refuse_flaws,
    set_sizes,
)
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.reader import read_document
from tests.unit.wire.xml.samples import POST, flaws_of, read_edit, read_post

CONTENT = JobContent(
    partner_job_id="ACME-1001",
    contract_id=4711,
    company_id=99,
    company_name="Acme & Sons",
    title="Fitter",
    description="<p>Fit <b>pumps</b>.</p>",
    country_code="gb",
    postal_code="LS1 4AP",
    location_name="Leeds",
    job_functions=("mnfc",),
    industries=("55", "53"),
    job_type="F",
    experience_level="2",
    salary="30,000 a year",
    poster_display=True,
    poster_role="R",
    poster_email="jo@acme.example",
    application_url="https://acme.example/jobs/1001",
)


def test_a_post_is_parsed():
    document = read_post(POST)
    assert document.content == CONTENT
    assert (document.cleared, document.renewal) == (frozenset(), False)


def elements_of(text):
    return {
        str(child.tag): etree.tostring(child, encoding="unicode") for child in etree.fromstring(text.encode())
    }


def test_the_order_of_elements_does_not_matter():
    turned = "".join(reversed(elements_of(POST).values()))
    assert read_post(f"<job>{turned}</job>").content == CONTENT


def test_the_order_of_a_look_up_is_accepted(shared):
    # given the order in which a client library writes a job, including read-only elements
    order = json.loads((shared / "fixtures" / "xml" / "NOTES.json").read_text())["job_element_order"]
    blocks = elements_of(POST)
    assert blocks.keys() <= set(order)
    # when elements that are not posted are empty
    text = "".join(blocks.get(name, f"<{name}/>") for name in order)
    # then the result is the same post
    assert read_post(f"<job>{text}</job>").content == CONTENT


@pytest.mark.parametrize("name", ["job_post_template.xml", "job_edit_template.xml"])
def test_the_recorded_templates_are_accepted(shared, name):
    text = (shared / "fixtures" / "xml" / name).read_text().replace("XXXX", "1328")
    if "post" in name:
        content = read_post(text).content
        assert (content.contract_id, content.job_functions, content.industries) == (
            1328,
            ("acct", "dsgn"),
            ("38", "44"),
        )
        assert None not in [getattr(content, field.name) for field in FIELDS]
    else:
        document = read_edit(text)
        given = {field.name for field in FIELDS if getattr(document.content, field.name) is not None}
        assert given == {"title", "description", "skills_and_experience", "salary", "referral_bonus"}


@pytest.mark.parametrize(
    ("text", "renewal"),
    [
        ("<job><contract-id>1</contract-id><renewal/></job>", True),
        ("<job><contract-id>1</contract-id><renew/></job>", True),
        ("<job><renewal>true</renewal><salary>x</salary></job>", True),
        ("<job><renewal>false</renewal></job>", False),
        ("<job><salary/></job>", False),
        ("<job/>", False),
    ],
)
def test_renewals_are_distinguished_from_edits(text, renewal):
    assert read_edit(text).renewal == renewal


def test_a_post_ignores_the_renewal_and_empty_elements():
    document = read_post(POST.replace("</job>\n", "<renewal/><referral-bonus/></job>\n"))
    assert (document.content, document.renewal, document.cleared) == (CONTENT, False, frozenset())


@pytest.mark.parametrize(
    ("text", "given", "cleared"),
    [
        ("<salary>1</salary>", {"salary": "1"}, set()),
        ("<salary/>", {}, {"salary"}),
        ("<salary> </salary>", {}, {"salary"}),
        (
            "<compensation><salary><description>1</description></salary></compensation>",
            {"salary": "1"},
            set(),
        ),
        ("<poster/>", {}, {"poster_display", "poster_role", "poster_email"}),
        ("<poster><display>0</display><role/></poster>", {"poster_display": False}, {"poster_role"}),
        ("<position><job-functions/></position>", {}, {"job_functions"}),
        ("<position><job-type/></position>", {}, {"job_type"}),
        ("<position><job-type><code/></job-type></position>", {}, {"job_type"}),
        ("<company><name/></company>", {}, {"company_name"}),
        ("<how-to-apply/>", {}, {"application_url"}),
        (
            "<position><location><country><code>GB</code></country></location></position>",
            {"country_code": "gb"},
            set(),
        ),
        (
            (
                "<position><industries><industry><code>4</code><name>x</name></industry>"
                "<industry><code>4</code></industry></industries></position>"
            ),
            {"industries": ("4",)},
            set(),
        ),
    ],
)
def test_an_edit_distinguishes_given_cleared_and_absent_fields(text, given, cleared):
    document = read_edit(f"<job>{text}</job>")
    assert document.content == JobContent(**given)
    assert document.cleared == cleared


def test_an_edit_changes_the_given_fields():
    edit = read_edit(
        "<job><salary/><position><title>Senior fitter</title>"
        "<industries><industry><code>4</code></industry></industries></position></job>"
    )
    merged = merge_content(CONTENT, edit)
    changed = {field.name for field in FIELDS if getattr(merged, field.name) != getattr(CONTENT, field.name)}
    assert changed == {"salary", "title", "industries"}
    assert (merged.salary, merged.title, merged.industries) == (None, "Senior fitter", ("4",))


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("<colour>red</colour>", ("job/colour",)),
        ("<position><x/><x><y>1</y></x></position>", ("job/position/x",)),
        (
            "<position><titel>a</titel><location><zip>1</zip></location></position>",
            ("job/position/titel", "job/position/location/zip"),
        ),
        ("<position><is-current>true</is-current><start-date><year>2026</year></start-date></position>", ()),
        ("<company><is-active>true</is-active></company><is-headquarters/>", ()),
        (
            (
                "<position><location><description>x</description><address><street>y</street></address></location>"
                "</position>"
            ),
            (),
        ),
    ],
)
def test_an_element_that_no_job_has_is_ignored_and_named(text, ignored):
    document = read_edit(f"<job><salary>1</salary>{text}</job>")
    assert document.content == JobContent(salary="1")
    assert document.cleared == frozenset()
    assert document.ignored == ignored


def test_a_misspelt_required_element_is_named():
    text = POST.replace("<title>", "<titel>").replace("</title>", "</titel>")
    with pytest.raises(Refused) as refused:
        read_post(text)
    assert (
        "job/position/title: is required; job/position/titel was ignored: is it misspelt?"
        in refused.value.message
    )


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("<other/>", ["other: the document must be a job"]),
        ("<job>text</job>", ["job: text is not allowed between its elements"]),
        ("<job><salary>1</salary><salary>2</salary></job>", ["job/salary: occurs more than once"]),
        ("<job><poster/><poster/></job>", ["job/poster: occurs more than once"]),
        (
            "<job><salary>1</salary><compensation><salary><description>2</description></salary></compensation></job>",
            ["job/compensation/salary/description: repeats job/salary"],
        ),
        (
            "<job><position><description>a <b>b</b></description></position></job>",
            ["job/position/description: must be text, with markup in a CDATA section"],
        ),
        (
            "<job><contract-id>XXXX</contract-id></job>",
            ["job/contract-id: 'XXXX' is not a positive integer"],
        ),
        (
            "<job><contract-id>0</contract-id></job>",
            ["job/contract-id: '0' is not a positive integer"],
        ),
        (
            "<job><contract-id>\u0661</contract-id></job>",
            ["job/contract-id: '\u0661' is not a positive integer"],
        ),
        ("<job><poster><display>yes</display></poster></job>", ["job/poster/display: must be true or false"]),
        (
            "<job><poster><role><code>r</code></role></poster></job>",
            ["job/poster/role/code: 'r' is not a valid poster role code"],
        ),
        (
            "<job><poster><email-address>jo</email-address></poster></job>",
            ["job/poster/email-address: has 2 characters, at least 3 are required"],
        ),
        (
            "<job><how-to-apply><application-url>ftp://a.example</application-url></how-to-apply></job>",
            ["job/how-to-apply/application-url: is not a URL that begins with http:// or https://"],
        ),
        (
            (
                "<job><position><job-functions><job-function/><job-function><code>zz</code></job-function>"
                "</job-functions></position></job>"
            ),
            [
                "job/position/job-functions/job-function[1]/code: is missing",
                "job/position/job-functions/job-function[2]/code: 'zz' is not a valid job function code",
            ],
        ),
        (
            "<job><position><job-functions>"
            + "".join(
                f"<job-function><code>{code}</code></job-function>" for code in ("it", "eng", "hr", "qa")
            )
            + "</job-functions></position></job>",
            ["job/position/job-functions: has 4 codes, at most 3 are allowed"],
        ),
        ("<job><position><title/></position></job>", ["job/position/title: cannot be cleared"]),
        ("<job><company/></job>", ["job/company: id and name cannot both be cleared"]),
        (
            f"<job><position><title>{'x' * 201}</title></position></job>",
            ["job/position/title: has 201 characters, at most 200 are allowed"],
        ),
        (
            "<job><position><description>&lt;x&gt;</description></position></job>",
            ["job/position/description: has 0 characters, at least 1 are required"],
        ),
    ],
)
def test_each_flaw_has_a_path(text, flaws):
    assert flaws_of(text) == flaws


def test_a_post_lists_everything_that_is_missing():
    assert flaws_of("<job/>", DocumentKind.POST) == [
        "job/partner-job-id: is required",
        "job/contract-id: is required",
        "job/position/title: is required",
        "job/position/description: is required",
        "job/position/location/country/code: is required",
        "job/company: an id or a name is required",
    ]


def test_an_invalid_field_is_not_reported_as_missing():
    text = POST.replace("<id>99</id><name>Acme &amp; Sons</name>", "<id>x</id>").replace("4711", "x")
    assert flaws_of(text, DocumentKind.POST) == [
        "job/contract-id: 'x' is not a positive integer",
        "job/company/id: 'x' is not a positive integer",
    ]


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.kind.name == "TEXT"], ids=lambda field: field.name
)
def test_lengths_are_exact_to_the_character(field):
    def edit(characters):
        *groups, leaf = f"job/{field.path}".split("/")
        opened, closed = "".join(f"<{g}>" for g in groups), "".join(f"</{g}>" for g in reversed(groups))
        return f"{opened}<{leaf}>{'é' * characters}</{leaf}>{closed}"

    most = field.size[1]
    assert getattr(read_edit(edit(most)).content, field.name) == "é" * most
    assert flaws_of(edit(most + 1)) == [
        f"{path_of(field.name)}: has {most + 1} characters, at most {most} are allowed"
    ]


def test_sizes_can_be_set():
    fields = set_sizes(description=(100, 25_000))
    with pytest.raises(
        Refused, match="job/position/description: has 24 characters, at least 100 are required"
    ):
        read_job(read_document(POST.encode()), DocumentKind.POST, fields=fields)


def test_json_must_not_contain_characters_that_xml_does_not_allow():
    body = json.dumps({"salary": "a\x01b"}).encode()
    with pytest.raises(Refused, match="job/salary: contains a character that is not allowed in XML"):
        read_job(read_document(body, content_type="application/json"), DocumentKind.EDIT)


def test_a_long_list_of_flaws_is_truncated():
    flaws = [Flaw(f"job/x{n}", "is wrong") for n in range(60)]
    with pytest.raises(Refused) as caught:
        refuse_flaws(flaws)
    assert caught.value.fault is Fault.JOB_DOCUMENT_INVALID
    assert caught.value.message.endswith("job/x49: is wrong; and 10 more")


def test_without_flaws_nothing_is_raised():
    assert refuse_flaws([]) is None
