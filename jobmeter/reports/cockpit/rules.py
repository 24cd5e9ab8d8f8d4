"""Owns the decision how a partner is doing. Pure."""

from collections.abc import Iterable

from jobmeter.reports.cockpit.model import PartnerBudget, PartnerFigures, PartnerRow, PartnerState
from jobmeter.reports.overview.rules import USED_UP_PART


def make_figures(row: PartnerRow, budgets: Iterable[PartnerBudget]) -> PartnerFigures:
    own = tuple(one for one in budgets if one.partner_id == row.partner_id)
    return PartnerFigures(
        partner_id=row.partner_id,
        state=find_state(row, own),
        applications=row.applications,
        promoted=row.promoted,
        budgets=own,
    )


def find_state(row: PartnerRow, budgets: Iterable[PartnerBudget]) -> PartnerState:
    if row.overdue:
        return PartnerState.INVOICE_OVERDUE
    if any(one.free_micros * USED_UP_PART < one.limit_micros for one in budgets):
        return PartnerState.LIMIT_REACHED
    return PartnerState.IN_ORDER if row.jobs else PartnerState.NOTHING_POSTED
