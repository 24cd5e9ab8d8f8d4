"""Owns the challenges that passkeys sign, and reading what a browser returned.

A challenge is a time, and a code over it and the token of the browser: nothing is stored when a page is shown. Pure.
"""

import hmac
import struct
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.readers.network import read_address

CHALLENGE_MINUTES = 5
_TIME = struct.Struct("!Q")
_PURPOSE = b"passkey\0"


class ClientData(msgspec.Struct):
    """What the browser signed, without what is checked elsewhere."""

    challenge: str


class CredentialResponse(msgspec.Struct, rename="camel"):
    client_data_json: str = msgspec.field(name="clientDataJSON")


class Credential(msgspec.Struct, rename="camel"):
    """What the browser returned, without what is checked elsewhere."""

    raw_id: str
    response: CredentialResponse


def is_name(host: str) -> bool:
    """Whether a host is one for which browsers make passkeys."""
    return bool(host) and read_address(host) is None


def make_challenge(secret_key: str, browser_token: str, now: datetime) -> bytes:
    return _sign(secret_key, browser_token, _TIME.pack(to_ms(now)))


def _sign(secret_key: str, browser_token: str, time: bytes) -> bytes:
    return time + hmac.digest(secret_key.encode(), _PURPOSE + time + browser_token.encode(), sha256)


def is_valid(challenge: bytes, secret_keys: Sequence[str], browser_token: str, now: datetime) -> bool:
    """Whether it was made for this browser, by one of the keys, a few minutes ago."""
    time = challenge[: _TIME.size]
    made = [hmac.compare_digest(_sign(key, browser_token, time), challenge) for key in secret_keys]
    if not any(made):
        return False
    made_at = from_ms(_TIME.unpack(time)[0])
    return made_at <= now < made_at + timedelta(minutes=CHALLENGE_MINUTES)


def read_credential(text: str) -> tuple[bytes, bytes] | None:
    """Returns the id of the credential and the challenge that was signed; ``None`` if the text cannot be read."""
    try:
        credential = msgspec.json.decode(text, type=Credential)
        signed = msgspec.json.decode(_decode(credential.response.client_data_json), type=ClientData)
        return _decode(credential.raw_id), _decode(signed.challenge)
    except (msgspec.MsgspecError, ValueError):
        return None


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
