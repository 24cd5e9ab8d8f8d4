"""Owns the history in which changes are planted: every kind of job, decision, correction and follower, long settled.

Three months: the first is compacted and its events are dropped, the second is archived, the third is just final.
"""

import asyncio
import io
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action, Actor, ActorKind, Door
from jobmeter.base.days import day_of
from jobmeter.base.money import format_amount
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import AgreementWish, Bills
from jobmeter.billing.model import Seller
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource, ReversalDraft
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.billing.top_ups.model import TopUpDraft
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.jobs.campaigns import flow as campaigns
from jobmeter.jobs.campaigns.model import CampaignChange, CampaignDraft, CampaignStatus
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.loading.flow import load_feed
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.model import find_origin
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.model import NotificationKind
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion, Rule, RulePolicy
from jobmeter.wire.xml.job.keys import JobKey
from jobmeter.worker.charge_notifications import notify_charges
from tests.support.books import ADDRESS, open_account_of, standard
from tests.support.feed_documents import serialize_feed, serialize_jobs
from tests.support.scenario import START, Scenario, make_clicks, make_element, make_event
from tests.support.xml_scenario import POSTER, make_document
from tests.unit.billing.logos import make_png

SECOND, THIRD = START + timedelta(days=400), START + timedelta(days=430)
SECRET_KEY = "a key of the operator that is long enough to seal with"
HOUR = timedelta(hours=1)
EMPTY_MONTH_DAYS = 62  # from the start to a month in which nothing is charged


@dataclass(frozen=True, slots=True)
class History:
    scenario: Scenario

    async def operate(self, operation: str, name: str, now: datetime, **changed: Any) -> int | None:
        """One operation of the first customer, carried out; returns the job."""
        customer = self.scenario.customers[0]
        budget = changed.pop("budget_micros", 30_000_000)
        element = make_element(customer, name, now, budget_micros=budget)
        element |= {"jobPostingOperationType": operation, "title": f"{name} {changed.pop('suffix', '')}"}
        task_id = await self.scenario.take(customer, element | changed, now)
        await self.scenario.run_due(now)
        return await self.scenario.job_of_task(customer, task_id, now)

    async def create(self, name: str, now: datetime, **changed: Any) -> int:
        job_id = await self.operate("CREATE", name, now, **changed)
        assert job_id is not None, name
        return job_id

    async def open_hiring(
        self, kind: HiringKind, now: datetime, *, is_postpaid: bool = False
    ) -> HiringContract:
        child = self.scenario.customers[0].child
        draft = HiringDraft(
            kind=kind,
            owner_name="Owner",
            owner_application_id=child.id,
            is_postpaid=is_postpaid,
            currency="EUR",
            units=0 if is_postpaid else 9,
            price_micros=90_000_000,
            run_days=30,
            default_poster_email=POSTER,
            seats=(POSTER,),
            sandbox_number=None,
            starts_at=now,
            ends_at=now + timedelta(days=1_000),
        )
        async with self.scenario.database.transaction() as connection:
            contract = await hiring.open_hiring_contract(connection, draft=draft, now=now)
            await hiring.grant(connection, contract=contract, application=child, now=now)
        return contract

    async def post_xml(self, name: str, contract: HiringContract, now: datetime) -> None:
        child = self.scenario.customers[0].child
        async with self.scenario.database.transaction() as connection:
            await xml_jobs.post_job(
                connection, application=child, document=make_document(name, contract), now=now
            )

    async def change_xml(
        self, name: str, contract: HiringContract, now: datetime, *, title: str, renewal: bool = False
    ) -> None:
        document = make_document(name, contract)
        document = replace(document, content=replace(document.content, title=title), renewal=renewal)
        async with self.scenario.database.transaction() as connection:
            await xml_jobs.change_job(
                connection,
                application=self.scenario.customers[0].child,
                key=JobKey(partner_job_id=name, job_id=None),
                document=document,
                now=now,
            )

    async def close_xml(self, name: str, now: datetime) -> None:
        async with self.scenario.database.transaction() as connection:
            await xml_jobs.close_job(
                connection,
                application=self.scenario.customers[0].child,
                key=JobKey(partner_job_id=name, job_id=None),
                now=now,
            )

    async def load_feed(self, jobs: list[str], now: datetime) -> None:
        async with self.scenario.database.transaction() as connection:
            feed = await feeds.register_feed(
                connection,
                application=self.scenario.customers[1].child,
                location="file:///feed",
                interval_minutes=None,
                now=now,
            )
        await load_feed(self.scenario.database, feed=feed, file=io.BytesIO(serialize_feed(jobs)), now=now)

    async def make_campaign(self, name: str, now: datetime, *, status: CampaignStatus) -> None:
        child = self.scenario.customers[0].child
        draft = CampaignDraft(
            partner_job_campaign=name,
            name=f"Campaign {name}",
            contract=self.scenario.customers[0].contract.urn,
            starts_at=now + timedelta(seconds=1),
            ends_at=now + timedelta(days=90),
        )
        async with self.scenario.database.transaction() as connection:
            made = await campaigns.create_campaign(connection, child=child, draft=draft, now=now)
        now += timedelta(minutes=1)
        await self.scenario.run_due(now)
        await self.create(f"of {name}", now, partnerJobCampaignId=name, location="Leeds, United Kingdom")
        if status is not CampaignStatus.ACTIVE:
            change = CampaignChange(status=status)
            async with self.scenario.database.transaction() as connection:
                await campaigns.change_campaign(
                    connection,
                    child=child,
                    campaign_id=made.id,
                    change=change,
                    now=now + timedelta(minutes=1),
                )
            await self.scenario.run_due(now + timedelta(minutes=2))

    async def exclude_visitor_of(self, event_id: str, now: datetime) -> None:
        origin = find_origin(source="board", event_id=event_id)
        assert origin is not None
        excluded = Exclusion(criterion=Criterion.EVENT, subject=0, origin=origin, day=None, note="testers")
        async with self.scenario.database.transaction() as connection:
            await click_rules.exclude(connection, excluded, now=now)


