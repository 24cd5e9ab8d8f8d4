"""The spellings of values in feeds in use: dates, places, countries, workplaces, job types, salaries, texts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.xml.feed import values
from jobmeter.wire.xml.feed.dates import read_feed_day
from tests.unit.wire.xml.feed.feed_samples import feed, job, one_job

NOVEMBER_20 = [
    "2026-11-20", "2026-11-20T08:30:00Z", "2026-11-20T08:30:00.000Z", "2026-11-20T08:30:00+01:00", "2026-11-20 08:30:00 UTC",
    "2026-11-20T07:27:14", "2026/11/20", "20.11.2026", "20.11.2026 08:30", "20/11/2026", "11/20/2026", "20/11/2026 00:00:00",
    "20-11-2026", "Fri, 20 Nov 2026 08:30:00 GMT", "Fri, 20 Nov 2026 08:30:00 PDT", "Fri, 20 Nov 2026 08:30:00 +0200", "Fri, 20 Nov 2026",
    "20 Nov 2026", "20 November 2026", "20-Nov-2026", "November 20, 2026", "Nov 20 2026", "1795163400", "1795163400000",
]  # fmt: skip


@pytest.mark.parametrize("text", NOVEMBER_20)
@pytest.mark.parametrize("is_day_first", [True, False])
def test_the_spellings_of_a_day(text, is_day_first):
    found = read_feed_day(text, is_day_first=is_day_first)
    assert found is not None
    assert (found.day, found.is_ambiguous) == (date(2026, 11, 20), False)


@pytest.mark.parametrize(("is_day_first", "day"), [(True, date(2027, 4, 3)), (False, date(2027, 3, 4))])
def test_slashes_are_read_as_the_feed_writes_them(is_day_first, day):
    found = read_feed_day("03/04/2027", is_day_first=is_day_first)
    assert (found.day, found.is_ambiguous) == (day, True)


@pytest.mark.parametrize(
    "text", ["soon", "", "2026-13-01", "32.01.2026", "13/13/2026", "20 Foo 2026", "0000-00-00", "99", "2026"]
)
def test_other_texts_are_no_day(text):
    assert read_feed_day(text, is_day_first=True) is None


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2999, 12, 31)), st.sampled_from([
    "%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%a, %d %b %Y 10:00:00 GMT", "%B %d, %Y", "%Y-%m-%dT10:00:00Z",
]))  # fmt: skip
def test_every_day_survives_every_spelling(day, spelling):
    assert read_feed_day(day.strftime(spelling), is_day_first=True).day == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GB", "gb"), ("gb", "gb"), ("UK", "gb"), ("United Kingdom", "gb"), ("GBR", "gb"), ("England", "gb"),
        ("Deutschland", "de"), ("germany", "de"), ("DEU", "de"), ("Allemagne", "de"), ("ESP", "es"), ("España", "es"),
        ("USA", "us"), ("United States", "us"), ("Singapore", "sg"), ("Österreich", "at"), ("日本", "jp"), ("Atlantis", ""),
        ("XX", ""), ("ZZZ", ""),
    ],
)  # fmt: skip
def test_the_spellings_of_a_country(text, code):
    assert one_job(feed(job(country=text))).country == code


@pytest.mark.parametrize(
    ("elements", "place", "country", "others"),
    [
        ("<city>Leeds</city><country>GB</country>", "Leeds", "gb", ()),
        ("<city>Leeds</city><state>West Yorkshire</state>", "Leeds, West Yorkshire", "", ()),
        ("<region>Leeds, United Kingdom</region>", "Leeds, United Kingdom", "", ()),
        ("<city>Leeds</city><region>Yorkshire</region>", "Leeds, Yorkshire", "", ()),
        ("<location><city>Leeds</city><country>GB</country></location>", "Leeds", "gb", ()),
        ("<location>Leeds</location><location>Bonn</location>", "Leeds", "", ("Bonn",)),
        ("<location>Leeds</location><alternateLocations><l>Bonn</l><l>Lille</l></alternateLocations>", "Leeds", "", ("Bonn", "Lille")),
        ("<city>Leeds</city><locations><location><city>Leeds</city></location><location><city>Bonn</city><country>DE</country></location></locations>", "Leeds", "", ("Bonn, DE",)),
        ("<job_locations><job_location><city>Leeds</city></job_location><job_location><city>Bonn</city></job_location></job_locations>", "Leeds", "", ("Bonn",)),
        ("<office>Leeds</office><additionalOffices><office>Bonn</office></additionalOffices>", "Leeds", "", ("Bonn",)),
        ("<city>Remote</city><state/><country>US</country>", "US", "us", ()),
        ("<city>Homeoffice</city><country>Deutschland</country>", "Deutschland", "de", ()),
        ("<country>France</country><remote>yes</remote>", "France", "fr", ()),
        ("<PhysicalLocation><PostalAddress><CountryCode>DE</CountryCode><Municipality>Bonn</Municipality></PostalAddress></PhysicalLocation>", "Bonn", "de", ()),
        ("<location><![CDATA[ <b>Leeds</b> &amp; Bonn ]]></location>", "Leeds & Bonn", "", ()),
    ],
)  # fmt: skip
def test_the_spellings_of_a_place(elements, place, country, others):
    body = feed(job(location=None, workplaceTypes=None).replace("</job>", f"{elements}</job>"))
    found = one_job(body)
    assert (found.location, found.country, found.other_places) == (place, country, others)
    is_remote = "Remote" in elements or "Homeoffice" in elements or "<remote>" in elements
    assert found.workplace_type == ("Remote" if is_remote else "")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("<workplaceTypes>remote</workplaceTypes>", "Remote"),
        ("<workplaceTypes>HYBRID</workplaceTypes>", "Hybrid"),
        ("<workplaceTypes>on_site</workplaceTypes>", "On-site"),
        ("<workplaceTypes><workplaceType>On-site</workplaceType></workplaceTypes>", "On-site"),
        ("<isRemote>Yes</isRemote>", "Remote"),
        ("<isRemote>No</isRemote>", ""),
        ("<remotetype>Fully remote</remotetype>", "Remote"),
        ("<remotetype>WFH Flexible</remotetype>", "Hybrid"),
        ("<remotetype>COVID-19</remotetype>", "Hybrid"),
        ("<remoteStatus>none</remoteStatus>", "On-site"),
        ("<remoteStatus>temporary</remoteStatus>", "Hybrid"),
        ("<hybrid>true</hybrid><remote>false</remote>", "Hybrid"),
        ("<on_site>true</on_site><remote>false</remote>", "On-site"),
        ("<telecommute>1</telecommute>", "Remote"),
        ("<jobLocationType>TELECOMMUTE</jobLocationType>", "Remote"),
    ],
)
def test_the_spellings_of_a_workplace(elements, expected):
    body = feed(job(workplaceTypes=None).replace("</job>", f"{elements}</job>"))
    found = one_job(body)
    assert (found.workplace_type, found.warnings) == (expected, ())


@pytest.mark.parametrize("symbol", values.JOB_TYPES)
def test_every_job_type_in_every_spelling(symbol):
    words = symbol.split("_")
    spelled = [symbol, symbol.lower(), "-".join(words).title(), " ".join(words), "".join(words).lower()]
    assert {values.read_job_type(text) for text in spelled} == {symbol}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fulltime, parttime", "FULL_TIME"), ("permanent", ""), ("fulltime_permanent", "FULL_TIME"), ("Contract to Hire", "CONTRACT"),
        ("freelance", "CONTRACT"), ("seasonal", "TEMPORARY"), ("trainee", "INTERNSHIP"), ("apprentice", "INTERNSHIP"), ("gig", None),
        ("permanent / full-time", "FULL_TIME"),
    ],
)  # fmt: skip
def test_the_job_types_of_other_formats(text, expected):
    assert values.read_job_type(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MID_SENIOR_LEVEL", "MID_SENIOR_LEVEL"), ("Mid-Senior level", "MID_SENIOR_LEVEL"), ("entry_level", "ENTRY_LEVEL"),
        ("Internship", "INTERNSHIP"), ("experienced", "MID_SENIOR_LEVEL"), ("not applicable", "NOT_APPLICABLE"), ("5+ years", None),
    ],
)  # fmt: skip
def test_the_spellings_of_a_level(text, expected):
    assert values.read_level(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28000", "28000"), ("28,000", "28000"), ("28 000", "28000"), ("£28,000", "28000"), ("28K", "28000"), ("28.50", "28.50"),
        ("1,234,567", "1234567"), ("$70k", "70000"), ("a lot", None), ("", None), ("1.5k", None),
    ],
)  # fmt: skip
def test_the_spellings_of_an_amount(text, expected):
    assert values.read_salary_amount(text) == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("<salary>$4,000-$5,000 per month</salary>", "$4,000-$5,000 per month"),
        ("<compensation_min>28000</compensation_min><compensation_interval>Annually</compensation_interval>", "28000 YEARLY"),
        ("<salary><min>2600</min><max>3100</max><period>month</period><currency>EUR</currency></salary>", "2600-3100 EUR MONTHLY"),
        ("<salary_min>1</salary_min><salary_max>1</salary_max><salary_currency>€</salary_currency>", "1 EUR"),
        ("<salaries><salary><lowEnd><amount>![CDATA[100000]]</amount><currencyCode>usd</currencyCode></lowEnd><period>yearly</period></salary></salaries>", "100000 USD YEARLY"),
    ],
)  # fmt: skip
def test_the_forms_of_a_salary(elements, expected):
    body = feed(job(salaries=None).replace("</job>", f"{elements}</job>"))
    found = one_job(body)
    assert (found.salary, found.warnings) == (expected, ())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<![CDATA[AI &amp; Data <b>x</b>]]>", "AI & Data x"),
        ("AI &amp;amp; Data", "AI & Data"),
        ("![CDATA[Fitter]]", "Fitter"),
        ("&lt;![CDATA[Fitter]]&gt;", "Fitter"),
        ("<![CDATA[ Fitter \n  [&#8230;] ]]>", "Fitter […]"),
        ("C++ &lt; 5 years", "C++ < 5 years"),
        ("<![CDATA[<script>alert(1)</script>Fitter]]>", "Fitter"),
    ],
)
def test_a_title_is_a_plain_text(written, expected):
    assert one_job(feed(job(title=written))).title == expected


@pytest.mark.parametrize(
    "written",
    [
        "https://a.example/?a=1&amp;b=2",
        "<![CDATA[https://a.example/?a=1&amp;b=2]]>",
        "\n  <![CDATA[https://a.example/?a=1&b=2]]>\n",
        "![CDATA[https://a.example/?a=1&amp;b=2]]",
    ],
)
def test_a_link_has_no_entities(written):
    assert one_job(feed(job(applyUrl=written))).apply_url == "https://a.example/?a=1&b=2"


@pytest.mark.parametrize(
    "written",
    [
        f"<p>{'Fit pumps. ' * 20}</p><ul><li>Now</li></ul>",
        f"<![CDATA[<p>{'Fit pumps. ' * 20}</p><ul><li>Now</li></ul>]]>",
        f"&lt;p&gt;{'Fit pumps. ' * 20}&lt;/p&gt;&lt;ul&gt;&lt;li&gt;Now&lt;/li&gt;&lt;/ul&gt;",
        f"<![CDATA[&lt;p&gt;{'Fit pumps. ' * 20}&lt;/p&gt;&lt;ul&gt;&lt;li&gt;Now&lt;/li&gt;&lt;/ul&gt;]]>",
    ],
)
def test_markup_is_read_however_it_was_escaped(written):
    expected = f"<p>{'Fit pumps. ' * 20}</p><ul><li>Now</li></ul>"
    assert one_job(feed(job(description=written))).description == expected
