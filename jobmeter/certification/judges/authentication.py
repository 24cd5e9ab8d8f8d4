"""Owns the judges of tokens: how they are requested, checked, renewed after their end, and shared. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from jobmeter.base.limits import TOKEN_SECONDS
from jobmeter.certification.judges.verdicts import missing, shown, wrong
from jobmeter.certification.model import Finding
from jobmeter.certification.trace import TOKEN_PATH, Call, Kind, Trace

EXPIRED, REVOKED = "65602", ("65600", "65601")
UNAUTHORIZED = 401
LIFE = timedelta(seconds=TOKEN_SECONDS)
NEARLY_OVER = timedelta(minutes=5)
BLIND_RETRIES_MAX = 1
NEEDLESS_MAX = 1  # threads that begin together may each request one


def assess_token_request(trace: Trace) -> Finding:
    """JP-A-01."""
    in_url = [call for call in trace.calls if "client_secret=" in call.record.query]
    by_get = [call for call in trace.calls if call.record.path == TOKEN_PATH and call.record.method != "POST"]
    if by_get:
        return wrong("A token was requested by another method than POST.", by_get)
    if in_url:
        return wrong("A client secret was sent in a URL, where logs keep it.", in_url)
    issued = trace.succeeded(Kind.TOKEN)
    if not issued:
        return missing("No token was requested.")
    return shown("Tokens were requested by POST, with the secret in the body.", issued)


def assess_token_checks(trace: Trace) -> Finding:
    """JP-A-02."""
    asked = [
        call
        for call in trace.succeeded(Kind.INTROSPECT)
        if isinstance(call.returned, dict) and call.returned.get("active") is True
    ]
    if asked:
        return shown("The validity of a token was asked for.", asked)
    span = trace.calls[-1].record.at - trace.calls[0].record.at if trace.calls else timedelta()
    expired = [call for call in trace.calls if call.code == EXPIRED]
    if span > LIFE and not expired:
        return shown(
            "No token was used after its end, although more time passed than one lives.", trace.calls[-1:]
        )
    return missing("No token was introspected, and the time was too short to see it from the requests.")


def assess_expiry(trace: Trace) -> Finding:
    """JP-A-03."""
    refused = [call for call in trace.calls if call.code == EXPIRED]
    stubborn = [call for call in refused if _count_repeats(trace, call) > BLIND_RETRIES_MAX]
    if stubborn:
        return wrong("An expired token was used again and again.", stubborn)
    for call in refused:
        renewal = _find_renewal(trace, call)
        if renewal is None:
            return wrong("After an expired token, no new one was requested.", [call])
        return shown("An expired token was noticed, and a new one requested.", [call, renewal])
    for earlier, later in _list_renewals(trace):
        if later.record.at - earlier.record.at >= LIFE - NEARLY_OVER:
            return shown("A new token was requested when the one before it was over.", [earlier, later])
    return missing("No token came to its end: move the sandbox's clock by 31 minutes while calls continue.")


def assess_invalidation(trace: Trace) -> Finding:
    """JP-A-04."""
    refused = [call for call in trace.calls if call.code in REVOKED and call.record.token]
    stubborn = [call for call in refused if _count_repeats(trace, call) > BLIND_RETRIES_MAX]
    if stubborn:
        return wrong("A revoked token was used again and again.", stubborn)
    for call in refused:
        renewal = _find_renewal(trace, call)
        if renewal is None:
            continue
        again = [one for one in trace.after(renewal.number) if one.target == call.target and one.is_success]
        if again:
            return shown(
                "After a 401 a new token was requested, and the call repeated.", [call, renewal, again[0]]
            )
    if refused:
        return wrong("After a revoked token, the call was not repeated with a new one.", refused)
    return missing("No token was revoked: let the proxy do it, or POST /oauth/v2/revoke.")


def assess_sharing(trace: Trace) -> Finding:
    """X-20."""
    needless = [
        later
        for earlier, later in _list_renewals(trace)
        if later.record.at - earlier.record.at < LIFE - NEARLY_OVER
        and not _was_refused_between(trace, earlier, later)
    ]
    by_client: dict[str, list[Call]] = defaultdict(list)
    for call in needless:
        by_client[call.client].append(call)
    wasteful = [call for calls in by_client.values() if len(calls) > NEEDLESS_MAX for call in calls]
    if wasteful:
        return wrong("Tokens were requested although the one before was valid.", wasteful)
    used = [call for call in trace.calls if call.record.token and call.is_success]
    if len(used) <= 1:
        return missing("Too few calls to see whether a token is used again.")
    return shown("Each application used its token for several calls.", used[:3])


def _list_renewals(trace: Trace) -> Iterator[tuple[Call, Call]]:
    """Yields each issued token of an application with the next one."""
    last: dict[str, Call] = {}
    for call in trace.succeeded(Kind.TOKEN):
        if call.client in last:
            yield last[call.client], call
        last[call.client] = call


def _find_renewal(trace: Trace, refused: Call) -> Call | None:
    issued = (call for call in trace.after(refused.number, Kind.TOKEN) if call.is_success)
    return next((call for call in issued if call.client == refused.client), None)


def _count_repeats(trace: Trace, refused: Call) -> int:
    """How often the refused token was sent again."""
    return sum(
        call.record.token == refused.record.token and call.record.status == UNAUTHORIZED
        for call in trace.after(refused.number)
    )


def _was_refused_between(trace: Trace, earlier: Call, later: Call) -> bool:
    return any(
        call.record.status == UNAUTHORIZED and call.client == later.client
        for call in trace.after(earlier.number)
        if trace.is_before(call.number, later.number)
    )
