"""Owns the judges of basic and premium jobs, private jobs, and of campaigns and webhooks. Pure."""

from collections import defaultdict
from itertools import pairwise

from jobmeter.certification.judges.verdicts import missing, shown, wrong
from jobmeter.certification.model import Finding
from jobmeter.certification.trace import (
    CREATE,
    DOWNGRADE,
    UPDATE,
    UPGRADE,
    Call,
    Kind,
    Operation,
    Trace,
    list_of,
)

PRIVATE, PUBLIC = "PRIVATE_TO_ATS_INTEGRATION", "PUBLIC"
BASIC, PREMIUM = "BASIC", "PREMIUM"


def assess_both_kinds(trace: Trace) -> Finding:
    """JP-E-01."""
    kinds: dict[str, dict[str, Operation]] = defaultdict(dict)
    clients: dict[str, set[str]] = defaultdict(set)
    for one in trace.jobs(CREATE):
        if one.company:
            kinds[one.company].setdefault(_kind_of(one), one)
            clients[one.company].add(one.client)
    for company, found in kinds.items():
        if len(found) > 1 and len(clients[company]) > 1:
            return wrong(
                "Basic and premium jobs of one company are posted by several applications.", found.values()
            )
        if len(found) > 1:
            return shown("One application posts basic and premium jobs of a company.", found.values())
    return missing("No company has both a basic and a premium job.")


def _kind_of(one: Operation) -> str:
    return PREMIUM if one.is_paid_by_click else str(one.element.get("listingType") or BASIC)


def assess_upgrade(trace: Trace) -> Finding:
    """JP-E-02."""
    return _assess_change(trace, UPGRADE, begins_as=BASIC)


def assess_downgrade(trace: Trace) -> Finding:
    """JP-E-03."""
    return _assess_change(trace, DOWNGRADE, begins_as=PREMIUM)


def _assess_change(trace: Trace, verb: str, *, begins_as: str) -> Finding:
    """Created, changed once its task has ended, and read once the change has."""
    for one in trace.jobs(verb):
        created = [
            other for other in trace.jobs(CREATE) if other.job == one.job and _kind_of(other) == begins_as
        ]
        if not created:
            continue
        ready, ended = trace.ended(created[0]), trace.ended(one)
        if ready is None or not trace.is_before(ready.call.number, one.number):
            return wrong(f"{verb} was sent before the job was known to be live.", [created[0], one])
        reads = [seen.call for seen in trace.statuses if seen.job == one.job]
        early = [
            call
            for call in reads
            if trace.is_before(one.number, call.number)
            and (ended is None or trace.is_before(call.number, ended.call.number))
        ]
        if early:
            return wrong(f"The status was read before the task of {verb} had ended.", [one, *early])
        later = [
            call for call in reads if ended is not None and trace.is_before(ended.call.number, call.number)
        ]
        if ended is not None and later:
            return shown(f"{verb}: created, changed, awaited, read.", [created[0], one, ended.call, later[0]])
    return missing(f"No {begins_as} job was seen through {verb} to its status.")


def assess_private(trace: Trace) -> Finding:
    """X-22."""
    private = [one for one in trace.jobs(CREATE) if one.element.get("availability") == PRIVATE]
    if private:
        return shown("A job is private.", private)
    return missing("No private job was posted.")


def assess_made_public(trace: Trace) -> Finding:
    """X-23."""
    private = {one.job: one for one in trace.jobs(CREATE) if one.element.get("availability") == PRIVATE}
    for one in trace.jobs(UPDATE):
        ended = trace.ended(one)
        if one.job in private and one.element.get("availability") == PUBLIC and ended is not None:
            return shown("A private job was made public.", [private[one.job], one, ended.call])
    return missing("No private job was made public.")


def assess_campaigns(trace: Trace) -> Finding:
    """X-18."""
    lost = [poll.call for poll in trace.polls if "MISSING_JOB_CAMPAIGN" in poll.message]
    if lost:
        return wrong("A job refers to a campaign that does not exist.", lost)
    made = [call for call in trace.of(Kind.CAMPAIGN) if call.method == "POST" and call.is_success]
    made = [call for call in made if isinstance(call.sent, dict) and call.sent.get("partnerJobCampaignId")]
    timeless = [call for call in made if not (call.sent.get("startTime") and call.sent.get("contract"))]
    if timeless:
        return wrong("A campaign has no contract or no start.", timeless)
    for call in made:
        name = str(call.sent["partnerJobCampaignId"])
        for one in trace.jobs(CREATE):
            if name in str(one.element.get("partnerJobCampaignId", "")) and trace.is_before(
                call.number, one.number
            ):
                return shown("A campaign was created, then a job in it.", [call, one])
    return missing("No job was posted in a campaign that was created before.")


def assess_webhooks(trace: Trace) -> Finding:
    """X-11."""
    made = trace.succeeded(Kind.WEBHOOK)
    by_kind: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in made:
        if call.record.path.rstrip("/").endswith("/webhooks"):
            for kind in list_of(call.sent, "kinds"):
                by_kind[call.client, str(kind)].append(call)
    several = [call for calls in by_kind.values() if len(calls) > 1 for call in calls]
    if several:
        return wrong("Two webhooks were registered for one kind of event.", several)
    if by_kind:
        return shown("A webhook was registered.", made)
    return missing("No webhook was registered.")


def assess_throttling(trace: Trace) -> Finding:
    """X-27."""
    throttled = [call for call in trace.calls if call.record.status == 429]
    for call in throttled:
        again = next((one for one in trace.after(call.number) if one.target == call.target), None)
        if again is None:
            continue
        waited = (again.record.received_at - call.record.received_at).total_seconds()
        wanted = call.record.response_headers.get("retry-after", "1")
        if waited < float(wanted if wanted.isdigit() else 1):
            return wrong(
                f"The call was repeated after {waited:.1f} s; Retry-After was {wanted} s.", [call, again]
            )
        return shown(
            f"The call was repeated after {waited:.1f} s; Retry-After was {wanted} s.", [call, again]
        )
    if throttled:
        return missing("After a 429 the call was not repeated.")
    return missing("No call was throttled: let the proxy do it, or send X-Jobmeter-Fail: 1024.")


def assess_server_errors(trace: Trace) -> Finding:
    """X-28."""
    failed = [call for call in trace.calls if call.record.status >= 500 or call.record.status == 0]
    hasty = [later for earlier, later in pairwise(failed) if _is_hasty(earlier, later)]
    if hasty:
        return wrong("A call that failed was repeated at once, again and again.", hasty)
    for call in failed:
        again = [one for one in trace.after(call.number) if one.target == call.target and one.is_success]
        if again:
            return shown("A call that failed was repeated, and succeeded.", [call, again[0]])
    if failed:
        return wrong("After a server error or a broken connection the call was not repeated.", failed)
    return missing("No call failed: let the proxy do it, or send X-Jobmeter-Fail: 6018.")


def _is_hasty(earlier: Call, later: Call) -> bool:
    waited = (later.record.received_at - earlier.record.received_at).total_seconds()
    return earlier.target == later.target and waited < 0.1
