"""Owns the set-up of XML API tests without HTTP: an application with a slots contract and a credits contract.

Does not own any expectation.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.database.pool import Database
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.wire.xml.job.fields import JobContent, JobDocument

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POSTER = "jo@customer.example"
RUN_DAYS = 30


@dataclass(frozen=True, slots=True)
class XmlScenario:
    database: Database
    application: Application
    contracts: dict[HiringKind, HiringContract]

    async def unused(self, kind: HiringKind) -> int:
        async with self.database.connection() as connection:
            found = await hiring.read_inventory(connection, contract=self.contracts[kind])
        assert found is not None
        return found

    async def count_held(self) -> int:
        """Returns how many slots jobs hold according to the ledger's postings."""
        statement = (
            "SELECT coalesce(sum(CASE WHEN destination_kind = 6 THEN amount ELSE -amount END), 0)"
            " FROM ledger_postings WHERE (destination_kind = 6 AND source_id = %(id)s)"
            " OR (source_kind = 6 AND destination_id = %(id)s)"
        )
        async with self.database.connection() as connection:
            row = await (
                await connection.execute(statement, {"id": self.contracts[HiringKind.SLOTS].id})
            ).fetchone()
        assert row is not None
        return int(row[0])


async def open_xml_scenario(database: Database, *, slot_count: int, credit_count: int) -> XmlScenario:
    async with database.transaction() as connection:
        application = (await partners.create_parent(connection, name="Partner", now=START)).application
        contracts = {}
        for kind, units in ((HiringKind.SLOTS, slot_count), (HiringKind.CREDITS, credit_count)):
            draft = HiringDraft(
                kind=kind,
                owner_name="Owner",
                owner_application_id=application.id,
                is_postpaid=False,
                currency="EUR",
                units=units,
                price_micros=90_000_000,
                run_days=RUN_DAYS,
                default_poster_email=POSTER,
                seats=(POSTER,),
                sandbox_number=None,
                starts_at=START,
                ends_at=START + timedelta(days=100_000),
            )
            contract = await hiring.open_hiring_contract(connection, draft=draft, now=START)
            await hiring.grant(connection, contract=contract, application=application, now=START)
            contracts[kind] = contract
    return XmlScenario(database, application, contracts)


def make_document(partner_job_id: str, contract: HiringContract) -> JobDocument:
    """Returns a document that either kind of contract accepts."""
    content = JobContent(
        partner_job_id=partner_job_id,
        contract_id=contract.id,
        company_name="Harbour Logistics",
        title="Fitter",
        description="Repairs what broke.",
        country_code="gb",
        poster_email=POSTER,
    )
    return JobDocument(content)
