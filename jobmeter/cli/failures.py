"""Owns how a command fails whose server refused a request or did not respond: one line in words, with the next step.

Does not own the messages of refusals, or what can be done about each (``base.remedies``, which ``jobmeter faults`` prints).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jobmeter.base.faults import CommandFailed
from jobmeter.client.http.errors import ClientError, NoResponseError, RefusedError


class ServerRefusedError(CommandFailed):
    """The server refused the request."""


@contextmanager
def explain_errors(url: str) -> Iterator[None]:
    """Turns an error of the client into ``CommandFailed``, with what can be done about it."""
    try:
        yield
    except RefusedError as error:
        hint = "" if error.code is None else f"; explained by: jobmeter faults {error.code}"
        raise ServerRefusedError(f"{error}{hint}") from error
    except NoResponseError as error:
        raise CommandFailed(f"{error}; is a server running at {url}?") from error
    except ClientError as error:
        raise CommandFailed(str(error)) from error
