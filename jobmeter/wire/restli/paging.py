"""Owns offset paging: parses `start` and `count`, makes the `paging` record with its links.

Does not own the elements of a page.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from jobmeter.wire.restli.queries import replace_parameters
from jobmeter.wire.restli.syntax import Value

COUNT_DEFAULT: Final = 50
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_INT_MAX: Final = 2**31 - 1


class PagingError(ValueError):
    """A start or count that the framework refuses; `text` is the framework's message (spec 12.2)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Page:
    start: int = 0
    count: int = COUNT_DEFAULT


def parse_paging(
    start: Value | None,
    count: Value | None,
    *,
    count_default: int = COUNT_DEFAULT,
    count_max: int | None = None,
) -> Page:
    """Returns the requested page; blank parameters mean the defaults.

    A count above `count_max` is reduced to it; the `paging` record contains the count that was used.
    """
    page = Page(_read_integer(start, 0), _read_integer(count, count_default))
    if page.start < 0 or page.count < 0:
        raise PagingError("start/count parameters must be non-negative")
    return page if count_max is None else Page(page.start, min(page.count, count_max))


def _read_integer(value: Value | None, default: int) -> int:
    if value is None or (isinstance(value, str) and not value.strip()):
        return default
    number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None
    if number is None or abs(number) > _INT_MAX:
        raise PagingError("Invalid (non-integer) start/count parameters")
    return number


def make_paging(
    page: Page, *, path: str, query: str, returned: int, total: int | None = None
) -> dict[str, Any]:
    """Returns the `paging` record of one page.

    Links are host-relative: the raw path and query as received, with start and count replaced. With a total,
    `next` is omitted on the last page; without one, on the first page that is not full.
    """
    links = []
    if page.count > 0 and page.start > 0:
        links.append(
            _make_link("prev", Page(max(0, page.start - page.count), page.count), path=path, query=query)
        )
    end = page.start + page.count
    if page.count > 0 and (returned == page.count if total is None else end < total):
        links.append(_make_link("next", Page(end, page.count), path=path, query=query))
    paging: dict[str, Any] = {"start": page.start, "count": page.count, "links": links}
    if total is not None:
        paging["total"] = total
    return paging


def _make_link(rel: str, page: Page, *, path: str, query: str) -> dict[str, str]:
    href = f"{path}?{replace_parameters(query, {'start': page.start, 'count': page.count})}"
    return {"rel": rel, "type": "application/json", "href": href}
