"""A seller's logo over HTTP and on the command line: kept once, printed, and frozen into what was issued."""

import base64
import hashlib
import io
from typing import Any

import httpx2
import pikepdf
import pytest

from tests.stories.operator.billing import test_commands
from tests.stories.operator.billing.scene import SELLER, InvoicedPartner, open_invoiced_partner
from tests.stories.operator.billing.test_payments import find_broken
from tests.support.sandbox_client import SandboxClient
from tests.unit.billing.logos import SVG, make_png

run = test_commands.run
BLUE, WIDE = make_png(40, 10), make_png(80, 10)


def send(partner: InvoicedPartner, content: bytes) -> Any:
    return partner.operate("POST", "billing/logos", {"content": base64.b64encode(content).decode()})


def count_pictures(partner: InvoicedPartner, invoice: dict[str, Any]) -> list[tuple[int, int]]:
    """The pixels of the pictures on the first page of the PDF."""
    answer = partner.operate("GET", f"invoices/{invoice['id']}/files/pdf")
    assert answer.status_code == 200, answer.text
    assert hashlib.sha256(answer.content).hexdigest() == answer.headers["etag"].strip('"')
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        return [(one.Width, one.Height) for one in pdf.pages[0].get_images().values()]


@pytest.mark.long
def test_an_issued_document_keeps_the_logo_that_its_seller_had(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    partner = open_invoiced_partner(sandbox_client)
    sent, again = send(partner, BLUE), send(partner, BLUE)
    assert (sent.status_code, again.status_code) == (201, 200)
    assert sent.json() == {
        "logo": hashlib.sha256(BLUE).hexdigest(),
        "mediaType": "image/png",
        "byteCount": len(BLUE),
        "wasRepeated": False,
    }
    shown = partner.operate("GET", f"billing/logos/{sent.json()['logo']}")
    assert (shown.content, shown.headers["content-type"]) == (BLUE, "image/png")
    named = partner.operate("PUT", "billing/seller", SELLER | {"logo": sent.json()["logo"]})
    assert (named.status_code, named.json()["logo"]) == (200, sent.json()["logo"])

    partner.use_credits("a")
    (first,) = partner.end_month()
    assert partner.read_invoice(first)["seller"]["logo"] == sent.json()["logo"]
    assert count_pictures(partner, first) == [(40, 10)]
    # another logo is printed on later documents only
    other = send(partner, WIDE).json()["logo"]
    assert partner.operate("PUT", "billing/seller", SELLER | {"logo": other}).status_code == 200
    partner.use_credits("b")
    _, second = partner.end_month()
    assert count_pictures(partner, second) == [(80, 10)]
    assert count_pictures(partner, first) == [(40, 10)]
    # both are made again with the same bytes
    checked = partner.read("billing/check?sample=5")
    assert (checked["differences"], checked["madeByOtherVersions"]) == ([], 0)
    assert find_broken(database_url) == []


def test_what_is_no_logo_is_refused(sandbox_client: SandboxClient, database_url: str) -> None:
    partner = InvoicedPartner(sandbox_client, 0)
    for content, status, word in (
        ("not base64!", 400, "content"),
        ("", 400, "content"),
        ("x" * 900_000, 400, "content"),
        (base64.b64encode(b"GIF89a").decode(), 400, "logo"),
        (base64.b64encode(bytes(200_001)).decode(), 400, "200,001"),
        (base64.b64encode(SVG.replace(b"<rect", b"<text")).decode(), 400, "logo"),
        (None, 400, "content"),
    ):
        answer = partner.operate("POST", "billing/logos", {"content": content})
        assert (answer.status_code, word in answer.json()["message"]) == (status, True), answer.text
    unknown = hashlib.sha256(b"unknown").hexdigest()
    for name in (unknown, "x", "../../etc", unknown.upper()):
        assert partner.operate("PUT", "billing/seller", SELLER | {"logo": name}).status_code == 404
    assert partner.operate("GET", f"billing/logos/{unknown}").status_code == 404
    assert partner.operate("GET", "billing/seller").status_code == 404
    # what a browser opens runs nothing
    kept = send(partner, SVG.replace(b"<rect", b'<script>alert(1)</script><rect onclick="alert(1)"')).json()[
        "logo"
    ]
    shown = partner.operate("GET", f"billing/logos/{kept}")
    assert b"alert" not in shown.content
    assert "sandbox" in shown.headers["content-security-policy"]
    assert find_broken(database_url) == []


def test_a_logo_is_set_and_removed_on_the_command_line(run: Any, tmp_path: Any) -> None:
    (tmp_path / "logo.svg").write_bytes(SVG)
    address = ("--address-line", "Kade 1", "--city", "Rotterdam", "--country", "NL")
    made = run("seller", "update", "--legal-name", "Board B.V.", *address, "--logo", tmp_path / "logo.svg")
    name = made["logo"]
    with httpx2.Client(base_url=run.credentials["base_url"]) as client:
        headers = {"Authorization": f"Bearer {run.credentials['operator_key']}"}
        shown = client.get(f"/operator/billing/logos/{name}", headers=headers)
    assert shown.headers["content-type"] == "image/svg+xml"
    assert hashlib.sha256(shown.content).hexdigest() == name
    # it remains when something else is changed, until it is removed
    assert run("seller", "update", "--city", "Delft")["logo"] == name
    assert "cannot be read" in run("seller", "update", "--logo", tmp_path / "missing.svg")
    (tmp_path / "logo.png").write_bytes(b"no picture")
    assert "logo" in run("seller", "update", "--logo", tmp_path / "logo.png")
    assert run("seller", "show")["logo"] == name
    assert run("seller", "update", "--without-logo")["logo"] == ""
