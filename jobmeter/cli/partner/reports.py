"""Owns the commands ``jobmeter reports jobs``, ``budget`` and ``charges``: figures of a server as a table, JSON or a picture.

Does not own the requests (``client``), the sums (``figures``) or the pictures (``charts``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import day_of, month_after
from jobmeter.base.faults import CommandFailed
from jobmeter.base.terminal import Terminal
from jobmeter.charts.model import Chart
from jobmeter.charts.svg import render_svg
from jobmeter.charts.terminal import render_lines
from jobmeter.cli.options import BIGINT_MAX, convert_day, convert_month, whole_number
from jobmeter.cli.output import print_rows
from jobmeter.cli.partner.calls import PARTNER, Partner, to_row
from jobmeter.cli.partner.figures import (
    TITLES,
    Measure,
    Sum,
    find_currency,
    is_final,
    make_budget_chart,
    make_day_chart,
    make_unit,
    net_by_day,
    sum_by_day,
    sum_by_job,
)
from jobmeter.cli.profiles import find_profile
from jobmeter.client.client import Client
from jobmeter.client.http.ranges import Span
from jobmeter.client.http.transport import LINKEDIN
from jobmeter.client.reports import list_days
from jobmeter.client.rows import Charge, ItemError, JobDay, JobReport
from jobmeter.sandbox.traffic.client import Sandbox

RECENT_DAYS = 30
ONE_DAY = timedelta(days=1)
PLOT_COLUMNS_MAX = 120
SANDBOX = "sandbox"  # the name of its profile

app = App(name="reports")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Days:
    """Which days a command is about."""

    month: Annotated[
        date | None, Parameter(converter=convert_month, help="Month such as 2026-11, until yesterday.")
    ] = None
    first: Annotated[
        date | None,
        Parameter(converter=convert_day, help="First UTC day; default: thirty days before today."),
    ] = None
    last: Annotated[
        date | None, Parameter(converter=convert_day, help="Last UTC day; default: yesterday.")
    ] = None

    def choose(self, today: date) -> Span:
        """Raises ``CommandFailed`` for days that are none. What servers do not keep, they refuse."""
        if self.month and (self.first or self.last):
            raise CommandFailed("choose days by --month, or by --first and --last")
        yesterday = today - ONE_DAY
        if self.month:
            span = Span(self.month, min(month_after(self.month) - ONE_DAY, yesterday))
        else:
            last = self.last or yesterday
            span = Span(self.first or last - ONE_DAY * (RECENT_DAYS - 1), last)
        if span.last < span.first:
            raise CommandFailed(f"there are no days from {span.first} to {span.last}")
        return span


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Picture:
    """How the figures are shown besides the table."""

    plot: Annotated[bool, Parameter(negative="", help="Show a chart in the terminal, not a table.")] = False
    svg: Annotated[Path | None, Parameter(help="Write a chart to this SVG file, and print no table.")] = None

    def show(self, chart: Chart) -> None:
        """Shows the pictures that were asked for. Raises ``CommandFailed`` if the file cannot be written."""
        console = Terminal()
        if self.plot:
            is_ascii = console.no_color or console.is_dumb_terminal or not _has_blocks(console)
            columns = min(console.width, PLOT_COLUMNS_MAX)
            for line in render_lines(chart, columns=columns, is_ascii=is_ascii):
                console.print_line(line)
        if self.svg is not None:
            try:
                self.svg.expanduser().write_text(render_svg(chart), encoding="utf-8")
            except OSError as error:
                raise CommandFailed(f"{self.svg} cannot be written: {error.strerror}") from error
            Terminal(stderr=True).print_line(f"Wrote {self.svg}")

    @property
    def is_wanted(self) -> bool:
        return self.plot or self.svg is not None


DAYS, PICTURE = Days(), Picture()
ContractOption = Annotated[
    int | None,
    whole_number(
        "--contract", least=1, most=BIGINT_MAX, meaning="Number of the partner's contract; default: all."
    ),
]
MeasureOption = Annotated[Measure, Parameter(help="What a chart shows of each day.")]


@app.command
def jobs(
    *ids: Annotated[str, Parameter(help="External ids of jobs; default: all jobs of the application.")],
    days: Days = DAYS,
    by: Annotated[
        Literal["day", "job", "job-day"],
        Parameter(help="What a row is about: a day, a job, or a job on a day."),
    ] = "day",
    measure: MeasureOption = "charge",
    picture: Picture = PICTURE,
    contract: ContractOption = None,
    server: Partner = PARTNER,
) -> None:
    """Shows views, apply clicks and charges of jobs.

    Example: jobmeter reports jobs --month 2026-11 --plot
    """
    with _open(server) as source:
        span = days.choose(source.today)
        if ids:
            found = list(source.client.reports.by_ids(ids, *span, partner_contract_id=contract))
        else:
            found = list(source.client.reports.by_days(*span, partner_contract_id=contract))
    for one in found:
        if isinstance(one, ItemError):
            Terminal(stderr=True).print_line(f"jobmeter: {one.external_id}: {one.error}")
    rows = list(list_days(found))
    currency = find_currency(row.charge for row in rows)
    if picture.is_wanted:
        sums = {day: one.choose(measure) for day, one in sum_by_day(rows, span).items()}
        picture.show(make_day_chart(TITLES[measure], sums, make_unit(measure, currency), source.today))
        return
    titles = {one.external_id: one.title for one in found if isinstance(one, JobReport)}
    table = _list_rows(rows, by=by, span=span, titles=titles, today=source.today, currency=currency)
    print_rows(table, list(table[0]) if table else [], as_json=server.json)


@app.command
def budget(
    *,
    picture: Picture = PICTURE,
    contract: ContractOption = None,
    server: Partner = PARTNER,
) -> None:
    """Shows what a contract has spent in its term, and its limit; as a picture, day by day beside an even pace.

    Example: jobmeter reports budget --plot
    """
    with _open(server, as_parent=True) as source:
        found = source.client.reports.budget(contract)
        if picture.is_wanted:
            charges = _follow(source, 0)
            picture.show(make_budget_chart(found, charges, source.today))
            return
    server.print_record(to_row(found))


@app.command
def charges(
    *,
    days: Days = DAYS,
    after: Annotated[
        int,
        whole_number("--after", least=0, most=BIGINT_MAX, meaning="Show what was booked after this cursor."),
    ] = 0,
    picture: Picture = PICTURE,
    server: Partner = PARTNER,
) -> None:
    """Shows the charges of days and the amounts returned for them; those of all customers, if the profile has a parent.

    Example: jobmeter reports charges --month 2026-11
    """
    with _open(server, as_parent=not server.application and _has_parent(server)) as source:
        span = days.choose(source.today)
        found = _follow(source, after)
    if picture.is_wanted:
        unit = make_unit("charge", find_currency(one.amount for one in found))
        picture.show(make_day_chart("Charges less corrections", net_by_day(found, span), unit, source.today))
        return
    rows = [_list_charge(one) for one in found if span.contains(one.day)]
    print_rows(rows, ("cursor", "day", "job", "kind", "amount", "currency"), as_json=server.json)


@dataclass(frozen=True, slots=True)
class Source:
    """An application at a server. ``today`` is the server's UTC day."""

    client: Client
    today: date


