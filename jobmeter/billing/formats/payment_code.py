"""Owns how a document is paid: its structured reference, and the code that banking apps scan (EPC069-12).

Does not own payments.
"""

import io
from decimal import Decimal

from stdnum import iban, iso11649

from jobmeter.billing.formats.parts import load_segno
from jobmeter.billing.formats.rules import is_payable, make_rf_reference
from jobmeter.billing.model import Document

CODE_CURRENCY = "EUR"
CODE_MICROS_MIN, CODE_MICROS_MAX = 10_000, 999_999_999_990_000
NAME_CHARACTERS_MAX = 70
BIC_CHARACTERS = (8, 11)


def is_iban(text: str) -> bool:
    """Whether the check digits of the account number are right: the library of the code accepts wrong ones."""
    return bool(iban.is_valid(text))


def write_iban(text: str) -> str:
    """In groups of four, as it is printed; as it was given if it is no IBAN."""
    return str(iban.format(text)) if is_iban(text) else text


def make_reference(document: Document) -> str:
    """Returns the reference that the payer names; ISO 11649 if the number fits into it."""
    reference = make_rf_reference(document.number)
    return reference if is_reference(reference) else document.number


def is_reference(text: str) -> bool:
    """Whether a text is a structured creditor reference with the right check digits, of at most 25 characters."""
    return bool(iso11649.is_valid(text))


def make_payment_code(document: Document) -> str:
    """Returns the code as SVG, or an empty text: only amounts in euros that are payable to an IBAN have one."""
    payable, seller = document.payable_micros, document.seller
    # A line break would begin the next field of the code.
    name = "".join(filter(str.isprintable, seller.legal_name))[:NAME_CHARACTERS_MAX].strip()
    if (
        not (is_payable(document) and name)
        or document.currency != CODE_CURRENCY
        or not CODE_MICROS_MIN <= payable <= CODE_MICROS_MAX
        or not is_iban(seller.iban)
    ):
        return ""
    reference = make_reference(document)
    is_structured = is_reference(reference)
    code = load_segno().make_epc_qr(
        name=name,
        iban=seller.iban,
        amount=Decimal(payable).scaleb(-6),
        bic=seller.bic if len(seller.bic) in BIC_CHARACTERS else None,
        reference=reference if is_structured else None,
        text=None if is_structured else reference,
    )
    svg = io.BytesIO()
    code.save(svg, kind="svg", border=0, xmldecl=False, svgns=True, nl=False)
    return svg.getvalue().decode()
