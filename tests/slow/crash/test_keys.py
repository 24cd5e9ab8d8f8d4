"""``kill -9`` of server and database while writes with an ``Idempotency-Key`` run: repeated afterwards, each happened once."""

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest

from tests.slow.crash.test_kill import broken_laws, kill_and_restart, make_partner
from tests.stories.repeats.writes import CONTRACT
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.xml_partner import XML_TYPE, XmlPartner, job_xml

RENEWALS = 200
CONTRACTS = 120
BATCHES = 60
BATCH_ELEMENTS = 4
AT_ONCE = 16
POSTER = "jo@customer.example"


@dataclass(frozen=True)
class KeyedWrite:
    """``answers`` has the responses to the first request, if one came, and to its repeat."""

    method: str
    path: str
    content: dict[str, Any]
    key: str = field(default_factory=lambda: uuid4().hex)
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    def send(self, client: httpx2.Client) -> None:
        headers = self.content["headers"] | {"Idempotency-Key": self.key}
        try:
            answer = client.request(self.method, self.path, **(self.content | {"headers": headers}))
        except httpx2.HTTPError:
            return
        if answer.status_code < 500:
            self.answers.append((answer.status_code, answer.content))


def make_writes(sandbox_client: SandboxClient, chooser: random.Random) -> list[KeyedWrite]:
    partner = XmlPartner(sandbox_client)
    partner.operate(
        "POST",
        f"/operator/hiringContracts/{partner.credits}/topUps",
        {"units": 3 * RENEWALS, "reference": "for all of them"},
    )
    named = f"<contract-id>{partner.credits}</contract-id>"
    xml = {"headers": bearer(sandbox_client.token("parent")) | {"Content-Type": XML_TYPE}}
    operator = {"headers": bearer(sandbox_client.credentials["operator_key"])}
    child = {"headers": sandbox_client.headers(**{"X-RestLi-Method": "batch_create"})}
    number = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1]
    writes = []
    for n in range(RENEWALS):
        document = job_xml(f"R-{n}", partner.credits, poster=POSTER)
        assert sandbox_client.client.post("/v1/jobs", content=document, **xml).status_code == 201
        renewal = xml | {"content": f"<job>{named}<renewal/></job>"}
        writes.append(KeyedWrite("PUT", f"/v1/jobs/partner-job-id=R-{n}", renewal))
    for _ in range(CONTRACTS):
        path = f"/operator/partners/{number}/contracts"
        writes.append(KeyedWrite("POST", path, operator | {"json": CONTRACT}))
    for n in range(BATCHES):
        elements = [sandbox_client.job_element(f"B-{n}-{e}") for e in range(BATCH_ELEMENTS)]
        writes.append(KeyedWrite("POST", "/rest/simpleJobPostings", child | {"json": {"elements": elements}}))
    chooser.shuffle(writes)
    return writes


def send_all(writes: list[KeyedWrite], client: httpx2.Client) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda write: write.send(client), writes))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_write_with_a_key_happens_once(installation, seed):
    # given an installation, and writes with a key each
    chooser = random.Random(seed)
    url = installation.start_database()
    credentials = asyncio.run(make_partner(url)) | installation.keys
    installation.start_server()
    with httpx2.Client(base_url=installation.base_url, timeout=30) as client:
        sandbox_client = SandboxClient(client, credentials)
        partner = XmlPartner(sandbox_client)
        writes = make_writes(sandbox_client, chooser)
        unused = partner.unused(partner.credits)
        with psycopg.connect(url) as connection:
            contracts = connection.execute("SELECT count(*) FROM partner_contracts").fetchone()[0]

        # when server, database or both are killed twice while they run, and all are sent again
        sender = threading.Thread(target=send_all, args=(writes, client))
        sender.start()
        for share in (0.2, 0.5):
            while sender.is_alive() and sum(bool(one.answers) for one in writes) < share * len(writes):
                time.sleep(0.002)
            kill_and_restart(chooser, installation)
        sender.join()
        answered = sum(bool(write.answers) for write in writes)
        sandbox_client.advance("2m")
        send_all(writes, client)

        # then each happened once, and a request that got a response gets the same one again
        assert 0 < answered < len(writes)
        for write in writes:
            assert write.answers, write
            assert {status for status, _ in write.answers} <= {200, 201}, write
            assert len(set(write.answers)) == 1, write
        assert partner.unused(partner.credits) == unused - RENEWALS
        url = installation.database.url
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT count(*) FROM partner_contracts").fetchone()[0]
        assert found - contracts == CONTRACTS
        tasks = [row["id"] for write in writes if "B-" in str(write.content) for row in rows_of(write)]
        assert len(tasks) == BATCHES * BATCH_ELEMENTS
        assert {sandbox_client.task(task)["status"] for task in tasks} == {"SUCCEEDED"}
        assert asyncio.run(broken_laws(url)) == []


def rows_of(write: KeyedWrite) -> list[dict[str, Any]]:
    return httpx2.Response(200, content=write.answers[0][1]).json()["elements"]
