"""Amounts and units as partners and operators write them, tried below, at and above every boundary."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from jobmeter.base.faults import Fault
from jobmeter.base.money import format_amount, parse_amount, parse_positive_amount
from jobmeter.contracts.hiring import rules as hiring_rules
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.contracts.hiring.rules import UNITS_MAX
from jobmeter.ledger.model import Account, AccountKind, Posting, Purpose
from tests.unit.money.boundaries import Boundary, check
from tests.unit.money.elements import CENT, NOW, money_text, read_with

LATER = NOW + timedelta(days=30)
SLOTS = HiringContract(
    id=9,
    shard=9,
    kind=HiringKind.SLOTS,
    owner_name="Owner",
    owner_application_id=None,
    is_postpaid=False,
    currency="USD",
    run_days=30,
    default_poster_email="jo@customer.example",
    seats=(),
    sandbox_number=None,
    starts_at=NOW,
    ends_at=LATER,
)
CREDITS = replace(SLOTS, kind=HiringKind.CREDITS, owner_application_id=1)
POSTPAID = replace(CREDITS, is_postpaid=True)


def read_pay(**value: int) -> None:
    shown = {name: money_text(micros) for name, micros in value.items()}
    pay = {"type": "BASE_SALARY", "period": "YEARLY", "value": shown}
    read_with(compensation={"compensations": [pay]})


def read_pay_range(end: int) -> None:
    pay = {"type": "BONUS", "value": {"range": {"start": money_text(10**9), "end": money_text(end)}}}
    read_with(compensation={"compensations": [pay]})


def open_units(kind: HiringKind, units: int, *, is_postpaid: bool = False) -> None:
    draft = HiringDraft(
        kind=kind,
        owner_name="Owner",
        owner_application_id=1,
        is_postpaid=is_postpaid,
        currency="USD",
        units=units,
        price_micros=0,
        run_days=30,
        default_poster_email="jo@customer.example",
        seats=(),
        sandbox_number=None,
        starts_at=NOW,
        ends_at=LATER,
    )
    hiring_rules.check_draft(draft)


def add_units(units: int) -> None:
    hiring_rules.check_units(CREDITS, units, may_be_negative=False)


def adjust_units(units: int) -> None:
    hiring_rules.check_units(SLOTS, units, may_be_negative=True)


AMOUNTS = [
    Boundary(
        "decimal places",
        lambda places: parse_amount(f"0.{'1' * places}", "USD"),
        limit=2,
        above=Fault.AMOUNT_TOO_PRECISE,
    ),
    # The largest amount ends in nines to the last micro, which no currency can write: the steps are minor units.
    Boundary(
        "largest amount",
        lambda micros: parse_amount(format_amount(micros, "USD"), "USD"),
        limit=10**18 - CENT,
        step=CENT,
        above=Fault.AMOUNT_TOO_LARGE,
    ),
    Boundary(
        "largest amount of the finest currency",
        lambda micros: parse_amount(format_amount(micros, "CLF"), "CLF"),
        limit=10**18 - 100,
        step=100,
        above=Fault.AMOUNT_TOO_LARGE,
    ),
    Boundary(
        "positive amount",
        lambda micros: parse_positive_amount(format_amount(micros, "USD"), "USD"),
        limit=0,
        step=CENT,
        below=Fault.AMOUNT_NOT_POSITIVE,
        at=Fault.AMOUNT_NOT_POSITIVE,
    ),
]

PAY = [
    Boundary(
        "exact pay",
        lambda micros: read_pay(exactAmount=micros),
        limit=0,
        step=CENT,
        below=Fault.JOB_FIELDS_INVALID,
    ),
    Boundary(
        "pay from and to",
        lambda end: read_pay(start=10**9, end=end),
        limit=10**9,
        step=CENT,
        below=Fault.JOB_FIELDS_INVALID,
    ),
    Boundary("range of pay", read_pay_range, limit=10**9, step=CENT, below=Fault.JOB_FIELDS_INVALID),
]

UNITS = [
    Boundary(
        "fewest units of a new contract",
        lambda units: open_units(HiringKind.SLOTS, units),
        limit=0,
        below=Fault.OPERATOR_INPUT,
    ),
    Boundary(
        "most units of a new contract",
        lambda units: open_units(HiringKind.CREDITS, units),
        limit=UNITS_MAX,
        above=Fault.OPERATOR_INPUT,
    ),
    Boundary(
        "units of a new post-paid contract",
        lambda units: open_units(HiringKind.CREDITS, units, is_postpaid=True),
        limit=0,
        below=Fault.OPERATOR_INPUT,
        above=Fault.OPERATOR_INPUT,
    ),
    Boundary(
        "fewest units of a top-up",
        add_units,
        limit=0,
        below=Fault.OPERATOR_INPUT,
        at=Fault.OPERATOR_INPUT,
    ),
    Boundary("most units of a top-up", add_units, limit=UNITS_MAX, above=Fault.OPERATOR_INPUT),
    Boundary("units of a correction", adjust_units, limit=0, at=Fault.OPERATOR_INPUT),
    Boundary("most units of a correction", adjust_units, limit=UNITS_MAX, above=Fault.OPERATOR_INPUT),
    Boundary(
        "most units that a correction takes", adjust_units, limit=-UNITS_MAX, below=Fault.OPERATOR_INPUT
    ),
    Boundary(
        "units of a post-paid contract",
        lambda units: hiring_rules.check_units(POSTPAID, units, may_be_negative=True),
        limit=1,
        below=Fault.OPERATOR_INPUT,
        at=Fault.OPERATOR_INPUT,
        above=Fault.OPERATOR_INPUT,
    ),
]

BOUNDARIES = [*AMOUNTS, *PAY, *UNITS]


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.message)
def test_an_amount_is_refused_exactly_beyond_its_boundary(boundary):
    check(boundary)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_posting_moves_something(amount):
    accounts = Account(AccountKind.CONTRACT, 5, 5), Account(AccountKind.JOB, 261, 5)
    posting = Posting(UUID(int=7), Purpose.RESERVE, *accounts, 1, "USD", NOW.date(), NOW)
    with pytest.raises(AssertionError):
        replace(posting, amount=amount)
