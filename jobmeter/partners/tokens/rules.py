"""Owns the decision whether a token is valid at a given time. Pure."""

from datetime import datetime

from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.model import IssuedToken


def check_token(token: IssuedToken | None, now: datetime) -> IssuedToken:
    """Returns the token, if it is valid. Raises ``Refused`` with TOKEN_INVALID, TOKEN_REVOKED or TOKEN_EXPIRED.

    A token of an application that may not have any is revoked, whenever it was issued.
    """
    if token is None:
        raise Refused(Fault.TOKEN_INVALID)
    if not token.is_permitted or (token.revoked_at is not None and token.revoked_at <= now):
        raise Refused(Fault.TOKEN_REVOKED)
    if token.expires_at <= now:
        raise Refused(Fault.TOKEN_EXPIRED)
    return token
