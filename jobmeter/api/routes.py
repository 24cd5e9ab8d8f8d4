"""Owns the table of endpoints, one row each. Routes, OpenAPI, the reference page and the tenant tests read it.

Does not own how a request is matched to its endpoint (each protocol's dialect).
"""

from collections.abc import Callable, Collection, Iterable
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jobmeter.api import health, home
from jobmeter.api.board import events, promotion_feed
from jobmeter.api.candidate import open_jobs, pages, sitemap
from jobmeter.api.candidate.problems import refuse_with_page
from jobmeter.api.oauth import access_token, introspect_token, revoke
from jobmeter.api.openapi.document import make_document_endpoints
from jobmeter.api.operator import feeds
from jobmeter.api.operator.access.keys import KEYS
from jobmeter.api.operator.access.people import PEOPLE
from jobmeter.api.operator.billing.routes import BILLING
from jobmeter.api.operator.billing.statements import RefundBody
from jobmeter.api.operator.routes import OPERATOR
from jobmeter.api.partner import charges, clicks_not_charged, excluded_visitors, webhooks
from jobmeter.api.partner.audit import AUDIT
from jobmeter.api.partner.billing import credits as partner_credits
from jobmeter.api.partner.billing import invoices as partner_invoices
from jobmeter.api.partner.billing import payments as partner_payments
from jobmeter.api.partner.billing import refunds as partner_refunds
from jobmeter.api.partner.billing import statements as partner_statements
from jobmeter.api.partner.billing import usage as partner_usage
from jobmeter.api.partner.exports import EXPORTS
from jobmeter.api.partner.job_changes import JOB_CHANGES
from jobmeter.api.partner.lists.applications import APPLICATIONS
from jobmeter.api.partner.lists.contracts import CONTRACTS
from jobmeter.api.partner.lists.jobs import JOBS
from jobmeter.api.partner.lists.overview import OVERVIEW
from jobmeter.api.partner.lists.report_days import REPORT_DAYS
from jobmeter.api.partner.people import COLLEAGUES
from jobmeter.api.partner.requests import REQUESTS
from jobmeter.api.restli import developer_applications_security as security
from jobmeter.api.restli import job_campaigns as campaigns
from jobmeter.api.restli import job_posting_geo_locations as geo_locations
from jobmeter.api.restli import job_posting_status as posting_status
from jobmeter.api.restli import partner_budget_reports as budget
from jobmeter.api.restli import partner_job_reports as job_reports
from jobmeter.api.restli import provisioned_applications as applications
from jobmeter.api.restli import provisioned_hiring_contracts as hiring_contracts
from jobmeter.api.restli import simple_job_posting_tasks as tasks
from jobmeter.api.restli import simple_job_postings as postings
from jobmeter.api.restli.gateway import RestliDialect
from jobmeter.api.restli.resources import RestliEndpoint, group_resources
from jobmeter.api.xml import jobs
from jobmeter.api.xml.gateway import XmlDialect, XmlEndpoint
from jobmeter.base.faults import Refused
from jobmeter.base.limits import (
    EVENTS_BODY_BYTES_MAX,
    FORM_BYTES_MAX,
    JOBS_BODY_BYTES_MAX,
    XML_BODY_BYTES_MAX,
)
from jobmeter.http.endpoints import AnyEndpoint, Audience, Endpoint, group_by_path
from jobmeter.http.parameters import PAGE
from jobmeter.http.pipeline import make_route
from jobmeter.http.plain import PlainDialect, PlainEndpoint
from jobmeter.http.responses import oauth_refusal, plain_refusal

REST = "/rest"  # versioned by the LinkedIn-Version header
V2 = "/v2"  # unversioned
PUBLIC, CLIENT, PARTNER, BOARD = (
    Audience.PUBLIC,
    Audience.CLIENT,
    Audience.PARTNER,
    Audience.BOARD,
)
FOREIGN_ID = ("uniqueForeignId",)
RANGE = ("dateRange",)
MONTH_PAGE = ("month", *PAGE)
REPORT = (*RANGE, "partnerContractId", "asOf")
HTML, GIF, NDJSON, XML = "text/html", "image/gif", "application/x-ndjson", "text/xml"

