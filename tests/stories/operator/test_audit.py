"""Who changed what: the operator reads all acts, a partner its own tenant's; a record cannot be changed, and is sealed."""

import csv
import io
from datetime import timedelta

import psycopg
import pytest

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action, Actor, ActorKind, Door
from jobmeter.audit.rules import VALUE_BYTES_MAX, write_changes
from jobmeter.http.context import Caller, RequestContext
from jobmeter.integrity import flow as integrity
from jobmeter.people.model import Grant, Person, Role, SignedIn
from tests.support.sandbox_client import add_partner, bearer
from tests.support.scenario import START, open_scenario

COMMAND = Actor(kind=ActorKind.COMMAND, door=Door.COMMAND, name="root")


@pytest.fixture
def call(sandbox_client):
    """Calls an endpoint, with the key of the settings unless another one is given."""

    def send(method, path, key=None, **content):
        key = sandbox_client.credentials["operator_key"] if key is None else key
        headers = bearer(key) | content.pop("headers", {})
        return sandbox_client.client.request(method, path, headers=headers, **content)

    return send


def read(call, path, key=None):
    answer = call("GET", path, key)
    assert answer.status_code == 200, answer.text
    return answer.json()["elements"]


def test_a_changed_price_says_who_changed_it_from_what_to_what(sandbox_client, call, database_url):
    key = call("POST", "/operator/keys", json={"name": "ada", "role": "OPERATOR"}).json()["key"]
    contract = sandbox_client.credentials["partner_contract_id"]
    prices = f"/operator/contracts/{contract}/prices"
    body = {"clickPrice": "2.50", "validFrom": "2088-01-01T00:00:00Z", "country": "NL"}
    assert call("POST", prices, key, json=body).status_code == 200
    raised = call("POST", prices, key, json=body | {"clickPrice": "2.75"})
    assert raised.status_code == 200
    # the same price again, and one that is refused, are no acts
    assert call("POST", prices, key, json=body | {"clickPrice": "2.75"}).status_code == 200
    assert call("POST", prices, key, json=body | {"clickPrice": "-1"}).status_code == 422

    newest, first = read(call, "/operator/audit?action=contract.setPrice&who=Ada")
    assert (newest["before"], newest["after"]) == (
        {"clickPrice": "2.50"},
        {"clickPrice": "2.75", "country": "NL"},
    )
    assert newest["subject"] == {"kind": "contract", "id": str(contract)}
    assert (newest["who"]["kind"], newest["who"]["name"], newest["door"]) == ("OPERATOR_KEY", "ada", "API")
    assert newest["requestId"] == raised.headers["x-li-request-id"]
    assert (first["before"], first["after"]["country"]) == ({}, "NL")

    # the partner reads it, without the name of who of the operator it was; nobody else does
    parent = sandbox_client.token("parent")
    (seen, *_) = read(call, "/partner/audit?action=contract", parent)
    assert seen == newest | {"who": {"kind": "OPERATOR_KEY", "id": None, "name": None}}
    assert read(call, "/partner/audit?who=ada", parent) == []
    assert call("GET", "/partner/audit", sandbox_client.token()).status_code == 403
    stranger = add_partner(sandbox_client, database_url)
    assert read(call, "/partner/audit", stranger.token("parent")) == []


