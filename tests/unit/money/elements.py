"""Owns an element of a job and its amounts as the partner writes them, for the tables of boundaries."""

from datetime import UTC, datetime

from jobmeter.base.clock import to_ms
from jobmeter.base.money import format_amount
from jobmeter.jobs.postings.element import read_element

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CENT = 10_000
ELEMENT = {
    "externalJobPostingId": "fitter",
    "jobPostingOperationType": "CREATE",
    "title": "Fitter",
    "description": "A fitter repairs what broke. " * 5,
    "companyApplyUrl": "https://careers.example.com/apply",
    "listedAt": to_ms(NOW),
    "location": "Leeds, England, United Kingdom",
    "companyName": "Harbour Logistics",
    "contract": "urn:li:contract:5",
}
DRAFT = read_element(ELEMENT, now=NOW)


def read_with(**changed: object) -> None:
    read_element(ELEMENT | changed, now=NOW)


def money_text(micros: int) -> dict[str, str]:
    return {"currencyCode": "USD", "amount": format_amount(micros, "USD")}
