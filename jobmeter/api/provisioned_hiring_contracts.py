"""``POST /rest/provisionedHiringContracts?action=setup``: a customer's contract for a child application (spec 3)."""

from jobmeter.api.edge import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts import flow as contracts
from jobmeter.wire.restli.envelopes import wrap_action


async def set_up_contract(call: Call) -> Reply:
    body = call.read_json() if call.body.strip() else {}
    wanted = body.get("partnerContractId") if isinstance(body, dict) else body
    if wanted is not None and (not isinstance(wanted, int) or isinstance(wanted, bool)):
        why = f"ERROR :: /partnerContractId :: {wanted} cannot be coerced to Long"
        raise Refused(Fault.ACTION_INVALID, action="setup", why=why)
    async with call.state.database.transaction() as connection:
        contract = await contracts.set_up_customer_contract(
            connection, child=call.application, partner_contract_id=wanted, now=call.now
        )
    return Reply(wrap_action({"key": call.application.urn, "contract": contract.urn}))
