"""Owns the decisions of credit notes: what may be credited, and the lines that it makes. Pure."""

from collections.abc import Mapping, Sequence

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.billing.credit_notes.model import (
    CreditableLine,
    CreditDraft,
    CreditedAmount,
    CreditLine,
    LineCredit,
)
from jobmeter.billing.model import Document, DocumentKind, LineKind


def check_creditable(document: Document) -> None:
    """Raises ``Refused(DOCUMENT_NOT_CREDITABLE)``."""
    if document.kind is not DocumentKind.INVOICE or not document.digest:
        raise Refused(Fault.DOCUMENT_NOT_CREDITABLE, document=document.number or document.id)


def make_lines(
    draft: CreditDraft, known: Mapping[int, CreditableLine], *, currency: str
) -> tuple[CreditLine, ...]:
    """Returns the lines of the credit note, in the order of the invoice's.

    Raises ``Refused``: OPERATOR_UNKNOWN for a line that does not exist, OPERATOR_INPUT, CREDIT_TOO_HIGH with what is left.
    """
    if draft.is_whole:
        found = [_make_whole(line) for line in known.values() if line.left_micros != 0]
    else:
        _check_unique(draft.lines)
        found = [_make_line(wanted, known, currency) for wanted in draft.lines]
    if draft.returns_budget:
        for line in found:
            if known[line.line].kind is not LineKind.CLICKS:
                raise Refused(
                    Fault.OPERATOR_INPUT,
                    field="returnsBudget",
                    why=f"line {line.line} has no clicks, whose budget could be returned",
                )
    return tuple(sorted(found, key=lambda line: line.line))


def is_same(draft: CreditDraft, lines: Sequence[CreditLine], credited: Sequence[CreditedAmount]) -> bool:
    """Returns whether a credit note that exists is what the request asks for again."""
    wanted = {line.line: line.net_micros for line in lines}
    return wanted == {one.line: one.micros for one in credited} and all(
        one.returns_budget == draft.returns_budget for one in credited
    )


def _check_unique(wanted: Sequence[LineCredit]) -> None:
    if len({one.line for one in wanted}) < len(wanted):
        raise Refused(Fault.OPERATOR_INPUT, field="lines", why="names a line twice")


def _make_whole(line: CreditableLine) -> CreditLine:
    quantity, rest = divmod(line.left_micros, line.price_micros) if line.price_micros else (0, 1)
    if rest == 0:
        return CreditLine(line=line.line, quantity=quantity, price_micros=line.price_micros)
    sign = 1 if line.left_micros > 0 else -1
    return CreditLine(line=line.line, quantity=sign, price_micros=abs(line.left_micros))


def _make_line(wanted: LineCredit, known: Mapping[int, CreditableLine], currency: str) -> CreditLine:
    line = known.get(wanted.line)
    if line is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="line", key=wanted.line)
    if (wanted.amount_micros is None) == (wanted.quantity is None):
        raise Refused(Fault.OPERATOR_INPUT, field="lines", why="each needs an amount or a quantity")
    if wanted.quantity is not None:
        made = CreditLine(line=line.line, quantity=wanted.quantity, price_micros=line.price_micros)
    else:
        made = CreditLine(line=line.line, quantity=1, price_micros=wanted.amount_micros or 0)
    if not 0 < made.net_micros <= line.left_micros:
        raise Refused(
            Fault.CREDIT_TOO_HIGH,
            what=f"Line {line.line}",
            left=format_amount(max(line.left_micros, 0), currency),
            amount=format_amount(made.net_micros, currency),
        )
    return made
