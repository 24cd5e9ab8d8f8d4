"""Owns what a page shows: the words, figures and widths that the template arranges. Not where they are on the page.

Every text of a person is cleaned here: the template receives what the fonts can show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobmeter.base.days import day_of
from jobmeter.billing.formats.fonts import Cleaner, is_right_to_left
from jobmeter.billing.formats.model import CountKind, Presentation
from jobmeter.billing.formats.payment_code import make_reference, write_iban
from jobmeter.billing.formats.rules import NEEDS_REASON, find_resale, is_payable, shows_period
from jobmeter.billing.formats.texts import (
    choose_language,
    choose_reason,
    words_of,
    write_amount,
    write_country,
    write_day,
    write_days,
    write_month,
    write_number,
    write_percent,
    write_time,
)
from jobmeter.billing.model import (
    SVG,
    Document,
    DocumentKind,
    DocumentLine,
    LineKind,
    Logo,
    Party,
    TaxTotal,
)

Data = dict[str, Any]

# Widths in micrometres: of a figure and of what separates figures, in the size of the table; of the space around both.
FIGURE_UM, SEPARATOR_UM, CELL_UM = 1_750, 1_000, 2_800
LINE_UM, TIME_UM, QUANTITY_UM, AMOUNT_UM = 9_000, 22_000, 12_000, 19_000  # at least
LOGO_WIDTH_UM, LOGO_HEIGHT_UM = 62_000, 16_000  # at most
FOOTER_SEPARATOR = "  ·  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a long document: its lines, and where it is in the whole."""

    lines: Sequence[DocumentLine]
    first_page: int
    is_first: bool
    is_last: bool