async def make_history(scenario: Scenario) -> None:
    history = History(scenario)
    await _set_up(history)
    await _agree(history, scenario.contract.id, START)
    await _play_month(history, START, "first")
    await _play_month(history, SECOND, "second")
    await _play_billed_contracts(history, SECOND + timedelta(days=2))
    await _play_month(history, THIRD, "third")
    await _play_contracts(history, THIRD)
    await _settle(scenario, THIRD + timedelta(days=4, hours=15))
    await _credit(scenario, THIRD + timedelta(days=5))
    await _pay(scenario, THIRD + timedelta(days=5))
    await _settle(scenario, THIRD + timedelta(days=5))


async def _set_up(history: History) -> None:
    scenario = history.scenario
    parent = scenario.parent
    async with scenario.database.transaction() as connection:
        await endpoints.register_endpoint(
            connection,
            application=parent,
            url="https://ats.example.com/hooks",
            email="",
            kinds=list(NotificationKind),
            secret_key=SECRET_KEY,
            now=START,
        )
        await filters.set_policy(connection, contract_id=scenario.contract.id, policy=FilterPolicy())
        await filters.exclude(
            connection,
            application=scenario.customers[0].child,
            is_address=False,
            subject=77,
            note="staff",
            now=START,
        )
        await click_rules.set_policy(connection, RulePolicy(Rule.VISITOR_BURST, True, 30, 10))
        await record_acts(connection, parent.id)
        await click_rules.set_networks(
            connection, list_name="clouds", networks=["198.51.100.0/24"], now=START
        )


async def record_acts(connection: Connection, partner_id: int) -> None:
    actor = Actor(kind=ActorKind.APPLICATION, door=Door.API, name="ATS", id=partner_id, request_id="r-1")
    for number in range(2):
        act = Act(
            action=Action.WEBHOOK_CHANGE,
            subject_id="1",
            actor=actor,
            at=START,
            partner_id=partner_id,
            before={"url": f"https://ats.example.com/{number}"},
            after={"url": f"https://ats.example.com/{number + 1}"},
        )
        await audit.record(connection, act)


async def _agree(history: History, contract_id: int, now: datetime) -> None:
    """The account of the partner, which bills the contract."""
    scenario = history.scenario
    async with scenario.database.transaction() as connection:
        logo, _ = await accounts.keep_logo(connection, accounts.read_logo(make_png(8, 4)), now=now)
        await accounts.set_seller(
            connection, Seller(legal_name="Seller", logo=logo, **ADDRESS), valid_from=None, now=now
        )
        account_id = await open_account_of(
            connection,
            scenario.parent.id,
            first_month=day_of(now).replace(day=1),
            now=now,
            rate=standard(210_000),
        )
        await accounts.set_agreement(
            connection, account_id=account_id, contract_id=contract_id, wish=AgreementWish(), now=now
        )


