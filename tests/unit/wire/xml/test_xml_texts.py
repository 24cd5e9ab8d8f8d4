"""Single texts: e-mail addresses, URLs, numbers."""

import time

import pytest

from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.web_url import check_url
from jobmeter.wire.xml.validators import read_number


@pytest.mark.parametrize(
    "text", ["jo@acme.example", "a.b+c@x-y.co.uk", "o'hara@acme.example", "jo@bücher.example"]
)
def test_email_addresses_are_accepted(text):
    assert check_email(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jo",
        "jo@",
        "@acme.example",
        "jo@acme",
        "a b@acme.example",
        ".a@x.example",
        "a.@x.example",
        "a..b@x.example",
        "a@-x.example",
        "a@x.example\n",
        "a@b@c.example",
        f"{'a' * 65}@x.example",
        "<a@x.example>",
    ],
)
def test_other_texts_are_not_email_addresses(text):
    assert check_email(text) == "is not an e-mail address"


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example",
        "https://a.example:8443/b?c=d#e",
        "HTTPS://A.example",
        "http://bücher.example/ü",
        "http://[::1]/",
        "https://a.example?id={x}|y",
        "http://localhost/x",
        "http://a.example./",
    ],
)
def test_urls_are_accepted(text):
    assert check_url(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example",
        "//a.example",
        "ftp://a.example",
        "javascript:alert(1)",
        "http://",
        "http:///x",
        "http://a b/",
        "http://a.example/ x",
        "http://a.example/<x>",
        "http://a.example\n",
        "http://.example",
        "http://a.example:x/",
        "http://a.example\\@b.example",
        "http://a.example:123456",
    ],
)
def test_other_texts_are_not_urls(text):
    assert check_url(text) == "is not a URL that begins with http:// or https://"


def test_urls_with_a_user_or_another_scheme():
    assert check_url("https://jo:secret@a.example/") == "must not contain a user name"
    assert check_url("http://a.example", schemes=("https",)) == "is not a URL that begins with https://"


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "a." * 25_000, "http://" + "a." * 25_000, "http://" + "a@" * 25_000]
)
def test_checks_take_linear_time(text):
    began = time.process_time()
    assert check_email(text)
    assert check_url(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("0", None),
        ("-1", None),
        ("1.0", None),
        ("", None),
    ],
)
def test_positive_integers_are_parsed(text, number):
    assert read_number(text) == number
