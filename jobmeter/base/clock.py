"""Owns access to the machine's clock, which no other module reads, and exact conversion of instants to milliseconds.

Does not own the sandbox's movable clock (``jobmeter.sandbox``) or the schedule of chores.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_machine_clock() -> datetime:
    """Returns the machine's time in UTC. An edge calls this once per request or chore and passes the time on."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Returns the milliseconds since 1970 UTC, rounded down. ``moment`` must be aware."""
    assert moment.tzinfo is not None
    return (moment - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Returns the instant ``milliseconds`` after 1970 UTC. Raises ``OverflowError`` outside the years 1 to 9999."""
    return EPOCH + timedelta(milliseconds=milliseconds)