# fmt: off
RESTLI: tuple[RestliEndpoint, ...] = (
    Endpoint("CREATE", "/v2/provisionedApplications", applications.create_application, audience=PARTNER,
             body="Application", reply="NewApplication", statuses=(201,), summary="Create a customer's child application"),
    Endpoint("FINDER credentialsByUniqueForeignId", "/v2/provisionedApplications", applications.find_application,
             audience=PARTNER, parameters=FOREIGN_ID, required=FOREIGN_ID, reply="FoundApplications",
             summary="Find a child application"),
    Endpoint("GET", "/v2/provisionedApplications/{key}", applications.get_application, audience=PARTNER,
             reply="FoundApplication", summary="Get a child application"),
    Endpoint("PARTIAL_UPDATE", "/v2/provisionedApplications/{key}", applications.update_application, audience=PARTNER,
             body="Patch", reply="", statuses=(204,), summary="Update a child application"),
    Endpoint("ACTION rollDeveloperApplicationSecret", "/v2/developerApplicationsSecurity", security.roll_secret,
             audience=PARTNER, body="Security", reply="SecurityReply", summary="Create another client secret"),
    Endpoint("ACTION retireOlderSecret", "/v2/developerApplicationsSecurity", security.retire_secret,
             audience=PARTNER, body="Security", reply="SecurityReply", summary="Remove the older of two client secrets"),
    Endpoint("ACTION setup", "/rest/provisionedHiringContracts", hiring_contracts.set_up_contract, audience=PARTNER,
             body="Setup", reply="SetupReply", summary="Set up a customer's contract"),
    *(Endpoint("BATCH_CREATE", f"{root}/simpleJobPostings", postings.batch_create_jobs, audience=PARTNER,
               body="JobPostings", body_bytes_max=JOBS_BODY_BYTES_MAX, reply="JobPostingRows",
               summary="Create, update, renew or close up to 100 jobs") for root in (REST, V2)),
    *(Endpoint("GET", f"{root}/simpleJobPostings/{{key}}", tasks.get_task, audience=PARTNER, reply="Task",
               summary="Get the result of an operation, at the address that its row names") for root in (REST, V2)),
    *(Endpoint("BATCH_GET", f"{root}/simpleJobPostingTasks", tasks.batch_get_tasks, audience=PARTNER,
               reply="Tasks", summary="Get the results of operations") for root in (REST, V2)),
    *(Endpoint("GET", f"{root}/simpleJobPostingTasks/{{key}}", tasks.get_task, audience=PARTNER,
               reply="Task", summary="Get the result of one operation") for root in (REST, V2)),
    *(Endpoint("BATCH_GET", f"{root}/jobPostingStatus", posting_status.batch_get_statuses, audience=PARTNER,
               reply="PostingStatuses", summary="Check whether jobs are listed and promoted") for root in (REST, V2)),
    Endpoint("CREATE", "/rest/jobCampaigns", campaigns.create_campaign, audience=PARTNER,
             body="Campaign", reply="", statuses=(202,), summary="Create a campaign"),
    Endpoint("GET", "/rest/jobCampaigns/{key}", campaigns.get_campaign, audience=PARTNER,
             reply="CampaignReply", summary="Get a campaign"),
    Endpoint("PARTIAL_UPDATE", "/rest/jobCampaigns/{key}", campaigns.update_campaign, audience=PARTNER,
             body="Patch", reply="", statuses=(204,), summary="Update a campaign"),
    Endpoint("ACTION pause", "/rest/jobCampaigns/{key}", campaigns.pause_campaign, audience=PARTNER,
             reply="CampaignAction", summary="Pause a campaign"),
    Endpoint("ACTION resume", "/rest/jobCampaigns/{key}", campaigns.resume_campaign, audience=PARTNER,
             reply="CampaignAction", summary="Resume a campaign"),
    Endpoint("ACTION close", "/rest/jobCampaigns/{key}", campaigns.close_campaign, audience=PARTNER,
             reply="CampaignAction", summary="Close a campaign"),
    Endpoint("FINDER search", "/rest/jobPostingGeoLocations", geo_locations.find_locations, audience=PARTNER,
             parameters=("location", "locale"), required=("location",), reply="Places",
             summary="Find the places that a text may mean"),
    Endpoint("BATCH_GET", "/rest/partnerJobReports", job_reports.get_by_ids, audience=PARTNER,
             parameters=REPORT, required=RANGE, reply="JobReportsByIds", may_be_stale=True,
             summary="Get job reports by ids"),
    Endpoint("FINDER dateRange", "/rest/partnerJobReports", job_reports.find_by_range, audience=PARTNER,
             parameters=REPORT, required=RANGE, reply="JobReportsByRange", may_be_stale=True,
             summary="Find job reports by date range"),
    Endpoint("GET", "/rest/partnerBudgetReports", budget.get_budget, audience=PARTNER,
             parameters=("partnerContractId",), reply="BudgetReport", may_be_stale=True, summary="Get a budget report"),
)

