"""Owns the decisions about accounts: which parties, agreements and tax rates are valid, and from when. Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from babel import Locale, UnknownLocaleError
from stdnum import bic, get_cc_module, iban
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.util import clean

from jobmeter.base.days import month_after
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.countries import CODES, read_country
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.text import trim_text
from jobmeter.billing.accounts.model import (
    Account,
    Agreement,
    AgreementWish,
    BillableContract,
    Bills,
    Dated,
    TaxRate,
    find_in_force,
)
from jobmeter.billing.model import Buyer, Party, Seller, TaxCategory

PartyT = TypeVar("PartyT", bound=Party)
TERMS_DAYS_MAX = 180
ALWAYS = date(
    1970, 1, 1
)  # the first version of everything is in force from here, whatever its account's first month

_GREECE = {"GR": "EL"}  # VAT numbers of Greece begin with EL; those of Northern Ireland with XI
_VAT = re.compile(r"[A-Z]{2}[A-Z0-9]{2,18}")
_SCHEME = re.compile(r"[0-9]{4}")  # of registration numbers: ISO 6523
_ENDPOINT_SCHEME = re.compile(r"[0-9]{4}|AN|AQ|AS|AU|EM")  # the electronic address schemes of EN 16931
_MAIL_SCHEME = "EM"
_LOGO_NAME = re.compile(r"[0-9a-f]{64}")
# The texts that EN 16931 expects; an exemption has as many reasons as a country has laws.
_USUAL_REASONS = {
    TaxCategory.REVERSE_CHARGE: "Reverse charge",
    TaxCategory.INTRA_COMMUNITY: "Intra-community supply",
    TaxCategory.EXPORT: "Export outside the EU",
    TaxCategory.OUT_OF_SCOPE: "Not subject to VAT",
}
_NEED_BUYER_NUMBER = {TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_COMMUNITY}


def normalize_seller(seller: Seller) -> Seller:
    """Returns the seller as it is stored. Raises ``Refused(OPERATOR_INPUT)`` naming the first invalid field."""
    found = _normalize_party(seller)
    if found.iban and not iban.is_valid(found.iban):
        raise _invalid("iban", "is not an IBAN: its length or check digits are wrong")
    if found.bic and not bic.is_valid(found.bic):
        raise _invalid("bic", "is not a BIC")
    if found.bic and not found.iban:
        raise _invalid("bic", "needs an iban")
    return replace(found, iban=iban.compact(found.iban), bic=bic.compact(found.bic))


def normalize_buyer(buyer: Buyer) -> Buyer:
    """Returns the buyer as it is stored. Raises ``Refused(OPERATOR_INPUT)`` naming the first invalid field."""
    found = _normalize_party(buyer)
    if not 0 <= found.terms_days <= TERMS_DAYS_MAX:
        raise _invalid("termsDays", f"must be between 0 and {TERMS_DAYS_MAX}")
    return replace(
        found, language=_read_language(found.language), purchase_order=trim_text(found.purchase_order)
    )


def _normalize_party(party: PartyT) -> PartyT:
    """Field by field, in the order in which a person fills in a form."""
    lines = tuple(line for line in map(trim_text, party.address_lines) if line)
    found = replace(
        party,
        legal_name=trim_text(party.legal_name),
        address_lines=lines,
        city=trim_text(party.city),
        postcode=trim_text(party.postcode),
        country=read_country(party.country),
        registration_number=trim_text(party.registration_number),
        endpoint=trim_text(party.endpoint),
    )
    for broken, field, why in (
        (not found.legal_name, "legalName", "must not be empty"),
        (not lines, "addressLines", "must have at least one line"),
        (not found.city, "city", "must not be empty"),
        (not found.country, "country", "is not a country of ISO 3166-1, such as DE"),
        (not _has_scheme(found, _SCHEME), "registrationScheme", "is not a code of ISO 6523, such as 0106"),
        (
            bool(found.registration_scheme) and not found.registration_number,
            "registrationNumber",
            "is missing, of which registrationScheme is the scheme",
        ),
        (
            bool(found.endpoint) != bool(found.endpoint_scheme),
            "endpointScheme",
            "endpoint and endpointScheme need each other",
        ),
        (
            bool(found.endpoint_scheme) and not _ENDPOINT_SCHEME.fullmatch(found.endpoint_scheme),
            "endpointScheme",
            "is not a scheme of electronic addresses, such as 0088 or EM",
        ),
        (
            found.endpoint_scheme == _MAIL_SCHEME and check_email(found.endpoint) is not None,
            "endpoint",
            "is not an e-mail address, as scheme EM needs",
        ),
        (len(set(found.emails)) != len(found.emails), "emails", "names an address twice"),
    ):
        if broken:
            raise _invalid(field, why)
    return replace(found, vat_number=read_vat_number(found.vat_number, found.country))


def _has_scheme(party: Party, pattern: re.Pattern[str]) -> bool:
    return not party.registration_scheme or pattern.fullmatch(party.registration_scheme) is not None


def read_vat_number(text: str, country: str) -> str:
    """Returns the number with its country's prefix, which EN 16931 demands; ``country`` is the prefix if it has none.

    Raises ``Refused(OPERATOR_INPUT)`` if a check digit is wrong. Of countries whose numbers python-stdnum does not know,
    only the characters are checked.
    """
    number = clean(text, " -./").upper().strip()
    if not number:
        return ""
    prefix = number[:2]
    if prefix not in CODES and prefix not in {"EL", "XI"}:
        prefix = _GREECE.get(country, country)
        number = prefix + number
    if not _VAT.fullmatch(number) or not _is_vat_number(number, prefix):
        raise _invalid("vatNumber", f"is not a VAT number of {prefix}: its length or a check digit is wrong")
    return number


def _is_vat_number(number: str, prefix: str) -> bool:
    if prefix.lower() in eu_vat.MEMBER_STATES or prefix in {"EL", "XI"}:
        return eu_vat.is_valid(number)
    module = get_cc_module(prefix.lower(), "vat")
    if module is None:
        return True
    return any(_validates(module.validate, one) for one in (number, number[2:]))


def _validates(validate: object, number: str) -> bool:
    assert callable(validate)
    try:
        validate(number)
    except ValidationError:
        return False
    return True


def _read_language(text: str) -> str:
    try:
        locale = Locale.parse(text.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        raise _invalid("language", "is not a language, such as en, de or ja") from None
    return str(locale).replace("_", "-")


def normalize_tax_rate(rate: TaxRate) -> TaxRate:
    """Returns the rate as it is stored, with the usual reason if none was given.

    Raises ``Refused(OPERATOR_INPUT)``: only the standard category has a rate, and only the others have a reason.
    """
    is_standard = rate.category is TaxCategory.STANDARD
    is_taxed = is_standard or rate.category is TaxCategory.ZERO
    reason = trim_text(rate.reason)
    if not is_taxed:
        reason = reason or _USUAL_REASONS.get(rate.category, "")
    for broken, field, why in (
        (is_standard and rate.rate_micros == 0, "ratePercent", "must be above zero for category S"),
        (not is_standard and rate.rate_micros != 0, "ratePercent", "is allowed for category S only"),
        (is_taxed and reason != "", "reason", f"is not allowed for category {rate.category}"),
        (not is_taxed and not reason, "reason", "is required: the rule that exempts from tax"),
    ):
        if broken:
            raise _invalid(field, why)
    return replace(rate, reason=reason)


def check_buyer_number(rate: TaxRate | None, buyer: Buyer | None) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` if the tax is the buyer's, who has no VAT number to account for it."""
    if rate is None or buyer is None or rate.category not in _NEED_BUYER_NUMBER:
        return
    if not buyer.vat_number:
        raise _invalid("vatNumber", f"is required of the buyer for tax category {rate.category}")


