"""Tests that the sandbox's advertisements can be posted, packaged ones and those of a file."""

import csv
import unicodedata

import pytest

from jobmeter.sandbox.demo.ads import read_ads

COLUMNS = [
    "job_id",
    "title",
    "location",
    "salary_range",
    "company_profile",
    "description",
    "requirements",
    "benefits",
    "telecommuting",
    "employment_type",
    "required_experience",
    "industry",
    "function",
]
LONG = "Keep the lamps of the harbour burning and the book of the tides in order. " * 2


def write_ads(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        defaults = {"title": "Lamplighter", "location": "US, NY, New York", "description": LONG}
        writer.writerows({"job_id": str(n), **defaults, **row} for n, row in enumerate(rows))
    return path


def read_one(path, **row):
    (ad,) = read_ads(write_ads(path / "ads.csv", row))
    return ad


def assert_can_be_posted(ads):
    for ad in ads:
        assert 0 < len(ad.title) <= 200
        assert 100 <= len(ad.description) <= 25_000
        assert ad.company_name
        assert len(ad.country_code) == 2
        assert ad.location == ad.country_code or ad.location.endswith(f", {ad.country_code}")
        assert ad.salary is None or 0 < ad.salary[0] <= ad.salary[1]
    assert len({ad.external_id for ad in ads}) == len(ads)


def test_packaged_ads_can_be_posted_and_are_varied():
    # when
    ads = read_ads()
    # then
    assert_can_be_posted(ads)
    assert len(ads) >= 40
    assert len({ad.country_code for ad in ads}) >= 15
    assert len({ad.company_name for ad in ads}) >= 10
    assert {ad.workplace_type for ad in ads} == {"On-site", "Hybrid", "Remote"}
    assert {"FULL_TIME", "PART_TIME", "CONTRACT", "TEMPORARY", "INTERNSHIP", "VOLUNTEER"} == {
        ad.employment_status for ad in ads
    }
    assert any(ad.salary for ad in ads)
    scripts = {unicodedata.name(char).split()[0] for ad in ads for char in ad.description if char.isalpha()}
    assert {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HANGUL", "HIRAGANA", "DEVANAGARI"} <= scripts


def test_every_shared_ad_with_a_country_can_be_posted(shared):
    # given
    path = shared / "data" / "real-job-ads.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["location"].strip(" ,")]
    # when
    ads = read_ads(path)
    # then
    assert_can_be_posted(ads)
    assert [ad.external_id for ad in ads] == [f"ad-{row['job_id']}" for row in rows]
    assert not any("&amp;" in ad.title + ad.description or "#URL_" in ad.description for ad in ads)
    assert {ad.workplace_type for ad in ads} == {"On-site", "Remote"}
    assert read_ads(path) == ads


@pytest.mark.parametrize(
    ("given", "location", "country"),
    [
        ("US, NY, New York", "New York, NY, US", "US"),
        ("NZ, , Auckland", "Auckland, NZ", "NZ"),
        ("SG, 01, Singapore", "Singapore, SG", "SG"),
        ("EG, C, Cairo, Nasr City", "Cairo, C, EG", "EG"),
        ("US, IL, ", "IL, US", "US"),
        ("GB, , ", "GB", "GB"),
        ("US", "US", "US"),
    ],
)
def test_a_location_reads_city_state_country(given, location, country, tmp_path):
    ad = read_one(tmp_path, location=given)
    assert (ad.location, ad.country_code) == (location, country)


@pytest.mark.parametrize(
    ("given", "salary"),
    [
        ("30000-40000", (30_000, 40_000)),
        ("19000-19000", (19_000, 19_000)),
        ("", None),
        ("0-0", None),
        ("0-34300", None),
        ("90-80", None),
        ("09-Dec", None),
    ],
)
def test_a_salary_is_a_range_or_none(given, salary, tmp_path):
    assert read_one(tmp_path, salary_range=given).salary == salary


@pytest.mark.parametrize(
    ("column", "given", "field", "value"),
    [
        ("employment_type", "Full-time", "employment_status", "FULL_TIME"),
        ("employment_type", "Other", "employment_status", None),
        ("employment_type", "", "employment_status", None),
        ("required_experience", "Mid-Senior level", "experience_level", "MID_SENIOR_LEVEL"),
        ("required_experience", "Not Applicable", "experience_level", "NOT_APPLICABLE"),
        ("required_experience", "", "experience_level", None),
        ("telecommuting", "0", "workplace_type", "On-site"),
        ("telecommuting", "1", "workplace_type", "Remote"),
        ("telecommuting", "hybrid", "workplace_type", "Hybrid"),
        ("title", "  Cook &amp;\n Baker ", "title", "Cook & Baker"),
        ("title", "x" * 300, "title", "x" * 200),
    ],
)
def test_a_column_becomes_its_field(column, given, field, value, tmp_path):
    assert getattr(read_one(tmp_path, **{column: given}), field) == value


def test_a_description_joins_all_texts(tmp_path):
    # when
    ad = read_one(
        tmp_path,
        company_profile="We are Lamps &amp; Sons.",
        requirements="Steady\xa0hands, see #URL_0a1b2c#.",
        benefits="Free oil.",
    )
    # then
    assert ad.description == f"We are Lamps & Sons.\n\n{LONG.strip()}\n\nSteady hands, see .\n\nFree oil."


def test_a_description_is_cut_at_its_limit(tmp_path):
    assert len(read_one(tmp_path, description="x" * 30_000).description) == 25_000


@pytest.mark.parametrize(
    "hopeless", [{"location": ""}, {"location": " , , "}, {"title": " "}, {"description": "Too short."}]
)
def test_an_ad_that_cannot_be_posted_is_left_out(hopeless, tmp_path):
    # given
    path = write_ads(tmp_path / "ads.csv", hopeless, {"title": "Baker"})
    # when / then
    assert [ad.title for ad in read_ads(path)] == ["Baker"]


def test_ads_of_one_profile_share_a_neutral_name(tmp_path):
    # given
    path = write_ads(
        tmp_path / "ads.csv",
        {"company_profile": "We teach.", "industry": "Education"},
        {"company_profile": "We also teach.", "industry": "Education"},
        {"company_profile": "We teach.", "industry": ""},
        {"company_profile": "We keep quiet.", "industry": ""},
        {"company_profile": "", "industry": "Banking"},
    )
    # when
    names = [ad.company_name for ad in read_ads(path)]
    # then
    assert names == [
        "Education Group 1",
        "Education Group 2",
        "Education Group 1",
        "Employer 1",
        "Banking Group 1",
    ]


def test_a_file_without_the_columns_is_refused(tmp_path):
    # given
    path = tmp_path / "ads.csv"
    path.write_text("job_id,title\n1,Baker\n", encoding="utf-8")
    # when / then
    with pytest.raises(ValueError, match=r"lacks the columns .*company_profile"):
        read_ads(path)
