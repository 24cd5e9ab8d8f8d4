"""Owns a sandbox for all tests of a module, and a partner's people who are logged in to it. Does not own any expectation."""

import csv
import io
import re
import time
from dataclasses import dataclass

from jobmeter.people.model import Role
from tests.stories.portal.sessions import Browser, list_grants, log_in, open_browser
from tests.support.sandbox_client import SandboxClient, add_partner, bearer, open_sandbox_client

PATIENCE_SECONDS = 20
HEADING = re.compile(r"<h1[^>]*>\s*(.*?)\s*</h1>", re.DOTALL)


@dataclass(frozen=True)
class Scene:
    sandbox: SandboxClient
    manager: Browser
    reader: Browser
    stranger: Browser  # a manager of another partner
    database_url: str

    def number_of(self, who: str) -> int:
        return int(self.sandbox.credentials[who]["urn"].rsplit(":", 1)[-1])

    def list_acts(self, kind: str, subject: str = "") -> list[tuple[str, str, str]]:
        """Who did what to subjects of this kind, or to one of them, by the partner's audit log, the oldest first."""
        answer = self.sandbox.client.get(
            f"/partner/audit?action={kind}&subject={subject}", headers=bearer(self.sandbox.token("parent"))
        )
        found = [(one["action"], one["who"]["kind"], one["who"]["name"]) for one in answer.json()["elements"]]
        return found[::-1]


def open_scene(database_url: str):
    with open_sandbox_client(database_url) as sandbox:
        grants = list_grants(sandbox.credentials)
        people = {
            role: open_browser(
                sandbox, log_in(database_url, grants[role], email=f"{role}@hafenkontor.example")
            )
            for role in (Role.PARTNER_MANAGER, Role.PARTNER_READER)
        }
        other = list_grants(add_partner(sandbox, database_url).credentials)[Role.PARTNER_MANAGER]
        stranger = open_browser(sandbox, log_in(database_url, other, email="stranger@elsewhere.example"))
        yield Scene(sandbox, *people.values(), stranger, database_url)


def wait_for_text(browser: Browser, path: str, text: str) -> str:
    """Returns the page once it contains the text."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while text not in (page := browser.get(path).text):
        assert time.monotonic() < give_up_at, f"{path} does not say {text!r}: {page}"
        time.sleep(0.05)
    return page


def read_file(browser: Browser, path: str) -> list[dict[str, str]]:
    """Returns the rows of a CSV file."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))
