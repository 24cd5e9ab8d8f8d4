"""Owns the values of traces: what a tracer can do. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Headers = Iterable[tuple[bytes, bytes]]  # as an ASGI server passes them
Attributes = Mapping[str, str | int | Sequence[str]]


class Tracer(Protocol):
    """Begins spans, each as the child of the one that is open in the same task. A span has names, numbers and kinds of errors: no value
    that was sent or stored.
    """

    def open_request(self, headers: Headers) -> AbstractContextManager[None]:
        """The span of a request, which continues the trace that the caller's ``traceparent`` names."""
        ...

    def name_request(self, *, name: str, attributes: Attributes, is_failed: bool) -> None:
        """Names the open span of a request, once it is known what was asked for."""
        ...

    def open_call(self, name: str, attributes: Attributes) -> AbstractContextManager[None]:
        """The span of a call to another program: a statement of the database, a webhook."""
        ...

    def open_shared(self, name: str, attributes: Attributes) -> AbstractContextManager[None]:
        """A trace of its own, for what is done for several requests together."""
        ...

    def open_work(self, name: str, worked: Sequence[int]) -> AbstractContextManager[None]:
        """A trace of its own for background work, which is dropped, with all of its calls, if ``worked`` has no sum at the end:
        most chores find nothing to do.
        """
        ...

    def write_headers(self) -> dict[str, str]:
        """The headers by which the receiver of a request continues the open trace."""
        ...

    def close(self) -> None:
        """Sends what was not sent yet; waits for some seconds at most."""
        ...
