"""A document survives a round trip through XML and its bytes."""

from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.html import clean_markup
from jobmeter.wire.xml.job.fields import FIELDS, JobContent, JobDocument, Kind
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.job.request_writer import write_draft
from jobmeter.wire.xml.reader import read_document

CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"
) | st.sampled_from("\t\n\r&<>'\"]]>")


def texts(most):
    return st.text(CHARACTERS, min_size=1, max_size=min(most, 40)).map(str.strip).filter(bool)


def values_of(field):
    codes = st.sampled_from(sorted(field.table.names)) if field.table else st.nothing()
    by_kind = {
        Kind.TEXT: texts(field.size[1]),
        Kind.MARKUP: texts(field.size[1]).map(clean_markup).filter(bool),
        Kind.NUMBER: st.integers(1, 10**18 - 1),
        Kind.TRUTH: st.booleans(),
        Kind.EMAIL: st.sampled_from(["jo@acme.example", "a.b+c@x.example"]),
        Kind.URL: st.sampled_from(["https://acme.example/a?b=c&d=%3Ce", "http://x.example"]),
        Kind.CODE: codes,
        Kind.CODES: st.lists(codes, min_size=1, max_size=3, unique=True).map(tuple),
    }
    return by_kind[field.kind]


@st.composite
def documents(choose):
    given_fields = choose(st.sets(st.sampled_from(FIELDS)))
    content = {field.name: choose(values_of(field)) for field in given_fields}
    clearable = [
        field.name
        for field in FIELDS
        if not field.needed and field.name != "company_id" and field.name not in content
    ]
    cleared = choose(st.sets(st.sampled_from(clearable))) if clearable else set()
    return JobDocument(JobContent(**content), frozenset(cleared), renewal=choose(st.booleans()))


@given(documents())
def test_an_edit_survives_the_wire(document):
    assert read_job(read_document(write_draft(document)), DocumentKind.EDIT) == document


def test_a_draft_has_the_order_of_the_sample():
    document = JobDocument(
        JobContent(contract_id=1, job_functions=("it", "eng"), title="A & B"),
        frozenset({"salary"}),
        renewal=True,
    )
    assert write_draft(document).decode().partition("?>\n")[2] == (
        "<job><contract-id>1</contract-id><position><title>A &amp; B</title><job-functions>"
        "<job-function><code>it</code></job-function><job-function><code>eng</code></job-function>"
        "</job-functions></position><salary></salary><renewal></renewal></job>"
    )


def test_a_cleared_list_is_an_empty_element():
    document = JobDocument(JobContent(), frozenset({"industries"}))
    assert b"<position><industries></industries></position>" in write_draft(document)
