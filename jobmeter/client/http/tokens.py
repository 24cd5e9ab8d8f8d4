"""Owns the access token of an application: one for all threads, renewed shortly before its end.

Does not own the request for a token (``session``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobmeter.client.http.errors import ClientError

MARGIN = timedelta(seconds=30)  # the time that a request on its way may take


@dataclass(frozen=True, slots=True)
class Token:
    """``expires_at`` is counted from before the request, so that it is never later than the server's."""

    text: str
    expires_at: datetime

    def is_usable(self, now: datetime) -> bool:
        return now < self.expires_at


def make_token(text: str, *, requested_at: datetime, lifetime_seconds: int) -> Token:
    """Returns a token that is renewed 30 seconds before its end, or, if it lives for less than a minute, at its half."""
    lifetime = timedelta(seconds=lifetime_seconds)
    return Token(text, requested_at + max(lifetime - MARGIN, lifetime / 2))


class TokenCache:
    """The application's token. Threads that need another one at the same moment wait for a single request, and share its
    result, an error included: a hundred threads do not repeat what has just failed.
    """

    def __init__(self, fetch: Callable[[], Token], *, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._attempts = 0
        self._failure: ClientError | None = None

    def read(self) -> str:
        """Returns a token that is usable now. Raises ``ClientError``."""
        token, seen = self._token, self._attempts
        if token is not None and token.is_usable(self._clock()):
            return token.text
        with self._lock:
            if self._attempts == seen or self._failure is None:
                return self._renew()
            raise self._failure

    def discard(self, text: str) -> None:
        """Discards a token that the server does not accept, unless another thread has renewed it meanwhile."""
        with self._lock:
            if self._token is not None and self._token.text == text:
                self._token = None

    def _renew(self) -> str:
        token = self._token
        if token is None or not token.is_usable(self._clock()):
            self._failure = None
            try:
                token = self._fetch()
            except ClientError as error:
                self._failure = error
                raise
            finally:
                self._attempts += 1
            self._token = token
        return token.text
