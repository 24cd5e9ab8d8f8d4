"""A partner lists what its jobs can be posted with, and what is free of it; its customers and other partners see none of it."""

from tests.support.sandbox_client import add_partner, bearer
from tests.support.xml_partner import POSTER, XmlPartner

CLICKS, HIRING = "/partner/contracts", "/partner/hiringContracts"


def read(sandbox_client, path, who="parent"):
    return sandbox_client.client.get(path, headers=bearer(sandbox_client.token(who)))


def test_a_partner_lists_its_contracts_page_by_page(sandbox_client, database_url):
    xml = XmlPartner(sandbox_client)
    number = sandbox_client.credentials["partner_contract_id"]
    sandbox_client.post_job("one")
    assert xml.post("two", xml.credits, poster=POSTER).status_code == 201
    (contract,) = read(sandbox_client, CLICKS).json()["elements"]
    assert (contract["urn"], contract["limit"], contract["free"]) == (
        f"urn:li:contract:{number}",
        "1000000.00",
        "999970.00",
    )

    both = read(sandbox_client, HIRING).json()
    shown = [
        (one["hiringContract"], one["kind"], one["isOwned"], one["funded"], one["unused"])
        for one in both["elements"]
    ]
    assert shown == [(xml.credits, "CREDITS", True, 50, 49), (xml.slots, "SLOTS", False, 25, 25)]
    assert both["nextBefore"] is None
    first = read(sandbox_client, f"{HIRING}?count=1").json()
    assert (first["elements"], first["nextBefore"]) == (both["elements"][:1], xml.credits)
    rest = read(sandbox_client, f"{HIRING}?count=1&before={xml.credits}").json()
    assert (rest["elements"], rest["nextBefore"]) == (both["elements"][1:], None)
    assert read(sandbox_client, f"{CLICKS}?before={number}").json() == {"elements": [], "nextBefore": None}

    other = add_partner(sandbox_client, database_url)
    for path in (CLICKS, HIRING):
        assert read(sandbox_client, f"{path}?before=x").status_code == 400
        assert read(sandbox_client, path, "child").status_code == 403
        theirs = str(read(other, path).json())
        assert not any(str(one) in theirs for one in (number, xml.credits, xml.slots))
