"""What parties, tax rates and agreements may contain: what is refused names its field, what is accepted is normalized."""

from dataclasses import replace
from datetime import date

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.percents import format_percent, read_percent
from jobmeter.base.readers.times import read_month
from jobmeter.billing.accounts import rules
from jobmeter.billing.accounts.model import (
    Account,
    Agreement,
    AgreementKind,
    AgreementWish,
    BillableContract,
    Bills,
    Issuing,
    TaxRate,
    ZeroMonth,
)
from jobmeter.billing.model import Buyer, Seller, TaxCategory

ADDRESS = {"address_lines": ("Kade 1",), "city": "Rotterdam", "postcode": "3011 AB", "country": "NL"}
SELLER = Seller(legal_name="Board B.V.", **ADDRESS)
BUYER = Buyer(legal_name="Reseller GmbH", **ADDRESS)
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("legalName", {"legal_name": " "}),
        ("addressLines", {"address_lines": ("", "\u200b")}),
        ("city", {"city": ""}),
        ("country", {"country": "XX"}),
        ("country", {"country": "Germany"}),
        ("vatNumber", {"vat_number": "NL004495446B01"}),
        ("vatNumber", {"vat_number": "DE136695977"}),
        ("vatNumber", {"vat_number": "GB980780685"}),
        ("vatNumber", {"vat_number": "CHE107787578IVA"}),
        ("vatNumber", {"vat_number": "123456789"}),
        ("vatNumber", {"vat_number": "US<script>"}),
        ("registrationScheme", {"registration_number": "24000001", "registration_scheme": "KVK"}),
        ("registrationNumber", {"registration_scheme": "0106"}),
        ("endpointScheme", {"endpoint": "5798009811512"}),
        ("endpointScheme", {"endpoint_scheme": "0088"}),
        ("endpointScheme", {"endpoint": "5798009811512", "endpoint_scheme": "GLN"}),
        ("endpoint", {"endpoint": "nobody", "endpoint_scheme": "EM"}),
        ("emails", {"emails": ("a@example.com", "a@example.com")}),
    ],
)
def test_an_invalid_party_is_refused_by_its_field(field, changed):
    for normalize, party in ((rules.normalize_seller, SELLER), (rules.normalize_buyer, BUYER)):
        with pytest.raises(Refused) as refused:
            normalize(replace(party, **changed))
        assert (refused.value.fault, refused.value.parameters["field"]) == (Fault.OPERATOR_INPUT, field)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("iban", {"iban": "NL91ABNA0417164301"}),
        ("iban", {"iban": "NL91ABNA041716430"}),
        ("bic", {"iban": "NL91ABNA0417164300", "bic": "ABNA"}),
        ("bic", {"bic": "ABNANL2A"}),
    ],
)
def test_an_invalid_bank_account_is_refused(field, changed):
    with pytest.raises(Refused) as refused:
        rules.normalize_seller(replace(SELLER, **changed))
    assert refused.value.parameters["field"] == field


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("termsDays", {"terms_days": 181}),
        ("termsDays", {"terms_days": -1}),
        ("language", {"language": "xx"}),
        ("language", {"language": ""}),
    ],
)
def test_invalid_terms_are_refused(field, changed):
    with pytest.raises(Refused) as refused:
        rules.normalize_buyer(replace(BUYER, **changed))
    assert refused.value.parameters["field"] == field


