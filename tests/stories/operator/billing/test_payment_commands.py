"""Payments are recorded, taken back and listed on the command line, against a sandbox server."""

from typing import Any

import httpx2
import pytest

from tests.stories.operator.billing import test_commands
from tests.stories.operator.billing.scene import open_invoiced_partner
from tests.support.sandbox_client import SandboxClient

run = test_commands.run


@pytest.mark.long
def test_payments_are_recorded_on_the_command_line(run: Any) -> None:
    """Against a server, with what each command prints."""
    credentials = run.credentials
    with httpx2.Client(base_url=credentials["base_url"], timeout=60) as client:
        partner = open_invoiced_partner(SandboxClient(client, credentials))
        partner.use_credits("a")
        (invoice,) = partner.end_month()
    paid = run("pay", invoice["id"], "--amount", "40.00", "--reference", "bank 1", "--note", "half")
    assert (paid["pays"][0]["number"], paid["note"], paid["wasRepeated"]) == (
        invoice["number"],
        "half",
        False,
    )
    more = run("receive", partner.account_id, "--amount", "70.00", "--reference", "bank 2")
    assert (more["pays"][0]["amount"], more["credit"]) == ("60.00", "10.00")
    back = run("reverse", more["id"], "--amount", "30.00", "--reference", "back 1")
    assert (back["kind"], back["reverses"]) == ("REVERSAL", more["id"])
    listed = run("payments", partner.account_id)
    assert [one["reference"] for one in listed] == ["bank 1", "bank 2", "back 1"]
    (age,) = run("ages")
    assert (age["open"], age["credit"], age["account"]) == ("20.00", "0.00", partner.account_id)
    # what the server refuses is printed, and records nothing
    for words in (
        ("pay", invoice["id"], "--amount", "0.00", "--reference", "x"),
        ("receive", partner.account_id, "--amount", "70.01", "--reference", "bank 2"),
        ("reverse", more["id"], "--amount", "40.01", "--reference", "back 2"),
        ("reverse", 1, "--reference", "back 3"),
    ):
        assert isinstance(run(*words), str), words
    assert run("payments", partner.account_id) == listed
