"""Owns the fields of a page's row, and what pages may ask about the table: which addresses exist, what a menu lists.

Does not own the rows (``portal.routes``).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import compile_path

from jobmeter.base.limits import BODY_BYTES_MAX
from jobmeter.people.model import Role

ROOT = "/portal"
LOGIN = f"{ROOT}/login"
CONFIRM = f"{ROOT}/confirm"
SAME_ORIGIN = "same-origin"
# For addresses with a token: the path is sent nowhere, and a form of the page still names its origin, unlike under `no-referrer`.
ORIGIN_ALONE = "strict-origin"


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page or form. ``roles`` are those that may use it; ``None`` means everybody, also without a session.

    ``menu`` is its name in the menu, empty if it is not listed; ``group`` is the heading above it there. ``is_unique`` marks a form that is harmless to send twice by itself;
    every other one commits together with its response, once. ``needs_confirmation`` marks what makes secrets, moves money or
    changes rules: only who proved a few minutes ago who they are may do it.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    _: KW_ONLY
    roles: frozenset[Role] | None
    summary: str
    menu: str = ""
    group: str = ""
    referrer: str = SAME_ORIGIN
    is_unique: bool = False
    needs_confirmation: bool = False

    # What the pipeline asks of an endpoint.
    quota = ""
    body_bytes_max = BODY_BYTES_MAX


class Site:
    """The table, for pages."""

    def __init__(self, rows: Sequence[PageRow]) -> None:
        self._rows = rows
        self._patterns = [compile_path(row.path)[0] for row in rows if row.method == "GET"]
        self._forms = [compile_path(row.path)[0] for row in rows if row.needs_confirmation]

    def list_menu(self, role: Role) -> list[PageRow]:
        """Returns the rows of a menu, those of one group together."""
        rows = [row for row in self._rows if row.menu and row.roles is not None and role in row.roles]
        groups = [row.group for row in rows]
        return sorted(rows, key=lambda row: groups.index(row.group))

    def may_wait(self, path: str) -> bool:
        """Whether the form of this path is one that is sent again once its person is confirmed."""
        return any(one.match(path) for one in self._forms)

    def find_own(self, address: str) -> str | None:
        """Returns the address if it is a path of one of these pages, with its query; ``None`` for every other, such as another host's."""
        if not address.startswith(ROOT) or "\\" in address or not address.isprintable():
            return None
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        if parts.scheme or parts.netloc or not any(one.match(parts.path) for one in self._patterns):
            return None
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