@contextmanager
def _open(server: Partner, *, as_parent: bool = False) -> Iterator[Source]:
    with server.open_client(as_parent=as_parent) as client:
        yield Source(client, _read_today(server))


def _has_parent(server: Partner) -> bool:
    return find_profile(server).parent is not None


def _read_today(server: Partner) -> date:
    """The clock of a sandbox was perhaps moved."""
    profile = find_profile(server)
    if profile.name != SANDBOX:
        return day_of(read_machine_clock())
    sandbox = Sandbox({"base_url": profile.url, "operator_key": profile.operator_key.read()})
    with closing(sandbox.client):
        return day_of(sandbox.read_clock())


def _follow(source: Source, after: int) -> list[Charge]:
    if source.client.session.transport.server is LINKEDIN:
        raise CommandFailed("LinkedIn has no list of charges; only Jobmeter servers have one")
    return [one for one in source.client.charges.follow(after) if isinstance(one, Charge)]


def _list_rows(
    rows: Sequence[JobDay],
    *,
    by: str,
    span: Span,
    titles: Mapping[str, str | None],
    today: date,
    currency: str,
) -> list[dict[str, Any]]:
    unit = make_unit("charge", currency)
    if by == "job-day":
        return [
            {
                "job": row.external_id,
                "day": row.day.isoformat(),
                "views": row.views,
                "applyClicks": row.apply_clicks,
                "charge": None if row.charge is None else unit.format(row.charge.amount_micros),
                "currency": currency,
                "isFinal": is_final(row.day, today),
            }
            for row in rows
        ]
    if by == "job":
        about: Mapping[Any, Mapping[str, Any]] = {
            name: {"job": name, "title": titles[name]} for name in titles
        }
        sums: Mapping[Any, Sum] = sum_by_job(rows)
    else:
        sums = sum_by_day(rows, span)
        about = {day: {"day": day.isoformat(), "isFinal": is_final(day, today)} for day in sums}
    return [
        {
            **about[key],
            "views": one.views,
            "applyClicks": one.apply_clicks,
            "charge": unit.format(one.charge_micros),
            "currency": currency,
        }
        for key, one in sums.items()
    ]


def _list_charge(charge: Charge) -> dict[str, Any]:
    unit = make_unit("charge", charge.amount.currency)
    micros = charge.amount.amount_micros
    return {
        "cursor": charge.cursor,
        "day": charge.day.isoformat(),
        "job": charge.external_id,
        "kind": charge.kind.lower(),
        "amount": unit.format(-micros if charge.corrects else micros),
        "currency": unit.name,
        "bookedAt": charge.booked_at.isoformat(),
        "reference": charge.reference,
        "corrects": charge.corrects,
        "customer": charge.application_urn,
    }


def _has_blocks(console: Terminal) -> bool:
    return console.encoding.lower().startswith("utf")
