"""Owns the decisions on roles: what each may be bound to, and which a partner may give. Pure."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES, Grant, Role


def check_grant(grant: Grant) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` naming the field that the role lacks, or does not have."""
    wanted: tuple[str, ...] = ("applicationId", "hiringContractId")
    if grant.role is Role.MEMBER:
        raise Refused(Fault.OPERATOR_INPUT, field="role", why="everybody is a member already")
    if grant.role in OPERATOR_ROLES:
        wanted = ()
    elif grant.role in PARTNER_ROLES:
        wanted = ("partnerId",)
    given = {
        name
        for name, value in (
            ("partnerId", grant.partner_id),
            ("applicationId", grant.application_id),
            ("hiringContractId", grant.hiring_contract_id),
        )
        if value is not None
    }
    if given - {*wanted}:
        why = f"a person with the role {grant.role} is not bound to it"
        raise Refused(Fault.OPERATOR_INPUT, field=min(given - {*wanted}), why=why)
    if len(given) != min(len(wanted), 1):
        raise Refused(
            Fault.OPERATOR_INPUT, field=" or ".join(wanted), why=f"the role {grant.role} needs one of them"
        )
