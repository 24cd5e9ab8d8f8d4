"""Owns where the pages of a sandbox are, and that they are nowhere else."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import Sandbox
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit

SANDBOX = f"{ROOT}/sandbox"


def sandbox_of(visit: Visit) -> Sandbox:
    """Raises ``Refused(ROUTE_UNKNOWN)`` in production."""
    if visit.app.sandbox is None:
        raise Refused(Fault.ROUTE_UNKNOWN)
    return visit.app.sandbox
