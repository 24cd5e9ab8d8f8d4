"""Envelopes and paging: the structures that clients parse, and links that visit each page once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.restli.envelopes import (
    Patch,
    make_created_row,
    make_refused_row,
    read_elements,
    read_patch,
    wrap_action,
    wrap_batch,
    wrap_batch_create,
    wrap_finder,
)
from jobmeter.wire.restli.paging import Page, PagingError, make_paging, parse_paging
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError


def test_envelopes_have_the_documented_members():
    assert wrap_finder([{"id": 1}], {"start": 0}) == {"paging": {"start": 0}, "elements": [{"id": 1}]}
    assert wrap_batch({"a": {}}) == {"results": {"a": {}}, "statuses": {}, "errors": {}}
    assert wrap_batch({}, {"b": {"status": 1}}, {"c": 2}) == {
        "results": {},
        "statuses": {"c": 2},
        "errors": {"b": {"status": 1}},
    }
    assert wrap_action({"key": "k"}) == {"value": {"key": "k"}}


def test_batch_create_rows_keep_their_order():
    created = make_created_row(status=202, key="urn:li:task:1", location="/tasks/urn%3Ali%3Atask%3A1")
    refused = make_refused_row(status=1, error={"message": "no", "status": 1})
    assert wrap_batch_create([refused, created]) == {
        "elements": [
            {"status": 1, "error": {"message": "no", "status": 1}},
            {"status": 202, "id": "urn:li:task:1", "location": "/tasks/urn%3Ali%3Atask%3A1"},
        ]
    }


def test_an_empty_row_is_a_programming_error():
    with pytest.raises(AssertionError, match="crash"):
        wrap_batch_create([{}])


def test_elements_of_a_batch_create_are_read():
    assert read_elements({"elements": [{"a": 1}, None]}) == [{"a": 1}, None]


@pytest.mark.parametrize("body", [None, [], {}, {"elements": {}}, "elements"])
def test_a_batch_create_without_elements_is_refused(body):
    with pytest.raises(RestliSyntaxError, match="elements"):
        read_elements(body)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({}, Patch({})),
        ({"$set": {"a": 1}}, Patch({"a": 1})),
        ({"$set": {"a": 1}, "$delete": ["b"]}, Patch({"a": 1}, ("b",))),
    ],
)
def test_a_patch_is_parsed(patch, expected):
    assert read_patch({"patch": patch}) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "'patch'"),
        ({"patch": 1}, "'patch'"),
        ({"patch": {"$set": []}}, r"'\$set'"),
        ({"patch": {"$delete": {}}}, r"'\$delete'"),
        ({"patch": {"$delete": [1]}}, r"'\$delete'"),
    ],
)
def test_a_malformed_patch_is_refused(body, message):
    with pytest.raises(RestliSyntaxError, match=message):
        read_patch(body)


@pytest.mark.parametrize(
    ("start", "count", "page"),
    [
        (None, None, Page(0, 50)),
        ("", " ", Page(0, 50)),
        ("10", None, Page(10, 50)),
        ("+3", "0", Page(3, 0)),
        ("2147483647", "20", Page(2147483647, 20)),
        ("0", "1000", Page(0, 60)),
    ],
)
def test_a_page_is_parsed(start, count, page):
    assert parse_paging(start, count, count_max=60) == page


def test_the_default_count_can_be_set_and_the_limit_is_optional():
    assert parse_paging(None, None, count_default=10) == Page(0, 10)
    assert parse_paging(None, "1000") == Page(0, 1000)


NEGATIVE = "start/count parameters must be non-negative"
NOT_INTEGER = "Invalid (non-integer) start/count parameters"


@pytest.mark.parametrize(
    ("start", "count", "text"),
    [
        ("-1", None, NEGATIVE),
        (None, "-1", NEGATIVE),
        ("one", None, NOT_INTEGER),
        ("1.5", None, NOT_INTEGER),
        ("1", "-x", NOT_INTEGER),
        ("-1", "x", NOT_INTEGER),
        ("2147483648", None, NOT_INTEGER),
        ("9" * 5000, None, NOT_INTEGER),
        (["1"], None, NOT_INTEGER),
        (None, {"a": "1"}, NOT_INTEGER),
    ],
)
def test_an_invalid_page_is_refused(start, count, text):
    with pytest.raises(PagingError) as caught:
        parse_paging(start, count)
    assert caught.value.text == text == str(caught.value)


def test_links_keep_the_raw_query_and_replace_the_page():
    paging = make_paging(
        Page(4, 2),
        path="/rest/partnerJobReports",
        query="dateRange=(end:(day:1),start:(day:1))&x=%C3%A9&start=4&q=dateRange&count=2",
        returned=2,
        total=9,
    )
    rest = "/rest/partnerJobReports?dateRange=(end:(day:1),start:(day:1))&x=%C3%A9"
    assert paging == {
        "start": 4,
        "count": 2,
        "total": 9,
        "links": [
            {"rel": "prev", "type": "application/json", "href": f"{rest}&start=2&q=dateRange&count=2"},
            {"rel": "next", "type": "application/json", "href": f"{rest}&start=6&q=dateRange&count=2"},
        ],
    }


LINKS = [
    (Page(0, 5), 5, 5, []),
    (Page(0, 5), 5, 6, ["next"]),
    (Page(3, 5), 2, 5, ["prev"]),
    (Page(0, 0), 0, 9, []),
    (Page(7, 0), 0, 9, []),
    (Page(0, 5), 5, None, ["next"]),
    (Page(0, 5), 4, None, []),
]


@pytest.mark.parametrize(("page", "returned", "total", "rels"), LINKS)
def test_there_are_no_links_beyond_the_first_and_last_page(page, returned, total, rels):
    paging = make_paging(page, path="/x", query="q=f", returned=returned, total=total)
    assert [link["rel"] for link in paging["links"]] == rels
    assert ("total" in paging) == (total is not None)


def test_the_previous_page_never_starts_below_zero():
    paging = make_paging(Page(2, 5), path="/x", query="q=f", returned=1, total=3)
    assert paging["links"][0]["href"] == "/x?q=f&start=0&count=5"


@given(st.integers(0, 60), st.integers(1, 25))
def test_following_the_next_links_visits_every_element_once(total, count):
    everything = list(range(total))
    met, query = [], f"q=f&count={count}"
    while query is not None:
        parameters = decode_query(query, Protocol.V2)
        page = parse_paging(parameters.get("start"), parameters.get("count"))
        chosen = everything[page.start : page.start + page.count]
        met += chosen
        links = make_paging(page, path="/x", query=query, returned=len(chosen), total=total)["links"]
        query = next((link["href"].partition("?")[2] for link in links if link["rel"] == "next"), None)
    assert met == everything
