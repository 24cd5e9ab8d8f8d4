"""Statements, refunds, prices and used credits on the command line, against a sandbox server."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from jobmeter.cli.main import main
from tests.stories.operator.billing import test_commands
from tests.stories.operator.billing.scene import open_invoiced_partner
from tests.support.sandbox_client import SandboxClient
from tests.support.xml_partner import POSTER, XmlPartner

run = test_commands.run


@pytest.mark.long
def test_statements_and_refunds_of_a_partners_customers(
    run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    credentials = run.credentials
    with httpx2.Client(base_url=credentials["base_url"], timeout=60) as client:
        sandbox = SandboxClient(client, credentials)
        partner = open_invoiced_partner(sandbox)
        partner.use_credits("a", "b")
        month = f"{sandbox.now:%Y-%m}"
        (invoice,) = partner.end_month()
    number = credentials["parent"]["urn"].rsplit(":", 1)[-1]

    listed = run("statement", "list", number, "--month", month)
    (customer,) = listed
    assert (customer["customer"], customer["postings"], customer["amount"]) == (POSTER, 2, "200.00")
    wanted = (number, "--month", month, "--customer", POSTER)
    shown = run("statement", "show", *wanted, "--prices")
    assert (shown["customer"], shown["net"], len(shown["lines"])) == (POSTER, "200.00", 2)
    assert "net" not in run("statement", "show", *wanted)

    # a refund is recorded once, and is on the statement of its month
    line = f"{invoice['number']}/1"
    recorded = run("refund", "record", number, line, "--amount", "30.00", "--reference", "R-17")
    again = run("refund", "record", number, line, "--amount", "30.00", "--reference", "R-17")
    assert again == recorded | {"wasRepeated": True}
    assert run("refund", "list", number) == [
        {name: recorded[name] for name in recorded if name != "wasRepeated"}
    ]
    assert "R-17" in run("refund", "record", number, line, "--amount", "31.00", "--reference", "R-17")

    for file_format, begin in (("pdf", b"%PDF-"), ("csv", b""), ("xlsx", b"PK"), ("json", b"{")):
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    "billing",
                    "statement",
                    "download",
                    *wanted,
                    "--format",
                    file_format,
                    "--markup-percent",
                    "15",
                ]
            )
        assert not ended.value.code
        assert f"statement-{month}.{file_format}" in capsys.readouterr().out
        assert (tmp_path / f"statement-{month}.{file_format}").read_bytes().startswith(begin)
    assert "115.00" in (tmp_path / f"statement-{month}.csv").read_text()

    # what is not there is refused in words
    for words in (
        ("statement", "show", number, "--month", month, "--customer", "nobody@x.example"),
        ("statement", "list", "1", "--month", month),
        ("statement", "list", number, "--month", "2026-13"),
        ("refund", "list", "1"),
        ("refund", "record", number, "INV-1", "--amount", "1.00", "--reference", "x"),
        ("statement", "download", *wanted, "-o", str(tmp_path / "missing" / "file.pdf")),
    ):
        assert isinstance(run(*words), str), words


@pytest.mark.long
def test_the_price_list_of_a_contract_and_what_was_used_of_it(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with httpx2.Client(base_url=run.credentials["base_url"], timeout=60) as client:
        sandbox = SandboxClient(client, run.credentials)
        open_invoiced_partner(sandbox).use_credits("a", "b")
        month, contract = f"{sandbox.now:%Y-%m}", XmlPartner(sandbox).credits

    def hire(*words: object) -> Any:
        with pytest.raises(SystemExit) as ended:
            main(["hiring-contracts", *map(str, words), "--json"])
        printed = capsys.readouterr()
        return json.loads(printed.out) if not ended.value.code else printed.err

    assert contract in [one["id"] for one in hire("list")]
    used = hire("uses", contract, "--month", month)
    assert [(one["externalJobPostingId"], one["price"]) for one in used] == [("a", "100.00"), ("b", "100.00")]
    assert hire("uses", contract, "--month", "2020-01") == []
    assert "used or paid for since" in hire(
        "set-price", contract, "110.00", "--valid-from", "2021-01-01T00:00:00Z"
    )
    hire("set-price", contract, "110.00", "--valid-from", "2090-01-01T00:00:00Z")
    prices = hire("prices", contract)
    assert [(one["price"], one["isInForce"]) for one in prices] == [("100.00", True), ("110.00", False)]
