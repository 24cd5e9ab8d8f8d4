"""Owns the values of signed requests (OAuth 1.0a)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers. ``urls`` are the addresses, without a query, that the sender may have called.

    A proxy hides from the server by which scheme and host it was reached, hence several.
    """

    method: str
    urls: tuple[str, ...]
    query: str
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The parameters of an ``Authorization: OAuth`` header, each present and of its form. ``token`` may be empty.

    ``parameters`` are all that are signed, those of the query among them.
    """

    consumer_key: str
    nonce: str
    stamped_at: int
    token: str
    value: str
    parameters: tuple[tuple[str, str], ...]
