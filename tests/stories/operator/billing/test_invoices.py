"""Invoices over HTTP: issued by the worker, read by operator and partner, opened down to each click, drafts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobmeter.base.days import month_after
from tests.stories.operator.billing.conftest import BUYER, SELLER
from tests.support.sandbox_client import SandboxClient, make_event, skip_to

Operate = Callable[..., Any]
PRICE = "1.50"


@pytest.fixture
def billed(
    sandbox_client: SandboxClient, database_url: str, operate: Operate, partner_id: int
) -> dict[str, Any]:
    """The partner's contract, billed by an account from this month on, of which a few days are left."""
    skip_to(
        sandbox_client, database_url, month_after(sandbox_client.now.date().replace(day=1)).replace(day=26)
    )
    assert operate("PUT", "billing/seller", SELLER).status_code == 200
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER}
    account = operate("POST", "billing/accounts", draft).json()
    rate = {"category": "S", "ratePercent": "21"}
    assert operate("POST", f"billing/accounts/{account['id']}/taxRates", rate).status_code == 201
    contract = sandbox_client.credentials["partner_contract_id"]
    assert operate("PUT", f"billing/accounts/{account['id']}/agreements/{contract}", {}).status_code == 200
    return account


def finish_month(sandbox_client: SandboxClient) -> str:
    """Moves to the third day of the next month; returns the month that is now final."""
    month = sandbox_client.now
    later = month.replace(day=1) + timedelta(days=32)
    sandbox_client.set_clock(datetime(later.year, later.month, 3, 0, 0, 1, tzinfo=UTC))
    return f"{month:%Y-%m}"


def read_pages(operate: Operate, path: str) -> Iterator[dict[str, Any]]:
    after = ""
    while after is not None:
        page = operate("GET", f"{path}?after={after}").json()
        yield page
        after = page["nextAfter"]


