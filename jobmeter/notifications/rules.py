"""Owns the decisions about endpoints and deliveries: what may be registered, the signature, when to retry, when to give up. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from jobmeter.base.readers.web_url import WEB_SCHEMES, check_url
from jobmeter.notifications.model import ASKED_KINDS, EndpointDraft, NotificationKind

KEY_PREFIX = "whsec_"
# About three days in total; each wait gets up to a fifth of jitter, to spread endpoints that failed together.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3_600, 7_200, 21_600, 43_200, 86_400, 86_400)
)
JITTER_SHARE = 0.2
OUTCOME_CHARACTERS_MAX = 300
# Longer than all waits together: a notification that was never sent is given up when the others would have been.
GIVE_UP_AFTER = timedelta(days=4)
# An endpoint that refuses this many in a row is taken to refuse all of them.
REFUSALS_MAX = 3
# Of one partner's endpoints, with those of its child applications; a process has twenty tasks.
TASKS_OF_PARTNER_MAX = 5
DIGITS_MAX = 9  # more seconds than these are cut off by the limit


# What an endpoint without a URL may ask for.
MAILED_ALONE = (NotificationKind.BUDGET_ALERT, NotificationKind.JOB_CHANGED)


def list_problems(draft: EndpointDraft, *, is_sandbox: bool) -> Iterator[tuple[str, str]]:
    """Yields each invalid field with what it has to be. Whether ``email`` is an address is checked where it is read."""
    if not draft.url and not draft.email:
        yield "url, email", "give at least one of them"
    if not set(draft.kinds) <= set(ASKED_KINDS) or len(set(draft.kinds)) < len(draft.kinds):
        yield "kinds", f"may contain each of {', '.join(ASKED_KINDS)} at most once"
    elif not draft.url and draft.email and not set(draft.kinds) <= set(MAILED_ALONE):
        yield "kinds", f"may contain {' and '.join(MAILED_ALONE)} alone for e-mail"
    if draft.url and check_url(draft.url, schemes=WEB_SCHEMES if is_sandbox else ("https",)):
        yield "url", "must be an https URL without a user name"


def sign(notice_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> str:
    """Returns the signature header: one ``v1`` entry for each live secret, as Standard Webhooks defines it."""
    signed = f"{notice_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_sign_once(signed, secret)}" for secret in secrets)


def _sign_once(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(KEY_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def read_retry_after(text: str, *, machine_now: datetime) -> timedelta:
    """Reads seconds or an HTTP date (RFC 9110, 10.2.3), at most until notifications are given up; zero if it is neither."""
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:DIGITS_MAX])), GIVE_UP_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        at = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return min(max(at - machine_now, timedelta(0)), GIVE_UP_AFTER)
    except (ValueError, OverflowError):
        return timedelta(0)


def next_try(
    attempts: int, *, retry_after: timedelta = timedelta(0), now: datetime, rng: Random
) -> datetime | None:
    """Returns when a delivery that has failed ``attempts`` times is retried; ``None`` when it is given up."""
    if attempts > len(WAITS):
        return None
    return now + max(_wait(attempts, rng), retry_after)


def next_turn(failed_turns: int, *, retry_after: timedelta, now: datetime, rng: Random) -> datetime:
    """Returns when an endpoint is tried again that has accepted nothing in ``failed_turns`` turns in a row."""
    return now + max(_wait(min(failed_turns, len(WAITS)), rng), retry_after)


def _wait(failures: int, rng: Random) -> timedelta:
    return WAITS[failures - 1] * (1 + JITTER_SHARE * rng.random())
