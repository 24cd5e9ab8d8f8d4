"""Owns a plain model of settlement: clicks in lists, each rule in a few lines, no SQL.

Written from the description of the rules, not from the statements.
"""

from collections import defaultdict
from dataclasses import dataclass

from jobmeter.settlement.model import Rule

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Click:
    """``name`` is its source and id; ``key`` orders clicks as the database does."""

    name: str
    time_ms: int
    key: bytes
    job: int
    visitor: str
    address: str
    batch: int


@dataclass(frozen=True, slots=True)
class Settings:
    visitor_jobs_max: int
    address_jobs_max: int
    window_minutes: int
    blocked_addresses: frozenset[str] = frozenset()
    excluded_visitors: frozenset[str] = frozenset()
    excluded_names: frozenset[str] = frozenset()
    needs_view: bool = False


class Model:
    """Clicks in the order of arrival, which of them were charged, which rule each matched."""

    def __init__(self, price: int, left: dict[int, int]) -> None:
        self.price = price
        self.left = left
        self.clicks: list[Click] = []
        self.charged: set[bytes] = set()
        self.rules: dict[bytes, Rule] = {}
        self.views: set[tuple[int, str]] = set()  # of the day, and of the day before
        self.has_views_of_day = False

    def ingest(self, clicks: list[Click]) -> None:
        """Charges a batch's new clicks in the order of their keys while the job can pay."""
        known = {click.key for click in self.clicks}
        new = {click.key: click for click in reversed(clicks) if click.key not in known}
        for key in sorted(new):
            click = new[key]
            self.clicks.append(click)
            if self.left[click.job] >= self.price:
                self.left[click.job] -= self.price
                self.charged.add(key)

    def settle(self, settings: Settings, closed: set[int]) -> None:
        for rule, find in (
            (Rule.SAME_EVENT, self._find_same_events),
            (Rule.EXCLUDED, lambda rest: self._find_excluded(rest, settings)),
            (Rule.DATA_CENTRE, lambda rest: [c for c in rest if c.address in settings.blocked_addresses]),
            (Rule.REPEATED_CLICK, self._find_repeated),
            (
                Rule.VISITOR_BURST,
                lambda rest: self._find_bursts(rest, "visitor", settings.visitor_jobs_max, settings),
            ),
            (
                Rule.ADDRESS_BURST,
                lambda rest: self._find_bursts(rest, "address", settings.address_jobs_max, settings),
            ),
            (Rule.NO_VIEW, lambda rest: self._find_without_view(rest, settings)),
        ):
            rest = sorted(
                (click for click in self.clicks if click.key not in self.rules), key=lambda click: click.key
            )
            for click in find(rest):
                self.rules[click.key] = rule
                if click.key in self.charged and click.job not in closed:
                    self.left[click.job] += self.price

    def _find_same_events(self, rest: list[Click]) -> list[Click]:
        return _all_but_first(rest, lambda click: click.name)

    def _find_excluded(self, rest: list[Click], settings: Settings) -> list[Click]:
        return [
            c for c in rest if c.visitor in settings.excluded_visitors or c.name in settings.excluded_names
        ]

    def _find_repeated(self, rest: list[Click]) -> list[Click]:
        return _all_but_first([c for c in rest if c.visitor], lambda click: (click.job, click.visitor))

    def _find_bursts(self, rest: list[Click], by: str, jobs_max: int, settings: Settings) -> list[Click]:
        jobs = defaultdict(set)

        def windows(click: Click) -> list[tuple[str, int, int]]:
            """Returns the window of a click, and the window shifted by half a window."""
            span = settings.window_minutes * MINUTE_MS
            return [(getattr(click, by), half, (click.time_ms + half * span // 2) // span) for half in (0, 1)]

        for click in rest:
            for window in windows(click):
                jobs[window].add(click.job)
        return [c for c in rest if getattr(c, by) and any(len(jobs[w]) > jobs_max for w in windows(c))]

    def _find_without_view(self, rest: list[Click], settings: Settings) -> list[Click]:
        if not settings.needs_view or not self.has_views_of_day:
            return []
        return [c for c in rest if c.visitor and (c.job, c.visitor) not in self.views]

    # -- expected results

    def figures(self, job: int) -> tuple[int, int, int, int]:
        """Returns apply clicks, charged, reversed, micros."""
        mine = [click for click in self.clicks if click.job == job]
        standing = [click for click in mine if click.key not in self.rules]
        charged = sum(click.key in self.charged for click in standing)
        return len(standing), charged, len(mine) - len(standing), charged * self.price


def _all_but_first(rest, by):
    seen, found = set(), []
    for click in rest:
        if by(click) in seen:
            found.append(click)
        seen.add(by(click))
    return found