def test_an_invoice_is_issued_when_its_month_is_final_and_opens_down_to_each_click(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job(
        "sold", budget={"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "900.00"}}
    )
    sandbox_client.send_clicks(job_id, 7)
    sandbox_client.advance_to_midnight()
    sandbox_client.send_clicks(job_id, 5, prefix="d")
    month = finish_month(sandbox_client)

    (found,) = operate("GET", f"invoices?account={billed['id']}").json()["elements"]
    assert (found["state"], found["month"], found["lineCount"]) == ("OPEN", month, 1)
    invoice = operate("GET", f"invoices/{found['id']}").json()
    assert (invoice["seller"]["legalName"], invoice["buyer"]["legalName"]) == (
        "Board B.V.",
        "Partner B.V.",
    )
    (tax,) = invoice["taxes"]
    assert (tax["base"], tax["tax"], tax["ratePercent"]) == (invoice["net"], invoice["tax"], "21")
    (line,) = operate("GET", f"invoices/{found['id']}/lines").json()["elements"]
    assert (line["kind"], line["quantity"], line["jobId"], line["externalId"]) == (
        "CLICKS",
        12,
        job_id,
        "sold",
    )

    charges = operate("GET", f"invoices/{found['id']}/lines/1/charges").json()
    assert [charge["purpose"] for charge in charges["elements"]] == ["CHARGE"] * 2
    assert sum(float(charge["amount"]) for charge in charges["elements"]) == float(line["net"])
    explained = operate("GET", f"explain/charges/{charges['elements'][0]['reference']}").json()
    assert len(explained["clicks"]) == 7
    clicks = operate("GET", f"invoices/{found['id']}/lines/1/clicks").json()
    assert (len(clicks["elements"]), clicks["clicksKept"], clicks["eventsDroppedAt"]) == (12, True, None)
    assert {click["charge"] for click in clicks["elements"]} == {
        charge["reference"] for charge in charges["elements"]
    }


@pytest.mark.long
@pytest.mark.parametrize("sandbox_client", [{"event_retention_days": 5}], indirect=True)
def test_after_the_events_are_gone_a_line_says_since_when(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("old")
    sandbox_client.send_clicks(job_id, 3)
    finish_month(sandbox_client)
    sandbox_client.advance("3d")
    (invoice, *_) = operate("GET", f"invoices?account={billed['id']}").json()["elements"]
    clicks = operate("GET", f"invoices/{invoice['id']}/lines/1/clicks").json()
    assert (clicks["elements"], clicks["clicksKept"]) == ([], False)
    assert clicks["eventsDroppedAt"] is not None
    charges = operate("GET", f"invoices/{invoice['id']}/lines/1/charges").json()
    assert (len(charges["elements"]), charges["clicksKept"]) == (1, False)


@pytest.mark.long
def test_a_partner_reads_its_own_invoices_and_nobody_elses(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 2)
    month = finish_month(sandbox_client)

    def read(path: str, who: str = "parent") -> Any:
        return sandbox_client.client.get(f"/partner/{path}", headers=sandbox_client.headers(who))

    (found,) = read(f"invoices?month={month}").json()["elements"]
    assert read(f"invoices/{found['id']}").json()["total"] == found["total"]
    (line,) = read(f"invoices/{found['id']}/lines").json()["elements"]
    assert line["net"] == found["net"]
    # An account is the partner's: its customer reads as a stranger does.
    assert read("invoices", "child").json()["elements"] == []
    foreign, unknown = read(f"invoices/{found['id']}", "child"), read("invoices/4", "child")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["message"] == unknown.json()["message"].replace("4", str(found["id"]))
    assert operate("GET", f"invoices/{found['id']}").json()["account"] == billed["id"]


@pytest.mark.long
def test_documents_are_selected_by_month_and_state(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 2)
    month = finish_month(sandbox_client)

    def count(query: str) -> int:
        return len(operate("GET", f"invoices?account={billed['id']}&{query}").json()["elements"])

    assert [count(f"month={one}") for one in (month, "2020-01")] == [1, 0]
    assert [count(f"state={one}") for one in ("OPEN", "OVERDUE", "PAID")] == [1, 0, 0]
    sandbox_client.advance("31d")
    assert [count(f"state={one}") for one in ("OPEN", "OVERDUE", "PAID")] == [0, 1, 0]
    assert operate("GET", "invoices?state=LATE").status_code == 400
    assert operate("GET", "invoices?month=2026-13").status_code == 400


@pytest.mark.long
def test_a_run_bills_nothing_twice_and_no_month_that_is_not_final(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 2)
    early = operate("POST", "billing/runs", {"month": f"{sandbox_client.now:%Y-%m}"})
    assert (early.status_code, early.json()["code"]) == (409, "MONTH_NOT_FINAL")
    month = finish_month(sandbox_client)
    for _ in range(2):  # the worker has billed it already
        answer = operate("POST", "billing/runs", {"month": month, "account": billed["id"]})
        assert answer.status_code == 202
        shown = answer.json()
        assert (shown["billedNow"], shown["hasMore"], shown["remaining"], shown["invoices"]) == (
            0,
            False,
            0,
            1,
        )
    assert operate("GET", f"billing/runs?month={month}").json()["billed"] == 1
    assert operate("POST", "billing/runs", {"month": month, "account": 4}).status_code == 404
    assert operate("GET", "billing/runs").status_code == 400


@pytest.mark.long
def test_a_held_account_has_drafts_that_the_operator_issues(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    path = f"billing/accounts/{billed['id']}"
    assert operate("PUT", path, {"issues": "HELD"}).status_code == 200
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 2)
    month = finish_month(sandbox_client)

    def list_all() -> list[dict[str, Any]]:
        return operate("GET", f"invoices?account={billed['id']}").json()["elements"]

    (draft,) = list_all()
    assert (draft["state"], draft["number"], draft["issuedAt"]) == ("DRAFT", None, None)
    partner = sandbox_client.client.get("/partner/invoices", headers=sandbox_client.headers("parent"))
    assert partner.json()["elements"] == []  # a draft is the operator's alone

    changed = BUYER | {"legalName": "Renamed B.V."}
    assert operate("PUT", path, {"profile": changed}).status_code == 200
    (fresh,) = operate("POST", f"invoices/{draft['id']}/refresh").json()["elements"]
    assert (fresh["buyer"]["legalName"], fresh["total"]) == ("Renamed B.V.", draft["total"])
    assert operate("GET", f"invoices/{draft['id']}").status_code == 404

    assert operate("DELETE", f"invoices/{fresh['id']}").status_code == 204
    assert list_all() == []
    sandbox_client.advance_to_midnight()
    assert list_all() == []
    held = operate("GET", f"billing/runs?month={month}").json()["held"]
    assert [one["reason"] for one in held] == ["its draft was dropped; a run for the account makes it again"]
    assert operate("POST", "billing/runs", {"month": month, "account": billed["id"]}).json()["drafts"] == 1

    (draft,) = list_all()
    issued = operate("POST", f"invoices/{draft['id']}/issue")
    assert (issued.status_code, issued.json()["state"]) == (201, "OPEN")
    again = operate("POST", f"invoices/{draft['id']}/issue")
    assert (again.status_code, again.json()["wasRepeated"]) == (200, True)
    for method, verb in (("POST", "/refresh"), ("DELETE", "")):
        refused = operate(method, f"invoices/{draft['id']}{verb}")
        assert (refused.status_code, refused.json()["code"]) == (409, "DOCUMENT_ISSUED")


@pytest.mark.long
def test_a_million_clicks_are_read_page_by_page(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    """The pages of a line are whole and do not overlap; bench measures a large one."""
    job_id = sandbox_client.post_job(
        "many", budget={"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "9000.00"}}
    )
    for day in range(2):
        at = sandbox_client.now_ms
        events = [
            make_event(job_id, f"{day}-{number}", at + number, type="applyClick") for number in range(1_300)
        ]
        assert sandbox_client.send(events).status_code == 200
        sandbox_client.advance_to_midnight()
    finish_month(sandbox_client)
    (invoice,) = operate("GET", f"invoices?account={billed['id']}").json()["elements"]
    (line,) = operate("GET", f"invoices/{invoice['id']}/lines").json()["elements"]
    pages = list(read_pages(operate, f"invoices/{invoice['id']}/lines/1/clicks"))
    keys = [click["eventKey"] for page in pages for click in page["elements"]]
    assert len(pages) == 3
    assert len(keys) == len(set(keys)) == line["quantity"] == 2_600
    assert keys == sorted(keys)


def test_an_invoice_is_credited_by_line_and_as_a_whole(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 4)
    finish_month(sandbox_client)
    (invoice,) = operate("GET", f"invoices?account={billed['id']}").json()["elements"]
    (line,) = operate("GET", f"invoices/{invoice['id']}/lines").json()["elements"]
    path = f"invoices/{invoice['id']}/creditNotes"

    body = {"reference": "R1", "lines": [{"line": 1, "quantity": 1}], "note": "As agreed by telephone"}
    made = operate("POST", path, body)
    assert (made.status_code, made.json()["net"], made.json()["corrects"]) == (
        201,
        line["price"],
        invoice["number"],
    )
    assert made.json()["note"] == "As agreed by telephone"
    again = operate("POST", path, body)
    assert (again.status_code, again.json()["id"], again.json()["wasRepeated"]) == (
        200,
        made.json()["id"],
        True,
    )
    other = operate("POST", path, body | {"lines": [{"line": 1, "quantity": 2}]})
    assert (other.status_code, other.json()["code"]) == (409, "REFERENCE_REUSED")

    # A charge is not credited by more than its line has left.
    charges = operate("GET", f"invoices/{invoice['id']}/lines/1/charges").json()["elements"]
    path_of_credits = f"charges/{charges[0]['reference']}/credits"
    high = operate("POST", path_of_credits, {"amount": charges[0]["amount"], "reference": "all"})
    assert (high.status_code, high.json()["code"]) == (422, "CREDIT_TOO_HIGH")
    assert operate("POST", path_of_credits, {"amount": line["price"], "reference": "one"}).status_code == 201

    too_high = operate("POST", path, {"reference": "R2", "lines": [{"line": 1, "quantity": 3}]})
    assert (too_high.status_code, too_high.json()["code"]) == (422, "CREDIT_TOO_HIGH")
    whole = operate("POST", path, {"reference": "R3", "whole": True})
    assert whole.status_code == 201
    # What the operator credited of the charge is on the next month's credit note.
    assert operate("GET", f"invoices/{invoice['id']}").json()["state"] == "OPEN"
    for wrong in ({"reference": "R4"}, {"reference": "R4", "whole": True, "lines": body["lines"]}):
        assert operate("POST", path, wrong).status_code == 400
    refused = operate("POST", f"invoices/{made.json()['id']}/creditNotes", {"reference": "R", "whole": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_CREDITABLE")
    shown = sandbox_client.client.get("/partner/invoices", headers=sandbox_client.headers("parent"))
    assert [one["kind"] for one in shown.json()["elements"]] == ["INVOICE", "CREDIT_NOTE", "CREDIT_NOTE"]
