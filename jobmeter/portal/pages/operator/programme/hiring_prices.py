"""``/portal/operator/hiring/ID/price``: the price of a slot or credit, with what it would have meant, before it is saved."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.contracts.hiring_acts import flow as acts
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.fields import Fields, midnight
from jobmeter.portal.pages.operator.programme.hiring import HIRING, find_contract
from jobmeter.reports.price_previews import flow as previews
from jobmeter.reports.price_previews.model import HiringPricePreview

NAMES = ("price", "from")
USED_SINCE = mark("A credit was used or paid for since then at another price: choose a later day")


async def show_price(visit: Visit) -> Response:
    """With a price in the address, what it would have meant. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    query = visit.context.request.query_params
    async with visit.app.database.snapshot() as connection:
        contract = await find_contract(connection, visit)
        if "price" not in query:
            return _show(visit, contract, query)
        fields, preview = Fields(visit, query), None
        price, day = fields.read_micros("price", contract.currency, least=0), fields.read_day("from")
        if not fields.problems:
            try:
                preview = await previews.preview_hiring_price(
                    connection,
                    contract=contract,
                    price_micros=price,
                    valid_from=midnight(day),
                    now=visit.context.now,
                )
            except Refused as refused:
                _refuse(fields, refused)
    return _show(visit, contract, query, problems=fields.problems, preview=preview)


async def save_price(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields = Fields(visit, visit.form)
    try:
        async with visit.app.database.transaction() as connection:
            contract = await find_contract(connection, visit)
            price, day = fields.read_micros("price", contract.currency, least=0), fields.read_day("from")
            if not fields.problems:
                await acts.set_price(
                    connection,
                    contract=contract,
                    price_micros=price,
                    valid_from=midnight(day),
                    record=visit.context.record,
                )
    except Refused as refused:
        _refuse(fields, refused)
    if fields.problems:
        return _show(visit, contract, visit.form, problems=fields.problems)
    return visit.redirect(f"{HIRING}/{contract.id}", done="hiring-price")


def _refuse(fields: Fields, refused: Refused) -> None:
    if refused.fault is not Fault.OPERATOR_INPUT:
        raise refused
    fields.refuse("from", USED_SINCE)


def _show(
    visit: Visit,
    contract: HiringContract,
    given: Mapping[str, str],
    *,
    problems: Mapping[str, str] = MappingProxyType({}),
    preview: HiringPricePreview | None = None,
) -> Response:
    return visit.show(
        "operator/programme/hiring/price.html",
        problems=problems,
        contract=contract,
        given={name: given.get(name, "")[:300] for name in NAMES},
        preview=preview,
    )
