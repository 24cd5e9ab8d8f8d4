"""Certificates are verified, and read only where they are needed: reading them takes longer than most requests."""

import ast
import ssl

import pytest

from jobmeter.client.http.transport import choose_certificates
from jobmeter.outbound.tls import open_tls
from tests.tidy.source import Breach, Source, refuse, sources

CLIENTS = {"Client", "AsyncClient"}


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://[::1]:1/", "HTTP://board.example", ""])
def test_without_tls_no_authority_is_trusted(url):
    chosen = choose_certificates(url)
    assert isinstance(chosen, ssl.SSLContext)
    assert chosen.cert_store_stats()["x509_ca"] == 0
    assert (chosen.verify_mode, chosen.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("url", ["https://api.linkedin.com", "HTTPS://board.example:8443/"])
def test_over_tls_the_authorities_of_the_machine_are_trusted(url):
    assert choose_certificates(url) is True


def test_addresses_of_partners_are_verified_with_one_context():
    assert open_tls() is open_tls()
    assert (open_tls().verify_mode, open_tls().check_hostname) == (ssl.CERT_REQUIRED, True)


def list_unchosen(source: Source) -> list[Breach]:
    """Clients of the product for which nobody chose the certificates: each would read all of them."""
    return [
        Breach(source.path, node.lineno, "choose `verify`: `open_tls()` or `choose_certificates(url)`")
        for node in ast.walk(ast.parse(source.text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr in CLIENTS) == ("httpx2", True)
        and "verify" not in {keyword.arg for keyword in node.keywords}
    ]


@pytest.mark.long
def test_every_client_of_the_product_chooses_its_certificates():
    refuse(
        one
        for source in sources(".py")
        if source.path.startswith("jobmeter/")
        for one in list_unchosen(source)
    )


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("httpx2.Client(timeout=1)", 1),
        ("async with httpx2.AsyncClient() as client: pass", 1),
        ("httpx2.Client(verify=open_tls())", 0),
    ],
)
def test_a_client_without_a_choice_is_found(text, count):
    text = f"async def run():\n    {text}\n"
    assert len(list_unchosen(Source("jobmeter/sample.py", text))) == count
