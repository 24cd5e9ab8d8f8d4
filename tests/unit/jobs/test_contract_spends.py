"""What contracts spent is added up some postings at a time, so that no transaction lasts long."""

from datetime import timedelta

from jobmeter.promotion.alerts import flow as alerts
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario

KNOW_ALL = """
INSERT INTO ledger_horizon (known_until, next_until, next_transaction)
SELECT last_value, last_value, 0 FROM ledger_numbers
    ON CONFLICT (only_one) DO UPDATE SET known_until = excluded.known_until, next_until = excluded.next_until
"""
LEAVE_A_GAP = (
    f"SELECT setval('ledger_numbers', last_value + {2 * alerts.POSTINGS_AT_ONCE_MAX}) FROM ledger_numbers"
)


async def test_spends_of_contracts_are_added_some_postings_at_a_time(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        await scenario.ingest(make_clicks(job_id, 3), START + timedelta(minutes=1))
        await scenario.execute(LEAVE_A_GAP)
        await scenario.ingest(make_clicks(job_id, 2, prefix="more"), START + timedelta(minutes=2))
        await scenario.execute(KNOW_ALL)

        found = []
        for minutes in (3, 3, 3, 4):
            async with scenario.database.transaction() as connection:
                is_more = await alerts.observe_contracts(connection, now=START + timedelta(minutes=minutes))
            ((spent,),) = await scenario.rows("SELECT spent_micros FROM contract_spends")
            found.append((is_more, spent // PRICE_MICROS))

        assert found == [(True, 3), (True, 3), (False, 5), (False, 5)]
