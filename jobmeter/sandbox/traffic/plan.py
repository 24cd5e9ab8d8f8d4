"""Owns the parameters of traffic: the jobs that visitors can find, and the amount of each kind of traffic.

Does not own the resulting events (``generator``).
"""

from dataclasses import dataclass, fields

from jobmeter.sandbox.traffic.special_visits import SpecialVisitShares


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveJob:
    """A job that visitors can find; without a popularity (1 is average) it gets one from the power law.

    ``market`` is the job's country, empty for all countries; without it no event names a country.
    """

    job_id: int
    live_from_ms: int
    live_until_ms: int
    popularity: float | None = None
    market: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """The amount of each kind of traffic. Each rate is a share of the genuine events of its kind.

    ``late_rate`` and ``too_late_rate`` are shares of visits: a view and its click arrive together.
    ``after_close_rate`` is the share of the usual visits that continues for a day after a job has closed.
    ``elsewhere_rate``, ``staff_rate`` and ``declared_crawler_rate`` are shares of visits too, zero by
    default: staff must be registered with a filter first.
    """

    seed: int = 0
    views_per_job_day: float = 30.0
    apply_rate: float = 0.10
    double_click_rate: float = 0.05
    bot_rate: float = 0.05
    crawler_rate: float = 0.05
    late_rate: float = 0.01
    too_late_rate: float = 0.0005
    repeat_rate: float = 0.01
    after_close_rate: float = 0.02
    elsewhere_rate: float = 0.0
    staff_rate: float = 0.0
    declared_crawler_rate: float = 0.0
    burst_clicks: int = 30
    views_per_visitor: float = 3.0
    utc_offset_hours: int = 0

    def __post_init__(self) -> None:
        rates = [getattr(self, field.name) for field in fields(self) if field.name.endswith("_rate")]
        assert all(0 <= rate <= 1 for rate in rates), "a rate is a share between 0 and 1"
        assert self.late_rate + self.too_late_rate <= 1, "a visit is late or too late, not both"
        assert sum(self.special_visits) <= 1, (
            "a visit is from elsewhere, by staff or by a crawler, not two of them"
        )
        assert self.seed >= 0, "numpy takes no seed below zero"
        assert self.burst_clicks > 0, "a burst has clicks"

    @property
    def special_visits(self) -> SpecialVisitShares:
        return SpecialVisitShares(
            elsewhere=self.elsewhere_rate, staff=self.staff_rate, declared_crawler=self.declared_crawler_rate
        )


# Used by ``jobmeter traffic`` and the demonstration: everything that a filter or a settlement rule detects.
BOARD_PLAN = TrafficPlan(elsewhere_rate=0.03, staff_rate=0.01, declared_crawler_rate=0.02)
