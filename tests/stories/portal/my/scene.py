"""Owns jobs of each kind for the tests of members' pages, posted over HTTP, and what a person does with them in a browser.

Does not own any expectation.
"""

import re

from tests.stories.portal.sessions import log_in, open_browser
from tests.support.xml_partner import POSTER, XmlPartner

TEXT = (
    "You weld what is separate, on the quay and in the yard, by day and now and then by night as well. " * 2
)


def post_jobs(sandbox_client):
    """A job paid per click, one on a reseller's credit, and one on a client's slot; returns their ids by name."""
    partner = XmlPartner(sandbox_client)
    clicks = sandbox_client.post_job("clicks", posterEmail=POSTER, description=TEXT)
    for name, contract_id in (("credit", partner.credits), ("slot", partner.slots)):
        poster = POSTER if name == "credit" else ""
        assert partner.post(name, contract_id, poster=poster).status_code == 201
    others = {name: int(partner.get(name, ":(id)").findtext("id")) for name in ("credit", "slot")}
    return {"clicks": clicks} | others


def open_as(sandbox_client, database_url, *grants, email=POSTER):
    return open_browser(sandbox_client, log_in(database_url, *grants, email=email))


def read_form(page):
    """The hidden fields of a page's form."""
    return dict(re.findall(r'name="(token|once|seen)" value="([^"]*)"', page.text))


def send(browser, path, **fields):
    """Opens the page of a form, and sends the form."""
    page = browser.get(path)
    assert page.status_code == 200, page.text
    hidden = read_form(page)
    return browser.post(path, hidden | fields, token=hidden["token"])
