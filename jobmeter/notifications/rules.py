"""Owns the decisions about deliveries: the signature, when to retry, when to give up. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

KEY_PREFIX = "whsec_"
# About three days in total; each wait gets up to a fifth of jitter, to spread endpoints that failed together.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3_600, 7_200, 21_600, 43_200, 86_400, 86_400)
)
JITTER_SHARE = 0.2
OUTCOME_CHARACTERS_MAX = 300


def sign(notice_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> str:
    """Returns the signature header: one ``v1`` entry for each live secret, as Standard Webhooks defines it."""
    signed = f"{notice_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_sign_once(signed, secret)}" for secret in secrets)


def _sign_once(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(KEY_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def next_try(attempts: int, *, now: datetime, rng: Random) -> datetime | None:
    """Returns when a delivery that has failed ``attempts`` times is retried; ``None`` when it is given up."""
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1]
    return now + wait * (1 + JITTER_SHARE * rng.random())
