"""A new partner reads on its overview what comes first, with what is done ticked from its data."""

import re

from jobmeter.people.model import Grant, Role
from tests.stories.portal.sessions import log_in, open_browser
from tests.support.sandbox_client import add_partner, bearer

STEP = re.compile(r'<li(?: class="(done)")?><h3>([^<]*)')


def open_as(sandbox_client, database_url, partner_id):
    grant = Grant(role=Role.PARTNER_READER, partner_id=partner_id)
    email = f"{partner_id}@partner.example"
    return open_browser(sandbox_client, log_in(database_url, grant, email=email))


def list_open(browser):
    """The steps that are not done; none if the overview shows no steps."""
    page = browser.get("/portal/partner")
    assert page.status_code == 200
    return [text for done, text in STEP.findall(page.text) if not done]


def test_what_is_done_is_ticked_until_a_day_has_passed(sandbox_client, database_url):
    post, job, day = "Make a customer's application", "Post a job", "Let a day pass"
    key = bearer(sandbox_client.credentials["operator_key"])
    made = sandbox_client.client.post("/operator/partners", json={"name": "New"}, headers=key).json()
    fresh = open_as(sandbox_client, database_url, made["id"])
    assert [text.replace("&#39;", "'") for text in list_open(fresh)] == [post, job, day]

    other = add_partner(sandbox_client, database_url)  # with a customer
    browser = open_as(other, database_url, int(other.credentials["parent"]["urn"].rsplit(":", 1)[-1]))
    assert list_open(browser) == [job, day]
    other.post_job("first")
    other.advance("2m")
    assert list_open(browser) == [day]
    other.advance_to_midnight()
    assert list_open(browser) == []
