"""Owns the face of the client: one application at one server, and what it can do there.

Does not own any request (the resources do).
"""

from types import TracebackType
from typing import Self

import httpx2

from jobmeter.client.applications import Applications, Contracts
from jobmeter.client.audit import Audit
from jobmeter.client.campaigns import Campaigns
from jobmeter.client.charges import Charges
from jobmeter.client.exports import Exports
from jobmeter.client.http.session import VERSION, Session
from jobmeter.client.http.transport import Limits, Server, Surroundings, Transport, open_http
from jobmeter.client.invoices import Invoices
from jobmeter.client.jobs import Jobs
from jobmeter.client.lists import Lists
from jobmeter.client.reports import Reports
from jobmeter.client.webhooks import Webhooks

DEFAULT_LIMITS = Limits()


class Client:
    """An application at a Jobmeter server or at LinkedIn. Synchronous; threads may share it, and then share its token.

    ``transport`` replaces the network, ``surroundings`` the clock, waiting and randomness, for tests. ``version`` is the
    ``LinkedIn-Version``. Close the client, or use it in a ``with`` statement.
    """

    def __init__(
        self,
        server: Server,
        *,
        client_id: str,
        client_secret: str,
        version: str = VERSION,
        transport: httpx2.BaseTransport | None = None,
        limits: Limits = DEFAULT_LIMITS,
        surroundings: Surroundings | None = None,
    ) -> None:
        http = open_http(transport, limits, url=server.api_url)
        shared = Transport(server, http, limits=limits, surroundings=surroundings or Surroundings())
        self._use(Session(shared, client_id=client_id, client_secret=client_secret, version=version))

    def for_application(self, *, client_id: str, client_secret: str) -> "Client":
        """Returns a client for another application, over the same connections; closing one of them closes both."""
        other = object.__new__(Client)
        other._use(
            Session(
                self.session.transport,
                client_id=client_id,
                client_secret=client_secret,
                version=self.session.version,
            )
        )
        return other

    def _use(self, session: Session) -> None:
        self.session = session
        self.applications = Applications(session)
        self.contracts = Contracts(session)
        self.jobs = Jobs(session)
        self.campaigns = Campaigns(session)
        self.reports = Reports(session)
        self.charges = Charges(session)
        self.invoices = Invoices(session)
        self.exports = Exports(session)
        self.audit = Audit(session)
        self.webhooks = Webhooks(session)
        self.lists = Lists(session)

    def close(self) -> None:
        """Closes the connections."""
        self.session.transport.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
