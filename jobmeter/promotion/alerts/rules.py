"""Owns the decisions of budget alerts: which shares of a budget are used, which of them are new. Pure."""

from jobmeter.promotion.alerts.model import ALERT_PERCENTS


def list_reached(*, spent_micros: int, limit_micros: int, is_used_up: bool) -> tuple[int, ...]:
    """The percentages of a budget that are used. A budget counts as fully used when the rest cannot pay
    another click.
    """
    if limit_micros <= 0:
        return ()
    return tuple(
        percent
        for percent in ALERT_PERCENTS
        if spent_micros * 100 >= percent * limit_micros or (percent == ALERT_PERCENTS[-1] and is_used_up)
    )


def list_news(new: list[int], *, limit_micros: int, seen: tuple[int, int]) -> list[int]:
    """Which of the ``new`` percentages are reported. ``seen`` are limit and spend of the last check, zeros before it.

    If the limit has changed since, percentages that the earlier spend already reached are not new.
    """
    seen_limit_micros, seen_spent_micros = seen
    if seen_limit_micros in {0, limit_micros}:
        return new
    reached = list_reached(spent_micros=seen_spent_micros, limit_micros=limit_micros, is_used_up=False)
    return [percent for percent in new if percent not in reached]
