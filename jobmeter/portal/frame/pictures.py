"""Owns the pictures of figures on a page, with their texts in the viewer's language: the meter, the chart of days, its sentence.

Does not own their geometry (``jobmeter.charts``). Solid is final, hatched is estimated.
"""

from markupsafe import Markup

from jobmeter.charts.inline import Labels, Meter, render_meter, render_plot
from jobmeter.charts.model import Chart
from jobmeter.portal.catalogue.texts import load_texts
from jobmeter.portal.catalogue.viewer import Viewer


def make_meter(viewer: Viewer, meter: Meter, currency: str, *, is_thin: bool = False) -> Markup:
    """Returns the meter of amounts in micros, with the whole sentence for who does not see it."""
    texts = load_texts(viewer.language)
    free = max(meter.limit - meter.final - meter.estimated - meter.reserved, 0)
    amounts = {
        name: viewer.amount(value, currency)
        for name, value in (
            ("limit", meter.limit),
            ("final", meter.final),
            ("estimated", meter.estimated),
            ("reserved", meter.reserved),
            ("free", free),
        )
    }
    label = texts.gettext(
        "Of %(limit)s %(currency)s: %(final)s spent and final, %(estimated)s estimated, %(reserved)s reserved, %(free)s free."
    ) % (amounts | {"currency": currency})
    pace_label = texts.gettext("even pace")
    return Markup(render_meter(meter, label=label, pace_label=pace_label, is_thin=is_thin))  # noqa: S704 -- escaped there


def make_unit_meter(viewer: Viewer, meter: Meter) -> Markup:
    """Returns the meter of slots or credits, with its sentence for who does not see it."""
    label = load_texts(viewer.language).gettext("%(used)s of %(count)s are used") % {
        "used": viewer.number(meter.final),
        "count": viewer.number(meter.limit),
    }
    return Markup(render_meter(meter, label=label, is_thin=True))  # noqa: S704 -- escaped there


def make_plot(viewer: Viewer, chart: Chart) -> Markup:
    """Returns the picture of a chart. Its sentence and its table are for everybody, the picture for who sees it."""
    texts = load_texts(viewer.language)

    def name_bar(index: int) -> str:
        state = f", {texts.gettext('estimated')}" if index >= chart.estimated_from else ""
        return f"{viewer.day(chart.days[index])}: {write_value(viewer, chart, chart.curves[0].values[index])}{state}"

    labels = Labels(
        day=viewer.short_day,
        month=viewer.month,
        mark=lambda value: viewer.decimal(value, chart.unit.size),
        bar=name_bar,
    )
    return Markup(render_plot(chart, labels))  # noqa: S704 -- escaped there


def write_value(viewer: Viewer, chart: Chart, value: int) -> str:
    return f"{viewer.decimal(value, chart.unit.size, places=chart.unit.digits)} {chart.unit.name}"


def describe_chart(viewer: Viewer, chart: Chart) -> str:
    """Returns what a chart of one curve shows, in one or two sentences."""
    texts, values = load_texts(viewer.language), chart.curves[0].values
    most = max(values)
    parts = {
        "first": viewer.day(chart.days[0]),
        "last": viewer.day(chart.days[-1]),
        "total": write_value(viewer, chart, sum(values)),
        "day": viewer.day(chart.days[values.index(most)]),
        "most": write_value(viewer, chart, most),
    }
    said = texts.gettext("%(first)s to %(last)s: %(total)s in total, most on %(day)s with %(most)s.") % parts
    count = len(chart.days) - chart.estimated_from
    if count > 0:
        said += " " + texts.ngettext(
            "The last day is an estimate and may still fall.",
            "The last %(num)s days are estimates and may still fall.",
            count,
        ) % {"num": viewer.number(count)}
    return said
