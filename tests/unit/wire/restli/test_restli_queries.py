"""Query strings of both protocols, dotted names, path keys and body keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.restli.dotted import Segment, encode_dotted, read_segment
from jobmeter.wire.restli.keys import (
    decode_path_key,
    encode_body_key,
    encode_location,
    encode_path_key,
    split_path,
)
from jobmeter.wire.restli.queries import decode_query, replace_parameters
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError

READ_AS_V2 = [
    ("", {}),
    ("q=dateRange&start=0", {"q": "dateRange", "start": "0"}),
    ("ids=List(ad-1,ad-2)&&x=1&", {"ids": ["ad-1", "ad-2"], "x": "1"}),
    ("q=&flag&=ignored", {"q": "", "flag": ""}),
    ("city=''", {"city": ""}),
    ("''=nameless", {"": "nameless"}),
    ("w%3Ax=a+b", {"w:x": "a+b"}),
    ("a=b=c", {"a": "b=c"}),
    ("fields=id,-x:(y)", {"fields": "id,-x:(y)"}),
    ("fields=id%2Cname", {"fields": "id,name"}),
]


@pytest.mark.parametrize(("raw", "expected"), READ_AS_V2)
def test_a_query_of_protocol_2_is_decoded(raw, expected):
    assert decode_query(raw, Protocol.V2) == expected


REFUSED_AS_V2 = [
    ("q=1&q=2", "unexpected repeated query param in URI: q"),
    ("q=1&%71=2", "unexpected repeated query param in URI: q"),
    ("ids=(a,b)", "error while parsing query param 'ids'\nexpected ':' but found ',' (column 2)"),
    ("fields=%q", "error while parsing query param 'fields'\nMalformed percent-encoded octet at index 0"),
    ("%=1", "Malformed percent-encoded octet at index 0"),
]


@pytest.mark.parametrize(("raw", "text"), REFUSED_AS_V2)
def test_a_malformed_query_of_protocol_2_is_refused(raw, text):
    with pytest.raises(RestliSyntaxError) as caught:
        decode_query(raw, Protocol.V2)
    assert caught.value.text == text


def test_the_options_are_passed_to_the_grammar():
    assert decode_query("ids=List(a:b)", Protocol.V2, colon_lists=True) == {"ids": ["a", "b"]}
    with pytest.raises(RestliSyntaxError, match="nested too deeply"):
        decode_query("ids=List(List(a))", Protocol.V2, depth_max=1)


READ_AS_V1 = [
    ("ids=urn:li:task:1", {"ids": "urn:li:task:1"}),
    ("ids=ad-1&q=x&ids=ad-2", {"ids": ["ad-1", "ad-2"], "q": "x"}),
    ("ids=List(a,b)", {"ids": "List(a,b)"}),
    ("name=two+words%2B&empty=", {"name": "two words+", "empty": ""}),
    ("fields=id,x:(y)", {"fields": "id,x:(y)"}),
    (
        "dateRange.start.year=2026&dateRange.end.day=9&dateRange.start.month=4",
        {"dateRange": {"start": {"year": "2026", "month": "4"}, "end": {"day": "9"}}},
    ),
    ("ids[7]=c&ids[0]=a&ids[3]=b", {"ids": ["a", "b", "c"]}),
    ("ids%5B1%5D=b&ids%5B0%5D=a", {"ids": ["a", "b"]}),
    ("k[0].x=1&k[1].x=2&k[0].y=3", {"k": [{"x": "1", "y": "3"}, {"x": "2"}]}),
    ("m.l[1]=b&m.l[0]=a", {"m": {"l": ["a", "b"]}}),
    ("job~2Ead.salary~5Bnet~5D=5", {"job.ad": {"salary[net]": "5"}}),
    ("tilde~7E=1", {"tilde~": "1"}),
    (" padded .x=1", {"padded": {"x": "1"}}),
]


@pytest.mark.parametrize(("raw", "expected"), READ_AS_V1)
def test_a_query_of_protocol_1_is_decoded(raw, expected):
    assert decode_query(raw, Protocol.V1) == expected


REFUSED_AS_V1 = [
    ("a.b=1&a.b=2", "Multiple values of complex query parameter are not supported"),
    ("a[0]=1&a[0]=2", "Multiple values of indexed query parameter are not supported"),
    ("a[0]=1&a[00]=2", "Duplicate references to key: a"),
    ("a.x=1&a=2", "Conflicting references to key a[0]"),
    ("a=1&a.x=2", "Conflicting references to key a"),
    ("a=1&a=2&a[0]=3", "Conflicting references to key a"),
    ("a=1&a[0].x=3", "Conflicting references to key a"),
    ("a[0]=1&a.x=3", "Conflicting references to key a"),
    ("a[0]=1&a[0].x=3", "Conflicting references to key a"),
    ("x~2Ey=1&x~2ey=2", "Duplicate references to key: x.y"),
    ("a.=1", "Path segment parsing error."),
    (".=1", "Path segment parsing error."),
    ("%20=1", "Path segment parsing error."),
    ("a~b=1", "Cannot decode key name a~b"),
    ("a~00=1", "Cannot decode key name a~00"),
    ("a.b.c=1", "nested deeper than 2 levels"),
    ("a=%zz", "Malformed percent-encoded octet at index 0"),
]


@pytest.mark.parametrize(("raw", "text"), REFUSED_AS_V1)
def test_a_malformed_query_of_protocol_1_is_refused(raw, text):
    with pytest.raises(RestliSyntaxError) as caught:
        decode_query(raw, Protocol.V1, depth_max=2)
    assert caught.value.text == text


@pytest.mark.parametrize(
    "text", ["ids[one]", "[5]", "ids[-1]", "ids[]", "ids[1]x", "ids[1][2]", "ids[1234567890]", " "]
)
def test_an_invalid_segment_is_refused(text):
    with pytest.raises(RestliSyntaxError):
        read_segment(text)


def test_a_segment_has_a_name_and_an_optional_index():
    assert read_segment("ids") == Segment("ids")
    assert read_segment("job-ids[12]") == Segment("job-ids", 12)


def test_the_dotted_form_is_sorted():
    value = {"b": [1, "x y"], "a": {"k.1": True, "$p": None}}
    assert encode_dotted(value) == "a.$p=null&a.k~2E1=true&b[0]=1&b[1]=x%20y"


NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
    lambda name: name == name.strip()
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
RECORD = st.dictionaries(
    NAME,
    st.recursive(
        TEXT,
        lambda inner: (
            st.dictionaries(NAME, inner, min_size=1, max_size=3)
            | st.lists(TEXT | st.dictionaries(NAME, inner, min_size=1, max_size=3), min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(RECORD)
def test_the_dotted_form_survives_a_round_trip(value):
    assert decode_query(encode_dotted(value), Protocol.V1) == value


REPLACED = [
    ("", "start=5&count=2"),
    ("q=x&start=0&count=9", "q=x&start=5&count=2"),
    ("count=9&ids=List(a%2Cb)&start=0", "count=2&ids=List(a%2Cb)&start=5"),
    ("start=1&start=2&&q=%C3%A9", "start=5&q=%C3%A9&count=2"),
]


@pytest.mark.parametrize(("raw", "expected"), REPLACED)
def test_replacing_parameters_keeps_the_others_unchanged(raw, expected):
    assert replace_parameters(raw, {"start": 5, "count": 2}) == expected


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/", ()),
        ("/rest/jobs", ("rest", "jobs")),
        ("/rest/jobs/", ("rest", "jobs")),
        ("/v2/apps/urn%3Ali%3Aapp%3A1%2F2", ("v2", "apps", "urn%3Ali%3Aapp%3A1%2F2")),
    ],
)
def test_a_raw_path_is_split(path, segments):
    assert split_path(path) == segments


def test_raw_and_encoded_urns_are_the_same_key():
    assert (
        decode_path_key("urn%3Ali%3Acontract%3A5")
        == decode_path_key("urn:li:contract:5")
        == "urn:li:contract:5"
    )
    with pytest.raises(RestliSyntaxError, match="empty"):
        decode_path_key("")
    with pytest.raises(RestliSyntaxError, match="Malformed"):
        decode_path_key("50%")


def test_keys_are_escaped_in_paths_and_raw_in_bodies():
    urn = "urn:li:contract:5"
    assert encode_path_key(urn) == "urn%3Ali%3Acontract%3A5"
    assert encode_location("/contracts/", urn) == "/contracts/urn%3Ali%3Acontract%3A5"
    assert encode_body_key(urn, Protocol.V2) == encode_body_key(urn, Protocol.V1) == urn
    assert encode_body_key(17, Protocol.V2) == "17"


def test_complex_keys_depend_on_the_protocol():
    key = {"job": "ad:1", "day": 4}
    assert encode_body_key(key, Protocol.V2) == "(day:4,job:ad%3A1)"
    assert encode_body_key(key, Protocol.V1) == "day=4&job=ad%3A1"
    assert encode_path_key(key) == "(job:ad%3A1,day:4)"
