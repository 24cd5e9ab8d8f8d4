"""An operator sets up billing on the command line, against a sandbox server."""

import json
from datetime import timedelta

import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.cli.main import main
from tests.support.server_process import start_sandbox_server

ADDRESS = ("--address-line", "Kade 1", "--city", "Rotterdam", "--country", "nl")


@pytest.fixture
def run(database_url, tmp_path, capsys, monkeypatch):
    """Runs ``jobmeter billing ... --json`` and returns what it printed."""
    with start_sandbox_server(database_url, tmp_path) as credentials:
        monkeypatch.setenv("JOBMETER_BASE_URL", credentials["base_url"])
        monkeypatch.setenv("JOBMETER_OPERATOR_KEY", credentials["operator_key"])

        def call(*words):
            with pytest.raises(SystemExit) as ended:
                main(["billing", *map(str, words), "--json"])
            printed = capsys.readouterr()
            return json.loads(printed.out) if not ended.value.code else printed.err

        call.credentials = credentials
        yield call


def test_an_account_is_set_up_on_the_command_line(run):
    partner = run.credentials["parent"]["urn"].rsplit(":", 1)[-1]
    contract = run.credentials["partner_contract_id"]

    # the seller, first without an address
    assert "addressLines" in run("seller", "update", "--legal-name", "Board B.V.")
    run("seller", "update", "--legal-name", "Board B.V.", *ADDRESS, "--iban", "NL91 ABNA 0417 1643 00")
    run("seller", "update", "--city", "Delft", "--valid-from", "2099-01-01")
    shown = run("seller", "show")
    assert (shown["city"], shown["iban"]) == ("Rotterdam", "NL91ABNA0417164300")
    assert [one["city"] for one in shown["versions"]] == ["Rotterdam", "Delft"]
    assert [one["iban"] for one in shown["versions"]] == ["NL91ABNA0417164300"] * 2

    # the account, whose profile changes by what is given
    party = ("--legal-name", "Partner B.V.", *ADDRESS, "--email", "a@b.example", "--terms-days", 14)
    made = run(
        "account", "create", "--partner", partner, "--currency", "USD", "--first-month", "2060-10", *party
    )
    number = made["id"]
    assert "account" in run("account", "create", "--partner", partner, "--currency", "USD", *party)
    changed = run(
        "account",
        "update",
        number,
        "--issues",
        "HELD",
        "--email",
        "c@d.example",
        "--vat-number",
        "004495445B01",
    )
    assert (changed["issues"], changed["firstMonth"]) == ("HELD", "2060-10")
    expected = {
        "emails": ["c@d.example"],
        "termsDays": 14,
        "vatNumber": "NL004495445B01",
        "city": "Rotterdam",
    }
    assert expected.items() <= changed["profile"].items()
    assert "nothing" in run("account", "update", number)
    run("account", "tax", number, "--category", "S", "--percent", "21")
    run("account", "agree", number, contract)

    # and all of it is shown
    shown = run("account", "show", number)
    assert shown["taxRate"]["ratePercent"] == "21"
    assert [one["contract"] for one in shown["agreements"]] == [contract]
    assert "billing account 7" in run("account", "show", 7)

    assert number in [one["id"] for one in run("account", "list", "--partner", partner)]

    # and what it used
    used = run("usage", number)
    assert [one["contract"] for one in used["contracts"]] == [contract]
    assert run("usage", number, "--month", used["month"])["totals"] == used["totals"]
    assert "month" in run("usage", number, "--month", "2020-01")


def test_a_month_is_billed_and_read_on_the_command_line(run, capsys):
    partner = run.credentials["parent"]["urn"].rsplit(":", 1)[-1]
    now = read_machine_clock()
    month = f"{now.replace(day=1) - timedelta(days=40):%Y-%m}"
    party = ("--legal-name", "Partner B.V.", *ADDRESS)
    made = run(
        "account", "create", "--partner", partner, "--currency", "USD", "--first-month", month, "--issues",
        "HELD", "--zero-month", "STATEMENT", *party,
    )  # fmt: skip
    number = made["id"]

    # without a seller and a tax rate nothing is billed, and the command says so
    with pytest.raises(SystemExit) as ended:
        main(["billing", "run", "--month", month])
    assert ended.value.code == 1
    assert f"account {number} is held for {month}: no seller is in force" in capsys.readouterr().out

    run("seller", "update", "--legal-name", "Board B.V.", *ADDRESS)
    run("account", "tax", number, "--category", "S", "--percent", "21")
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(["billing", "run", "--month", month, "--account", str(number)])
        assert not ended.value.code
        printed = capsys.readouterr().out
        assert "1 of 1 accounts are billed" in printed
    assert f"{month}: nothing to bill" in printed  # the second time, whatever the worker did before

    (draft,) = run("list", "--month", month, "--account", number)
    assert (draft["state"], draft["kind"]) == ("DRAFT", "STATEMENT")
    assert run("show", draft["id"], "--lines")["lines"] == []
    assert "line" in run("open", draft["id"], 1)
    assert "final" in run("run", "--month", f"{now:%Y-%m}")
