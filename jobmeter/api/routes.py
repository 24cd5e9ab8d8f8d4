"""Owns the whole URL table."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from jobmeter.api import health
from jobmeter.api.board import events, promotion_feed
from jobmeter.api.candidate import pages
from jobmeter.api.http.idempotency import idempotent
from jobmeter.api.oauth import access_token, introspect_token, revoke
from jobmeter.api.openapi.document import make_endpoints as make_document_endpoints
from jobmeter.api.operator import applications as operator_applications
from jobmeter.api.operator import contracts, explain, feeds, filters, job_links, partners, settlement
from jobmeter.api.operator import hiring_contracts as hiring
from jobmeter.api.partner import charges, clicks_not_charged, excluded_visitors, webhooks
from jobmeter.api.restli import developer_applications_security
from jobmeter.api.restli import job_campaigns as campaigns
from jobmeter.api.restli import job_posting_geo_locations as geo_locations
from jobmeter.api.restli import job_posting_status as posting_status
from jobmeter.api.restli import partner_budget_reports as budget
from jobmeter.api.restli import partner_job_reports as job_reports
from jobmeter.api.restli import provisioned_applications as applications
from jobmeter.api.restli import provisioned_hiring_contracts as hiring_contracts
from jobmeter.api.restli import simple_job_posting_tasks as tasks
from jobmeter.api.restli import simple_job_postings as postings
from jobmeter.api.restli.gateway import AnyVerb, Resource, make_endpoint
from jobmeter.api.restli.unknown_paths import respond_unversioned, respond_versioned
from jobmeter.api.xml import jobs
from jobmeter.api.xml.gateway import make_xml_endpoint
from jobmeter.base.limits import JOBS_BODY_BYTES_MAX

REST = "/rest"  # versioned by the LinkedIn-Version header
V2 = "/v2"  # unversioned

Endpoint = Callable[[Request], Awaitable[Response]]

# fmt: off
RESOURCES: tuple[tuple[tuple[str, ...], Resource], ...] = (
    ((V2,),      Resource("provisionedApplications", {
                    "CREATE": applications.create_application,
                    "FINDER credentialsByUniqueForeignId": applications.find_application,
                    "PARTIAL_UPDATE": applications.update_application},
                    parameters=("uniqueForeignId",))),
    ((V2,),      Resource("developerApplicationsSecurity", {
                    "ACTION rollDeveloperApplicationSecret": developer_applications_security.roll_secret,
                    "ACTION retireOlderSecret": developer_applications_security.retire_secret}, parameters=())),
    ((REST,),    Resource("provisionedHiringContracts", {
                    "ACTION setup": hiring_contracts.set_up_contract}, parameters=())),
    ((REST, V2), Resource("simpleJobPostings", {
                    "BATCH_CREATE": postings.batch_create_jobs}, body_bytes_max=JOBS_BODY_BYTES_MAX,
                    parameters=())),
    ((REST, V2), Resource("simpleJobPostingTasks", {
                    "BATCH_GET": tasks.batch_get_tasks}, parameters=())),
    ((REST, V2), Resource("jobPostingStatus", {
                    "BATCH_GET": posting_status.batch_get_statuses}, parameters=())),
    ((REST,),    Resource("jobCampaigns", {
                    "CREATE": campaigns.create_campaign,
                    "GET": campaigns.get_campaign,
                    "PARTIAL_UPDATE": campaigns.update_campaign,
                    "ACTION pause": campaigns.pause_campaign,
                    "ACTION resume": campaigns.resume_campaign,
                    "ACTION close": campaigns.close_campaign}, has_keyed_actions=True, parameters=())),
    ((REST,),    Resource("jobPostingGeoLocations", {
                    "FINDER search": geo_locations.find_locations}, parameters=("location", "locale"))),
    ((REST,),    Resource("partnerJobReports", {
                    "BATCH_GET": job_reports.get_by_ids,
                    "FINDER dateRange": job_reports.find_by_range},
                    parameters=("dateRange", "partnerContractId", "asOf"))),
    ((REST,),    Resource("partnerBudgetReports", {
                    "GET": budget.get_budget}, is_single=True,
                    parameters=("partnerContractId",))),
)

PLAIN_ROUTES: tuple[Route, ...] = (
    Route("/oauth/v2/accessToken", access_token.create_access_token, methods=["POST"]),
    Route("/oauth/v2/introspectToken", introspect_token.introspect_token, methods=["POST"]),
    Route("/oauth/v2/revoke",      revoke.revoke_token,          methods=["POST"]),
    Route("/events",               events.receive_events,               methods=["POST"]),
    Route("/delivery/changes",     promotion_feed.follow_changes,     methods=["GET"]),
    Route("/delivery/snapshot",    promotion_feed.take_snapshot,      methods=["GET"]),
    Route("/jobs/view/{job_id:int}",      pages.show_job,          methods=["GET"]),
    Route("/jobs/apply/{token}",          pages.follow_apply_link, methods=["GET"]),
    Route("/jobs/pixel/{token}.gif",      pages.count_by_pixel,    methods=["GET"]),
    Route("/operator/jobs/{job_id:int}/links", job_links.show_links, methods=["GET"]),
    Route("/operator/partners",      partners.create_partner, methods=["POST"]),
    Route("/operator/applications/{application_id:int}/tokens", operator_applications.permit_tokens, methods=["POST"]),
    Route("/operator/partners/{partner_id:int}/contracts", contracts.open_contract, methods=["POST"]),
    Route("/operator/contracts/{contract_id:int}",         contracts.show_contract, methods=["GET"]),
    Route("/operator/contracts/{contract_id:int}/pacing",  contracts.set_pacing, methods=["PUT"]),
    Route("/operator/contracts/{contract_id:int}/topUps",  contracts.top_up_contract, methods=["POST"]),
    Route("/operator/contracts/{contract_id:int}/prices",  contracts.set_price, methods=["POST"]),
    Route("/operator/contracts/{contract_id:int}/prices",  contracts.list_prices, methods=["GET"]),
    Route("/operator/hiringContracts",                               hiring.open_hiring_contract,   methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}",             hiring.show_hiring_contract,   methods=["GET"]),
    Route("/operator/hiringContracts/{contract_id:int}/grants",      hiring.grant_hiring_contract,  methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}/revocations", hiring.revoke_hiring_grant,    methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}/topUps",      hiring.top_up_hiring_contract, methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}/adjustments", hiring.adjust_hiring_contract, methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}/prices",      hiring.set_hiring_price,       methods=["POST"]),
    Route("/operator/hiringContracts/{contract_id:int}/end",         hiring.end_hiring_contract,    methods=["POST"]),
    Route("/operator/explain/jobs/{job_id:int}",                  explain.explain_job,    methods=["GET"]),
    Route("/operator/explain/jobs/{job_id:int}/days/{day}",       explain.explain_day,    methods=["GET"]),
    Route("/operator/explain/charges/{reference}",                explain.explain_charge, methods=["GET"]),
    Route("/operator/explain/events",                             explain.explain_event,  methods=["GET"]),
    Route("/operator/explain/events/{event_key}",                 explain.explain_event,  methods=["GET"]),
    Route("/operator/exclusions",                                 settlement.create_exclusion, methods=["POST"]),
    Route("/operator/exclusions",                                 settlement.list_exclusions,  methods=["GET"]),
    Route("/operator/exclusions/{exclusion_id:int}",              settlement.remove_exclusion, methods=["DELETE"]),
    Route("/operator/networks/{name}",                            settlement.put_networks,     methods=["PUT"]),
    Route("/operator/settlementRules",                            settlement.list_rules,       methods=["GET"]),
    Route("/operator/settlementRules/{name}",                     settlement.put_rule,         methods=["PUT"]),
    Route("/operator/charges/{reference:uuid}/credits",           settlement.create_credit,    methods=["POST"]),
    Route("/operator/feeds",                             feeds.list_feeds,    methods=["GET"]),
    Route("/operator/feeds",                             feeds.register_feed, methods=["POST"]),
    Route("/operator/feeds/{feed_id:int}/report",        feeds.show_report,   methods=["GET"]),
    Route("/operator/feeds/{feed_id:int}/runs",          feeds.run_feed,      methods=["POST"]),
    Route("/partner/feeds/{feed_id:int}/report",         feeds.show_own_report, methods=["GET"]),
    Route("/operator/contracts/{contract_id:int}/filters", filters.show_policy, methods=["GET"]),
    Route("/operator/contracts/{contract_id:int}/filters", filters.set_policy, methods=["PUT"]),
    Route("/operator/lastRefusedEvents", filters.list_all_refused,    methods=["GET"]),
    Route("/partner/lastRefusedEvents", excluded_visitors.list_own_refused,    methods=["GET"]),
    Route("/partner/excludedVisitors", excluded_visitors.list_excluded,        methods=["GET"]),
    Route("/partner/excludedVisitors", excluded_visitors.exclude,              methods=["POST"]),
    Route("/partner/excludedVisitors/{excluded_id:int}", excluded_visitors.include_again, methods=["DELETE"]),
    Route("/partner/clicksNotCharged", clicks_not_charged.list_not_charged, methods=["GET"]),
    Route("/partner/webhooks", webhooks.list_webhooks, methods=["GET"]),
    Route("/partner/webhooks", webhooks.register_webhook, methods=["POST"]),
    Route("/partner/webhooks/{webhook_id:int}", webhooks.change_webhook, methods=["PUT"]),
    Route("/partner/webhooks/{webhook_id:int}", webhooks.remove_webhook, methods=["DELETE"]),
    Route("/partner/webhooks/{webhook_id:int}/secrets", webhooks.rotate_webhook_secret, methods=["POST"]),
    Route("/partner/webhooks/{webhook_id:int}/retirements", webhooks.retire_webhook_secret, methods=["POST"]),
    Route("/partner/webhooks/{webhook_id:int}/tests", webhooks.test_webhook, methods=["POST"]),
    Route("/partner/webhooks/{webhook_id:int}/deliveries", webhooks.list_deliveries, methods=["GET"]),
    Route("/partner/webhooks/{webhook_id:int}/replays", webhooks.replay_deliveries, methods=["POST"]),
    Route("/partner/charges",      charges.follow_charges,     methods=["GET"]),
    Route("/health",               health.show_health,               methods=["GET"]),
)
# fmt: on

CANDIDATE_ROUTES = sum(route.path.startswith("/jobs/") for route in PLAIN_ROUTES)
XML_VERBS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
]  # it answers all of them itself


def make_routes() -> list[BaseRoute]:
    """Every route. A route is found by trying one after the other: what is asked for by the thousand comes first."""
    candidates_first = sorted(PLAIN_ROUTES, key=lambda route: not route.path.startswith("/jobs/"))
    plain = [_make_plain(route) for route in candidates_first]
    routes: list[BaseRoute] = [*plain[:CANDIDATE_ROUTES]]
    routes += [_make_root(REST, respond_versioned), _make_root(V2, respond_unversioned)]
    routes += plain[CANDIDATE_ROUTES:]
    show_document, show_page = make_document_endpoints(RESOURCES, PLAIN_ROUTES)
    routes += [
        Route("/openapi.json", show_document),
        Route("/docs", show_page),
        Route("/v1/{rest:path}", make_xml_endpoint(jobs.choose_handler), methods=XML_VERBS),
    ]
    return routes


def _make_root(root: str, respond_not_found: Endpoint) -> Route:
    """All resources under ``root``: with and without a trailing slash, and with a key."""
    endpoints = {
        resource.name: make_endpoint(resource, versioned=root == REST)
        for roots, resource in RESOURCES
        if root in roots
    }

    async def choose(request: Request) -> Response:
        name = request.path_params["rest"].partition("/")[0]
        return await endpoints.get(name, respond_not_found)(request)

    return Route(f"{root}/{{rest:path}}", AnyVerb(choose), name=root)


def _make_plain(route: Route) -> Route:
    """Writes of the operator, of the job board and of partners may carry an Idempotency-Key."""
    kinds = {"/events": "events", "/operator/": "operator", "/partner/": "partner"}
    kind = next((kind for start, kind in kinds.items() if route.path.startswith(start)), None)
    if kind is None:
        return route
    return Route(route.path, idempotent(route.endpoint, kind=kind), methods=sorted(route.methods or ()))