XML_JOBS: tuple[XmlEndpoint, ...] = (
    Endpoint("POST", "/v1/jobs", jobs.post_job, audience=PARTNER, quota="jobs", body_bytes_max=XML_BODY_BYTES_MAX,
             media=XML, reply="", statuses=(201,), summary="Post a job"),
    Endpoint("GET", "/v1/jobs/{key}", jobs.show_job, audience=PARTNER, quota="jobs",
             body_bytes_max=XML_BODY_BYTES_MAX, media=XML, reply="XmlJob", summary="Get a job"),
    Endpoint("PUT", "/v1/jobs/{key}", jobs.change_job, audience=PARTNER, quota="jobs",
             body_bytes_max=XML_BODY_BYTES_MAX, media=XML, reply="", summary="Edit or renew a job"),
    Endpoint("DELETE", "/v1/jobs/{key}", jobs.close_job, audience=PARTNER, quota="jobs",
             body_bytes_max=XML_BODY_BYTES_MAX, media=XML, reply="", statuses=(204,), summary="Close a job"),
)

CANDIDATE: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/jobs/view/{job_id:int}", pages.show_job, audience=PUBLIC, media=HTML, summary="Show a job's page"),
    Endpoint("GET", "/jobs", open_jobs.list_jobs, audience=PUBLIC, media=HTML, statuses=(200, 302),
             parameters=("jobId", "search", "before", "after"),
             summary="Redirect to a job's page, by the parameter jobId; the list of open jobs, if it is switched on"),
    Endpoint("GET", "/robots.txt", sitemap.show_robots, audience=PUBLIC, media="text/plain", reply="",
             summary="Get what search engines may read"),
    Endpoint("GET", "/sitemap.xml", sitemap.list_sitemaps, audience=PUBLIC, media=sitemap.MEDIA, reply="",
             summary="List the files of the sitemap"),
    Endpoint("GET", "/sitemaps/{number:int}.xml", sitemap.show_sitemap, audience=PUBLIC, media=sitemap.MEDIA, reply="",
             summary="Get a file of the sitemap: live jobs for the public"),
    Endpoint("GET", "/jobs/apply/{token}", pages.follow_apply_link, audience=PUBLIC, media=HTML, statuses=(302,),
             summary="Count an apply click and redirect to the apply address"),
    Endpoint("GET", "/jobs/pixel/{token}.gif", pages.count_by_pixel, audience=PUBLIC, media=GIF,
             summary="Count a view"),
)

