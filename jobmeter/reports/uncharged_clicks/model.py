"""Owns the value of a job's day with clicks that were not charged."""

from dataclasses import dataclass
from datetime import date

from jobmeter.metering.model import VERDICTS
from jobmeter.settlement.model import RULES

BEYOND_BUDGET = "BEYOND_BUDGET"
BEYOND_BUDGET_MESSAGE = "the job's budget, or its limit of the day, was used up: counted and free"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChargedPage:
    """Which job days a page lists: of an application's jobs or of contracts, in order, after a job and day."""

    application_id: int
    contract_ids: tuple[int, ...]
    external_id: str | None
    first: date
    last: date
    after_job: int
    after_day: date
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCharged:
    """``received`` clicks are all clicks: charged, free, refused at intake and reversed by settlement."""

    job_id: int
    external_id: str
    application_id: int
    day: date
    apply_clicks: int
    clicks_charged: int
    clicks_refused: int
    clicks_reversed: int
    refused: dict[str, int]
    reversed: dict[str, int]

    @property
    def received(self) -> int:
        return self.apply_clicks + self.clicks_refused + self.clicks_reversed

    def list_reasons(self) -> list[tuple[str, str, int]]:
        """Returns each reason with its text and its clicks, in the order of the tables; their sum is the
        uncharged clicks.
        """
        found = [
            (VERDICTS[int(verdict)].name, VERDICTS[int(verdict)].message, clicks)
            for verdict, clicks in sorted(self.refused.items(), key=lambda one: int(one[0]))
        ]
        free = self.apply_clicks - self.clicks_charged
        found += [(BEYOND_BUDGET, BEYOND_BUDGET_MESSAGE, free)] if free else []
        found += [
            (RULES[int(rule)].name, RULES[int(rule)].message, clicks)
            for rule, clicks in sorted(self.reversed.items(), key=lambda one: int(one[0]))
        ]
        return found
