"""``/portal/my/jobs/ID/edit``, ``/close`` and ``/renew``: what a member or a customer changes of a job; a partner edits and closes its own."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import Denial, EditableTexts, MemberJob, TextEdit
from jobmeter.jobs.model import JobState
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.my.jobs import describe
from jobmeter.portal.pages.my.owned import explain, find_job, find_list, find_viewer, read_job_id

# A part of a refusal that names a field, in the order in which they are looked for; the field of the form, and its text.
_PROBLEMS = (
    ("/title", "title", mark("Enter a title of at most 200 characters")),
    ("/city", "location", mark("Enter the place with its city, such as Hamburg, Germany")),
    ("/location", "location", mark("Enter the place, such as Hamburg, Germany")),
    ("/description", "description", mark("Enter a text of 100 to 25,000 characters")),
    ("apply", "apply_url", mark("Enter the address to apply at; it must begin with https:// or http://")),
    ("duplicate", "description", mark("Another job has the same title, place and text: change one of them")),
)
_OTHER_PROBLEM = (
    "title",
    mark("The job cannot be saved like this. Its agency can change what this form does not have"),
)
_WRONG = {Fault.JOB_FIELDS_INVALID, Fault.JOB_DOCUMENT_INVALID, Fault.JOB_APPLY_URL_INVALID}


async def show_edit(visit: Visit) -> Response:
    found = await find_job(visit)
    if found.powers.against_edit is not None:
        return _deny(visit, found, found.powers.against_edit)
    return _show_form(visit, found, found.job.texts)


async def edit_job(visit: Visit) -> Response:
    """What was entered is never lost: a wrong form and one that another overtook are shown again."""
    found = await find_job(visit)
    wanted = EditableTexts(
        **{name: visit.form.get(name, "") for name in ("title", "location", "description", "apply_url")}
    )
    edit = TextEdit(texts=wanted, seen=visit.form.get("seen", ""))
    try:
        async with visit.app.database.transaction() as connection:
            await members.edit_job(
                connection,
                viewer=find_viewer(visit),
                job_id=read_job_id(visit),
                edit=edit,
                now=visit.context.now,
            )
    except Refused as refused:
        current = refused.parameters.get("current")
        if isinstance(current, EditableTexts):
            return _show_both(visit, found, wanted, current=current)
        if refused.fault in _WRONG:
            return _show_form(visit, found, wanted, seen=edit.seen, problems=_find_problems(visit, refused))
        return _deny_refused(visit, found, refused)
    return visit.redirect(_path_of(visit, found), done=_choose_done(visit, "job-edited"))


def _find_problems(visit: Visit, refused: Refused) -> dict[str, str]:
    """Returns a text for each wrong field, in the order of the form."""
    message, found = refused.message.lower(), dict[str, str]()
    for part, name, text in _PROBLEMS:
        if part in message:
            found.setdefault(name, visit.gettext(text))
    name, text = _OTHER_PROBLEM
    return found or {name: visit.gettext(text)}


def _show_form(
    visit: Visit,
    found: MemberJob,
    texts: EditableTexts,
    *,
    seen: str = "",
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    return visit.show(
        "member/edit.html",
        **describe(visit, found),
        texts=texts,
        seen=seen or found.job.texts.mark,
        current=None,
        problems=problems,
    )


def _show_both(visit: Visit, found: MemberJob, wanted: EditableTexts, *, current: EditableTexts) -> Response:
    """The form again, beside what another saved meanwhile; saving it again replaces what is shown now."""
    return visit.show(
        "member/edit.html",
        status=Fault.JOB_CHANGED_MEANWHILE.row.status,
        **describe(visit, found),
        texts=wanted,
        seen=current.mark,
        current=current,
    )


async def show_close(visit: Visit) -> Response:
    """Counts what closing ends. A closed job is shown as it is."""
    found = await find_job(visit)
    if found.job.state is JobState.CLOSED:
        return visit.redirect(_path_of(visit, found))
    if found.powers.against_close is not None:
        return _deny(visit, found, found.powers.against_close)
    return visit.show("member/close.html", **describe(visit, found))


async def close_job(visit: Visit) -> Response:
    found = await find_job(visit)
    try:
        async with visit.app.database.transaction() as connection:
            await members.close_job(
                connection, viewer=find_viewer(visit), job_id=read_job_id(visit), now=visit.context.now
            )
    except Refused as refused:
        return _deny_refused(visit, found, refused)
    return visit.redirect(_path_of(visit, found), done=_choose_done(visit, "job-closed"))


async def show_renew(visit: Visit) -> Response:
    found = await find_job(visit)
    if found.powers.against_renew is not None:
        return _deny(visit, found, found.powers.against_renew)
    return await _show_renewal(visit, found)


async def renew_job(visit: Visit) -> Response:
    found = await find_job(visit)
    try:
        async with visit.app.database.transaction() as connection:
            await members.renew_job(
                connection, viewer=find_viewer(visit), job_id=read_job_id(visit), now=visit.context.now
            )
    except Refused as refused:
        if refused.fault is Fault.INVENTORY_EMPTY:
            return await _show_renewal(visit, found, status=refused.fault.row.status)
        return _deny_refused(visit, found, refused)
    return visit.redirect(_path_of(visit, found), done="job-renewed")


async def _show_renewal(visit: Visit, found: MemberJob, *, status: int = 200) -> Response:
    """With the slots of the job's contract; with another status, none of them was free."""
    async with visit.app.database.connection() as connection:
        slots = await members.list_slots(connection, viewer=find_viewer(visit))
    mine = [one for one in slots if one.contract.id == found.job.hiring_contract_id]
    return visit.show(
        "member/renew.html",
        status=status,
        **describe(visit, found),
        slots=mine[0] if mine else None,
        is_empty=status != 200,
    )


def _deny_refused(visit: Visit, found: MemberJob, refused: Refused) -> Response:
    denial = refused.parameters.get("denial")
    if not isinstance(denial, Denial):
        raise refused
    return _deny(visit, found, denial)


def _deny(visit: Visit, found: MemberJob, denial: Denial) -> Response:
    return visit.show(
        "member/denied.html",
        status=Fault.JOB_ACTION_DENIED.row.status,
        **describe(visit, found),
        why=explain(visit, denial, found.job),
    )


def _path_of(visit: Visit, found: MemberJob) -> str:
    return f"{find_list(visit)}/{found.job.job_id}"


def _choose_done(visit: Visit, key: str) -> str:
    """A partner's own people have no agency that is notified."""
    return key if visit.signed_in.grant.partner_id is None else f"own-{key}"
