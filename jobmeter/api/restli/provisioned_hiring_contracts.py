"""``POST /rest/provisionedHiringContracts?action=setup``: a customer's contract for a child application (spec 3)."""

from typing import Any, Final

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.partner import flow as contracts
from jobmeter.wire.restli.envelopes import wrap_action

CONTRACT: Final = "partnerContractId"
KIND: Final = "type"  # from the older edition of the page, which allows one contract
KIND_P4P: Final = "PARTNER_P4P"


async def set_up_contract(call: Call) -> Reply:
    if call.application.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission=call.permission)
    wanted = _read_wanted(call.read_json() if call.body.strip() else {})
    async with call.app.database.transaction() as connection:
        contract, is_new = await contracts.set_up_customer_contract(
            connection, child=call.application, partner_contract_id=wanted, now=call.now
        )
        if is_new:
            await call.context.record(
                connection,
                Action.CUSTOMER_CONTRACT_SET_UP,
                contract.id,
                partner_id=call.application.partner_id,
                after={"application": call.application.urn, "contract": contract.partner_contract.urn},
            )
    return Reply(wrap_action({"key": call.application.urn, "contract": contract.urn}))


def _read_wanted(body: Any) -> int | None:
    """Returns the requested partner contract. Raises ``Refused(ACTION_INVALID)`` with a line for each invalid field."""
    if not isinstance(body, dict):
        raise Refused(Fault.ACTION_INVALID, action="setup", why="ERROR ::  :: the body is not a record")
    lines = [
        f"ERROR :: /{name[:100]} :: unrecognized field found but not allowed"
        for name in body
        if name not in {CONTRACT, KIND}
    ]
    wanted, kind = body.get(CONTRACT), body.get(KIND, KIND_P4P)
    if wanted is not None and (not isinstance(wanted, int) or isinstance(wanted, bool)):
        lines.append(f"ERROR :: /{CONTRACT} :: {str(wanted)[:100]} cannot be coerced to Long")
    if kind != KIND_P4P:
        lines.append(f'ERROR :: /{KIND} :: "{str(kind)[:100]}" is not an enum symbol')
    if lines:
        raise Refused(Fault.ACTION_INVALID, action="setup", why="\n".join(lines))
    return wanted
