"""Owns the decisions about hiring contracts: what a draft must contain, how many units may be moved. Pure."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import check_currency
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind

UNITS_MAX = 1_000_000_000
CONTRACT_NUMBER_MAX = 2**53 - 1


def is_contract_number(number: int) -> bool:
    return 0 < number <= CONTRACT_NUMBER_MAX


def check_draft(draft: HiringDraft) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` for the first rule that ``draft`` breaks, CURRENCY_UNKNOWN."""
    check_currency(draft.currency)
    is_slots = draft.kind is HiringKind.SLOTS
    for broken, field, why in (
        (draft.starts_at >= draft.ends_at, "endsAt", "must be after startsAt"),
        (is_slots and draft.is_postpaid, "isPostpaid", "slots are always prepaid"),
        (draft.is_postpaid and draft.units > 0, "units", "a post-paid contract holds none"),
        (not 0 <= draft.units <= UNITS_MAX, "units", f"must be between 0 and {UNITS_MAX}"),
        (
            not is_slots and draft.owner_application_id is None,
            "owner",
            "credits belong to a reseller partner",
        ),
        (
            is_slots and "@" not in draft.default_poster_email,
            "defaultPosterEmail",
            "a slots contract needs one",
        ),
    ):
        if broken:
            raise Refused(Fault.OPERATOR_INPUT, field=field, why=why)


def check_units(contract: HiringContract, units: int, *, may_be_negative: bool) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` for a count that cannot be moved."""
    if contract.is_postpaid:
        raise Refused(Fault.OPERATOR_INPUT, field="units", why="a post-paid contract holds none")
    if units == 0 or (units < 0 and not may_be_negative) or abs(units) > UNITS_MAX:
        raise Refused(Fault.OPERATOR_INPUT, field="units", why=f"{units} units cannot be moved")
