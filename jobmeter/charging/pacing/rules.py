"""Owns the decision how many clicks a day may still be charged: a daily budget, and even pacing. Pure. Integers only."""

from dataclasses import dataclass

from jobmeter.base.days import DAY_MS


@dataclass(frozen=True, slots=True)
class DayLimit:
    """A job's money before a day's clicks are charged. ``daily_micros`` of 0 means that there is no daily budget.

    ``left_micros`` can still be spent in all, ``charged_micros`` were charged of this day so far.
    """

    click_price_micros: int
    left_micros: int
    daily_micros: int
    is_paced: bool
    live_from_ms: int
    live_until_ms: int
    charged_micros: int


def count_chargeable(limit: DayLimit, day: int) -> int:
    """How many more clicks of ``day`` (days since 1970) the day's limits let through; never below nothing.

    What is left in all is not looked at: the charge itself holds that.
    """
    caps = []
    if limit.daily_micros:
        caps.append(limit.daily_micros // limit.click_price_micros)
    if limit.is_paced:
        caps.append(count_paced(limit, day))
    charged = limit.charged_micros // limit.click_price_micros
    return max(0, min(caps) - charged)


def count_paced(limit: DayLimit, day: int) -> int:
    """The clicks that even pacing gives ``day``: its share, by time, of what was left when it began.

    Rounded to the nearest click, and one at least, so that a small budget is not kept until the last day; the last day
    gets all that is left.
    """
    begins_ms = max(day * DAY_MS, limit.live_from_ms)
    ends_ms = min((day + 1) * DAY_MS, limit.live_until_ms)
    run_ms = limit.live_until_ms - begins_ms
    clicks_left = (limit.left_micros + limit.charged_micros) // limit.click_price_micros
    if ends_ms >= limit.live_until_ms or run_ms <= 0:
        return clicks_left
    share = (2 * clicks_left * max(0, ends_ms - begins_ms) + run_ms) // (2 * run_ms)
    return max(share, 1) if clicks_left else 0
