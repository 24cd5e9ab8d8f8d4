"""Owns the judges of jobs: their fields, their tasks, errors inside a 200, closing. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from jobmeter.certification.judges.verdicts import missing, shown, wrong
from jobmeter.certification.model import Finding
from jobmeter.certification.trace import CLOSE, CREATE, FAILED, UPDATE, Call, Kind, Operation, Poll, Trace

REQUIRED = ("description", "location", "title", "companyApplyUrl", "listedAt", "externalJobPostingId")
VAGUE = {"employmentStatus": "OTHER", "experienceLevel": "NOT_APPLICABLE"}
CONTENT = ("title", "description")
LOCATION_PARTS = 3
POLLS_PER_SECOND_MAX = 2
CONFLICT, UNAFFORDABLE = 409, 402
OUR_FAULT = 500
TOTAL = "payForPerformanceTotalBudget"
_PLACE = re.compile(r"Invalid Field: /(?:city|countryCode|geoLocation|location|postalCode|state)\b")


def assess_creation(trace: Trace) -> Finding:
    """JP-C-01."""
    for one in trace.jobs(CREATE):
        ended = trace.ended(one)
        if ended is not None:
            return shown("A job was created, and its task followed until it was live.", [one, ended.call])
    if trace.jobs(CREATE):
        return missing("A job was accepted, but its task was never seen to succeed.")
    return missing("No job was posted.")


def assess_fields(trace: Trace) -> Finding:
    """JP-C-02."""
    created = [one for one in trace.operations if one.verb == CREATE]
    incomplete = [one for one in created if list(_list_missing(one.element))]
    unresolved = [one for one in incomplete if not _is_corrected(trace, one)]
    if unresolved:
        fields = ", ".join(sorted({field for one in unresolved for field in _list_missing(one.element)}))
        return wrong(f"A job lacks a required field: {fields}.", unresolved)
    if not [one for one in created if one.is_accepted]:
        return missing("No job was posted.")
    remarks = sorted(
        f"{field} is {value}: where nothing fits, send the text of your own system instead"
        for field, value in VAGUE.items()
        if any(one.element.get(field) == value for one in created)
    )
    return shown("Every job has the required fields.", created, remarks=remarks)


def _list_missing(element: dict[str, Any]) -> Iterator[str]:
    yield from (field for field in REQUIRED if element.get(field) in (None, ""))
    if not any(
        element.get(name) for name in ("companyName", "company", "integrationContext", "companyPageUrl")
    ):
        yield "companyName"


def _is_corrected(trace: Trace, one: Operation) -> bool:
    """Whether the job was accepted later, after it was refused or failed."""
    return any(
        later.job == one.job and later.is_accepted and trace.is_before(one.number, later.number)
        for later in trace.operations
    )


def assess_workplace(trace: Trace) -> Finding:
    """JP-C-03."""
    typed = [one for one in trace.jobs(CREATE, UPDATE) if one.element.get("workplaceTypes")]
    several = [one for one in trace.operations if len(one.element.get("workplaceTypes") or ()) > 1]
    if several:
        return wrong("A job has several workplace types; at most one is allowed.", several)
    live = [(one, ended) for one in typed if (ended := trace.ended(one)) is not None]
    if live:
        return shown("A job with a workplace type is live.", [live[0][0], live[0][1].call])
    return missing("No job with workplaceTypes became live.")


def assess_page(trace: Trace) -> Finding:
    """JP-C-04."""
    for one in trace.jobs(CREATE):
        ended = trace.ended(one)
        if ended is None:
            continue
        for seen in trace.statuses:
            if seen.job == one.job and seen.shown.get("jobPostingUrl"):
                return shown("The address of a live job was read.", [one, ended.call, seen.call])
    return missing("The status of a live job, which has its address, was not read.")


def assess_update(trace: Trace) -> Finding:
    """JP-C-05."""
    created = {one.job: one for one in trace.jobs(CREATE) if trace.ended(one) is not None}
    for one in trace.operations:
        if one.verb != UPDATE or one.job not in created:
            continue
        gaps = list(_list_missing(one.element))
        if gaps:
            return wrong(f"An update lacks {', '.join(gaps)}: it replaces the whole job.", [one])
        before, ended = created[one.job], trace.ended(one)
        if ended is not None and any(one.element.get(name) != before.element.get(name) for name in CONTENT):
            return shown("Title or description of a live job were changed.", [before, one, ended.call])
    return missing("No title or description of a live job was changed.")


def assess_budget(trace: Trace) -> Finding:
    """X-04."""
    paid = [one for one in trace.operations if one.verb == CREATE and one.element.get("budget")]
    malformed = [one for one in paid if not _has_total(one.element) and not _is_corrected(trace, one)]
    if malformed:
        return wrong(f"A budget is not {TOTAL} with currencyCode and an amount as text.", malformed)
    refused = [
        one
        for one in trace.operations
        if one.verb == CREATE and "budget" not in one.element and one.status == 400
    ]
    if refused and not paid:
        return wrong("A job on a pay-for-performance contract has no budget.", refused)
    accepted = [one for one in paid if one.is_accepted]
    if accepted:
        return shown("Jobs have a total budget.", accepted)
    return missing("No job with a total budget was posted.")


def _has_total(element: dict[str, Any]) -> bool:
    budget = element["budget"]
    total = budget.get(TOTAL) if isinstance(budget, dict) else None
    return isinstance(total, dict) and all(
        isinstance(total.get(name), str) for name in ("currencyCode", "amount")
    )


def assess_no_campaigns(trace: Trace) -> Finding:
    """X-05."""
    campaigns = trace.of(Kind.CAMPAIGN)
    if campaigns:
        return wrong("The campaign API was called, which is for campaign partners only.", campaigns)
    created = trace.jobs(CREATE)
    return shown("Jobs were posted without campaigns.", created) if created else missing("No job was posted.")


def assess_location(trace: Trace) -> Finding:
    """X-06."""
    created = trace.jobs(CREATE)
    failed = [one for one in created if (poll := trace.ended(one, FAILED)) and _PLACE.search(poll.message)]
    ignored = [one for one in failed if not _is_corrected(trace, one)]
    if ignored:
        return wrong("A job that failed because of its place was not corrected.", ignored)
    places = [str(one.element.get("location", "")) for one in created if not one.is_remote]
    short = sorted({place for place in places if place.count(",") + 1 < LOCATION_PARTS})
    remarks = [f"{place!r} has no county or state, which makes a place ambiguous" for place in short[:5]]
    if not created:
        return missing("No job was posted.")
    return shown("The places of all jobs were accepted.", created, remarks=remarks)


def assess_tasks(trace: Trace) -> Finding:
    """X-07."""
    hasty = list(_find_hasty(trace.polls))
    if hasty:
        return wrong("A task was asked for more than twice within a second.", [poll.call for poll in hasty])
    accepted = [one for one in trace.operations if one.is_accepted and one.task]
    open_ends = [one for one in accepted if one.task not in trace.outcomes]
    unseen = [one for one in open_ends if _is_used(trace, one)]
    if unseen:
        return wrong("A job was used although its task was not followed to its end.", unseen)
    if not accepted:
        return missing("No operation was accepted.")
    if open_ends:
        jobs = ", ".join(sorted({one.job[1] for one in open_ends})[:5])
        return missing(f"{len(open_ends)} of {len(accepted)} tasks were not followed to their end: {jobs}.")
    return shown("Every task was followed to its end.", [trace.first_ends[one.task].call for one in accepted])


def _find_hasty(polls: Iterable[Poll]) -> Iterator[Poll]:
    recent: dict[str, list[Poll]] = defaultdict(list)
    for poll in polls:
        of_task = recent[poll.task]
        of_task.append(poll)
        second = poll.call.record.received_at - timedelta(seconds=1)
        if sum(one.call.record.received_at > second for one in of_task) > POLLS_PER_SECOND_MAX:
            yield poll


def _is_used(trace: Trace, one: Operation) -> bool:
    """Whether the status or the report of the job was read after it was posted."""
    reads = trace.after(one.number, Kind.STATUS, Kind.BY_IDS)
    return one.verb == CREATE and any(
        one.job[1] in call.list_ids() and call.client == one.client for call in reads
    )


def assess_close(trace: Trace) -> Finding:
    """X-08."""
    closes = [one for one in trace.operations if one.verb == CLOSE]
    conflicts: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for one in closes:
        if one.status == CONFLICT:
            conflicts[one.job].append(one)
    stubborn = [one for found in conflicts.values() if len(found) > 1 for one in found]
    if stubborn:
        return wrong("A job was closed again and again, although it was closed.", stubborn)
    for one in closes:
        ended = trace.ended(one)
        if ended is not None:
            return shown("A job was closed, and its task succeeded.", [one, ended.call])
    return missing("No job was closed, or the task of its closing was not followed.")


def assess_errors(trace: Trace) -> Finding:
    """X-09."""
    faulty = list(_list_faulty(trace))
    repeated = [one for one, _ in faulty if _count_unchanged(trace, one) > 0]
    if repeated:
        return wrong("A job that was refused or failed was sent again unchanged.", repeated)
    reported = [(one, call) for one, proof in faulty for call in _list_uses(trace, one, proof)]
    if reported:
        return wrong(
            "A job that was refused or failed was treated as live.", [reported[0][0], reported[0][1]]
        )
    if not faulty:
        return missing(
            "No element was refused and no task failed: send a job without a title, or X-Jobmeter-Task."
        )
    return shown("Refused and failed jobs were noticed.", [call for _, call in faulty])


def _list_faulty(trace: Trace) -> Iterator[tuple[Operation, Call]]:
    """Yields each job whose creation was refused in its row, or failed in its task, with the request that says so."""
    for one in trace.operations:
        failed = trace.ended(one, FAILED)
        if one.verb == CREATE and one.call.is_success and 400 <= one.status < OUR_FAULT:
            yield one, one.call
        elif one.verb == CREATE and failed is not None:
            yield one, failed.call


def _count_unchanged(trace: Trace, faulty: Operation) -> int:
    return sum(
        later.job == faulty.job
        and trace.is_before(faulty.number, later.number)
        and {**later.element, "listedAt": 0} == {**faulty.element, "listedAt": 0}
        for later in trace.operations
    )


def _list_uses(trace: Trace, faulty: Operation, proof: Call) -> Iterator[Call]:
    """Yields where the job's status or report was read after the error, while no later attempt was accepted."""
    for call in trace.after(proof.number):
        if call.kind is Kind.JOBS and _is_corrected(trace, faulty):
            return
        if (
            call.kind in {Kind.STATUS, Kind.BY_IDS}
            and call.client == faulty.client
            and faulty.job[1] in call.list_ids()
        ):
            yield call


