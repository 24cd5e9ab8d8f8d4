"""Credits: only a charge that was booked is credited."""

from uuid import UUID

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.charging.corrections import flow as corrections
from tests.support.scenario import PRICE_MICROS, START, open_scenario


async def test_what_is_no_charge_is_not_credited(database_url: str) -> None:
    """The reservation of a job has a reference too."""
    async with open_scenario(database_url) as scenario:
        await scenario.post("job", budget_micros=10 * PRICE_MICROS)
        ((reservation,),) = await scenario.rows("SELECT reference FROM ledger_bookings WHERE purpose = 2")
        for reference in (reservation, UUID(int=7)):
            with pytest.raises(Refused) as refused:
                async with scenario.database.transaction() as connection:
                    await corrections.credit_charge(
                        connection,
                        charge=reference,
                        amount_micros=PRICE_MICROS,
                        reference="goodwill",
                        now=START,
                    )
            assert refused.value.fault is Fault.OPERATOR_UNKNOWN
