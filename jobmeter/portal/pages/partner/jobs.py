"""``/portal/partner/jobs``: the jobs of a partner, by state, search and order; each page of the list is an address, and a file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_of
from jobmeter.exports.model import Table
from jobmeter.http.context import AppContext
from jobmeter.http.parameters import TEXT_CHARACTERS_MAX, read_query_id
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import (
    JobListPage,
    ListedState,
    ListFilter,
    ListOrder,
    ListPosition,
    ListQuestion,
)
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import send_tables
from jobmeter.portal.pages.partner.listed_jobs import CHIPS, COLUMNS, make_table

PAGE_ROWS, CHUNK_ROWS = 50, 1_000
# The orders of the list: what is compared, and whether the highest comes first.
ORDERS = {
    "spent": (ListOrder.SPENT, True, mark("Spent, highest first")),
    "clicks": (ListOrder.CLICKS, True, mark("Apply clicks, most first")),
    "posted": (ListOrder.POSTED, True, mark("Newest first")),
    "oldest": (ListOrder.POSTED, False, mark("Oldest first")),
    "title": (ListOrder.TITLE, False, mark("Title")),
}
# The columns that order the list: the order that their heading selects.
HEADINGS = {"title": "title", "clicks": "clicks", "spent": "spent", "posted": "posted"}


async def list_jobs(visit: Visit) -> Response:
    """What an address asks for and does not exist, such as an unknown state, is left out: somebody may have typed it."""
    question, query = _read_question(visit)
    async with visit.app.database.snapshot() as connection:
        page = await job_lists.list_jobs(connection, question)
    return visit.show(
        "partner/jobs.html",
        page=page,
        query=query,
        chips=CHIPS,
        orders={name: text for name, (_, _, text) in ORDERS.items()},
        columns=HEADINGS,
        address=_Address(query),
        jobs_in_all=sum(one.jobs for one in page.states),
        previous=_find_previous(page, question),
        following=_find_following(page, question),
        search_characters_max=TEXT_CHARACTERS_MAX,
        posted_on=lambda job: from_ms(job.posted_ms).date(),
    )


async def download_jobs(visit: Visit) -> Response:
    """Sends all jobs that the same filters select, in the same order. Raises ``Refused`` as ``send_tables`` does."""
    question, _ = _read_question(visit)
    name = f"jobs-{day_of(visit.context.now).isoformat()}"
    return await send_tables(visit, name, COLUMNS, read_all(visit.app, question, rows_max=CHUNK_ROWS))


async def read_all(app: AppContext, question: ListQuestion, *, rows_max: int) -> AsyncIterator[Table]:
    """Yields all jobs, read page by page, so that other exports take their turns."""
    asked = replace(question, position=None, is_before=False, rows_max=rows_max)
    while True:
        async with app.export_shares.take_turn(), app.database.snapshot() as connection:
            page = await job_lists.list_jobs(connection, asked)
        if page.jobs:
            yield make_table(page.jobs)
        if len(page.jobs) < rows_max:
            return
        asked = replace(asked, position=page.jobs[-1].position_in(asked.order))


def _read_question(visit: Visit) -> tuple[ListQuestion, dict[str, str]]:
    """Returns the question, and the part of the address that every link of the page keeps."""
    given = visit.context.request.query_params
    search = given.get("q", "").replace("\0", "").strip()[:TEXT_CHARACTERS_MAX]
    state = given.get("state", "")
    state = state if state.upper() in ListedState.__members__ else ""
    order_name = given.get("order", "")
    order_name = order_name if order_name in ORDERS else "posted"
    order, is_descending, _ = ORDERS[order_name]
    name = "before" if given.get("before") else "after"
    grant = visit.signed_in.grant
    assert grant.partner_id is not None, "the role is bound to a partner"
    application_id = read_query_id(visit.context.request, "application")
    wanted = ListFilter(
        partner_id=grant.partner_id,
        application_id=application_id,
        states=(ListedState[state.upper()],) if state else None,
        search=search or None,
    )
    question = ListQuestion(
        wanted=wanted,
        order=order,
        is_descending=is_descending,
        position=ListPosition.parse(given.get(name, ""), order),
        is_before=name == "before",
        rows_max=PAGE_ROWS,
    )
    application = "" if application_id is None else str(application_id)
    return question, {"q": search, "state": state, "order": order_name, "application": application}


class _Address:
    """Writes addresses of the list: the same one with some parts changed, from its first page."""

    def __init__(self, query: dict[str, str]) -> None:
        self._query = query

    def __call__(self, **changed: str) -> str:
        kept = {name: text for name, text in (self._query | changed).items() if text}
        return f"?{urlencode(kept)}"


def _find_previous(page: JobListPage, question: ListQuestion) -> str:
    return page.jobs[0].position_in(question.order).to_text() if page.jobs and page.has_previous else ""


def _find_following(page: JobListPage, question: ListQuestion) -> str:
    return page.jobs[-1].position_in(question.order).to_text() if page.has_next else ""
