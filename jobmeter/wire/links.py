"""Owns signed links: a job id and a signature over it, short enough for a URL. Pure.

A link contains a job and a purpose, nothing else. Its target is looked up and is not part of the link, so a signed link
cannot be abused as an open redirect. The key setting may contain several keys, separated by commas: the first signs, all
of them are accepted, and links stay valid as long as their key is kept.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from jobmeter.base.lists import list_parts

SIGNATURE_BYTES = 12
ID_BYTES = 8
TOKEN_CHARACTERS = 28
TOKENS_REMEMBERED_MAX = 16_384  # some hundred bytes each

_list_keys = lru_cache(maxsize=4)(list_parts)  # the setting does not change while the process runs


def make_link_token(job_id: int, *, purpose: str, key: str) -> str | None:
    """Returns the token of ``job_id`` for ``purpose`` ("apply", "pixel"), which never changes; ``None`` without a key."""
    number, keys = job_id.to_bytes(ID_BYTES, "big"), _list_keys(key)
    if not keys:
        return None
    return base64.urlsafe_b64encode(number + _sign(number, purpose, keys[0])).decode().rstrip("=")


def make_links(base_url: str, job_id: int, *, key: str) -> dict[str, str | None]:
    """Returns the URLs of the job's page, apply link and view pixel, the last two ``None`` without a key."""
    apply, pixel = (make_link_token(job_id, purpose=purpose, key=key) for purpose in ("apply", "pixel"))
    return {
        "view": f"{base_url}/jobs/view/{job_id}",
        "apply": f"{base_url}/jobs/apply/{apply}" if apply else None,
        "pixel": f"{base_url}/jobs/pixel/{pixel}.gif" if pixel else None,
    }


def read_link_token(token: str, *, purpose: str, key: str) -> int | None:
    """Returns the job id of a token that this installation signed for ``purpose``; ``None`` for anything else."""
    read = _read_known if len(token) <= TOKEN_CHARACTERS else _read_token
    return read(token, purpose=purpose, key=key)


def _read_token(token: str, *, purpose: str, key: str) -> int | None:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    number, signature = data[:ID_BYTES], data[ID_BYTES:]
    if not any(hmac.compare_digest(signature, _sign(number, purpose, one)) for one in _list_keys(key)):
        return None
    return int.from_bytes(number, "big")


# Those of popular jobs come again and again.
_read_known = lru_cache(maxsize=TOKENS_REMEMBERED_MAX)(_read_token)


def _sign(number: bytes, purpose: str, key: str) -> bytes:
    return hmac.digest(key.encode(), purpose.encode() + b"\0" + number, hashlib.sha256)[:SIGNATURE_BYTES]
