"""``/portal/operator/jobs``: the jobs of all partners, the newest first; ``/members``: the jobs of a poster, and where they are logged in."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.clock import from_ms, read_machine_clock
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import NO_ID, TEXT_CHARACTERS_MAX, read_query_id, read_query_text
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import ListedJob, ListedKind, ListedState, NewestQuestion
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import NEWEST, JobSearch, JobViewer
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import PeopleFilter
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.my.jobs import describe
from jobmeter.portal.pages.partner.listed_jobs import CHIPS

PAGE_ROWS = 50
COLUMNS = (
    Column("job", ColumnType.NUMBER, "number of the job"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's own id of it"),
    Column("application", ColumnType.NUMBER, "the application that posted it"),
    Column("title", ColumnType.TEXT, "title"),
    Column("companyName", ColumnType.TEXT, "company"),
    Column("place", ColumnType.TEXT, "place"),
    Column("kind", ColumnType.TEXT, "what pays for it: P4P, SLOT, CREDIT or BASIC"),
    Column("state", ColumnType.TEXT, "what it is doing"),
    Column("postedAt", ColumnType.TIME, "when it was posted"),
    Column("views", ColumnType.NUMBER, "views that count"),
    Column("applyClicks", ColumnType.NUMBER, "apply clicks that count"),
    Column("spent", ColumnType.AMOUNT, "what it cost so far; empty if clicks do not pay for it"),
    Column("totalBudget", ColumnType.AMOUNT, "its total budget"),
    Column("currencyCode", ColumnType.TEXT, "currency of the amounts (ISO 4217)"),
)


async def list_jobs(visit: Visit) -> Response:
    """A state that does not exist is left out: somebody may have typed it."""
    question, query = _read_question(visit)
    async with visit.app.database.snapshot() as connection:
        page = await job_lists.list_newest(connection, question)
    shown = page.jobs[:PAGE_ROWS]
    kept = {name: text for name, text in query.items() if text}
    return visit.show(
        "operator/jobs.html",
        jobs=shown,
        page=page,
        query=query,
        chips=CHIPS,
        jobs_in_all=sum(one.jobs for one in page.states),
        address=lambda **changed: f"?{urlencode({k: v for k, v in (kept | changed).items() if v})}",
        following=shown[-1].job_id if len(page.jobs) > PAGE_ROWS else None,
        is_first=question.before == NO_ID,
        search_characters_max=TEXT_CHARACTERS_MAX,
        posted_on=lambda job: from_ms(job.posted_ms).date(),
    )


async def download_jobs(visit: Visit) -> Response:
    """Sends all jobs that the same filters select. Raises ``Refused`` as ``send_tables``."""
    question, _ = _read_question(visit)

    async def read(connection: Connection, last: ListedJob | None) -> list[ListedJob]:
        asked = replace(question, before=last.job_id if last else NO_ID, rows_max=CHUNK_ROWS)
        return await job_lists.list_newest_jobs(connection, asked)

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "jobs", COLUMNS, tables)


def _make_row(job: ListedJob) -> tuple[object, ...]:
    is_paid = job.kind is ListedKind.P4P
    amounts = (job.spent_micros, job.limit_micros, job.currency) if is_paid else (None, None, None)
    texts = (job.title, job.company_name, job.place, job.kind.value, job.state.value)
    posted = from_ms(job.posted_ms)
    return (job.job_id, job.external_id, job.application_id, *texts, posted, job.views, job.clicks, *amounts)


def _read_question(visit: Visit) -> tuple[NewestQuestion, dict[str, str]]:
    """Returns the question, and the part of the address that every link of the page keeps."""
    request = visit.context.request
    search, state = read_query_text(request, "q"), request.query_params.get("state", "").upper()
    partner_id, application_id = read_query_id(request, "partner"), read_query_id(request, "application")
    state = state if state in ListedState.__members__ else ""
    question = NewestQuestion(
        partner_id=partner_id,
        application_id=application_id,
        states=(ListedState[state],) if state else None,
        search=search or None,
        before=read_query_id(request, "before") or NO_ID,
        rows_max=PAGE_ROWS + 1,
    )
    query = {
        "q": search,
        "state": state.lower(),
        "partner": str(partner_id or ""),
        "application": str(application_id or ""),
    }
    return question, query


async def list_members(visit: Visit) -> Response:
    """Without an address, nobody's: whom to look for is the question. Nothing can be done here as somebody else."""
    request, now = visit.context.request, visit.context.now
    email, before = read_query_text(request, "email").lower(), read_query_id(request, "before")
    wanted = JobSearch(search="", before=NEWEST if before is None else before, rows_max=PAGE_ROWS + 1)
    async with visit.app.database.connection() as connection:
        found, person, ongoing = [], None, []
        if email:
            found = await members.list_jobs(connection, viewer=JobViewer(email=email), wanted=wanted, now=now)
            listed = await accounts.list_people(connection, PeopleFilter(after=0, rows_max=1, search=email))
            person = next((one.person for one in listed if one.person.email == email), None)
        if person is not None:
            ongoing = await sessions.list_sessions(connection, person_id=person.id, now=read_machine_clock())
    shown = found[:PAGE_ROWS]
    return visit.show(
        "operator/members.html",
        jobs=[describe(visit, one) for one in shown],
        email=email,
        person=person,
        sessions=ongoing,
        first=f"?{urlencode({'email': email})}" if before is not None else "",
        following=f"?{urlencode({'email': email, 'before': shown[-1].job.job_id})}"
        if len(found) > PAGE_ROWS
        else "",
    )
