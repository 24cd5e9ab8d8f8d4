"""Every refusal about money is in a table of boundaries, or compares no amounts."""

from jobmeter.base.faults import Fault
from tests.unit.money import test_amounts, test_budgets, test_stored

# Refusals about money that compare no amounts.
WITHOUT_BOUNDARY = {
    Fault.CURRENCY_UNKNOWN,
    Fault.CURRENCY_DIFFERS,
    Fault.AMOUNT_MALFORMED,
    Fault.JOB_BUDGET_MISSING,
}
NAMES_OF_MONEY = (
    "AMOUNT",
    "BALANCE",
    "BUDGET",
    "CURRENCY",
    "DAILY",
    "INVENTORY",
    "REFERENCE_REUSED",
    "SLOTS",
)


def test_every_refusal_about_money_has_a_boundary():
    about_money = {
        fault
        for fault in Fault
        if any(name in fault.name for name in NAMES_OF_MONEY) and fault.row.code // 1_000 in {3, 4, 7}
    }
    tried = {
        fault
        for boundary in (*test_amounts.BOUNDARIES, *test_budgets.BOUNDARIES, *test_stored.BOUNDARIES)
        for fault in boundary.faults()
    }
    assert about_money - tried == WITHOUT_BOUNDARY