async def _play_month(history: History, begin: datetime, month: str) -> None:
    """P4P jobs with every decision, clicks that count and that do not, late ones, reversals, two settled days."""
    scenario = history.scenario
    await scenario.open_day(begin)
    daily = {
        f"payForPerformance{which}Budget": {"currencyCode": "EUR", "amount": format_amount(micros, "EUR")}
        for which, micros in (("Total", 60_000_000), ("Daily", 4_500_000))
    }
    names = [f"{name} {month}" for name in ("daily", "closed", "changed", "down", "again", "expired")]
    jobs = [await history.create(names[0], begin, budget=daily)]
    jobs += [await history.create(name, begin, budget_micros=12_000_000) for name in names[1:]]
    twin = {"title": "One of two", "description": "One text for both of them. " * 9}
    await history.create(f"one {month}", begin, **twin)
    await history.operate("CREATE", f"another {month}", begin, **twin)
    await _click(history, jobs, begin + HOUR, month)
    await history.operate("UPDATE", names[2], begin + 2 * HOUR, budget_micros=30_000_000, suffix="new")
    await history.operate("UPDATE", names[2], begin + 3 * HOUR, budget_micros=20_000_000, suffix="newer")
    await history.operate("DOWNGRADE", names[3], begin + 3 * HOUR)
    await history.operate("DOWNGRADE", names[4], begin + 3 * HOUR)
    await history.operate("UPGRADE", names[4], begin + 4 * HOUR, budget_micros=15_000_000)
    await history.operate("RENEW", names[0], begin + 4 * HOUR)
    await history.operate("CLOSE", names[1], begin + 5 * HOUR)
    for job_id in jobs[:4]:
        await history.exclude_visitor_of(f"{month}{job_id}-0", begin + 5 * HOUR)
    next_day = begin + timedelta(days=1)
    await scenario.open_day(next_day)
    late = make_clicks(jobs[0], 2, begin + 5 * HOUR, prefix=f"late {month}")
    late += [make_event(jobs[2], f"late view {month}", begin + HOUR, type="view")]
    await scenario.ingest([*late, *make_clicks(jobs[4], 2, next_day, prefix=f"next {month}")], next_day)
    if begin == START:
        for days in range(2, 95, 30):
            await scenario.run_due(begin + timedelta(days=days, hours=15))
            if days == EMPTY_MONTH_DAYS:
                # Nothing is charged in that month: what is credited in it is on a credit note.
                await _credit(scenario, begin + timedelta(days=days, hours=16))


async def _click(history: History, jobs: list[int], now: datetime, month: str) -> None:
    clicks = [click for job_id in jobs for click in make_clicks(job_id, 5, now, prefix=month)]
    views = [make_event(job_id, f"v{month}{job_id}", now, type="view") for job_id in jobs]
    again = [make_event(jobs[0], f"again {month}", now + HOUR / 60, visitor=clicks[0].visitor)]
    robots = [make_event(jobs[1], f"robot {month}", now, user_agent="Googlebot/2.1")]
    early = [make_event(jobs[2], f"early {month}", now - timedelta(hours=9))]
    old = [make_event(jobs[2], f"old {month}", now - timedelta(days=4))]
    await history.scenario.ingest([*clicks, *views, *again, *robots, *early, *old], now + HOUR / 30)


