"""Owns a sandbox in the test's own process, called over ASGI, and what its requests need: children, tokens, chores.

Does not own the requests (``writes``) or any expectation.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, LiteralString

import httpx2

from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.worker import chores
from tests.support.sandbox_client import VERSION, bearer
from tests.support.xml_partner import XML_TYPE

SETUP = "/rest/provisionedHiringContracts?action=setup"


@dataclass(frozen=True)
class Write:
    """One request; ``body`` is a JSON value, XML text or ``None``."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None

    async def send(self, client: httpx2.AsyncClient, *, key: str = "") -> httpx2.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        if isinstance(self.body, str):
            headers |= {"Content-Type": XML_TYPE}
            return await client.request(self.method, self.path, headers=headers, content=self.body)
        return await client.request(self.method, self.path, headers=headers, json=self.body)


@dataclass(frozen=True)
class World:
    """A sandbox with a partner. ``job_id`` is a live job, ``charge`` a charge that is final."""

    client: httpx2.AsyncClient
    database: Database
    settings: Settings
    credentials: dict[str, Any]
    names: Any = field(default_factory=lambda: count(1))
    job_id: int = 0
    charge: str = ""
    parent_token: str = ""

    def name(self) -> str:
        return f"once-{next(self.names)}"

    @property
    def operator(self) -> dict[str, str]:
        return bearer(self.credentials["operator_key"])

    @property
    def parent(self) -> dict[str, str]:
        return restli(self.parent_token)

    async def read_now(self) -> datetime:
        shown = await self.client.get("/sandbox/clock", headers=self.operator)
        return datetime.fromisoformat(shown.json()["now"])

    async def call(self, write: Write) -> Any:
        answer = await write.send(self.client)
        assert answer.is_success, (write, answer.text)
        return answer.json() if answer.content else None

    async def make_token(self, keys: dict[str, str]) -> str:
        form = {name: keys[name] for name in ("client_id", "client_secret")}
        answer = await self.client.post(
            "/oauth/v2/accessToken", data=form | {"grant_type": "client_credentials"}
        )
        return str(answer.json()["access_token"])

    async def make_child(self, *, is_set_up: bool = True) -> "Child":
        name = self.name()
        draft = {"uniqueForeignId": name, "name": f"Sandbox Partner - {name}", "description": "A customer"}
        made = await self.call(Write("POST", "/v2/provisionedApplications", self.parent, draft))
        headers = restli(await self.make_token(made["credentials"]))
        contract = ""
        if is_set_up:
            wanted = {"partnerContractId": self.credentials["partner_contract_id"]}
            setup = await self.call(Write("POST", SETUP, headers, wanted))
            contract = setup["value"]["contract"]
        return Child(made["key"], headers, contract)

    async def run_chores(self) -> None:
        await chores.run_until_idle(self.database, self.settings, now=await self.read_now())

    async def execute(self, statement: LiteralString, *parameters: int) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement, parameters)


@dataclass(frozen=True)
class Child:
    urn: str
    headers: dict[str, str]
    contract: str

    @property
    def number(self) -> str:
        return self.urn.rsplit(":", 1)[-1]


def restli(token: str) -> dict[str, str]:
    return bearer(token) | {"LinkedIn-Version": VERSION, "X-RestLi-Protocol-Version": "2.0.0"}


Make = Callable[[World, str], Awaitable[Write]]