def assess_statuses(trace: Trace) -> Finding:
    """X-10."""
    days: dict[tuple[str, str], dict[object, Call]] = defaultdict(dict)
    for seen in trace.statuses:
        days[seen.job].setdefault(seen.call.record.at.date(), seen.call)
    for found in days.values():
        if len(found) > 1:
            return shown("The status of a job was read on several days.", found.values())
    return missing("No job's status was read on two days: move the sandbox's clock by a day.")


def assess_exhaustion(trace: Trace) -> Finding:
    """X-17."""
    refused = [one for one in trace.operations if one.status == UNAFFORDABLE]
    again = [one for one in refused if _count_unchanged(trace, one) > 1]
    if again:
        return wrong("A job that the contract cannot pay was sent again and again.", again)
    if refused:
        return shown("A job that the contract cannot pay was not sent again in a loop.", refused)
    spent = [poll for poll in trace.polls if "budget has ran out" in poll.message]
    if spent:
        return shown("A job whose budget is used up was noticed.", [spent[0].call])
    return missing("No budget was exhausted: post a job with a budget above what the contract has left.")


def assess_headers(trace: Trace) -> Finding:
    """X-19."""
    bare = [
        call
        for call in trace.calls
        if call.record.path.startswith("/rest/") and not call.record.headers.get("linkedin-version")
    ]
    if bare:
        return wrong("A call under /rest has no LinkedIn-Version.", bare)
    unmarked = [
        call
        for call in trace.of(Kind.JOBS)
        if call.record.headers.get("x-restli-method", "").lower() != "batch_create"
    ]
    if unmarked:
        return wrong("Jobs were posted without X-RestLi-Method: batch_create.", unmarked)
    versioned = [call for call in trace.calls if call.record.headers.get("linkedin-version")]
    if not versioned:
        return missing("No call under /rest was made.")
    return shown("Calls have their version, batches their method.", versioned)
