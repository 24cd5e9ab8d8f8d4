"""Owns the sentence of a chart, which says what the picture shows to those who do not see it. Pure."""

from jobmeter.charts.model import Chart, Curve, Shape, format_day, format_whole_day

FINAL, ESTIMATED = "final", "estimated"


def describe(chart: Chart) -> str:
    """Returns for example: ``1 Nov 2026 to 27 Nov 2026: 81.00 USD in total, most on 3 Nov, 9.00 USD. The last 3 days are estimates.``"""
    first, last = format_whole_day(chart.days[0]), format_whole_day(chart.days[-1])
    span = first if chart.days[0] == chart.days[-1] else f"{first} to {last}"
    facts = (
        _sum_up(chart)
        if chart.shape is Shape.BARS
        else "; ".join(_end_of(chart, one) for one in chart.curves)
    )
    return f"{span}: {facts}.{_count_estimates(chart)}"


def describe_value(chart: Chart, curve: Curve, index: int) -> str:
    """Returns for example: ``3 Nov: 9.00 USD, estimated``."""
    state = f", {ESTIMATED}" if index >= chart.estimated_from else ""
    return f"{format_day(chart.days[index])}: {_amount(chart, curve.values[index])}{state}"


def _sum_up(chart: Chart) -> str:
    (curve,) = chart.curves
    total = f"{_amount(chart, sum(curve.values))} in total"
    most = max(curve.values)
    if most <= 0 or len(curve.values) == 1:
        return total
    day = format_day(chart.days[curve.values.index(most)])
    return f"{total}, most on {day}, {_amount(chart, most)}"


def _end_of(chart: Chart, curve: Curve) -> str:
    return f"{curve.name} {_amount(chart, curve.values[-1])} at the end"


def _amount(chart: Chart, value: int) -> str:
    return f"{chart.unit.format(value)} {chart.unit.name}"


def _count_estimates(chart: Chart) -> str:
    count = len(chart.days) - chart.estimated_from
    if count <= 0:
        return ""
    if count == len(chart.days):
        return " All of it is estimated."
    return " The last day is an estimate." if count == 1 else f" The last {count} days are estimates."
