"""What a month used so far: final and estimated apart, with a forecast; the figures are those of the charge stream."""

import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from jobmeter.base.days import month_after
from tests.support.sandbox_client import PATIENCE_SECONDS, add_partner, bearer
from tests.support.xml_partner import POSTER, XmlPartner

DAYS = 9


def follow_charges(read, last_day):
    """All entries, once the stream knows the charges of the last day that has any."""
    for _ in range(PATIENCE_SECONDS * 20):
        page = read("/partner/charges?limit=1000").json()
        charges = [entry for entry in page["elements"] if entry["type"] == "CHARGE"]
        if charges and date.fromisoformat(charges[-1]["day"]) == last_day:
            return page["elements"]
        time.sleep(0.05)
    raise AssertionError("the stream does not get to the last day")


def count_by_day(entries):
    """What each day was charged less what settlement took back, from the entries alone."""
    found = defaultdict(Decimal)
    for entry in entries:
        sign = {"CHARGE": 1, "REVERSE": -1}.get(entry["type"], 0)
        if sign:
            found[date.fromisoformat(entry["day"])] += sign * Decimal(entry["amount"]["amount"])
    return found


def play(sandbox_client, operate, month):
    """Each day has one click more than the day before; one of the fourth day is excluded. Three credits are used."""
    xml = XmlPartner(sandbox_client)
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "300.00"}}
    job_id = sandbox_client.post_job("used", budget=budget)
    for number in range(DAYS):
        assert sandbox_client.send_clicks(job_id, number + 1, prefix=f"d{number}-")["accepted"] == number + 1
        if number == 3:
            day = month + timedelta(days=3)
            excluded = {"visitor": "visitor d3-0", "day": day.isoformat(), "note": "a tester"}
            assert operate("POST", "exclusions", excluded).is_success
        if number in {2, 5}:
            assert xml.post(f"posted {number}", xml.credits, poster=POSTER).status_code == 201
        sandbox_client.advance_to_midnight()
    assert xml.renew("posted 2", xml.credits).status_code == 200
    return xml


def check_credits(used, xml, read, days_left):
    """Two of the seven days before today used a credit, and today one."""
    assert (used["kind"], used["final"]) == ("CREDITS", {"quantity": 3, "amount": "300.00"})
    assert used["estimated"] == {"quantity": 0, "amount": "0.00"}
    expected = 300 + Decimal(200) / 7 * days_left
    assert abs(Decimal(used["forecast"]["amount"]) - expected) <= Decimal("0.005")
    assert used["unused"] == xml.unused(xml.credits) == 47
    shown = read("/partner/credits").json()["contracts"]
    assert [(one["used"], one["amount"]) for one in shown if one["hiringContract"] == xml.credits] == [
        (3, "300.00")
    ]


