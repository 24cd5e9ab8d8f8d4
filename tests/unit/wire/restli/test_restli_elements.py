"""The 2.0.0 grammar: accepted and refused input, round trips, and linear time for any input."""

import random
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobmeter.wire.restli.elements import decode_element, decode_reduced
from jobmeter.wire.restli.encoding import Escape, encode_element, encode_query
from jobmeter.wire.restli.projection import parse_mask
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import (
    Protocol,
    RestliSyntaxError,
    decode_form,
    decode_text,
    read_protocol,
)

READABLE = [
    ("berlin", "berlin"),
    ("List", "List"),
    ("''", ""),
    ("job%20ad", "job ad"),
    ("a+b", "a+b"),
    ("()", {}),
    ("List()", []),
    ("List('')", [""]),
    ("(note:'')", {"note": ""}),
    ("('':x)", {"": "x"}),
    ("(note:%27%27)", {"note": "''"}),
    ("List(List(),())", [[], {}]),
    ("List(List(1),2,(k:3))", [["1"], "2", {"k": "3"}]),
    ("xList", "xList"),
    ("(List:(List:List))", {"List": {"List": "List"}}),
    ("(a:b,a:c)", {"a": "c"}),
    ("List(urn%3Ali%3Ajob%3A%281%2C2%29,plain)", ["urn:li:job:(1,2)", "plain"]),
    ("(b%C3%BCro:k%C3%B6ln)", {"büro": "köln"}),
    ("List(%F0%9F%9A%80)", ["🚀"]),
    (
        "(end:(day:3,month:2,year:2026),start:(day:1,month:2,year:2026))",
        {
            "start": {"year": "2026", "month": "2", "day": "1"},
            "end": {"year": "2026", "month": "2", "day": "3"},
        },
    ),
]


@pytest.mark.parametrize(("raw", "expected"), READABLE)
def test_an_element_is_parsed(raw, expected):
    assert decode_element(raw) == expected


REFUSED = [
    ("", "unexpected end of input"),
    ("(", "unexpected end of input"),
    ("(k", "unexpected end of input"),
    ("(k:", "unexpected end of input"),
    ("(k:v", "unexpected end of input"),
    ("(k:v,", "unexpected end of input"),
    ("List(", "unexpected end of input"),
    ("List(x", "unexpected end of input"),
    ("List(x,", "unexpected end of input"),
    ("List(List(x)", "unexpected end of input"),
    (")", "unexpected token: ')' (column 0) at start of element"),
    (":z", "unexpected token: ':' (column 0) at start of element"),
    ("List(xy,,z)", "unexpected token: ',' (column 8) at start of element"),
    ("List(xy,)", "unexpected token: ')' (column 8) at start of element"),
    ("(key::v)", "unexpected token: ':' (column 5) at start of element"),
    ("(:v)", "expected string token, found grammar token: ':' (column 1)"),
    ("((a:b):c)", "expected string token, found grammar token: '(' (column 1)"),
    ("(List(a):c)", "expected string token, found grammar token: 'List(' (column 1)"),
    ("(k:v,)", "expected string token, found grammar token: ')' (column 5)"),
    ("(one,two)", "expected ':' but found ',' (column 4)"),
    ("(one(two))", "expected ':' but found '(' (column 4)"),
    ("(k:v:w)", "expected ')' but found ':' (column 4)"),
    ("List(job:ad)", "expected ')' but found ':' (column 8)"),
    ("List(()x)", "expected ')' but found 'x' (column 7)"),
    ("xList(a)", "tokens left over after parsing; first excess token: '(' (column 5)"),
    ("()x", "tokens left over after parsing; first excess token: 'x' (column 2)"),
    ("List(a))", "tokens left over after parsing; first excess token: ')' (column 7)"),
    ("a,b", "tokens left over after parsing; first excess token: ',' (column 1)"),
    ("bad%2", "Malformed percent-encoded octet at index 3"),
    ("List(ok,%zz)", "Malformed percent-encoded octet at index 0"),
    ("%C3", "percent-encoded octets are not valid UTF-8"),
    ("%ED%A0%80", "percent-encoded octets are not valid UTF-8"),
    ("a%00", "NUL character is not allowed"),
    ("(a:\0)", "NUL character is not allowed"),
]


@pytest.mark.parametrize(("raw", "text"), REFUSED)
def test_malformed_elements_are_refused_with_the_column(raw, text):
    with pytest.raises(RestliSyntaxError) as caught:
        decode_element(raw)
    assert caught.value.text == text == str(caught.value)


def test_lists_joined_by_colons_are_accepted_only_with_the_option():
    assert decode_element("List(job-1:job-2,job-3)", colon_lists=True) == ["job-1", "job-2", "job-3"]
    with pytest.raises(RestliSyntaxError, match="expected '\\)' but found ':'"):
        decode_element("(k:v:w)", colon_lists=True)


@pytest.mark.parametrize("opening", ["(k:", "List("])
def test_depth_is_bounded(opening):
    assert decode_element(opening * 3 + "x" + ")" * 3, depth_max=3)
    with pytest.raises(RestliSyntaxError, match="nested too deeply"):
        decode_element(opening * 4 + "x" + ")" * 4, depth_max=3)
    with pytest.raises(RestliSyntaxError, match="nested too deeply"):
        decode_element(opening * 33 + "x" + ")" * 33)


def test_breadth_is_not_limited_by_the_depth():
    assert decode_element("List((a:b),(a:b),(a:b))", depth_max=2) == [{"a": "b"}] * 3


REDUCED = [
    ("", ""),
    ("''", ""),
    ("urn:li:contract:7", "urn:li:contract:7"),
    ("urn%3Ali%3Acontract%3A7 x%20y", "urn:li:contract:7 x%20y"),
    ("(a%3A1:b%2Cc,empty:'')", {"a:1": "b,c", "empty": ""}),
    ("List(%28x%29,%27y)", ["(x)", "'y"]),
]


