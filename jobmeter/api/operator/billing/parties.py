"""The bodies and responses of parties: the seller, and an account's profile, as ``/operator/billing`` reads and writes them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic.alias_generators import to_camel

from jobmeter.base.readers.percents import format_percent
from jobmeter.billing.accounts.model import Dated, TaxRate
from jobmeter.billing.model import Buyer, Party, Seller
from jobmeter.database.statements import vars_of
from jobmeter.http.schemas import Day, Email, OperatorBody

EMAILS_MAX = 10
ADDRESS_LINES_MAX = 4

# Without control characters: each text is one line of a document.
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
Line = Annotated[str, StringConstraints(max_length=200, pattern=_LINE)]
Word = Annotated[str, StringConstraints(max_length=60, pattern=_LINE)]


class PartyBody(OperatorBody):
    """``country`` is a code of ISO 3166-1. ``endpoint`` is an electronic address, ``endpointScheme`` its kind."""

    legal_name: Line
    address_lines: Annotated[tuple[Line, ...], Field(max_length=ADDRESS_LINES_MAX)]
    city: Line
    postcode: Word = ""
    country: Word
    vat_number: Word = ""
    registration_number: Word = ""
    registration_scheme: Word = ""
    endpoint: Line = ""
    endpoint_scheme: Word = ""
    emails: Annotated[tuple[Email, ...], Field(max_length=EMAILS_MAX)] = ()


class SellerBody(PartyBody):
    """``validFrom`` is the first day on which this version is in force: by default today, of the first one always.

    ``logo`` is the SHA-256 of an image that was sent to ``/operator/billing/logos``.
    """

    iban: Word = ""
    bic: Word = ""
    logo: Line = ""
    valid_from: Day | None = None


class BuyerBody(PartyBody):
    """``termsDays`` is how many days after its issue a document is due."""

    language: Word = "en"
    terms_days: int = 30
    purchase_order: Line = ""
    shows_customers: bool = True


def read_seller(body: SellerBody) -> Seller:
    return Seller(**_fields_of(body, Seller))


def read_buyer(body: BuyerBody) -> Buyer:
    return Buyer(**_fields_of(body, Buyer))


def _fields_of(body: PartyBody, kind: type[Party]) -> Mapping[str, Any]:
    return {name: getattr(body, name) for name in kind.__dataclass_fields__}


def serialize_party(party: Party) -> dict[str, Any]:
    """All fields, in the order of the form; what is not given is empty, as in the request."""
    return {to_camel(name): value for name, value in vars_of(party).items()}


def serialize_dated(version: Dated[Party]) -> dict[str, Any]:
    return serialize_party(version.value) | _serialize_dates(version)


def serialize_tax_rate(version: Dated[TaxRate]) -> dict[str, Any]:
    rate = version.value
    return {
        "category": rate.category,
        "ratePercent": format_percent(rate.rate_micros),
        "reason": rate.reason,
    } | _serialize_dates(version)


def _serialize_dates(version: Dated[Any]) -> dict[str, Any]:
    return {
        "validFrom": version.valid_from.isoformat(),
        "recordedAt": version.recorded_at.isoformat(),
    }
