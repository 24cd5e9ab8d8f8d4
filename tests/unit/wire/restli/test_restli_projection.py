"""The `fields` mask: its grammar, its errors, and its effect on a value."""

import pytest

from jobmeter.wire.restli.projection import apply_mask, parse_mask
from jobmeter.wire.restli.syntax import RestliSyntaxError

MASKS = [
    ("", {}),
    ("title", {"title": 1}),
    ("title,-salary", {"title": 1, "salary": 0}),
    ("title,,salary,", {"title": 1, "salary": 1}),
    (" job : ( title , - salary ) ", {"job": {"title": 1, "salary": 0}}),
    ("job:()", {"job": {}}),
    ("$*:(id),-x", {"$*": {"id": 1}, "x": 0}),
    ("days:($*:(day),$start:3,$count:10)", {"days": {"$*": {"day": 1}, "$start": 3, "$count": 10}}),
    ("a:(b:(c)),d", {"a": {"b": {"c": 1}}, "d": 1}),
    ("-", {}),
    ("a,a:(b)", {"a": {"b": 1}}),
]


@pytest.mark.parametrize(("text", "mask"), MASKS)
def test_a_mask_is_parsed(text, mask):
    assert parse_mask(text) == mask


MALFORMED = [
    ("job:", "unexpected end of buffer after ':'"),
    ("job:title", "expected '(' token"),
    (":2", "expected '(' token"),
    (":(x)", "empty parent field name"),
    ("-:(x)", "empty parent field name"),
    ("$start:x", "unexpected range value"),
    ("$count:2x", "unexpected range value"),
    ("$count:12345678901", "unexpected range value"),
    ("$count:2:3", "unexpected range value"),
    ("$count:2(", "unexpected range value"),
    ("job:(title", "unmatched nesting"),
    ("title)", "unexpected ')' token"),
    ("job(title)", "unexpected '(' token"),
    ("a:(" * 40, "nested deeper than 32 levels"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_a_malformed_mask_is_refused(text, message):
    with pytest.raises(RestliSyntaxError) as caught:
        parse_mask(text)
    assert caught.value.text == f"Malformed mask syntax: {message}"


REPORT = {
    "info": {"title": "Cook", "company": {"name": "Inn", "page": "x"}},
    "days": [{"day": 1, "clicks": 3}, {"day": 2, "clicks": 4}, {"day": 3, "clicks": 5}],
    "tags": ["a", "b"],
}

CUT = [
    ("nothing", {}),
    ("tags", {"tags": ["a", "b"]}),
    ("tags:(x)", {"tags": ["a", "b"]}),
    ("-info,-days", {"tags": ["a", "b"]}),
    ("info:(title)", {"info": {"title": "Cook"}}),
    ("info:(-company)", {"info": {"title": "Cook"}}),
    ("info:(company:(name))", {"info": {"company": {"name": "Inn"}}}),
    ("info:($*,-title,-nothing)", {"info": {"company": {"name": "Inn", "page": "x"}}}),
    ("info:($*:(page),title)", {"info": {"title": "Cook", "company": {"page": "x"}}}),
    ("info:(-$*,title)", {"info": {"title": "Cook"}}),
    ("days:($*:(day))", {"days": [{"day": 1}, {"day": 2}, {"day": 3}]}),
    ("days:(day)", {"days": [{"day": 1}, {"day": 2}, {"day": 3}]}),
    ("days:($start:1,$count:1)", {"days": [{"day": 2, "clicks": 4}]}),
    ("days:($*:(clicks),$start:2)", {"days": [{"clicks": 5}]}),
    ("days:(clicks,$count:1)", {"days": [{"clicks": 3}]}),
    ("days:(-$*)", {"days": []}),
    ("days:($*)", {"days": REPORT["days"]}),
]


@pytest.mark.parametrize(("text", "expected"), CUT)
def test_a_mask_is_applied_to_a_value(text, expected):
    assert apply_mask(parse_mask(text), REPORT) == expected


def test_an_empty_mask_keeps_everything():
    assert apply_mask(parse_mask("-nothing"), REPORT) == REPORT


def test_the_value_itself_is_not_changed():
    value = {"a": {"b": 1, "c": 2}}
    apply_mask(parse_mask("a:(b)"), value)
    assert value == {"a": {"b": 1, "c": 2}}
