"""Each key of the settings is replaced while it is used, by restarts that list both: docs/how-to/replace-keys.md."""

import asyncio
import getpass
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jobmeter.cli.main import main
from jobmeter.database.pool import upgrade_database
from jobmeter.database.sealing import Resealing, reseal, seal, unseal
from tests.deployment.serving import serve
from tests.stories.partner.test_webhooks import call, register, signatures
from tests.support.sandbox_client import bearer, open_sandbox_client, reopen_sandbox_client
from tests.support.webhook_receiver import open_receiver
from tests.support.xml_partner import sign

OLD, NEW = "o" * 32, "n" * 32
BOTH = f"{NEW},{OLD}"


@pytest.fixture
def receiver():
    with open_receiver() as opened:
        yield opened


def read_apply_path(server, job_id):
    shown = server.client.get(
        f"/operator/jobs/{job_id}/links", headers=bearer(server.credentials["operator_key"])
    )
    return urlsplit(shown.json()["apply"]).path


def follow(server, path):
    return server.client.get(path, follow_redirects=False).status_code


def call_signed(server):
    """Sends a request of the XML API that is signed with the partner's secret."""
    url = "http://board.example/v1/jobs/partner-job-id=none"
    header = sign(server.credentials["parent"], "GET", url)
    return server.client.get(urlsplit(url).path, headers={"Authorization": header}).status_code


def run_reseal(capsys, monkeypatch, database_url, key):
    monkeypatch.setenv("JOBMETER_SECRET_KEY", key)
    with pytest.raises(SystemExit) as ended:
        main(["db", "reseal", "--database-url", database_url, "--json"])
    printed = capsys.readouterr()
    return ended.value.code or 0, json.loads(printed.out or "{}"), printed.err


def test_the_secret_key_is_replaced_and_the_old_one_given_up(database_url, receiver, capsys, monkeypatch):
    with open_sandbox_client(database_url) as server:
        credentials, both = server.credentials, f"{NEW},{server.credentials['secret_key']}"
        job_id = server.post_job("clicked")
        old_link, webhook = read_apply_path(server, job_id), register(server, receiver.url)
    # first all servers list both
    with reopen_sandbox_client(database_url, credentials | {"secret_key": both}) as server:
        new_link = read_apply_path(server, job_id)
        assert new_link != old_link
        assert [follow(server, one) for one in (old_link, new_link)] == [302, 302]
        assert call_signed(server) == 404
    # then the secrets are sealed with the new one, as often as one likes
    code, counts, _ = run_reseal(capsys, monkeypatch, database_url, both)
    assert (code, counts["unreadable"], counts["current"]) == (0, 0, 0)
    assert counts["sealedAgain"] > 1
    assert run_reseal(capsys, monkeypatch, database_url, both)[1] == counts | {
        "current": counts["sealedAgain"],
        "sealedAgain": 0,
    }
    # and the old one is given up
    with reopen_sandbox_client(database_url, credentials | {"secret_key": NEW}) as server:
        assert call_signed(server) == 404
        assert call(server, "POST", f"/{webhook['id']}/tests").status_code == 202
        while not receiver.requests:
            server.advance("1s")
        assert [follow(server, one) for one in (old_link, new_link)] == [404, 302]
    headers, _ = receiver.requests[0]
    assert headers["webhook-signature"].split(" ") == signatures(receiver.requests[0], webhook["secret"])


