"""Owns the values of signed requests (OAuth 1.0a)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers. ``urls`` are the addresses, without a query, that the sender may have called.

    There are several because a proxy hides the scheme and host of the original request.
    """

    method: str
    urls: tuple[str, ...]
    query: str
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The parameters of an ``Authorization: OAuth`` header, all present and well-formed. ``token`` may be empty.

    ``parameters`` are all the signed parameters, including those of the query.
    """

    consumer_key: str
    nonce: str
    stamped_at: int
    token: str
    value: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedSecret:
    """A signing secret as it is stored; ``owner`` is what it is sealed for."""

    application_id: int
    owner: str
    sealed_secret: bytes
