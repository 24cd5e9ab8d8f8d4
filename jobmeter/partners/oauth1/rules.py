"""Owns the decisions about signed requests: required parameters, valid timestamps and signatures. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from oauthlib.oauth1.rfc5849 import signature as signatures
from oauthlib.oauth1.rfc5849 import utils

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.oauth1.model import Signature, SignedRequest

SKEW_SECONDS_MAX = 300  # spec 4, "within 5 minutes of the server"
NONCE_KEPT_SECONDS = 2 * SKEW_SECONDS_MAX + 60
PARAMETER_CHARACTERS_MAX = 500
_REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The request with the attribute names that oauthlib reads."""

    http_method: str
    uri: str
    params: list[tuple[str, str]]
    signature: str


def read_signature(request: SignedRequest) -> Signature:
    """Parses the signature of the header (OAuth 1.0a, RFC 5849 section 3.5.1).

    Raises ``Refused``: OAUTH_REJECTED, OAUTH_VERSION, OAUTH_ABSENT, OAUTH_METHOD.
    """
    try:
        pairs = utils.parse_authorization_header(request.authorization)
        found = {name: utils.unescape(text) for name, text in pairs}
        parameters = signatures.collect_parameters(
            uri_query=request.query, headers={"Authorization": request.authorization}
        )
    except ValueError as error:
        raise Refused(Fault.OAUTH_REJECTED, name="Authorization") from error
    version = found.get("oauth_version", "1.0")
    if version != "1.0":
        raise Refused(Fault.OAUTH_VERSION, version=version[:20])
    for name in _REQUIRED:
        if not found.get(name):
            raise Refused(Fault.OAUTH_ABSENT, name=name)
        if len(found[name]) > PARAMETER_CHARACTERS_MAX or "\0" in found[name]:
            raise Refused(Fault.OAUTH_REJECTED, name=name)
    if found["oauth_signature_method"] != "HMAC-SHA1":
        raise Refused(Fault.OAUTH_METHOD, method=found["oauth_signature_method"][:20])
    stamp = found["oauth_timestamp"]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Refused(Fault.OAUTH_REJECTED, name="oauth_timestamp")
    return Signature(
        consumer_key=found["oauth_consumer_key"],
        nonce=found["oauth_nonce"],
        stamped_at=int(stamp),
        token=found.get("oauth_token", ""),
        value=found["oauth_signature"],
        parameters=tuple(parameters),
    )


def check_time(signature: Signature, machine_now: datetime) -> None:
    """Raises ``Refused(OAUTH_TIMESTAMP)`` for a signature created too long before or after ``machine_now``."""
    seconds = to_ms(machine_now) // 1_000
    if abs(signature.stamped_at - seconds) > SKEW_SECONDS_MAX:
        raise Refused(Fault.OAUTH_TIMESTAMP, seconds=SKEW_SECONDS_MAX, now=seconds)


def is_signed_by(secret: str, signature: Signature, request: SignedRequest) -> bool:
    """Whether ``secret`` produced the signature for any of the addresses (OAuth 1.0a, RFC 5849 section 3.4.2).

    Two-legged: the token secret is empty. A client that cannot leave its token secret empty sends the token
    itself.
    """
    forms = [
        _Signed(
            http_method=request.method,
            uri=url,
            params=list(signature.parameters),
            signature=signature.value,
        )
        for url in request.urls
    ]
    return any(
        signatures.verify_hmac_sha1(form, secret, token_secret)
        for form in forms
        for token_secret in dict.fromkeys(("", signature.token))
    )


def hash_nonce(signature: Signature) -> bytes:
    return hashlib.sha256(signature.nonce.encode()).digest()[:16]