def test_the_log_is_read_page_by_page_by_filters_and_as_csv(sandbox_client, call):
    contract = sandbox_client.credentials["partner_contract_id"]
    for number in range(3):
        added = {"amount": "5.00", "reference": f"=r-{number}"}
        assert call("POST", f"/operator/contracts/{contract}/topUps", json=added).status_code == 200
    every = read(call, "/operator/audit?action=contract")
    assert [one["after"]["reference"] for one in every] == ["=r-2", "=r-1", "=r-0"]
    found, after = [], 0
    while after is not None:
        page = call("GET", f"/operator/audit?action=contract&count=1&after={after}").json()
        found += page["elements"]
        after = page["nextAfter"]
    assert found == every

    today, yesterday = sandbox_client.now.date(), sandbox_client.now.date() - timedelta(days=1)
    partner = every[0]["partner"]
    for query, count in (
        (f"from={today}&subject={contract}&partnerId={partner}", 3),
        (f"to={yesterday}", 0),
        ("action=contract.topUp", 3),
        ("action=contract.topU", 0),
        ("subject=999", 0),
        ("partnerId=999", 0),
    ):
        assert len(read(call, f"/operator/audit?{query}")) == count, query
    for query in ("from=x", "to=2026-13-01", "count=0", "after=x", "format=xml", "partnerId=x"):
        assert call("GET", f"/operator/audit?{query}").status_code == 400, query

    answer = call("GET", "/operator/audit?action=contract&count=2", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [str(one["id"]) for one in every[:2]]
    assert answer.headers["x-next-after"] == rows[-1]["id"]
    assert rows[0]["action"] == "contract.topUp"


async def test_a_person_of_a_page_is_recorded_with_the_role_that_they_chose(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        person = Person(id=7, email="ada@board.example", name="", language="en", time_zone="UTC", theme="")
        for role, partner_id in ((Role.OPERATOR, None), (Role.PARTNER_MANAGER, 1)):
            grant = Grant(role=role, partner_id=partner_id)
            context = RequestContext(None, None, now=START)
            context.caller = Caller(sender="person 7")
            context.signed_in = SignedIn(
                session_id=1, person=person, grants=(grant,), grant=grant, confirmed_at=START, ends_at=START
            )
            async with scenario.database.transaction() as connection:
                await context.record(
                    connection, Action.FEED_RUN, 1, partner_id=1, after={"mayCloseAll": False}
                )
        found = await scenario.rows(
            "SELECT actor_kind, actor_name, actor_id, door FROM audit_records ORDER BY number"
        )
        assert [tuple(row) for row in found] == [
            ("OPERATOR_PERSON", "ada@board.example", 7, "PORTAL"),
            ("PERSON", "ada@board.example", 7, "PORTAL"),
        ]


async def record_and_fail(database, act):
    async with database.transaction() as connection:
        await audit.record(connection, act)
        raise ZeroDivisionError


async def test_a_record_commits_with_its_act_is_sealed_and_cannot_be_changed(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        act = Act(
            action=Action.FEED_RUN,
            subject_id="7",
            actor=COMMAND,
            at=START,
            partner_id=None,
            after={"text": "\x1b[2J \0 é", "url": "https://feeds.example/x?token=secret"},
        )
        with pytest.raises(ZeroDivisionError):
            await record_and_fail(scenario.database, act)
        assert await scenario.rows("SELECT FROM audit_records") == []

        async with scenario.database.transaction() as connection:
            await audit.record(connection, act)
        for minutes in range(3):
            await scenario.run_due(START + timedelta(minutes=2 * minutes))
        ((sealed,),) = await scenario.rows("SELECT sum(records) FROM audit_seals")
        assert sealed == 1
        assert await scenario.breaches() == []
        async with scenario.database.connection() as connection:
            head = await integrity.read_head(connection)
        for statement in (
            "UPDATE audit_records SET actor_name = 'nobody'",
            "DELETE FROM audit_records",
            "DELETE FROM audit_seals",
        ):
            with pytest.raises(psycopg.errors.RaiseException):
                await scenario.execute(statement)

        # who goes round the guard breaks the law, and with other seals the head
        await scenario.execute(
            "SET LOCAL session_replication_role = replica", "UPDATE audit_records SET actor_name = 'nobody'"
        )
        (broken,) = await scenario.breaches()
        assert broken.law == "3: every sealed audit record is unchanged since it was sealed"
        await scenario.execute("SET LOCAL session_replication_role = replica", "DELETE FROM audit_seals")
        async with scenario.database.connection() as connection:
            assert await integrity.read_head(connection) != head


def test_a_record_has_what_changed_without_queries_of_addresses_and_of_limited_size() -> None:
    before, after = {"a": 1, "b": 2, "c": "x"}, {"a": 1, "b": 3, "d": "https://h.example/p?token=t"}
    assert write_changes(before, after) == ('{"b":2,"c":"x"}', '{"b":3,"d":"https://h.example/p?..."}')
    _, written = write_changes({}, {"networks": ["10.0.0.0/8"] * 5_000})
    assert len(written) < VALUE_BYTES_MAX * 2
    assert "bytes)" in written
