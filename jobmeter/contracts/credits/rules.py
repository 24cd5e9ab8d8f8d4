"""Owns the decision from when on a price list may be changed. Pure."""

from datetime import datetime, timedelta

from jobmeter.base.faults import Fault, Refused

_MOMENT = timedelta(microseconds=1)  # the smallest difference of two times that are stored


def check_price_change(*, valid_from: datetime, last_used_at: datetime | None) -> None:
    """Refuses a price from a moment at which, or after which, a credit was used or paid for: it had another price.

    Raises ``Refused(OPERATOR_INPUT)`` naming the earliest moment that is possible.
    """
    if last_used_at is None or valid_from > last_used_at:
        return
    earliest = last_used_at + _MOMENT
    why = f"a credit was used or paid for since; another price can be valid from {earliest.isoformat()} at the earliest"
    raise Refused(Fault.OPERATOR_INPUT, field="validFrom", why=why)
