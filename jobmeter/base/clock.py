"""Owns the only reading of the machine's clock, and exact conversion of instants to milliseconds.

Does not own the sandbox's movable clock (``jobmeter.sandbox``) or what falls due when.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_machine_clock() -> datetime:
    """The machine's time in UTC. Called once at each edge (request, chore), then passed as an argument."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 UTC, rounded down. ``moment`` must be aware."""
    assert moment.tzinfo is not None
    return (moment - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The instant ``milliseconds`` after 1970 UTC. Raises ``OverflowError`` outside the years 1 to 9999."""
    return EPOCH + timedelta(milliseconds=milliseconds)