@pytest.mark.parametrize(("raw", "expected"), REDUCED)
def test_a_header_value_is_decoded(raw, expected):
    assert decode_reduced(raw) == expected


WRITTEN = [
    ({"k": "a/b=c&d"}, Escape.FULL, "(k:a%2Fb%3Dc%26d)"),
    ({"k": "a/b=c&d"}, Escape.PATH, "(k:a%2Fb=c&d)"),
    ({"k": "a/b=c&d"}, Escape.QUERY, "(k:a/b%3Dc%26d)"),
    ({"k": "50% (net)"}, Escape.BODY, "(k:50%25 %28net%29)"),
    ({"k": "50% (net)"}, Escape.REDUCED, "(k:50% %28net%29)"),
    ("", Escape.FULL, "''"),
    ("''", Escape.BODY, "%27%27"),
    (("x", ["y"], {}), Escape.FULL, "List(x,List(y),())"),
    ([True, False, None, 7, 2.5], Escape.FULL, "List(true,false,null,7,2.5)"),
]


@pytest.mark.parametrize(("value", "escape", "text"), WRITTEN)
def test_a_value_is_escaped_for_its_context(value, escape, text):
    assert encode_element(value, escape=escape) == text


def test_keys_keep_their_order_unless_sorted():
    value = {"b": {"d": 1, "c": 2}, "a": 3}
    assert encode_element(value) == "(b:(d:1,c:2),a:3)"
    assert encode_element(value, sort_keys=True) == "(a:3,b:(c:2,d:1))"
    assert encode_query(value) == "b=(d:1,c:2)&a=3"
    assert encode_query(value, sort_keys=True) == "a=3&b=(c:2,d:1)"


@pytest.mark.parametrize(
    ("header", "protocol"),
    [(None, Protocol.V1), (" ", Protocol.V1), ("1.0.0", Protocol.V1), (" 2.0.0", Protocol.V2)],
)
def test_the_header_selects_the_protocol(header, protocol):
    assert read_protocol(header) is protocol


def test_an_unknown_protocol_is_refused():
    with pytest.raises(RestliSyntaxError, match=r"version 3\.0\.0 used by the client is not supported"):
        read_protocol("3.0.0")


def test_bytes_are_decoded_or_refused():
    assert decode_text("q=köln".encode()) == "q=köln"
    with pytest.raises(RestliSyntaxError, match="UTF-8"):
        decode_text(b"q=\xff")
    with pytest.raises(RestliSyntaxError, match="NUL"):
        decode_text(b"q=\0")


def test_a_plus_sign_in_a_form_is_a_space():
    assert decode_form("a+b%2Bc") == "a b+c"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
VALUE = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUE, st.sampled_from([Escape.FULL, Escape.PATH, Escape.QUERY, Escape.BODY]))
def test_an_encoded_value_survives_a_round_trip(value, escape):
    assert decode_element(encode_element(value, escape=escape)) == value


@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_an_encoded_query_survives_a_round_trip(parameters):
    masks = {"fields", "metadataFields", "pagingFields"}
    parameters = {name: value for name, value in parameters.items() if name not in masks}
    assert decode_query(encode_query(parameters), Protocol.V2) == parameters


@given(VALUE)
def test_an_encoded_header_survives_a_round_trip_except_percent_signs(value):
    # The official header form leaves "%" unescaped, so "%28" in data cannot be distinguished from "(".
    def drop_percent(part):
        if isinstance(part, str):
            return part.replace("%", "")
        if isinstance(part, list):
            return [drop_percent(item) for item in part]
        return {drop_percent(key): drop_percent(item) for key, item in part.items()}

    plain = drop_percent(value)
    assert decode_reduced(encode_element(plain, escape=Escape.REDUCED)) == plain


MARKS = "List(),:%'&=.[]~$*-+02E8aA \0\r\nü"


def try_every_reader(raw):
    for read in (
        decode_element,
        decode_reduced,
        lambda text: decode_query(text, Protocol.V1),
        lambda text: decode_query(text, Protocol.V2),
        parse_mask,
    ):
        with suppress(RestliSyntaxError):
            read(raw)


@settings(max_examples=1000)
@given(st.text(max_size=60) | st.text(st.sampled_from(MARKS), max_size=60))
def test_any_text_is_parsed_or_refused(raw):
    try_every_reader(raw)


def make_random_texts(count, seed):
    rng = random.Random(seed)
    for number in range(count):
        octets = rng.randbytes(rng.randrange(48))
        if number % 2:
            octets = "".join(MARKS[octet % len(MARKS)] for octet in octets).encode()
        yield octets.decode("latin-1" if number % 4 == 0 else "utf-8", errors="surrogateescape")


def test_a_few_thousand_random_byte_strings_are_parsed_or_refused():
    for raw in make_random_texts(4_000, seed=3):
        try_every_reader(raw)


@pytest.mark.slow
def test_a_million_random_byte_strings_are_parsed_or_refused():
    for raw in make_random_texts(1_000_000, seed=4):
        try_every_reader(raw)


@pytest.mark.parametrize(
    "piece", ["(", "(a:", "List(", ")", ",", ":", "%", "%25", "a,", "[", "a[1", "a.", "~", "&a=1", "a:(", " "]
)
def test_long_repetitions_take_linear_time(piece):
    # Quadratic time for 300,000 characters would be minutes; the bound leaves room for a busy machine.
    raw = piece * (300_000 // len(piece))
    begun = time.perf_counter()
    try_every_reader(raw)
    try_every_reader(f"List({raw})")
    assert time.perf_counter() - begun < 20