PLAIN: tuple[PlainEndpoint, ...] = (
    Endpoint("POST", "/oauth/v2/accessToken", access_token.create_access_token, audience=CLIENT,
             body_bytes_max=FORM_BYTES_MAX,
             body="GrantForm", reply="Token", summary="Issue an access token for client credentials"),
    Endpoint("POST", "/oauth/v2/introspectToken", introspect_token.introspect_token, audience=CLIENT,
             body_bytes_max=FORM_BYTES_MAX,
             body="OwnTokenForm", reply="TokenLife", summary="Check whether a token is active"),
    Endpoint("POST", "/oauth/v2/revoke", revoke.revoke_token, audience=CLIENT,
             body_bytes_max=FORM_BYTES_MAX,
             body="OwnTokenForm", reply="", summary="Revoke a token"),
    Endpoint("POST", "/events", events.receive_events, audience=BOARD, body="Events",
             body_bytes_max=EVENTS_BODY_BYTES_MAX, reply="EventsReply", is_unique=True,
             summary="Record a batch of views and apply clicks"),
    Endpoint("GET", "/delivery/changes", promotion_feed.follow_changes, audience=BOARD,
             parameters=("after", "limit", "wait"), summary="List changes after a cursor: which jobs to promote and which to stop"),
    Endpoint("GET", "/delivery/snapshot", promotion_feed.take_snapshot, audience=BOARD,
             reply="Lines", media=NDJSON, summary="List all jobs that are promoted now"),
    *OPERATOR,
    *KEYS,
    *PEOPLE,
    *BILLING,
    # -- partners
    Endpoint("GET", "/partner/feeds/{feed_id:int}/report", feeds.show_own_report, audience=PARTNER, quota="partner",
             parameters=("after",), summary="Get the last run of the caller's own feed and its errors"),
    Endpoint("GET", "/partner/charges", charges.follow_charges, audience=PARTNER, quota="partner", reply="Charges",
             parameters=("after", "limit"), summary="List charges and corrections as an ordered stream"),
    *EXPORTS,
    *APPLICATIONS,
    *JOBS,
    *REPORT_DAYS,
    *OVERVIEW,
    *CONTRACTS,
    Endpoint("GET", "/partner/credits", partner_credits.list_credits, audience=PARTNER, quota="partner",
             parameters=MONTH_PAGE, summary="List a month's postings that used credits, their prices and the credits left"),
    Endpoint("GET", "/partner/usage", partner_usage.show_usage, audience=PARTNER, quota="partner", parameters=("month",),
             summary="Get what the caller's contracts used in a month, final and estimated, with a forecast"),
    Endpoint("GET", "/partner/statements/{month}", partner_statements.show_statement, audience=PARTNER, quota="partner",
             parameters=("customer", "customerJobCode", "currency", "prices", "markupPercent", "format", "cursor", "count"),
             summary="Get a month's statement of an end customer, or the list of customers"),
    Endpoint("GET", "/partner/refunds", partner_refunds.list_refunds, audience=PARTNER, quota="partner", parameters=PAGE,
             summary="List the refunds that the caller recorded"),
    Endpoint("POST", "/partner/refunds", partner_refunds.record_refund, audience=PARTNER, quota="partner",
             body=RefundBody, statuses=(201, 200), summary="Record a refund to an end customer"),
    Endpoint("GET", "/partner/clicksNotCharged", clicks_not_charged.list_not_charged, audience=PARTNER, quota="partner",
             other_media=("text/csv",), parameters=("from", "to", "externalJobPostingId", "format", "after"),
             summary="List clicks that were not charged, by job, day and reason"),
    Endpoint("GET", "/partner/clicksNotCharged/sums", clicks_not_charged.sum_not_charged, audience=PARTNER, quota="partner",
             parameters=("from", "to", "application", "job"), summary="Sum clicks that were not charged by reason, by day and by job"),
    Endpoint("GET", "/partner/invoices", partner_invoices.list_invoices, audience=PARTNER, quota="partner",
             parameters=("account", "month", "state", *PAGE), summary="List the caller's invoices and credit notes"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}", partner_invoices.show_invoice, audience=PARTNER,
             quota="partner", summary="Get an invoice or credit note of the caller"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}/lines", partner_invoices.list_lines, audience=PARTNER,
             quota="partner", parameters=("after",), summary="List the lines of an invoice of the caller"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}/lines/{line:int}/charges", partner_invoices.list_charges,
             audience=PARTNER, quota="partner", parameters=("after",),
             summary="List the postings of a line of the caller's invoice"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}/lines/{line:int}/clicks", partner_invoices.list_clicks,
             audience=PARTNER, quota="partner", parameters=("after",),
             summary="List the clicks that a line of the caller's invoice charges"),
    Endpoint("GET", "/partner/payments", partner_payments.list_payments, audience=PARTNER, quota="partner",
             parameters=PAGE, summary="List the caller's payments and what they pay"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}/paymentLink", partner_invoices.show_payment_link, audience=PARTNER,
             quota="partner", parameters=("returnUrl",), required=("returnUrl",),
             summary="Get the page at which an invoice of the caller can be paid"),
    Endpoint("GET", "/partner/invoices/{invoice_id:int}/files/{format}", partner_invoices.download_file,
             audience=PARTNER, quota="partner", summary="Download an invoice of the caller as PDF, XML, UBL, CSV, JSON or Excel"),
    Endpoint("GET", "/partner/lastRefusedEvents", excluded_visitors.list_own_refused, audience=PARTNER, quota="partner",
             summary="List the last events of the caller's own jobs that did not count"),
    Endpoint("GET", "/partner/excludedVisitors", excluded_visitors.list_excluded, audience=PARTNER, quota="partner",
             parameters=("after",), summary="List excluded visitors and networks"),
    Endpoint("POST", "/partner/excludedVisitors", excluded_visitors.exclude, audience=PARTNER, quota="partner",
             body=excluded_visitors.ExcludedVisitorBody, statuses=(201,), summary="Exclude a visitor or a network"),
    Endpoint("DELETE", "/partner/excludedVisitors/{excluded_id:int}", excluded_visitors.include_again,
             audience=PARTNER, quota="partner", reply="", statuses=(204,), summary="Include a visitor or a network again"),
    *JOB_CHANGES,
    *REQUESTS,
    *COLLEAGUES,
    *AUDIT,
    Endpoint("GET", "/partner/webhooks", webhooks.list_webhooks, audience=PARTNER, quota="partner", summary="List webhooks"),
    Endpoint("POST", "/partner/webhooks", webhooks.register_webhook, audience=PARTNER, quota="partner",
             body=webhooks.WebhookBody, statuses=(201,), summary="Register a webhook"),
    Endpoint("GET", "/partner/webhooks/{webhook_id:int}", webhooks.show_webhook, audience=PARTNER, quota="partner",
             parameters=("from", "to"), summary="Get a webhook, its signing secrets by age, and counts of its deliveries"),
    Endpoint("PUT", "/partner/webhooks/{webhook_id:int}", webhooks.change_webhook, audience=PARTNER, quota="partner",
             body=webhooks.WebhookBody, summary="Update a webhook"),
    Endpoint("DELETE", "/partner/webhooks/{webhook_id:int}", webhooks.remove_webhook, audience=PARTNER, quota="partner",
             reply="", statuses=(204,), summary="Remove a webhook"),
    Endpoint("POST", "/partner/webhooks/{webhook_id:int}/secrets", webhooks.rotate_webhook_secret,
             audience=PARTNER, quota="partner", statuses=(201,), summary="Create another signing secret"),
    Endpoint("POST", "/partner/webhooks/{webhook_id:int}/retirements", webhooks.retire_webhook_secret,
             audience=PARTNER, quota="partner", summary="Remove the older of two signing secrets"),
    Endpoint("POST", "/partner/webhooks/{webhook_id:int}/tests", webhooks.test_webhook, audience=PARTNER, quota="partner",
             statuses=(202,), summary="Send a test notification"),
    Endpoint("GET", "/partner/webhooks/{webhook_id:int}/deliveries", webhooks.list_deliveries, audience=PARTNER, quota="partner",
             parameters=("state", "kind", "from", "to", "after"), summary="List deliveries"),
    Endpoint("POST", "/partner/webhooks/{webhook_id:int}/replays", webhooks.replay_deliveries, audience=PARTNER, quota="partner",
             body=webhooks.ReplayBody, statuses=(202,), summary="Send deliveries again"),
    Endpoint("GET", "/", home.show_home, audience=PUBLIC, media=HTML, reply="", summary="Show what this server is and where to go"),
    Endpoint("GET", "/operator/health", health.show_operation, audience=Audience.OPERATOR,
             summary="Get settings in force without secrets, versions, the database, queues and chores"),
    Endpoint("GET", "/metrics", health.show_metrics, audience=Audience.OPERATOR, media="text/plain", reply="",
             other_media=("application/openmetrics-text",), summary="Get metrics for Prometheus"),
    Endpoint("GET", "/livez", health.show_life, audience=PUBLIC, reply="Status", summary="Check whether the process answers"),
    Endpoint("GET", "/readyz", health.show_readiness, audience=PUBLIC, reply="Status", summary="Check whether requests can be sent to this server"),
    Endpoint("GET", "/health", health.show_health, audience=PUBLIC, reply="Health",
             summary="Check whether the server can reach its database"),
)
# fmt: on