@pytest.mark.long
def test_the_usage_of_a_month_is_what_was_charged_and_what_is_expected(
    sandbox_client, operate, read, month, account_id
):
    # given clicks and credits on the first nine days, of which seven are final, and a credit of a final charge
    xml = play(sandbox_client, operate, month)
    entries = follow_charges(read, month + timedelta(days=DAYS - 1))
    charge = next(entry for entry in entries if entry["type"] == "CHARGE")
    credit = {"amount": "0.50", "reference": "complaint"}
    assert operate("POST", f"charges/{charge['reference']}/credits", credit).is_success

    # when the partner reads its usage
    usage = read("/partner/usage").json()

    # then final and estimated days are those of an independent count
    last_final = month + timedelta(days=6)
    days_left = (month_after(month) - month).days - DAYS - 1
    assert (usage["month"], usage["finalThrough"], usage["daysLeft"]) == (
        f"{month:%Y-%m}",
        last_final.isoformat(),
        days_left,
    )
    by_day = count_by_day(entries)
    final = sum(amount for day, amount in by_day.items() if day <= last_final)
    estimated = sum(amount for day, amount in by_day.items() if day > last_final)
    clicks = {one["contract"]: one for one in usage["contracts"]}[
        sandbox_client.credentials["partner_contract_id"]
    ]
    assert clicks["final"] == {"quantity": 1 + 2 + 3 + 3 + 5 + 6 + 7, "amount": f"{final:.2f}"}
    assert clicks["estimated"] == {"quantity": 8 + 9, "amount": f"{estimated:.2f}"}
    assert final == Decimal("1.50") * 27
    expected = final + estimated + final / 7 * days_left
    assert abs(Decimal(clicks["forecast"]["amount"]) - expected) <= Decimal("0.005")
    assert abs(clicks["forecast"]["quantity"] - 44 - 27 * days_left / 7) <= 0.5
    assert (clicks["credited"], clicks["funded"]) == ("0.50", "0.00")
    contract = operate("GET", f"contracts/{clicks['contract']}").json()
    assert clicks["unused"] == contract["available"]

    # and credits are final when they are used
    used = {one["contract"]: one for one in usage["contracts"]}[xml.credits]
    check_credits(used, xml, read, days_left)

    # and the totals are their sums
    (total,) = usage["totals"]
    for name in ("final", "estimated", "forecast"):
        assert Decimal(total[name]) == sum(Decimal(one[name]["amount"]) for one in usage["contracts"])

    # and an account shows the contracts that it bills
    operate("PUT", f"billing/accounts/{account_id}/agreements/{xml.credits}", {})
    billed = operate("GET", f"billing/accounts/{account_id}/usage").json()
    assert billed["contracts"] == [used | {"account": account_id, "bills": "USE"}]
    assert operate("GET", "billing/accounts/7/usage").status_code == 404

    # and a customer sees its own use, without funds and balances
    own = {one["contract"]: one for one in read("/partner/usage", "child").json()["contracts"]}
    assert own[clicks["contract"]] == clicks | {"funded": None, "unused": None}
    assert own[xml.credits]["final"]["quantity"] == 0  # the parent application posted

    # and when the month is over and final, nothing more is expected
    over = month_after(month) + timedelta(days=2)
    sandbox_client.set_clock(datetime.combine(over, datetime.min.time(), UTC) + timedelta(seconds=1))
    final_month = read(f"/partner/usage?month={month:%Y-%m}").json()
    clicks = {one["contract"]: one for one in final_month["contracts"]}[clicks["contract"]]
    assert clicks["final"] == clicks["forecast"] == {"quantity": 44, "amount": "66.00"}
    assert (clicks["estimated"]["quantity"], final_month["daysLeft"]) == (0, 0)


def test_a_partner_sees_its_own_contracts_alone(sandbox_client, database_url, read):
    neighbour = add_partner(sandbox_client, database_url)
    own = {one["contract"] for one in read("/partner/usage").json()["contracts"]}
    others = neighbour.client.get("/partner/usage", headers=bearer(neighbour.token("parent"))).json()
    theirs = {one["contract"] for one in others["contracts"]}
    assert own
    assert theirs
    assert not own & theirs


def test_slots_show_what_was_funded(sandbox_client, operate, read, account_id):
    slots = sandbox_client.credentials["hiring_contracts"][0]["id"]
    operate("PUT", f"billing/accounts/{account_id}/agreements/{slots}", {})
    operate("POST", f"hiringContracts/{slots}/topUps", {"units": 5, "reference": "order 1"})
    operate("POST", f"hiringContracts/{slots}/adjustments", {"units": -2, "reference": "order 1"})
    (shown,) = operate("GET", f"billing/accounts/{account_id}/usage").json()["contracts"]
    assert (shown["kind"], shown["bills"], shown["funded"], shown["unused"]) == ("SLOTS", "TOP_UPS", 28, 28)


def test_a_month_without_usage_is_refused(sandbox_client, read):
    today = sandbox_client.now.date()
    after, before = month_after(today.replace(day=1)), today.replace(day=1) - timedelta(days=366)
    for month in (f"{after:%Y-%m}", f"{before:%Y-%m}", "2026-13", "soon"):
        answer = read(f"/partner/usage?month={month}")
        assert (answer.status_code, answer.json()["message"]) == (400, "Parameter 'month' is invalid"), month
