"""Owns the client of a partner's command: which server, which application, and printing typed values.

Does not own the requests (``jobmeter.client``) or the profile (``cli.profiles``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from jobmeter.base.currencies import KNOWN_DIGITS
from jobmeter.base.money import Money, format_amount
from jobmeter.cli.failures import explain_errors
from jobmeter.cli.options import ServerOptions
from jobmeter.cli.output import Row, print_record, print_rows, to_camel
from jobmeter.cli.profiles import LINKEDIN_NAME, find_profile, require_application
from jobmeter.client import LINKEDIN, Client, ClientError, jobmeter_at


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Partner(ServerOptions):
    """An application of a partner at a server, or at LinkedIn (``--url linkedin``)."""

    application: Annotated[
        str,
        Parameter(
            help="Application of the profile that signs in, by its name or client id; needed if there are several.",
            show_default=False,
        ),
    ] = ""

    @contextmanager
    def open_client(self, *, as_parent: bool = False) -> Iterator[Client]:
        """Yields the client of the chosen application, or of its parent. Raises ``CommandFailed`` for every error of it."""
        url, client_id, secret = require_application(
            find_profile(self), self.application, is_parent=as_parent
        )
        server = LINKEDIN if url == LINKEDIN_NAME else jobmeter_at(url)
        with (
            explain_errors(server.api_url),
            Client(server, client_id=client_id, client_secret=secret) as client,
        ):
            yield client

    def print_record(self, record: Row) -> None:
        print_record(record, as_json=self.json)

    def print_rows(self, rows: Iterable[Row], columns: tuple[str, ...]) -> None:
        print_rows(list(rows), columns, as_json=self.json)


PARTNER = Partner()


def to_row(value: Any) -> Row:
    """Returns a typed value of the client as a row with the names of JSON; an amount has its currency beside it."""
    return {to_camel(field.name): _to_json(getattr(value, field.name)) for field in fields(value)}


def _to_json(value: Any) -> Any:
    if isinstance(value, Money):
        # A currency that is not in our table may be in LinkedIn's.
        digits_of = value.currency if value.currency in KNOWN_DIGITS else "USD"
        return {"amount": format_amount(value.amount_micros, digits_of), "currencyCode": value.currency}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, ClientError):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
