"""How a partner is doing, in the operator's list: what is most urgent comes first."""

import pytest

from jobmeter.reports.cockpit.model import PartnerBudget, PartnerRow, PartnerState
from jobmeter.reports.cockpit.rules import make_figures


def budget(free, *, partner_id=7, limit=1_000):
    return PartnerBudget(
        partner_id=partner_id, currency="USD", limit_micros=limit, free_micros=free, spent_micros=0
    )


@pytest.mark.parametrize(
    ("jobs", "overdue", "budgets", "state"),
    [
        (3, 1, [budget(0)], PartnerState.INVOICE_OVERDUE),
        (3, 0, [budget(500), budget(19)], PartnerState.LIMIT_REACHED),
        (3, 0, [budget(20)], PartnerState.IN_ORDER),
        (0, 0, [budget(1_000)], PartnerState.NOTHING_POSTED),
        (0, 0, [], PartnerState.NOTHING_POSTED),
        (3, 0, [], PartnerState.IN_ORDER),
        (3, 0, [budget(0, partner_id=8)], PartnerState.IN_ORDER),
    ],
)
def test_the_most_urgent_state_is_shown(jobs, overdue, budgets, state):
    row = PartnerRow(partner_id=7, applications=1, jobs=jobs, promoted=jobs, overdue=overdue)
    figures = make_figures(row, budgets)
    assert figures.state is state
    assert all(one.partner_id == 7 for one in figures.budgets)