class Layout:
    """The words and figures of one document, in its buyer's language."""

    def __init__(
        self,
        document: Document,
        presentation: Presentation,
        cleaner: Cleaner,
        *,
        logo: Logo | None = None,
    ) -> None:
        self._logo = logo
        self._document, self._presentation, self._cleaner = document, presentation, cleaner
        self._language = choose_language(document.buyer.language)
        self._words = words_of(self._language)
        self._resale_micros = 0  # of the lines so far

    def make_part(self, part: Part, *, families: Sequence[str]) -> Data:
        document = self._document
        heading = self._words[document.kind.value if self._is_final() else "draft"]
        return {
            "title": f"{heading} {document.number}".strip(),
            "author": self._clean(document.seller.legal_name),
            "heading": heading,
            "number": self._clean(document.number),
            "lang": self._language,
            "fonts": list(families),
            "words": {
                name: self._words[name]
                for name in ("line", "date", "job", "quantity", "page", "page_of", "scan")
            },
            "logo": self._make_logo() if part.is_first else None,
            "footer": self._make_footer(),
            "first_page": part.first_page,
            "knows_pages": part.is_last,
            "is_first": part.is_first,
            "is_last": part.is_last,
            "seller": self._make_party(document.seller),
            "buyer": {"heading": self._words[self._name_buyer()], **self._make_party(document.buyer)},
            "facts": self._list_facts(),
            **self._make_table(part.lines),
            **(self._make_end() if part.is_last else {"totals": [], "remarks": [], "payment": []}),
        }

    def _make_logo(self) -> Data | None:
        """As large as its space allows. The bytes of a picture are numbers, as JSON has no bytes."""
        logo = self._logo
        if logo is None:
            return None
        is_svg = logo.media_type == SVG
        fits_width = logo.width * LOGO_HEIGHT_UM > logo.height * LOGO_WIDTH_UM
        return {
            "format": "svg" if is_svg else "png",
            "content": logo.content.decode() if is_svg else list(logo.content),
            "width": LOGO_WIDTH_UM if fits_width else logo.width * LOGO_HEIGHT_UM // logo.height or 1,
            "height": logo.height * LOGO_WIDTH_UM // logo.width or 1 if fits_width else LOGO_HEIGHT_UM,
            "alt": self._clean(self._document.seller.legal_name),
        }

    def _is_final(self) -> bool:
        return bool(self._document.number) or self._document.kind is DocumentKind.STATEMENT

    def _name_buyer(self) -> str:
        return "made_for" if self._document.kind is DocumentKind.STATEMENT else "bill_to"

    def _clean(self, text: str) -> str:
        return self._cleaner.clean(text)

    def _piece(self, text: str) -> Data:
        cleaned = self._clean(text)
        return {"text": cleaned, "rtl": is_right_to_left(cleaned)}

    def _fact(self, name: str, value: str) -> Data:
        return {"name": self._words[name], "value": self._piece(value)}

    def _amount(self, micros: int) -> str:
        return write_amount(micros, self._document.currency, self._language)

    def _make_party(self, party: Party) -> Data:
        lines = [
            *party.address_lines,
            f"{party.postcode} {party.city}".strip(),
            write_country(party.country, self._language),
        ]
        if party.vat_number:
            lines.append(f"{self._words['vat_number']} {party.vat_number}")
        if party.registration_number:
            lines.append(f"{self._words['registration']} {party.registration_number}")
        return {"name": self._piece(party.legal_name), "lines": [self._piece(line) for line in lines if line]}

    def _make_footer(self) -> str:
        seller = self._document.seller
        found = [
            seller.legal_name,
            seller.vat_number,
            write_iban(seller.iban) if seller.iban else "",
            *seller.emails[:1],
        ]
        return FOOTER_SEPARATOR.join(self._clean(text) for text in found if text)

    def _list_facts(self) -> list[Data]:
        document = self._document
        found = [
            ("issued", write_day(day_of(document.issued_at), self._language) if document.issued_at else ""),
            ("period", write_month(document.month, self._language)),
            (
                "due",
                write_day(document.due_on, self._language)
                if document.due_on and is_payable(document) and document.payable_micros
                else "",
            ),
            ("corrects", document.corrects_number),
            ("order", document.buyer.purchase_order),
            ("customer", self._presentation.customer),
        ]
        return [self._fact(name, value) for name, value in found if value]

    def _make_table(self, lines: Sequence[DocumentLine]) -> Data:
        rows = [self._make_row(line) for line in lines]
        headings = [f"{self._words[name]} {self._document.currency}" for name in self._list_amounts()]
        columns = [
            {
                "heading": heading,
                "width": measure([heading, *(row["amounts"][at] for row in rows)], AMOUNT_UM),
            }
            for at, heading in enumerate(headings)
        ]
        widths = {
            "line": measure([row["line"] for row in rows], LINE_UM),
            "time": measure([row["time"] for row in rows], TIME_UM),
            "quantity": measure([row["quantity"] for row in rows], QUANTITY_UM),
        }
        return {"rows": rows, "columns": columns, "widths": widths}

    def _list_amounts(self) -> list[str]:
        names = ["price", "net"] if self._presentation.has_prices else []
        return [*names, "resale"] if self._presentation.has_resale else names

    def _make_row(self, line: DocumentLine) -> Data:
        resale = find_resale(line, self._presentation.markup_micros, currency=self._document.currency)
        self._resale_micros += resale or 0
        is_ours = line.kind is not LineKind.REFUND
        amounts = {
            "price": line.price_micros if is_ours else None,
            "net": line.net_micros if is_ours else None,
            "resale": resale,
        }
        kind = self._words[line.kind.value]
        return {
            "line": str(line.line),
            "time": (
                write_days(line.first_at, line.last_at, self._language)
                if shows_period(line)
                else write_time(line.first_at, self._language)
            ),
            "title": self._piece(line.title or kind),
            # A line without a job, such as a top-up, has its kind as its title.
            "details": [
                self._piece(text) for text in (line.title and kind, *self._list_details(line)) if text
            ],
            "quantity": write_number(line.quantity, self._language),
            "amounts": [
                "" if amounts[name] is None else self._amount(amounts[name] or 0)
                for name in self._list_amounts()
            ],
        }

    def _list_details(self, line: DocumentLine) -> list[str]:
        shows = self._document.buyer.shows_customers
        corrected = self._words["corrects_line"].format(number=line.corrects_number, line=line.corrects_line)
        return [
            corrected if line.corrects_number else "",
            line.external_id,
            *((line.company_name, line.customer_job_code, line.poster_email) if shows else ()),
            self._words["contract"].format(contract=line.contract_id),
        ]

    def _make_end(self) -> Data:
        document = self._document
        remarks = [document.note] if document.note else []
        remarks += [
            choose_reason(tax.category.value, tax.reason, language=self._language)
            for tax in document.taxes
            if tax.category in NEEDS_REASON
        ]
        if self._presentation.final_through is not None:
            day = write_day(self._presentation.final_through, self._language)
            remarks.append(self._words["not_final"].format(day=day))
        if document.kind is DocumentKind.STATEMENT:
            remarks.append(self._words["not_payable"])
        elif self._is_final() and not is_payable(document):
            remarks.append(self._words["credited"])
        elif document.prepaid_micros and document.payable_micros == 0:
            remarks.append(self._words["prepaid_whole"])
        return {
            "totals": [*self._list_counts(), *self._list_totals()],
            "remarks": [self._piece(remark) for remark in dict.fromkeys(remarks)],
            **self._make_payment(),
        }

    def _list_counts(self) -> list[Data]:
        names = {CountKind.CLICKS: "CLICKS_COUNT"}
        return [
            {
                "name": self._words[names.get(count.kind, count.kind.value)],
                "value": write_number(count.number, self._language),
                "strong": False,
            }
            for count in self._presentation.counts
        ]

    def _list_totals(self) -> list[Data]:
        document, presentation = self._document, self._presentation
        found = []
        if presentation.has_prices:
            found.append(self._total("total_net", document.net_micros))
            found += [self._make_tax(tax) for tax in document.taxes]
            found.append(self._total("total", document.total_micros, is_strong=True))
            if document.prepaid_micros:
                found.append(self._total("prepaid", -document.prepaid_micros))
                found.append(self._total("payable", document.payable_micros, is_strong=True))
        if presentation.has_resale:
            found.append(self._total("total_resale", self._resale_micros, is_strong=True))
        return found

    def _total(self, name: str, micros: int, *, is_strong: bool = False) -> Data:
        currency = f" {self._document.currency}" if is_strong else ""
        return {"name": f"{self._words[name]}{currency}", "value": self._amount(micros), "strong": is_strong}

    def _make_tax(self, tax: TaxTotal) -> Data:
        rate, base = write_percent(tax.rate_micros, self._language), self._amount(tax.base_micros)
        name = self._words["tax"].format(rate=rate, base=base)
        return {"name": name, "value": self._amount(tax.tax_micros), "strong": False}

    def _make_payment(self) -> Data:
        document, seller = self._document, self._document.seller
        if not is_payable(document) or document.payable_micros == 0:
            return {"payment": [], "pay_by": ""}
        facts = [
            ("account_name", seller.legal_name if seller.iban else ""),
            ("iban", write_iban(seller.iban) if seller.iban else ""),
            ("bic", seller.bic),
            ("reference", make_reference(document)),
        ]
        due = write_day(document.due_on, self._language) if document.due_on else ""
        return {
            "pay_by": self._words["pay_by"].format(due=due) if due else "",
            "payment": [self._fact(name, value) for name, value in facts if value],
        }


def measure(figures: Sequence[str], least_um: int) -> int:
    """Returns the width of a column of figures: to let typst measure each cell takes longer than to typeset it."""
    widest = max(map(_measure, figures), default=0)
    return max(least_um, CELL_UM + widest)


def _measure(text: str) -> int:
    return sum(FIGURE_UM if character.isalnum() else SEPARATOR_UM for character in text)
