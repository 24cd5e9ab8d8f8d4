"""Rules of a job that depend only on values and the time; the country that a location names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.geo.gazetteer import country_of
from jobmeter.jobs.postings import rules
from jobmeter.jobs.postings.element import read_element

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
CONTRACT = PartnerContract(
    id=5,
    partner_id=1,
    shard=5,
    currency="USD",
    limit_micros=10**9,
    term_starts_at=NOW,
    term_ends_at=NOW + timedelta(days=1),
)
ELEMENT = {
    "externalJobPostingId": "fitter",
    "jobPostingOperationType": "CREATE",
    "title": "Fitter",
    "description": "A fitter repairs what broke. " * 5,
    "companyApplyUrl": "https://careers.example.com/apply?id=1",
    "listedAt": to_ms(NOW),
    "location": "Leeds, England, United Kingdom",
    "companyName": "Harbour Logistics",
    "contract": "urn:li:contract:5",
    "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
}
DRAFT = read_element(ELEMENT, now=NOW)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"workplace_types": ("REMOTE",), "alternate_locations": ("Leeds",) * 7}, None),
        ({"company_name": None, "company": "urn:li:organization:1"}, None),
        ({"company_name": None, "company_page_url": "https://www.example.com/harbour"}, None),
        ({"workplace_types": ("REMOTE", "HYBRID")}, Fault.WORKPLACE_SEVERAL),
        ({"company_name": None}, Fault.JOB_COMPANY_MISSING),
        ({"company_name": ""}, Fault.JOB_COMPANY_MISSING),
        ({"company_apply_url": "careers.example.com"}, Fault.JOB_APPLY_URL_INVALID),
        ({"alternate_locations": ("Leeds",) * 8}, Fault.JOB_LOCATIONS_TOO_MANY),
        # if several are broken, the first of the table is reported
        (
            {"company_name": None, "workplace_types": ("A", "B"), "company_apply_url": ""},
            Fault.WORKPLACE_SEVERAL,
        ),
        ({"company_name": None, "company_apply_url": ""}, Fault.JOB_COMPANY_MISSING),
        ({"company_apply_url": "", "alternate_locations": ("Leeds",) * 8}, Fault.JOB_APPLY_URL_INVALID),
    ],
)
def test_a_draft_keeps_the_rules_beyond_single_fields(changed, fault):
    draft = replace(DRAFT, **changed)
    if fault is None:
        rules.check_draft(draft, task_urn="urn:li:simpleJobPostingTask:1")
        return
    with pytest.raises(Refused) as refused:
        rules.check_draft(draft, task_urn="urn:li:simpleJobPostingTask:1")
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("budget", "price_micros", "outcome"),
    [
        (Money(30_000_000, "USD"), 1_500_000, 30_000_000),
        (Money(1_500_000, "USD"), 1_500_000, 1_500_000),
        (Money(1_490_000, "USD"), 1_500_000, Fault.JOB_BUDGET_BELOW_PRICE),
        (Money(30_000_000, "EUR"), 1_500_000, Fault.CURRENCY_DIFFERS),
        (Money(1, "EUR"), 1_500_000, Fault.CURRENCY_DIFFERS),
        (None, 1_500_000, Fault.JOB_BUDGET_MISSING),
    ],
)
def test_a_budget_pays_for_a_click_in_the_contracts_currency(budget, price_micros, outcome):
    draft = replace(DRAFT, total_budget=budget)
    if isinstance(outcome, int):
        assert rules.check_budget(draft, CONTRACT, price_micros) == outcome
        return
    with pytest.raises(Refused) as refused:
        rules.check_budget(draft, CONTRACT, price_micros)
    assert refused.value.fault is outcome


def test_a_paid_job_runs_thirty_days_whatever_it_requests():
    wish = NOW + timedelta(days=3)
    draft = replace(DRAFT, expire_at=wish)
    assert rules.run_until(draft, pays_per_click=True, now=NOW) == NOW + timedelta(days=30)
    assert rules.run_until(draft, pays_per_click=False, now=NOW) == wish
    assert rules.run_until(DRAFT, pays_per_click=False, now=NOW) == NOW + timedelta(days=180)


@pytest.mark.parametrize(
    ("company_name", "page", "company", "shown"),
    [
        ("Harbour", "https://www.example.com/company/other", None, "Harbour"),
        (None, "https://www.example.com/company/harbour/", "urn:li:organization:5", "harbour"),
        (None, None, "urn:li:organization:5", "urn:li:organization:5"),
        (None, None, None, ""),
    ],
)
def test_the_company_that_reports_show(company_name, page, company, shown):
    draft = replace(DRAFT, company_name=company_name, company_page_url=page, company=company)
    assert draft.displayed_company == shown


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("Leeds, England, United Kingdom", "GB"),
        ("Austin, TX, United States", "US"),
        ("Austin, TX, USA", "US"),
        ("Leeds, UK", "GB"),
        ("Glasgow, Scotland", "GB"),
        ("Osaka, jp", "JP"),
        ("Germany", "DE"),
        ("Paris,  france ", "FR"),
        ("Leeds, XQ", ""),
        ("Atlantis", ""),
        ("", ""),
        (",", ""),
    ],
)
def test_the_country_of_a_location(location, code):
    assert country_of(location) == code
