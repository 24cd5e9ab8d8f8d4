"""Owns the deliveries of webhooks of a Jobmeter server: what was sent to an application's webhook, and what it answered.

Does not own webhooks: they are registered and changed through the API.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import FIELDS, Fields, decode, read_fields, read_moment
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Delivery

PATH = "/partner/webhooks"


class Webhooks:
    """The webhooks of the client's own application."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_deliveries(
        self,
        webhook_id: int,
        *,
        state: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> Iterator[Delivery]:
        """Yields what was sent, the newest first: of the last 7 days, or from a day to a day.

        ``state`` is WAITING, DELIVERED or DEAD.
        """
        wanted: dict[str, object] = {} if state is None else {"state": state}
        wanted |= {} if first is None else {"from": first.isoformat()}
        wanted |= {} if last is None else {"to": last.isoformat()}
        after: str | None = "0"
        while after is not None:
            query = {**wanted, "after": after}
            rows, after = self._session.get(
                f"{PATH}/{webhook_id}/deliveries", query, read=partial(_read_page, after)
            )
            yield from rows


def _read_page(after: str, answer: Answer) -> tuple[list[Delivery], str | None]:
    rows, following = read_fields(_make_page, decode(FIELDS, answer))
    if following is not None and (following == after or not rows):
        raise UnreadableError(f"the response continues at {following!r}, after {after!r}")
    return rows, following


def _make_page(page: Fields) -> tuple[list[Delivery], str | None]:
    return [_make_delivery(fields) for fields in page["elements"]], page["nextAfter"]


def _make_delivery(fields: Fields) -> Delivery:
    answer = fields["answer"] or {"status": None, "text": None, "milliseconds": None}
    return Delivery(
        id=fields["id"],
        kind=fields["kind"],
        state=fields["state"],
        attempts=fields["attempts"],
        created_at=read_moment(fields["createdAt"]),
        last_outcome=fields["lastOutcome"] or "",
        answer_status=answer["status"],
        answer_text=answer["text"],
        answer_ms=answer["milliseconds"],
        fields=fields,
    )