async def _play_contracts(history: History, now: datetime) -> None:
    """Slots and credits, premium jobs, campaigns, a feed, notices; nothing of it is charged by the click."""
    slots = await history.open_hiring(HiringKind.SLOTS, now)
    prepaid = await history.open_hiring(HiringKind.CREDITS, now)
    owed = await history.open_hiring(HiringKind.CREDITS, now, is_postpaid=True)
    for name, contract in (("open", slots), ("ended", slots), ("paid", prepaid), ("owed", owed)):
        await history.post_xml(name, contract, now + HOUR)
    await history.change_xml("open", slots, now + 2 * HOUR, title="Turner")
    await history.change_xml("paid", prepaid, now + 2 * HOUR, title="Fitter", renewal=True)
    await history.close_xml("ended", now + 2 * HOUR)
    premium = {"contract": f"urn:li:contract:{slots.id}", "listingType": "PREMIUM", "budget": {}}
    await history.create("premium", now + 2 * HOUR, **premium)
    await history.create("plain", now + 2 * HOUR, **premium)
    await history.operate("DOWNGRADE", "plain", now + 3 * HOUR, **premium)
    await history.make_campaign("running", now + 3 * HOUR, status=CampaignStatus.ACTIVE)
    await history.make_campaign("paused", now + 3 * HOUR, status=CampaignStatus.PAUSED)
    await history.make_campaign("over", now + 3 * HOUR, status=CampaignStatus.CLOSED)
    jobs = serialize_jobs(4)
    await history.load_feed(jobs, now + 3 * HOUR)
    await history.load_feed(jobs[:3], now + 4 * HOUR)


async def _play_billed_contracts(history: History, now: datetime) -> None:
    """Credits that are billed by use and by top-up, and a charge of an earlier month that is credited."""
    owed = await history.open_hiring(HiringKind.CREDITS, now, is_postpaid=True)
    prepaid = await history.open_hiring(HiringKind.CREDITS, now)
    async with history.scenario.database.transaction() as connection:
        ((account_id,),) = await history.scenario.rows("SELECT id FROM billing_accounts")
        for contract, bills in ((owed, Bills.USE), (prepaid, Bills.TOP_UPS)):
            await accounts.set_agreement(
                connection,
                account_id=account_id,
                contract_id=contract.id,
                wish=AgreementWish(bills=bills),
                now=now,
            )
    await history.post_xml("invoiced", owed, now + HOUR)
    await history.change_xml("invoiced", owed, now + 2 * HOUR, title="Fitter", renewal=True)
    await _credit(history.scenario, now + 3 * HOUR)


async def _credit(scenario: Scenario, now: datetime) -> None:
    ((charge,),) = await scenario.rows(
        "SELECT reference FROM charge_postings JOIN settled_days USING (day)"
        " WHERE amount > 4000000 ORDER BY number DESC LIMIT 1"
    )
    async with scenario.database.transaction() as connection:
        await corrections.credit_charge(
            connection, charge=charge, amount_micros=1_000_000, reference=f"goodwill {now}", now=now
        )


async def _pay(scenario: Scenario, now: datetime) -> None:
    """A payment of an invoice, one of the account, a part of it that went back, and one that tops up a contract."""
    ((account_id, document_id),) = await scenario.rows(
        "SELECT account_id, id FROM billing_documents WHERE kind = 'INVOICE' AND digest <> '' ORDER BY id LIMIT 1"
    )
    draft = PaymentDraft(
        account_id=account_id,
        source=PaymentSource.OPERATOR,
        reference="named",
        amount_micros=1_000_000,
        document_id=document_id,
    )
    async with scenario.database.transaction() as connection:
        await payments.record_payment(connection, draft, now=now)
        free = replace(draft, reference="free", amount_micros=9_000_000, document_id=None)
        paid = await payments.record_payment(connection, free, now=now)
        back = ReversalDraft(payment_id=paid.payment.id, reference="back", amount_micros=2_000_000)
        await payments.reverse_payment(connection, back, now=now)
        ((contract_id,),) = await scenario.rows(
            "SELECT contract_id FROM billing_agreements WHERE bills = 'TOP_UPS'"
        )
        order = TopUpDraft(account_id=account_id, contract_id=contract_id, reference="order", units=2)
        await top_ups.record_top_up(connection, order, now=now)


async def _settle(scenario: Scenario, now: datetime) -> None:
    """Until every posting and restatement is sealed, and all that was queued is sent."""
    for minute in range(200):
        await scenario.run_due(now + timedelta(minutes=minute))
        await notify_charges(scenario.database, now=now + timedelta(minutes=minute))
        ((is_sealed,),) = await scenario.rows(
            "SELECT coalesce((SELECT max(until_number) FROM ledger_seal_rounds), 0)"
            " >= (SELECT last_value FROM ledger_numbers)"
            " AND (SELECT counted_until FROM contract_spend_cursor) >= (SELECT last_value FROM ledger_numbers)"
        )
        if is_sealed:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the last posting was never sealed")
