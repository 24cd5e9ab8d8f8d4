"""Owns the options that describe a party, and what a command changes of it."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from jobmeter.cli.options import whole_number
from jobmeter.cli.output import to_camel

# What the server adds to a party when it is read.
READ_ONLY = ("validFrom", "recordedAt", "versions")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PartyOptions:
    """What is absent remains as it is; an empty text removes it."""

    legal_name: Annotated[str | None, Parameter(help="Legal name, as on invoices.")] = None
    address_lines: Annotated[
        tuple[str, ...],
        Parameter("--address-line", help="Street and house number; repeat the option for more lines."),
    ] = ()
    city: Annotated[str | None, Parameter(help="City of the address.")] = None
    postcode: Annotated[str | None, Parameter(help="Postcode of the address.")] = None
    country: Annotated[str | None, Parameter(help="Country of ISO 3166-1, such as NL.")] = None
    vat_number: Annotated[
        str | None, Parameter(help="VAT number, with the prefix of its country or without.")
    ] = None
    registration_number: Annotated[str | None, Parameter(help="Number in the register of companies.")] = None
    registration_scheme: Annotated[
        str | None, Parameter(help="Scheme of the register in ISO 6523, such as 0106.")
    ] = None
    endpoint: Annotated[str | None, Parameter(help="Electronic address for invoices.")] = None
    endpoint_scheme: Annotated[
        str | None, Parameter(help="Scheme of the electronic address, such as 0088 or EM.")
    ] = None
    emails: Annotated[
        tuple[str, ...], Parameter("--email", help="Address for invoices by e-mail; repeat the option.")
    ] = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SellerOptions(PartyOptions):
    iban: Annotated[str | None, Parameter(help="Bank account to pay to, an IBAN.")] = None
    bic: Annotated[str | None, Parameter(help="BIC of the bank, if needed.")] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BuyerOptions(PartyOptions):
    language: Annotated[str | None, Parameter(help="Language of the documents, such as en.")] = None
    terms_days: Annotated[
        int | None, whole_number(least=0, most=180, meaning="Days from the issue until payment is due.")
    ] = None
    purchase_order: Annotated[str | None, Parameter(help="Reference that the buyer wants to read.")] = None
    shows_customers: Annotated[
        bool | None, Parameter(help="Whether documents name the buyer's customers.")
    ] = None


def list_changes(options: PartyOptions) -> dict[str, Any]:
    """Returns the fields that were given, by their names in JSON."""
    given = {name: getattr(options, name) for name in options.__dataclass_fields__}
    return {
        to_camel(name): list(value) if type(value) is tuple else value
        for name, value in given.items()
        if value is not None and value != ()
    }


def apply_changes(known: dict[str, Any] | None, options: PartyOptions) -> dict[str, Any]:
    """Returns the party as it was, without what only the server sets, with the fields that were given."""
    kept = {name: value for name, value in (known or {}).items() if name not in READ_ONLY}
    return kept | list_changes(options)
