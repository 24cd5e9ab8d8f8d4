"""Owns the whole URL table."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from jobmeter.api import access_token, events, health, operator_contracts, operator_partners
from jobmeter.api import partner_budget_reports as budget
from jobmeter.api import partner_job_reports as job_reports
from jobmeter.api import provisioned_applications as applications
from jobmeter.api import provisioned_hiring_contracts as hiring_contracts
from jobmeter.api import simple_job_posting_tasks as tasks
from jobmeter.api import simple_job_postings as postings
from jobmeter.api.edge import Resource, make_endpoint
from jobmeter.api.replies import restli_refusal
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import JOBS_BODY_BYTES_MAX

REST = "/rest"  # versioned by the LinkedIn-Version header
V2 = "/v2"  # unversioned

# fmt: off
RESOURCES: tuple[tuple[tuple[str, ...], Resource], ...] = (
    ((V2,),      Resource("provisionedApplications", {
                    "CREATE": applications.create_application,
                    "FINDER credentialsByUniqueForeignId": applications.find_application})),
    ((REST,),    Resource("provisionedHiringContracts", {
                    "ACTION setup": hiring_contracts.set_up_contract})),
    ((REST, V2), Resource("simpleJobPostings", {
                    "BATCH_CREATE": postings.batch_create_jobs}, body_bytes_max=JOBS_BODY_BYTES_MAX)),
    ((REST, V2), Resource("simpleJobPostingTasks", {
                    "BATCH_GET": tasks.batch_get_tasks})),
    ((REST,),    Resource("partnerJobReports", {
                    "BATCH_GET": job_reports.get_by_ids,
                    "FINDER dateRange": job_reports.find_by_range})),
    ((REST,),    Resource("partnerBudgetReports", {
                    "GET": budget.get_budget}, is_single=True)),
)

PLAIN_ROUTES: tuple[Route, ...] = (
    Route("/oauth/v2/accessToken", access_token.create_access_token, methods=["POST"]),
    Route("/events",               events.take_events,               methods=["POST"]),
    Route("/operator/partners",      operator_partners.create_partner, methods=["POST"]),
    Route("/operator/partners/{partner_id:int}/contracts", operator_contracts.open_contract, methods=["POST"]),
    Route("/operator/contracts/{contract_id:int}",         operator_contracts.show_contract, methods=["GET"]),
    Route("/operator/contracts/{contract_id:int}/topUps",  operator_contracts.top_up_contract, methods=["POST"]),
    Route("/operator/contracts/{contract_id:int}/prices",  operator_contracts.set_price, methods=["POST"]),
    Route("/health",               health.show_health,               methods=["GET"]),
)
# fmt: on

VERBS = ["GET", "POST", "PUT", "DELETE"]


def make_routes() -> list[BaseRoute]:
    """Every route; a Rest.li resource answers with and without a trailing slash and with a key."""
    routes: list[BaseRoute] = list(PLAIN_ROUTES)
    for roots, resource in RESOURCES:
        for root in roots:
            endpoint = make_endpoint(resource, versioned=root == REST)
            routes += [
                Route(f"{root}/{resource.name}{rest}", endpoint, methods=VERBS)
                for rest in ("", "/", "/{key:path}")
            ]
    routes += [
        Route("/rest/{rest:path}", unknown_versioned, methods=VERBS),
        Route("/v2/{rest:path}", unknown_unversioned, methods=VERBS),
    ]
    return routes


async def unknown_versioned(_: Request) -> Response:
    return restli_refusal(Refused(Fault.ROUTE_UNKNOWN))


async def unknown_unversioned(request: Request) -> Response:
    return restli_refusal(Refused(Fault.RESOURCE_UNKNOWN, name=request.path_params["rest"][:200]))
