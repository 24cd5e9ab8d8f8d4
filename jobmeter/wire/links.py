"""Owns signed links: a job's number and a signature over it, short enough for an address. Pure.

A link names a job and what it is for, nothing else: where it leads is looked up, never carried, so that a
signed link can not be bent into an open redirect.
"""

import base64
import binascii
import hashlib
import hmac

SIGNATURE_BYTES = 12
ID_BYTES = 8


def make_link_token(job_id: int, *, purpose: str, key: str) -> str:
    """The token of ``job_id`` for ``purpose`` ("apply", "pixel"); the same each time."""
    number = job_id.to_bytes(ID_BYTES, "big")
    return base64.urlsafe_b64encode(number + _sign(number, purpose, key)).decode().rstrip("=")


def read_link_token(token: str, *, purpose: str, key: str) -> int | None:
    """The job id of a token that this installation signed for ``purpose``; ``None`` for anything else."""
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    number, signature = data[:ID_BYTES], data[ID_BYTES:]
    if not hmac.compare_digest(signature, _sign(number, purpose, key)):
        return None
    return int.from_bytes(number, "big")


def _sign(number: bytes, purpose: str, key: str) -> bytes:
    assert key, "links are signed with the installation's secret key"
    return hmac.digest(key.encode(), purpose.encode() + b"\0" + number, hashlib.sha256)[:SIGNATURE_BYTES]
