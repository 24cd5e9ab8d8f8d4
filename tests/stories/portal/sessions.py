"""Owns people who are logged in: one with each role, and browsers that have their cookies.

Does not own any expectation.
"""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from jobmeter.base.clock import read_machine_clock
from jobmeter.database.pool import Database
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.model import Grant, Origin, Role
from jobmeter.people.sessions import flow as sessions
from tests.support.quick_client import QuickClient
from tests.support.sandbox_client import SandboxClient

HTML = {"Accept": "text/html"}
COOKIE = "jobmeter"
TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


def list_grants(credentials) -> dict[Role, Grant | None]:
    """The grant of each role; a member has none."""
    partner, child = (int(credentials[who]["urn"].rsplit(":", 1)[-1]) for who in ("parent", "child"))
    return {
        Role.OPERATOR: Grant(role=Role.OPERATOR),
        Role.OPERATOR_READER: Grant(role=Role.OPERATOR_READER),
        Role.PARTNER_MANAGER: Grant(role=Role.PARTNER_MANAGER, partner_id=partner),
        Role.PARTNER_READER: Grant(role=Role.PARTNER_READER, partner_id=partner),
        Role.CUSTOMER: Grant(role=Role.CUSTOMER, application_id=child),
        Role.MEMBER: None,
    }


def log_in(database_url, *grants, email="someone@hafenkontor.example") -> str:
    """The token of a new session of the person, who has these roles."""
    return asyncio.run(_log_in(database_url, grants, email))


async def _log_in(database_url, grants, email):
    now = read_machine_clock()
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        for grant in filter(None, grants):
            await accounts.invite(connection, grant, email=email, now=now)
        person = await accounts.open_person(connection, email=email, now=now)
        session = await sessions.begin_session(connection, person, Origin(device="", network=""), now=now)
    return session.token


def age_sessions(database_url, email="%"):
    """Log-ins, all or those of a person, were eleven minutes ago: longer than a confirmation lasts."""
    now = read_machine_clock() - timedelta(minutes=11)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE person_sessions SET began_at = %(now)s, confirmed_at = %(now)s"
            " WHERE person_id IN (SELECT id FROM people WHERE email LIKE %(email)s)",
            {"now": now, "email": email},
        )


@dataclass(frozen=True)
class Browser:
    """A browser that has the cookie of a session, or none."""

    client: QuickClient
    tokens: dict[tuple[tuple[str, str | None], ...], str] = field(default_factory=dict, compare=False)

    def get(self, path, **headers):
        return self.client.get(path, headers=HTML | headers, follow_redirects=False)

    def post(self, path, form=None, *, token=None, **headers):
        """Sends a form as the page does on which it is, unless another token is given."""
        fields = {"token": self.read_token() if token is None else token} | (form or {})
        sent = HTML | {"Sec-Fetch-Site": "same-origin"} | headers
        return self.client.post(path, data=fields, headers=sent, follow_redirects=False)

    def read_token(self):
        """The token of the forms of its session, which is the same on every page, and is looked up on one."""
        if self._cookies not in self.tokens:
            page = self.client.get("/portal", headers=HTML)
            self.tokens[self._cookies] = TOKEN.search(page.text)[1]
        return self.tokens[self._cookies]

    @property
    def _cookies(self):
        return tuple((one.name, one.value) for one in self.client.cookies.jar)


def open_browser(sandbox_client: SandboxClient, token: str = "", *, scheme: str = "http") -> Browser:
    """A browser of the same server, which runs in the same event loop, with cookies of its own."""
    client = QuickClient(sandbox_client.client.app, base_url=f"{scheme}://board.example")
    client.portal = sandbox_client.client.portal
    if token:
        client.cookies.set(COOKIE, token, domain="board.example")
    return Browser(client)
