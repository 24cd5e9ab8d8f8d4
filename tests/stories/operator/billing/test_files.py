"""Files over HTTP and on the command line: downloaded by operator and partner, with the hash as tag, checked, mailed."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import facturx
import psycopg
import pytest

from jobmeter.cli.main import main
from tests.stories.operator.billing.conftest import BUYER, SELLER
from tests.support.sandbox_client import SandboxClient, add_partner, bearer, open_sandbox_client
from tests.support.server_process import start_sandbox_server

MEDIA = {
    "pdf": "application/pdf",
    "xml": "application/xml",
    "ubl": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def call_operator(sandbox_client: SandboxClient, method: str, path: str, body: object = None) -> Any:
    headers = bearer(sandbox_client.credentials["operator_key"])
    content = {} if body is None else {"json": body}
    return sandbox_client.client.request(method, f"/operator/{path}", headers=headers, **content)


def issue_invoice(sandbox_client: SandboxClient, **changed: Any) -> dict[str, Any]:
    """The invoice of a month in which a job received three clicks."""

    def call(method: str, path: str, body: object) -> Any:
        answer = call_operator(sandbox_client, method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    contract = sandbox_client.credentials["partner_contract_id"]
    call("PUT", "billing/seller", SELLER)
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER | changed}
    account = call("POST", "billing/accounts", draft)["id"]
    call("POST", f"billing/accounts/{account}/taxRates", {"category": "S", "ratePercent": "21"})
    call("PUT", f"billing/accounts/{account}/agreements/{contract}", {})
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 3)
    later = sandbox_client.now.replace(day=1) + timedelta(days=32)
    sandbox_client.set_clock(datetime(later.year, later.month, 3, 0, 0, 1, tzinfo=UTC))
    (found,) = call_operator(sandbox_client, "GET", f"invoices?account={account}").json()["elements"]
    return dict(found)


@pytest.mark.long
def test_operator_and_partner_download_the_same_files(
    sandbox_client: SandboxClient, database_url: str, operate: Callable[..., Any]
) -> None:
    invoice = issue_invoice(sandbox_client)
    root = f"/partner/invoices/{invoice['id']}/files"
    parent = sandbox_client.headers("parent")
    number = invoice["number"]

    for file_format, media in MEDIA.items():
        # each is named after the document, and its tag is its hash
        answer = operate("GET", f"invoices/{invoice['id']}/files/{file_format}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), answer.text
        tag = f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert answer.headers["etag"] == tag
        assert int(answer.headers["content-length"]) == len(answer.content)
        extension = "ubl.xml" if file_format == "ubl" else file_format
        assert answer.headers["content-disposition"] == f'attachment; filename="{number}.{extension}"'
        # the partner receives the same bytes, or none if it has them
        same = sandbox_client.client.get(f"{root}/{file_format}", headers=parent)
        assert (same.status_code, same.content) == (200, answer.content)
        known = sandbox_client.client.get(f"{root}/{file_format}", headers=parent | {"If-None-Match": tag})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)

    # the PDF has the electronic invoice inside, and the table says what the invoice says
    pdf, xml, table = (
        operate("GET", f"invoices/{invoice['id']}/files/{one}").content for one in ("pdf", "xml", "csv")
    )
    assert facturx.get_xml_from_pdf(pdf) == ("factur-x.xml", xml)
    (row,) = csv.DictReader(io.StringIO(table.decode()))
    assert (row["document"], row["net"], row["title"] != "") == (number, invoice["net"], True)
    assert (
        json.loads(operate("GET", f"invoices/{invoice['id']}/files/json").content)["total"]
        == invoice["total"]
    )

    # for another partner, and for a customer, the invoice does not exist; nor do other formats
    unknown = sandbox_client.client.get("/partner/invoices/1/files/pdf", headers=parent)
    other = add_partner(sandbox_client, database_url)
    for headers in (other.headers("parent"), sandbox_client.headers("child")):
        foreign = sandbox_client.client.get(f"{root}/pdf", headers=headers)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["message"] == unknown.json()["message"].replace(" 1", f" {invoice['id']}")
    assert operate("GET", f"invoices/{invoice['id']}/files/docx").status_code == 404
    assert operate("GET", "billing/check?sample=x").status_code == 400
    found = operate("GET", "billing/check").json()
    assert found == {
        "checked": 6,
        "madeByOtherVersions": 0,
        "invoices": [invoice["id"]],
        "differences": [],
    }


def test_a_buyer_receives_its_invoice_in_its_language(database_url: str, tmp_path: Any) -> None:
    with open_sandbox_client(database_url, smtp_url=f"folder://{tmp_path}") as sandbox_client:
        invoice = issue_invoice(sandbox_client, language="de")
    (path,) = tmp_path.glob("*.eml")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"]) == (
        "ap@partner.example",
        f"Rechnung {invoice['number']} von Board B.V.",
    )
    (attached,) = message.iter_attachments()
    assert attached.get_content().startswith(b"%PDF")


@pytest.mark.long
def test_files_are_downloaded_and_checked_on_the_command_line(
    database_url: str, tmp_path: Any, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_sandbox_client(database_url) as sandbox_client:
        invoice = issue_invoice(sandbox_client)

    def run(*words: object) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as ended:
            main(["billing", *map(str, words)])
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    with start_sandbox_server(database_url, tmp_path) as credentials:
        monkeypatch.setenv("JOBMETER_BASE_URL", credentials["base_url"])
        monkeypatch.setenv("JOBMETER_OPERATOR_KEY", credentials["operator_key"])
        # by default as PDF, under the document's own name
        code, printed = run("download", invoice["id"])
        assert (code or 0, f"{invoice['number']}.pdf" in printed) == (0, True), printed
        content = (tmp_path / f"{invoice['number']}.pdf").read_bytes()
        assert hashlib.sha256(content).hexdigest() in printed
        target = tmp_path / "lines.csv"
        assert not run("download", invoice["id"], "--format", "csv", "-o", target)[0]
        assert target.read_bytes().startswith(b"document,line,kind")

        # what is wrong is said in one line
        code, printed = run("download", 1)
        assert (code, "There is no invoice 1" in printed) == (1, True), printed
        code, printed = run("download", invoice["id"], "-o", tmp_path / "nowhere" / "x.pdf")
        assert (code, printed.strip().endswith("No such file or directory")) == (1, True), printed

        # the electronic invoices keep the rules of EN 16931
        code, printed = run("check", "--schematron")
        assert (code or 0, printed) == (
            0,
            "6 files of 1 documents checked (0 made by other versions), 2 electronic invoices valid, 0 problems\n",
        )
        with psycopg.connect(database_url) as connection:
            connection.execute("ALTER TABLE billing_files DISABLE TRIGGER files_stand")
            connection.execute("UPDATE billing_files SET sha256 = sha256('x') WHERE format = 'xlsx'")
        code, printed = run("check")
        assert (code, "xlsx: made again, it has other bytes" in printed) == (1, True), printed
