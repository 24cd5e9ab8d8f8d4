"""Each spelling of a value at each reader: what it means, or that it is none."""

import sys
from datetime import UTC, date, datetime
from ipaddress import ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobmeter.base.clock import to_ms
from jobmeter.base.readers.countries import CODES, read_country
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.network import read_address
from jobmeter.base.readers.text import trim_text
from jobmeter.base.readers.times import read_day, read_instant, read_instant_ms, read_moment
from jobmeter.base.readers.web_url import check_url, to_ascii_url
from jobmeter.wire.xml.code_tables import COUNTRIES


@pytest.mark.parametrize(
    ("spelling", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::FFFF:cb00:7109", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[::1]:80", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("203.0.113.9:", None),
        ("203.0.113.9:http", None),
        ("203.0.113.9:65536", None),
        ("[2001:db8::1", None),
        ("[2001:db8::1]80", None),
        ("203.0.113", None),
        ("203.0.113.09", None),
        ("203.0.113.9, 10.0.0.1", None),
        ("unknown", None),
        ("", None),
        ("1" * 100_000, None),
    ],
)
def test_an_address_is_read_in_every_usual_spelling(spelling, address):
    found = read_address(spelling)
    assert (None if found is None else str(found)) == address


@given(
    st.ip_addresses().map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded)
    | st.from_regex(r"[0-9a-f:.]{1,30}", fullmatch=True)
    | st.text("0123456789abcdefABCDEFxX:. \x00\ud83d\uff11", max_size=30)
)
def test_an_address_without_a_port_is_read_as_the_standard_library_reads_it(spelling):
    assume(spelling.count(":") != 1 and spelling == trim_text(spelling))
    try:
        expected = ip_address(spelling)
    except ValueError:
        expected = None
    assert read_address(spelling) == (getattr(expected, "ipv4_mapped", None) or expected)


def test_every_blank_is_trimmed():
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    trimmed = {character for character in characters if trim_text(f"{character}a{character} ") == "a"}
    assert trimmed == {character for character in characters if character.isspace()} | set(
        "\u200b\u200c\u200d\u2060\ufeff"
    )


@pytest.mark.parametrize(
    ("spelling", "code"),
    [("GB", "GB"), ("gb", "GB"), (" Gb ", "GB"), ("UK", "GB"), ("uk", "GB"), ("EL", "GR"), ("GR", "GR")]
    + [(text, "") for text in ("", "XX", "T1", "--", "A1", "EU", "ZZ", "GBR", "G", "\u0261b", "\0\0")],
)
def test_a_country_is_its_code_or_an_alias_of_it(spelling, code):
    assert read_country(spelling) == code


def test_the_countries_are_those_of_the_code_table():
    assert frozenset(COUNTRIES.successors.values()) == CODES


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T03:36:42Z", datetime(2026, 11, 28, 3, 36, 42, tzinfo=UTC)),
        ("2026-11-28t03:36:42z", datetime(2026, 11, 28, 3, 36, 42, tzinfo=UTC)),
        ("2026-11-28T04:36:42+01:00", datetime(2026, 11, 28, 3, 36, 42, tzinfo=UTC)),
        ("2026-11-27T22:06:42.5-05:30", datetime(2026, 11, 28, 3, 36, 42, 500_000, tzinfo=UTC)),
        ("2026-11-28T03:36:42.1234567899Z", datetime(2026, 11, 28, 3, 36, 42, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:58:60Z", None),
        ("9999-12-31T23:59:60Z", None),
        ("2026-W48-6T03:36:42Z", None),
        ("20261128T033642Z", None),
        ("2026-332T03:36:42Z", None),
        ("2026-11-28T03:36Z", None),
        ("2026-11-28T03:36:42", None),
        ("2026-11-28 03:36:42Z", None),
        ("2026-11-28T03:36:42,5Z", None),
        ("2026-11-28T03:36:42.Z", None),
        ("2026-11-28T03:36:42+0100", None),
        ("2026-11-28T03:36:42+01", None),
        ("2026-11-28T03:36:42+24:00", None),
        ("2026-11-28T24:00:00Z", None),
        ("2026-02-29T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2026-11-28T03:36:42Z\n", None),
        ("\u0662026-11-28T03:36:42Z", None),
        ("2026-11-28", None),
        ("", None),
    ],
)
def test_a_time_has_the_grammar_of_rfc_3339(text, moment):
    assert read_instant(text) == moment
    assert read_instant_ms(text) == (None if moment is None else to_ms(moment))
    assert read_moment(text) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_printed_is_read_back(moment):
    text = moment.isoformat()
    assert read_instant(text) == read_instant(text.lower()) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_none(text):
    found = read_moment(text)
    assert found is None or found.tzinfo is UTC


