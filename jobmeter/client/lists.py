"""Owns what a partner of a Jobmeter server reads at a glance: the list of its jobs, the overview.

Does not own the reports, whose figures are those of whole days.
"""

from collections.abc import Iterator

from jobmeter.base.ids import URN_APPLICATION, read_urn
from jobmeter.base.readers.times import read_day
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import FIELDS, Fields, decode, read_fields, read_moment, read_text_money
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import ContractMeter, ListedJob, Need, Overview

JOBS, OVERVIEW = "/partner/jobs", "/partner/overview"
AMOUNTS = {
    "limit": "limit",
    "spent_final": "spentFinal",
    "spent_estimated": "spentEstimated",
    "reserved": "reserved",
    "free": "free",
    "even_pace": "evenPace",
}
PAGE_ROWS = 200
Page = tuple[list[ListedJob], dict[str, int], str | None]


class Lists:
    """A partner's lists. The client's own application is the parent, or a customer's, which sees its own jobs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def jobs(self, **wanted: str | int | None) -> Iterator[ListedJob]:
        """Yields the jobs in an order: ``order`` (posted, spent, clicks or title) and ``direction``.

        ``state``, ``kind``, ``application`` (its number), ``campaign`` and ``search`` select some. A job that changes
        while pages are read may be seen at both places, or at none.
        """
        given = {name: value for name, value in wanted.items() if value is not None}
        after: str | None = ""
        while after is not None:
            continued = {"after": after} if after else {}
            jobs, _, following = self._read_page({**given, "count": PAGE_ROWS, **continued})
            if following is not None and following == after:
                raise UnreadableError("the response continues where it began")
            after = following
            yield from jobs

    def count_jobs(self, **wanted: str | int | None) -> dict[str, int]:
        """Returns the number of jobs in each state, of those that ``wanted`` selects as for ``jobs``."""
        given = {name: value for name, value in wanted.items() if value is not None}
        return self._read_page({**given, "count": 1})[1]

    def overview(self) -> Overview:
        """Returns contracts with what is spent, reserved and free, jobs by state, and what needs somebody."""
        return self._session.get(OVERVIEW, read=_read_overview)

    def _read_page(self, parameters: dict[str, object]) -> Page:
        return self._session.get(JOBS, parameters, read=_read_page)


def _read_page(answer: Answer) -> Page:
    return read_fields(_make_page, decode(FIELDS, answer), what="a page")


def _make_page(page: Fields) -> Page:
    return [_make_job(fields) for fields in page["elements"]], page["states"], page["next"]


def _read_overview(answer: Answer) -> Overview:
    return read_fields(_make_overview, decode(FIELDS, answer), what="an overview")


def _make_overview(fields: Fields) -> Overview:
    return Overview(
        contracts=tuple(_make_meter(one) for one in fields["contracts"]),
        states=fields["states"],
        needs=tuple(_make_need(one) for one in fields["needsYou"]),
        fields=fields,
    )


def _make_meter(fields: Fields) -> ContractMeter:
    amounts = {
        name: read_text_money(fields[wire_name], fields["currencyCode"])
        for name, wire_name in AMOUNTS.items()
    }
    return ContractMeter(
        contract_id=fields["contract"],
        term_starts_at=read_moment(fields["termStartsAt"]),
        term_ends_at=read_moment(fields["termEndsAt"]),
        **amounts,
    )


def _make_need(fields: Fields) -> Need:
    amount, on = fields["amount"], fields["on"]
    return Need(
        kind=fields["kind"],
        subject=fields["subject"],
        count=fields["count"],
        amount=None if amount is None else read_text_money(amount, fields["currencyCode"]),
        on=None if on is None else read_day(on),
    )


def _make_job(fields: Fields) -> ListedJob:
    currency = fields["currencyCode"]
    spent, limit = (
        None if currency is None else read_text_money(fields[name], currency)
        for name in ("spent", "totalBudget")
    )
    return ListedJob(
        job_id=fields["id"],
        external_id=fields["externalJobPostingId"],
        application_id=read_urn(fields["developerApplication"], URN_APPLICATION),
        title=fields["title"],
        company_name=fields["companyName"],
        location=fields["location"],
        kind=fields["kind"],
        state=fields["state"],
        not_promoted_reason=fields["notPromotedReason"],
        views=fields["views"],
        apply_clicks=fields["applyClicks"],
        spent=spent,
        total_budget=limit,
        posted_at=read_moment(fields["postedAt"]),
        fields=fields,
    )
