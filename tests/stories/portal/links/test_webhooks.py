"""Webhooks on pages: registered, tested, what was sent and answered, replays that ask first, secrets that are shown once."""

import re
from html import unescape

import psycopg
import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.links.scene import HEADING, open_scene, read_file, wait_for_text
from tests.support.sandbox_client import bearer
from tests.support.webhook_receiver import open_receiver

WEBHOOKS = "/portal/partner/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")
CHECKBOX = re.compile(r'name="(delivery-[0-9a-f-]{36})"')
MANAGER = f"{Role.PARTNER_MANAGER}@hafenkontor.example".lower()


@pytest.fixture(scope="module")
def scene(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield from open_scene(next(made))
    made.close()


@pytest.fixture
def receiver():
    with open_receiver() as opened:
        yield opened


def register(scene, receiver, *kinds):
    """Registers a webhook on the page; returns its address there, and its secret."""
    form = {"url": receiver.url} | {f"kind-{kind}": "on" for kind in kinds or ("CHARGES",)}
    answer = scene.manager.post(f"{WEBHOOKS}/new", form)
    assert answer.status_code == 200, answer.text
    (secret,) = set(SECRET.findall(unescape(answer.text)))
    return re.search(rf'href="({WEBHOOKS}/\d+)"', answer.text)[1], secret


def change(scene, statement, webhook):
    with psycopg.connect(scene.database_url) as connection:
        connection.execute(statement, {"id": int(webhook.rsplit("/", 1)[-1])})


def test_a_manager_registers_changes_and_removes_a_webhook(scene, receiver):
    wrong = scene.manager.post(f"{WEBHOOKS}/new", {"url": "ftp://<b>", "email": "x"})
    assert wrong.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', wrong.text) == ["url", "email", "kinds"]
    assert 'value="ftp://&lt;b&gt;"' in wrong.text
    alone = {"email": "a@b.example", "kind-CHARGES": "on"}
    assert "By e-mail alone" in scene.manager.post(f"{WEBHOOKS}/new", alone).text
    nowhere = scene.manager.post(f"{WEBHOOKS}/new", {"kind-CHARGES": "on"})
    assert "Enter an address, an e-mail address, or both" in nowhere.text

    webhook, secret = register(scene, receiver)
    for page in (WEBHOOKS, webhook, f"{webhook}/edit"):
        shown = scene.reader.get(page) if page != f"{webhook}/edit" else scene.manager.get(page)
        assert receiver.url in shown.text
        assert secret not in shown.text
    assert f"…{secret[-4:]}</span> · made " in scene.reader.get(webhook).text
    changed = scene.manager.post(
        f"{webhook}/edit", {"url": f"{receiver.url}/new", "email": "a@b.example", "kind-BUDGET_ALERT": "on"}
    )
    assert changed.headers["location"] == f"{webhook}?done=webhook-changed"
    assert "BUDGET_ALERT" in scene.reader.get(webhook).text
    assert "cannot be undone" in scene.manager.get(f"{webhook}/remove").text
    assert scene.manager.post(f"{webhook}/remove").headers["location"] == f"{WEBHOOKS}?done=webhook-removed"
    assert scene.reader.get(webhook).status_code == 404
    acts = scene.list_acts("webhook")
    assert acts[-3:] == [(f"webhook.{act}", "PERSON", MANAGER) for act in ("register", "change", "remove")]


def test_what_was_sent_and_answered_is_shown_and_a_replay_of_a_delivered_one_asks_first(scene, receiver):
    receiver.text = b"thank <you>"
    webhook, _ = register(scene, receiver)
    assert "Nothing was sent in these days." in scene.reader.get(webhook).text
    assert scene.manager.post(f"{webhook}/test").headers["location"] == f"{webhook}?done=webhook-tested"
    page = wait_for_text(scene.manager, webhook, "Everything of these days was delivered.")
    assert "200 after" in page
    (choice,) = CHECKBOX.findall(page)
    assert CHECKBOX.findall(scene.reader.get(webhook).text) == []
    delivery = scene.reader.get(f"{webhook}/deliveries/{choice.removeprefix('delivery-')}").text
    assert HEADING.search(delivery)[1] == '<span class="code">TEST</span>'
    assert "thank &lt;you&gt;" in delivery
    assert "&#34;type&#34;: &#34;TEST&#34;" in delivery

    asked = scene.manager.post(f"{webhook}/replay", {choice: "on"})
    assert asked.headers["location"] == f"{webhook}/replay?{choice.replace('-', '=', 1)}"
    assert "1 of them was delivered already." in scene.manager.get(asked.headers["location"]).text
    assert len(receiver.requests) == 1
    confirmed = scene.manager.post(f"{webhook}/replay", {choice: "on", "confirmed": "yes"})
    assert confirmed.headers["location"] == f"{webhook}?done=replayed"
    wait_for_text(scene.manager, webhook, "Everything of these days was delivered.")
    first, second = receiver.requests
    assert first[0]["webhook-id"] == second[0]["webhook-id"] == choice.removeprefix("delivery-")

    none = scene.manager.post(f"{webhook}/replay")
    assert (none.status_code, "Choose deliveries" in none.text) == (422, True)
    stale = scene.manager.get(f"{webhook}/replay?delivery=x,{webhook}")
    assert stale.headers["location"] == webhook


def test_deliveries_are_found_by_state_kind_and_days_and_what_was_given_up_is_replayed(scene, receiver):
    webhook, _ = register(scene, receiver)
    for _ in range(3):
        scene.manager.post(f"{webhook}/test")
    wait_for_text(scene.manager, webhook, "Delivered 3</a>")
    change(
        scene,
        "UPDATE notices SET state = 'DEAD', last_outcome = 'ConnectError', answer_status = NULL"
        " WHERE number IN (SELECT number FROM notices WHERE endpoint_id = %(id)s ORDER BY number LIMIT 2)",
        webhook,
    )
    page = scene.manager.get(f"{webhook}?state=DEAD&kind=TEST").text
    assert "2 deliveries were given up" in page
    assert (len(CHECKBOX.findall(page)), page.count("ConnectError")) == (2, 2)
    assert "Delivered 1</a>" in page
    assert "No delivery in these days" in scene.manager.get(f"{webhook}?kind=CHARGES").text
    assert "No delivery in these days" in scene.manager.get(f"{webhook}?from=2020-01-01&to=2020-01-02").text
    assert len(CHECKBOX.findall(scene.manager.get(f"{webhook}?state=x&kind=x&after=x").text)) == 3
    wrong = scene.manager.get(f"{webhook}?from=yesterday")
    assert (wrong.status_code, 'href="#from"' in wrong.text) == (422, True)
    assert "Deliveries given up" in scene.reader.get(WEBHOOKS).text

    dead = dict.fromkeys(CHECKBOX.findall(page)[:1], "on")
    assert scene.manager.post(f"{webhook}/replay", dead).headers["location"] == f"{webhook}?done=replayed"
    assert "Replay 1 given up" in wait_for_text(scene.manager, webhook, "Delivered 2</a>")
    scene.manager.post(f"{webhook}/replay", {"all": "dead"})
    wait_for_text(scene.manager, webhook, "Delivered 3</a>")

    rows = read_file(scene.reader, f"{webhook}/deliveries.csv?kind=TEST")
    assert [(row["state"], row["answerStatus"]) for row in rows] == [("DELIVERED", "200")] * 3
    assert read_file(scene.reader, f"{webhook}/deliveries.csv?state=DEAD") == []
    assert scene.reader.get(f"{webhook}/deliveries.csv?from=x").status_code == 400
    token = bearer(scene.sandbox.token("parent"))
    api = f"/partner/webhooks/{webhook.rsplit('/', 1)[-1]}"
    counted = scene.sandbox.client.get(api, headers=token).json()
    assert counted["deliveries"] == [{"state": "DELIVERED", "kind": "TEST", "deliveries": 3}]
    listed = scene.sandbox.client.get(f"{api}/deliveries?kind=CHARGES", headers=token).json()
    assert listed["elements"] == []
    assert scene.sandbox.client.get(f"{api}/deliveries?kind=x", headers=token).status_code == 400


def test_a_disabled_webhook_says_so_and_is_enabled_by_saving_it(scene, receiver):
    receiver.statuses = [410]
    webhook, _ = register(scene, receiver)
    scene.manager.post(f"{webhook}/test")
    page = wait_for_text(scene.manager, webhook, "Disabled since")
    assert (CHECKBOX.findall(page), f'action="{webhook}/test"' in page) == ([], False)
    for form in ({"all": "dead"}, {}):
        refused = scene.manager.post(f"{webhook}/replay", form)
        assert (refused.status_code, "Save its address again" in refused.text) == (422, True)
    assert scene.manager.post(f"{webhook}/test").status_code == 422
    receiver.statuses = [503]
    scene.manager.post(f"{webhook}/edit", {"url": receiver.url, "kind-CHARGES": "on"})
    scene.manager.post(f"{webhook}/test")
    assert "again" in wait_for_text(scene.manager, webhook, "It does not accept what is sent.")
    assert "Does not accept" in scene.reader.get(WEBHOOKS).text


def test_a_further_secret_is_shown_once_and_the_older_one_is_retired(scene, receiver):
    webhook, old = register(scene, receiver)
    assert scene.manager.get(f"{webhook}/retire").headers["location"] == webhook
    made = scene.manager.post(f"{webhook}/secrets")
    (new,) = set(SECRET.findall(unescape(made.text)))
    page = scene.manager.get(webhook).text
    assert f"…{old[-4:]}" in page
    assert f"…{new[-4:]}" in page
    assert new not in page
    third = scene.manager.post(f"{webhook}/secrets")
    assert (third.status_code, "retire the older one first" in third.text) == (422, True)
    assert f"…{old[-4:]}" in scene.manager.get(f"{webhook}/retire").text
    for _ in range(2):
        assert scene.manager.post(f"{webhook}/retire").headers["location"] == f"{webhook}?done=secret-retired"
    page = scene.manager.get(webhook).text
    assert (f"…{old[-4:]}" in page, f"…{new[-4:]}" in page) == (False, True)
    assert [act for act, *_ in scene.list_acts("webhook")][-2:] == [
        "webhook.addSecret",
        "webhook.retireSecret",
    ]
    change(scene, "UPDATE notice_secrets SET created_at = NULL WHERE endpoint_id = %(id)s", webhook)
    assert "made before ages were kept" in scene.manager.get(webhook).text


def test_a_partner_without_webhooks_reads_what_they_can_be_notified_of(scene):
    assert "A webhook can be notified of:" in scene.stranger.get(WEBHOOKS).text


def test_a_reader_changes_nothing(scene, receiver):
    webhook, _ = register(scene, receiver)
    page = scene.reader.get(webhook).text
    assert f'action="{webhook}' not in page
    assert f"{webhook}/edit" not in page
    assert f"{WEBHOOKS}/new" not in scene.reader.get(WEBHOOKS).text
    for path in ("test", "replay", "secrets", "retire", "edit", "remove"):
        assert scene.reader.post(f"{webhook}/{path}").status_code == 403
    for path in ("edit", "remove", "retire", "replay"):
        assert scene.reader.get(f"{webhook}/{path}").status_code == 403
