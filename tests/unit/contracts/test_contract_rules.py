"""Which contract a call refers to, and what a click costs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner.model import ClickPrice, JobTraits, PartnerContract
from jobmeter.contracts.partner.rules import choose_contract, choose_price

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = PartnerContract(
    id=5,
    partner_id=1,
    shard=5,
    currency="USD",
    limit_micros=10**9,
    term_starts_at=NOW - DAY,
    term_ends_at=NOW + DAY,
)
SECOND = replace(FIRST, id=6)
OVER = replace(FIRST, id=7, term_ends_at=NOW)
COMING = replace(FIRST, id=8, term_starts_at=NOW + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("contracts", "wanted", "chosen"),
    [
        ([FIRST], None, 5),
        ([FIRST], 5, 5),
        ([FIRST, SECOND], 6, 6),
        ([OVER, FIRST], 5, 5),
        ([replace(FIRST, term_starts_at=NOW)], None, 5),
        ([FIRST, SECOND], None, Fault.CONTRACT_NOT_CHOSEN),
        ([FIRST, OVER], None, Fault.CONTRACT_NOT_CHOSEN),
        ([], None, Fault.CONTRACT_UNKNOWN),
        ([], 5, Fault.CONTRACT_UNKNOWN),
        ([FIRST], 6, Fault.CONTRACT_UNKNOWN),
        ([FIRST], 10**40, Fault.CONTRACT_UNKNOWN),
        ([OVER], None, Fault.CONTRACT_ENDED),
        ([FIRST, COMING], 8, Fault.CONTRACT_ENDED),
    ],
)
def test_a_call_refers_to_one_contract(contracts, wanted, chosen):
    if isinstance(chosen, int):
        assert choose_contract(contracts, wanted, NOW).id == chosen
        return
    with pytest.raises(Refused) as refused:
        choose_contract(contracts, wanted, NOW)
    assert refused.value.fault is chosen


def traits(country: str, job_function: str = "", experience_level: str = "") -> JobTraits:
    return JobTraits(country=country, job_function=job_function, experience_level=experience_level)


LONG_AGO = NOW - 100 * DAY
PRICES = [
    ClickPrice(JobTraits(), LONG_AGO, 1),
    ClickPrice(JobTraits(), NOW - DAY, 2),
    ClickPrice(JobTraits(), NOW + DAY, 3),
    ClickPrice(JobTraits(country="GB"), LONG_AGO, 4),
    ClickPrice(JobTraits(job_function="eng"), NOW - DAY, 5),
    ClickPrice(JobTraits(experience_level="DIRECTOR"), NOW - DAY, 6),
    ClickPrice(traits("GB", "eng"), LONG_AGO, 7),
    ClickPrice(traits("GB", "", "DIRECTOR"), LONG_AGO, 8),
    ClickPrice(traits("GB", "eng", "DIRECTOR"), NOW + DAY, 9),
    ClickPrice(traits("JP"), NOW, 10),
]


@pytest.mark.parametrize(
    ("traits", "now", "price"),
    [
        (JobTraits(), NOW, 2),
        (JobTraits(), NOW - 2 * DAY, 1),
        (JobTraits(), NOW + DAY, 3),
        (traits("FR"), NOW, 2),
        (traits("GB"), NOW, 4),  # older, but closer
        (traits("GB", "art"), NOW, 4),
        (traits("FR", "eng", "DIRECTOR"), NOW, 5),  # function takes precedence over experience
        (traits("FR", "art", "DIRECTOR"), NOW, 6),
        (
            traits("GB", "eng", "DIRECTOR"),
            NOW,
            7,
        ),  # country and function take precedence over country and experience
        (traits("GB", "art", "DIRECTOR"), NOW, 8),
        (traits("GB", "eng", "DIRECTOR"), NOW + DAY, 9),
        (
            traits("JP", "eng", "DIRECTOR"),
            NOW,
            10,
        ),  # country takes precedence; from the instant it is in force
        (traits("JP", "eng", "DIRECTOR"), NOW - timedelta(microseconds=1), 5),
    ],
)
def test_a_click_costs_what_the_closest_line_in_force_says(traits, now, price):
    assert choose_price(PRICES, traits, now) == price


@given(st.permutations(PRICES), st.sampled_from([price.traits for price in PRICES]))
def test_the_order_of_the_price_list_does_not_matter(prices, traits):
    assert choose_price(prices, traits, NOW) == choose_price(PRICES, traits, NOW)