@pytest.mark.parametrize(
    ("given", "country", "stored"),
    [
        ("", "NL", ""),
        ("NL 0044.95.445 B01", "NL", "NL004495445B01"),
        ("004495445B01", "NL", "NL004495445B01"),
        ("de136695976", "NL", "DE136695976"),
        ("094259216", "GR", "EL094259216"),
        ("EL 094259216", "GR", "EL094259216"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("980780684", "GB", "GB980780684"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("NO 995 525 828 MVA", "NO", "NO995525828MVA"),
        ("12345", "AQ", "AQ12345"),
    ],
)
def test_a_vat_number_is_stored_with_its_country_and_without_separators(given, country, stored):
    assert rules.read_vat_number(given, country) == stored


def test_a_bank_account_is_stored_without_separators():
    given = replace(SELLER, iban="nl91 abna 0417 1643 00", bic="abna nl 2a", country="uk")
    found = rules.normalize_seller(given)
    assert (found.iban, found.bic, found.country) == ("NL91ABNA0417164300", "ABNANL2A", "GB")


@pytest.mark.parametrize(
    ("given", "stored"), [("de", "de"), ("pt-br", "pt-BR"), ("zh_Hant", "zh-Hant"), ("ja", "ja")]
)
def test_a_language_is_stored_in_its_usual_form(given, stored):
    assert rules.normalize_buyer(replace(BUYER, language=given)).language == stored


@pytest.mark.parametrize(
    ("category", "rate_micros", "reason", "field"),
    [
        ("S", 0, "", "ratePercent"),
        ("Z", 210_000, "", "ratePercent"),
        ("AE", 1, "", "ratePercent"),
        ("S", 210_000, "because", "reason"),
        ("Z", 0, "because", "reason"),
        ("E", 0, " ", "reason"),
    ],
)
def test_an_invalid_tax_rate_is_refused_by_its_field(category, rate_micros, reason, field):
    with pytest.raises(Refused) as refused:
        rules.normalize_tax_rate(
            TaxRate(category=TaxCategory(category), rate_micros=rate_micros, reason=reason)
        )
    assert refused.value.parameters["field"] == field


def test_a_category_without_tax_has_a_reason():
    for category in TaxCategory:
        is_taxed = category in {TaxCategory.STANDARD, TaxCategory.ZERO}
        given = TaxRate(
            category=category,
            rate_micros=210_000 if category is TaxCategory.STANDARD else 0,
            reason="Article 132" if category is TaxCategory.EXEMPT else "",
        )
        assert bool(rules.normalize_tax_rate(given).reason) is not is_taxed


def test_the_buyer_who_accounts_for_the_tax_has_a_vat_number():
    rate = TaxRate(category=TaxCategory.REVERSE_CHARGE, rate_micros=0, reason="Reverse charge")
    rules.check_buyer_number(rate, replace(BUYER, vat_number="DE136695976"))
    with pytest.raises(Refused, match="vatNumber"):
        rules.check_buyer_number(rate, BUYER)


ACCOUNT = Account(
    id=1,
    partner_id=7,
    currency="EUR",
    issues=Issuing.ALONE,
    zero_month=ZeroMonth.NOTHING,
    first_month=OCTOBER,
)
CLICKS = BillableContract(id=2, kind=AgreementKind.CLICKS, currency="EUR", partner_id=7)
CREDITS = replace(CLICKS, id=3, kind=AgreementKind.CREDITS)


@pytest.mark.parametrize(
    ("contract", "wish", "fault", "named"),
    [
        (replace(CLICKS, currency="USD"), {}, Fault.CURRENCY_DIFFERS, "EUR"),
        (replace(CLICKS, partner_id=8), {}, Fault.OPERATOR_INPUT, "another partner"),
        (replace(CREDITS, has_slots=True), {"bills": Bills.USE}, Fault.OPERATOR_INPUT, "slots"),
        (replace(CREDITS, is_postpaid=True), {"bills": Bills.TOP_UPS}, Fault.OPERATOR_INPUT, "post-paid"),
        (CLICKS, {"first_month": OCTOBER}, Fault.MONTH_BILLED, "2026-10-31"),
    ],
)
def test_an_agreement_that_does_not_fit_is_refused(contract, wish, fault, named):
    with pytest.raises(Refused, match=named) as refused:
        rules.make_agreement(ACCOUNT, contract, AgreementWish(**wish), billed_through=date(2026, 10, 31))
    assert refused.value.fault is fault


def test_an_agreement_does_not_begin_before_its_account():
    with pytest.raises(Refused, match="firstMonth"):
        rules.make_agreement(
            ACCOUNT, CLICKS, AgreementWish(first_month=date(2026, 9, 1)), billed_through=None
        )


@pytest.mark.parametrize(
    ("contract", "billed_through", "bills", "first_month"),
    [
        (CLICKS, None, Bills.USE, OCTOBER),
        (CREDITS, date(2026, 10, 31), Bills.USE, NOVEMBER),
        (replace(CREDITS, has_slots=True, partner_id=None), date(2026, 11, 30), Bills.TOP_UPS, DECEMBER),
    ],
)
def test_by_default_use_is_billed_from_the_first_month_that_is_not_billed(
    contract, billed_through, bills, first_month
):
    made = rules.make_agreement(ACCOUNT, contract, AgreementWish(), billed_through=billed_through)
    assert (made.bills, made.first_month, made.kind) == (bills, first_month, contract.kind)


def test_agreements_that_began_with_the_account_follow_its_first_month():
    agreements = [
        Agreement(
            contract_id=number,
            account_id=1,
            kind=AgreementKind.CLICKS,
            bills=Bills.USE,
            first_month=first_month,
        )
        for number, first_month in enumerate((OCTOBER, NOVEMBER, DECEMBER))
    ]
    later = rules.move_agreements(agreements, before=OCTOBER, after=DECEMBER)
    earlier = rules.move_agreements(agreements, before=OCTOBER, after=date(2026, 9, 1))
    assert [one.contract_id for one in later] == [0, 1]
    assert [one.contract_id for one in earlier] == [0]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("21", 210_000), ("5.5", 55_000), ("0.0001", 1), ("100.0000", 1_000_000), ("0", 0)],
)
def test_a_percentage_is_read_exactly(text, micros):
    assert read_percent(text) == micros
    assert read_percent(format_percent(micros)) == micros


@pytest.mark.parametrize("text", ["", "21 %", "-1", "5,5", "1e2", "0.00001", "1234567", "٢١"])
def test_what_is_no_percentage_is_refused(text):
    assert read_percent(text) is None


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "1969-12", "9999-01"]
)
def test_what_is_no_month_is_refused(text):
    assert read_month(text) is None


def test_a_month_is_its_first_day():
    assert read_month("2026-02") == date(2026, 2, 1)
