"""``/portal/operator/contracts/ID/price``: a click price, with what it would have meant for the jobs of the last days, before it is saved."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.acts import flow as acts
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import EXPERIENCE_LEVELS, ClickPrice, JobTraits, PartnerContract
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.contracts import CONTRACTS, find_contract
from jobmeter.portal.pages.operator.programme.fields import Fields, midnight
from jobmeter.reports.price_previews import flow as previews
from jobmeter.reports.price_previews.model import PricePreview

NAMES = ("click_price", "from", "country", "job_function", "experience_level")
NO_COUNTRY = mark("Enter the two letters of a country, such as DE, or leave it empty")
NO_LEVEL = mark("Choose a level of the list")


async def show_price(visit: Visit) -> Response:
    """With a price in the address, what it would have meant. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    query = visit.context.request.query_params
    async with visit.app.database.snapshot() as connection:
        contract = await find_contract(connection, visit)
        if "click_price" not in query:
            return _show(visit, contract, query)
        fields = Fields(visit, query)
        price = _read_price(fields, contract)
        if fields.problems:
            return _show(visit, contract, query, problems=fields.problems)
        known = await contracts.list_click_prices(connection, contract=contract)
        preview = await previews.preview_price(connection, price, contract=contract, now=visit.context.now)
    return _show(visit, contract, query, preview=preview, before=acts.find_price_before(known, price))


async def save_price(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields = Fields(visit, visit.form)
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        price = _read_price(fields, contract)
        if fields.problems:
            return _show(visit, contract, visit.form, problems=fields.problems)
        await acts.set_price(connection, price, contract=contract, record=visit.context.record)
    return visit.redirect(f"{CONTRACTS}/{contract.id}", done="price")


def _read_price(fields: Fields, contract: PartnerContract) -> ClickPrice:
    traits = JobTraits()
    try:
        traits = acts.read_traits(
            country=fields.get("country"),
            job_function=fields.read_text("job_function", is_needed=False),
            experience_level=fields.get("experience_level"),
        )
    except Refused as refused:
        if refused.fault is not Fault.OPERATOR_INPUT:
            raise
        is_country = refused.parameters["field"] == "country"
        fields.refuse("country" if is_country else "experience_level", NO_COUNTRY if is_country else NO_LEVEL)
    return ClickPrice(
        traits=traits,
        price_micros=fields.read_micros("click_price", contract.currency),
        valid_from=midnight(fields.read_day("from")),
    )


def _show(
    visit: Visit,
    contract: PartnerContract,
    given: Mapping[str, str],
    *,
    problems: Mapping[str, str] = MappingProxyType({}),
    preview: PricePreview | None = None,
    before: ClickPrice | None = None,
) -> Response:
    return visit.show(
        "operator/programme/contracts/price.html",
        problems=problems,
        contract=contract,
        given={name: given.get(name, "")[:300] for name in NAMES},
        levels=EXPERIENCE_LEVELS,
        preview=preview,
        before=before,
    )
