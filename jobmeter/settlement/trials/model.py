"""Owns the values of trials. Pure."""

from dataclasses import dataclass
from datetime import date

from jobmeter.settlement.model import RuleEffect, RulePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDay:
    """A day: its clicks that count, and what all rules reverse of them with the present and with the other setting."""

    day: date
    clicks: int
    before: tuple[RuleEffect, ...]
    after: tuple[RuleEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """``before`` is the present setting of the rule, ``after`` the one that is tried."""

    before: RulePolicy
    after: RulePolicy
    days: tuple[TrialDay, ...]