def check_unbilled(day: date, billed_through: date | None) -> None:
    """Raises ``Refused(MONTH_BILLED)`` for a day that issued documents may have used."""
    if billed_through is not None and day <= billed_through:
        raise Refused(Fault.MONTH_BILLED, day=day, through=billed_through)


def is_logo_name(text: str) -> bool:
    """Whether the text can be the SHA-256 of a logo."""
    return _LOGO_NAME.fullmatch(text) is not None


def make_agreement(
    account: Account, contract: BillableContract, wish: AgreementWish, *, billed_through: date | None
) -> Agreement:
    """Returns the agreement that the operator asks for.

    By default a contract's use is billed, its slots by top-up, from the account's first month that is not billed
    yet: what a document does not bill anymore must not be agreed. Raises ``Refused``: CURRENCY_DIFFERS,
    MONTH_BILLED, OPERATOR_INPUT.
    """
    if contract.currency != account.currency:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=account.currency, expected=contract.currency)
    bills = wish.bills or (Bills.TOP_UPS if contract.has_slots else Bills.USE)
    earliest = account.first_month
    if billed_through is not None:
        earliest = max(earliest, month_after(billed_through.replace(day=1)))
    first_month = wish.first_month or earliest
    check_unbilled(first_month, billed_through)
    for broken, field, why in (
        (contract.partner_id not in {None, account.partner_id}, "contract", "belongs to another partner"),
        (contract.has_slots and bills is Bills.USE, "bills", "slots are billed by top-up"),
        (contract.is_postpaid and bills is Bills.TOP_UPS, "bills", "a post-paid contract has no top-ups"),
        (first_month < earliest, "firstMonth", f"is before the account's first month {earliest:%Y-%m}"),
    ):
        if broken:
            raise _invalid(field, why)
    return Agreement(
        contract_id=contract.id,
        account_id=account.id,
        kind=contract.kind,
        bills=bills,
        first_month=first_month,
    )


def check_days(agreement: Agreement, folded_before: date | None) -> None:
    """Raises ``Refused(DAYS_FOLDED)`` if lines would be made from days that are not kept one by one any more."""
    if folded_before is None or agreement.first_month >= folded_before:
        return
    earliest = folded_before if folded_before.day == 1 else month_after(folded_before.replace(day=1))
    raise Refused(
        Fault.DAYS_FOLDED, contract=agreement.contract_id, day=folded_before, month=f"{earliest:%Y-%m}"
    )


def may_change(agreement: Agreement, billed_through: date | None) -> bool:
    """Whether no month of the agreement is billed yet."""
    return billed_through is None or agreement.first_month > billed_through


def move_agreements(agreements: Iterable[Agreement], *, before: date, after: date) -> list[Agreement]:
    """Returns the agreements that change with an account's first month: those that began with it, or would begin earlier."""
    return [
        replace(one, first_month=after)
        for one in agreements
        if one.first_month == before or one.first_month < after
    ]


def is_repeated(value: object, valid_from: date, known: Iterable[Dated[object]]) -> bool:
    """Whether the version in force on ``valid_from`` is the same. ``known`` are in the order in which they are in force."""
    in_force = find_in_force(known, valid_from)
    return in_force is not None and in_force.value == value


def _invalid(field: str, why: str) -> Refused:
    return Refused(Fault.OPERATOR_INPUT, field=field, why=why)