def test_a_secret_whose_key_is_gone_is_counted_and_kept(database_url, capsys, monkeypatch):
    with open_sandbox_client(database_url) as server:
        both = f"{NEW},{server.credentials['secret_key']}"
    code, counts, said = run_reseal(capsys, monkeypatch, database_url, NEW)
    assert (code, counts["sealedAgain"], counts["current"]) == (1, 0, 0)
    assert (
        f"{counts['unreadable']} secrets are sealed with a key that JOBMETER_SECRET_KEY does not list" in said
    )
    assert run_reseal(capsys, monkeypatch, database_url, both)[1]["sealedAgain"] == counts["unreadable"]
    with psycopg.connect(database_url) as connection:
        records = connection.execute(
            "SELECT actor_kind, values_after FROM audit_records WHERE action = 'secrets.sealAgain' ORDER BY number"
        ).fetchall()
    assert [(kind, after["unreadable"]) for kind, after in records] == [
        ("COMMAND", counts["unreadable"]),
        ("COMMAND", 0),
    ]


def test_nothing_is_sealed_without_a_key(database_url, capsys, monkeypatch):
    code, _, said = run_reseal(capsys, monkeypatch, database_url, " , ")
    assert code == 1
    assert "JOBMETER_SECRET_KEY is not set" in said


@pytest.mark.parametrize("name", ["events_key", "operator_key"])
def test_a_key_of_programs_is_replaced(database_url, name):
    path = {"events_key": "/delivery/changes?after=0", "operator_key": "/operator/partners"}[name]
    with open_sandbox_client(database_url) as server:
        credentials = server.credentials
    for listed, accepted in ((OLD, {OLD}), (BOTH, {OLD, NEW}), (NEW, {NEW})):
        with reopen_sandbox_client(database_url, credentials | {name: listed}) as server:
            answers = {key: server.client.get(path, headers=bearer(key)).status_code for key in (OLD, NEW)}
        assert answers == {key: 200 if key in accepted else 401 for key in (OLD, NEW)}


def test_a_secret_is_sealed_again_for_its_owner_only():
    sealed = seal("secret", setting=OLD, owner="a")
    again = reseal(sealed, setting=BOTH, owner="a")
    assert again is not None
    assert unseal(again, setting=NEW, owner="a") == "secret"
    assert reseal(again, setting=BOTH, owner="a") is again
    assert reseal(sealed, setting=NEW, owner="a") is None
    assert reseal(sealed, setting=BOTH, owner="b") is None


def test_counts_of_sealing_are_added():
    one = Resealing(sealed_again=1, current=2, unreadable=3)
    assert one + Resealing(unreadable=1) == Resealing(sealed_again=1, current=2, unreadable=4)


@pytest.fixture
def roles(cluster_url, empty_database_url):
    """Two roles that log in and act as a third one, which owns the database."""
    name = conninfo_to_dict(empty_database_url)["dbname"]
    owner, *turns = (f"{name}_{part}" for part in ("owner", "a", "b"))
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        ((identities,),) = connection.execute("SHOW ident_file").fetchall()
        with Path(identities).open("a") as file:  # the server of the tests lets in its own role alone
            file.writelines(f'jobmeter "{getpass.getuser()}" {role}\n' for role in turns)
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE ROLE {owner}")
        connection.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
        for role in turns:
            connection.execute(f"CREATE ROLE {role} LOGIN IN ROLE {owner}")
            connection.execute(f"ALTER ROLE {role} IN DATABASE {name} SET role = {owner}")
    return owner, turns


def test_two_roles_of_the_database_take_turns(empty_database_url, roles, tmp_path):
    owner, turns = roles
    give_up_at = time.monotonic() + 30
    while not is_let_in(empty_database_url, turns[1]):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    urls = [empty_database_url.replace("//postgres:@", f"//{role}:@") for role in turns]
    assert len(asyncio.run(upgrade_database(urls[0]))) > 0
    assert asyncio.run(upgrade_database(urls[1])) == []
    for url in urls:
        with serve(url, tmp_path) as (_, client):
            assert client.get("/readyz").status_code == 200
    with psycopg.connect(urls[1]) as connection:
        found = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchall() == [(owner,)]


def is_let_in(database_url, role):
    try:
        with psycopg.connect(database_url.replace("//postgres:@", f"//{role}:@")):
            return True
    except psycopg.OperationalError:
        return False
