"""What names the line of an invoice, and the currency of a statement."""

from dataclasses import replace
from datetime import date

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.model import Bills
from jobmeter.billing.formats.rules import find_resale
from jobmeter.billing.model import LineKind
from jobmeter.billing.statements import rules
from jobmeter.billing.usage.model import UsageKind, UsedContract
from tests.unit.billing.formats.samples import make_line

CONTRACT = UsedContract(
    contract_id=1,
    shard=1,
    kind=UsageKind.CREDITS,
    currency="EUR",
    is_postpaid=False,
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    account_id=None,
    bills=None,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INV-2026-000001/3", ("INV-2026", 1, 3)),
        ("CN-2027-1234567/12", ("CN-2027", 1_234_567, 12)),
        ("INV-2026-000001", None),
        ("INV-2026-1/3", None),
        ("inv-2026-000001/3", None),
        ("INV-2026-000001/3 ", None),
        ("INV-2026-000001/1234567890", None),
        ("INV-2026-\u0660\u0660\u0660\u0660\u0660\u0661/3", None),
        ("", None),
    ],
)
def test_a_line_is_named_by_its_document_and_number(text, expected):
    assert rules.read_invoice_line(text) == expected


def test_a_statement_has_the_currency_of_its_contracts():
    yen = replace(CONTRACT, contract_id=2, currency="JPY")
    assert rules.choose_currency([CONTRACT], None) == "EUR"
    assert rules.choose_currency([CONTRACT, yen], "JPY") == "JPY"
    for contracts, wanted, fault in (
        ([CONTRACT, yen], None, Fault.PARAMETER_REQUIRED),
        ([], None, Fault.PARAMETER_REQUIRED),
        ([CONTRACT], "USD", Fault.PARAMETER_INVALID),
    ):
        with pytest.raises(Refused) as refused:
            rules.choose_currency(contracts, wanted)
        assert refused.value.fault is fault


def test_use_that_is_paid_by_top_up_has_no_price():
    prepaid = replace(CONTRACT, contract_id=2, bills=Bills.TOP_UPS)
    assert rules.list_free_ids([CONTRACT, prepaid]) == (2,)
    assert rules.list_ids([CONTRACT, prepaid], UsageKind.CREDITS) == (1, 2)
    assert rules.list_ids([CONTRACT], UsageKind.CLICKS) == ()


def test_a_refund_is_the_partner_s_own_amount():
    refund = replace(make_line(1, kind=LineKind.REFUND), net_micros=-5_000_000)
    posting = replace(make_line(2), net_micros=5_000_000)
    assert (
        find_resale(refund, None, currency="EUR")
        == find_resale(refund, 100_000, currency="EUR")
        == -5_000_000
    )
    assert find_resale(posting, None, currency="EUR") is None
    assert find_resale(posting, 100_000, currency="EUR") == 5_500_000