def test_a_parameter_names_a_time_in_milliseconds_too():
    assert read_moment("1709253000123") == datetime(2024, 3, 1, 0, 30, 0, 123_000, tzinfo=UTC)
    for text in ("9" * 15, "9" * 16, "-1", "1e3", "\u00b2", "0001-01-01T00:00:00+14:00"):
        assert read_moment(text) is None, text


def test_a_day_has_one_spelling():
    assert read_day("2026-03-02") == date(2026, 3, 2)
    for text in ("20260302", "2026-W10-1", "2026-3-2", "2026-02-29", "2026-03-02 ", "02.03.2026", ""):
        assert read_day(text) is None, text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Fitter ", "Fitter"),
        ("\u00a0\u200b Fitter\u200b\u3000\n", "Fitter"),
        ("   ", ""),
        ("\u200b \ufeff", ""),
        ("a\u200bb c", "a\u200bb c"),
        ("", ""),
    ],
)
def test_blanks_around_a_text_are_no_part_of_it(text, kept):
    assert trim_text(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        r"https://example.com\@evil.example/",
        "https://jo:secret@example.com/",
        "https://jo@example.com/",
        "javascript:alert(1)",
        "ftp://example.com/",
        "https:example.com",
        "https://exa mple.com/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://[::1/",
        "https://[1:2]/",
        "https://b\u00fc_cher.example/",
        "https://\u0640.example/",
    ],
)
def test_a_url_that_leads_elsewhere_or_nowhere_is_refused(text):
    assert check_url(text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("https://b\u00fccher.example/\u00fc?q=\u00fc", "https://xn--bcher-kva.example/\u00fc?q=\u00fc"),
        ("https://B\u00dcCHER.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("https://intern_al/x", "https://intern_al/x"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("no url", "no url"),
    ],
)
def test_a_host_is_sent_as_the_domain_name_system_spells_it(text, sent):
    assert to_ascii_url(text) == sent
    assert (check_url(text) is None) == (text != "no url")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://careers.example.com", True),
        ("http://[2001:db8::1]:8080/x", True),
        ("https://careers.example.com/ä?q=ü#z", True),
        ("", False),
        ("https://", False),
        ("https:///path", False),
        ("ftp://example.com", False),
        ("mailto:jobs@example.com", False),
        ("javascript:alert(1)", False),
        ("//example.com", False),
        ("https://exa mple.com", False),
        ("https://example.com/a\nb", False),
        ("https://[bad", False),
    ],
)
def test_a_web_address(text, is_one):
    assert (check_url(text) is None) is is_one


@given(st.text(max_size=40))
def test_any_text_is_a_web_address_or_not(text):
    assert check_url(text) is None or check_url(text).startswith(("is not", "may not"))
    assert check_url(f"  {text}")


@pytest.mark.parametrize(
    "text", ["jobs@example.com", "j.o+b's@sub.example.co", "j\u00f6@b\u00fccher.example"]
)
def test_email_addresses(text):
    assert check_email(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "jobs", "jobs@", "@example.com", "jobs@example", "a b@example.com", "a@b@example.com"),
        *(".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com", "a@-b.example"),
        *("<a@example.com>", "a@example.com\n", "a@exa\0mple.com", f"a@{'b' * 60}.{'c' * 250}.example"),
    ],
)
def test_no_email_addresses(text):
    assert check_email(text) == "is not an e-mail address"
