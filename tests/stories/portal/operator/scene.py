"""Owns what the tests of the operator's pages do: the browser of an operator, and pressing the buttons of a page.

Does not own any expectation.
"""

import re
from html import unescape

from jobmeter.people.model import Role
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import bearer

OPERATOR = "ada@board.example"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def open_as(sandbox_client, database_url, role=Role.OPERATOR, email=OPERATOR):
    grant = list_grants(sandbox_client.credentials)[role]
    return open_browser(sandbox_client, log_in(database_url, grant, email=email))


def press(browser, page, action, **fields):
    """Sends the form with this action as it is on a page, with what a person enters."""
    assert f'action="{action}"' in page.text, f"the page has no form for {action}"
    form = page.text.partition(f'action="{action}"')[2].partition("</form>")[0]
    fields = {name: unescape(value) for name, value in HIDDEN.findall(form)} | fields
    return browser.post(action, fields, token=fields.pop("token"))


def list_acts(sandbox_client, **query):
    """The audit log, the newest first."""
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.get("/operator/audit", params=query, headers=headers).json()["elements"]


def number_of(sandbox_client, who):
    """The number of an application of the sandbox."""
    return int(sandbox_client.credentials[who]["urn"].rsplit(":", 1)[-1])
