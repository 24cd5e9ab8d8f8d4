"""Owns the audit log of a Jobmeter server, with the token of a partner: who changed what. Does not own the acts."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import pairwise

from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import FIELDS, Fields, decode, read_fields, read_moment
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import AuditRecord

PATH = "/partner/audit"
PAGE_ROWS = 200


class Audit:
    """The administrative acts on what is a partner's. The client's own application is the parent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        who: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> Iterator[AuditRecord]:
        """Yields the acts, the newest first; ``first`` and ``last`` are days. ``action`` may be the kind of a subject."""
        wanted: dict[str, object] = {
            "who": who,
            "action": action,
            "subject": subject,
            "from": None if first is None else first.isoformat(),
            "to": None if last is None else last.isoformat(),
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        after: int | None = 0
        while after is not None:
            query = {**given, "count": PAGE_ROWS, "after": after}
            rows, after = self._session.get(PATH, query, read=partial(_read_page, after))
            yield from rows


def _read_page(after: int, answer: Answer) -> tuple[list[AuditRecord], int | None]:
    """A page that came before shows numbers that are not below the requested one."""
    rows, following = read_fields(_make_page, decode(FIELDS, answer))
    numbers = [after] * (after > 0) + [row.id for row in rows]
    if any(number <= lower for number, lower in pairwise(numbers)):
        raise UnreadableError(f"the response does not continue below {after}")
    if following is not None and (not rows or following != rows[-1].id):
        raise UnreadableError(f"the response continues at {following!r}")
    return rows, following


def _make_page(page: Fields) -> tuple[list[AuditRecord], int | None]:
    return [_make_record(fields) for fields in page["elements"]], page["nextAfter"]


def _make_record(fields: Fields) -> AuditRecord:
    return AuditRecord(
        id=fields["id"],
        at=read_moment(fields["at"]),
        who_kind=fields["who"]["kind"],
        who=fields["who"]["name"] or "",
        action=fields["action"],
        subject_kind=fields["subject"]["kind"],
        subject_id=fields["subject"]["id"],
        before=fields["before"],
        after=fields["after"],
        fields=fields,
    )
