"""Owns the values of settlement: the table of rules, the operator's settings of them, manual exclusions."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Self

from jobmeter.base.days import final_at
from jobmeter.database.columns import Bigint, Columns


class Rule(IntEnum):
    """The ordered table of settlement rules: each rule checks the clicks that earlier rules have left.

    Numbers are stored. ``message`` is shown to the partner; ``is_on``, ``jobs_max`` and ``window_minutes``
    are defaults that the operator may override, the last two for the burst rules only.
    """

    message: str
    is_on: bool
    jobs_max: int
    window_minutes: int

    def __new__(
        cls, number: int, message: str, is_on: bool = True, jobs_max: int = 1, window_minutes: int = 1
    ) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.message = message
        member.is_on = is_on
        member.jobs_max = jobs_max
        member.window_minutes = window_minutes
        return member

    SAME_EVENT = 1, "the same event was sent before under another time"
    EXCLUDED = 2, "the operator has excluded it"
    DATA_CENTRE = 3, "it came from a data centre's network"
    REPEATED_CLICK = 4, "the visitor had already clicked on this job that day"
    VISITOR_BURST = 5, "the visitor clicked on too many jobs at once", True, 20, 10
    ADDRESS_BURST = 6, "too many jobs were clicked from one network at once", True, 100, 10
    NO_VIEW = 7, "the visitor never viewed the job", False


RULES = {int(rule): rule for rule in Rule}


@dataclass(frozen=True, slots=True)
class RulePolicy:
    """A rule with its settings. A burst is more than ``jobs_max`` different jobs in a window of
    ``window_minutes``; a window starts every half window.
    """

    rule: Rule
    is_on: bool
    jobs_max: int
    window_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffect:
    """Clicks of a day that a rule reverses, in one currency: how many were charged, and what for. ``currency`` is empty
    for jobs that do not pay per click.
    """

    rule: int
    currency: str
    clicks: int
    clicks_charged: int
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkList:
    """A list of networks, how many it has and when it was loaded."""

    list_name: str
    networks: int
    added_at: datetime


class DayState(StrEnum):
    """How far the settlement of a day is."""

    OPEN = "OPEN"  # its figures are estimates
    DUE = "DUE"  # it waits for its settlement
    SETTLING = "SETTLING"  # judged; its reversals are being booked
    FINAL = "FINAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCharge:
    """What the clicks of a day cost in one currency, as reports show it."""

    day: date
    currency: str
    charge_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDay:
    """A day that has events. ``judged_at`` is ``None`` until its clicks are judged, ``settled_at`` until it is final.

    ``clicks`` were judged, of which each rule reversed some; ``reversed_by_rule`` is ``None`` for days that an earlier
    version judged. ``late_events`` changed what reports had shown. ``charges`` are copied for reports within
    a minute after the day is final, ``None`` before.
    """

    day: date
    judged_at: datetime | None
    settled_at: datetime | None
    clicks: int | None
    clicks_reversed: int | None
    reversed_by_rule: dict[str, int] | None
    late_events: int
    is_copied: bool
    charges: tuple[DayCharge, ...] | None = None

    @property
    def settlement_seconds(self) -> int | None:
        """How long its settlement took, from the judgement to the last booking."""
        if self.settled_at is None or self.judged_at is None:
            return None
        return (self.settled_at - self.judged_at) // timedelta(seconds=1)

    def state_at(self, now: datetime, *, final_after_days: int) -> DayState:
        if self.settled_at is not None:
            return DayState.FINAL
        if self.judged_at is not None:
            return DayState.SETTLING
        return DayState.DUE if final_at(self.day, final_after_days=final_after_days) <= now else DayState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedJob:
    """A job whose figures of a day changed after reports showed them, by how much; what was charged less is negative."""

    job_id: int
    title: str
    currency: str
    views: int
    clicks: int
    charge_micros: int


def make_default_policy(rule: Rule) -> RulePolicy:
    """The default settings, used until the operator sets the rule."""
    return RulePolicy(rule, rule.is_on, rule.jobs_max, rule.window_minutes)


class Criterion(IntEnum):
    """What a manual exclusion matches. Numbers are stored."""

    EVENT = 1
    VISITOR = 2
    ADDRESS = 3
    JOB = 4
    DAY = 5


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Clicks that an operator excludes, on ``day`` or on every day that is not settled yet.

    ``subject`` is the hash, network or job id that the criterion compares; ``origin`` that of an event.
    """

    criterion: Criterion
    subject: int
    origin: bytes
    day: date | None
    note: str


@dataclass(frozen=True, slots=True)
class ExcludedSender:
    """A visitor or a network that is excluded, as it is without a day's salt."""

    criterion: int
    subject: int


@dataclass(frozen=True, slots=True)
class ExcludedSenders(Columns):
    """Excluded visitors and networks as a day's events are stored with them."""

    visitors: Bigint
    addresses: Bigint


@dataclass(frozen=True, slots=True)
class SeenNetworks(Columns):
    """Networks as a day's events are stored with them, and as lists name them."""

    stored: Bigint
    addresses: Bigint


@dataclass(frozen=True, slots=True)
class UnseenVisitors(Columns):
    """Visitors as they are stored on a day, and on the day before."""

    visitors: Bigint
    visitors_before: Bigint


@dataclass(frozen=True, slots=True)
class KeptExclusion:
    id: int
    exclusion: Exclusion
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NetworkSpan:
    """Numbers of address networks from ``first`` to ``last``, both included."""

    first: int
    last: int