@cache  # so that a process describes the same endpoints once
def make_documents(others: tuple[PlainEndpoint, ...] = ()) -> tuple[PlainEndpoint, ...]:
    """The endpoints that describe all endpoints, ``others`` included."""
    return make_document_endpoints(restli=RESTLI, plain=(*CANDIDATE, *PLAIN, *others), xml=XML_JOBS)


DOCUMENTS = make_documents()
ENDPOINTS: tuple[AnyEndpoint, ...] = (*RESTLI, *XML_JOBS, *CANDIDATE, *PLAIN, *DOCUMENTS)


def make_routes(others: tuple[PlainEndpoint, ...] = ()) -> list[Route]:
    """Returns all routes, with those of ``others``. Of those that match a path the first is taken."""
    resources = group_resources(RESTLI)
    return [
        *make_plain_routes(CANDIDATE),
        *(
            make_route(f"{root}/{{rest:path}}", RestliDialect(resources[root], is_versioned=root == REST))
            for root in (REST, V2)
        ),
        *make_plain_routes((*PLAIN, *make_documents(others), *others)),
        make_route("/v1/{rest:path}", XmlDialect(XML_JOBS)),
    ]


def make_plain_routes(endpoints: Iterable[PlainEndpoint]) -> list[Route]:
    """Makes a route for each path, in table order."""
    routes: list[Route] = []
    for path, by_verb in group_by_path(endpoints).items():
        routes.append(make_route(path, PlainDialect(by_verb, refusal=_choose_refusal(by_verb.values()))))
    return routes


def _choose_refusal(endpoints: Collection[PlainEndpoint]) -> Callable[[Request, Refused], Response]:
    if any(endpoint.media == HTML for endpoint in endpoints):
        return refuse_with_page
    is_oauth = any(endpoint.audience is CLIENT for endpoint in endpoints)
    return _refuse_oauth if is_oauth else _refuse_plain


def _refuse_oauth(_: Request, refused: Refused) -> Response:
    return oauth_refusal(refused)


def _refuse_plain(_: Request, refused: Refused) -> Response:
    return plain_refusal(refused)
