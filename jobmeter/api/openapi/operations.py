"""Owns what the OpenAPI document says of each endpoint: a summary, its bodies, its way to sign in.

Does not own the list of endpoints (``routes``): one without a row here is told of in general words.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from jobmeter.api.openapi.schemas import record
from jobmeter.api.operator.applications import TokenPermissionBody
from jobmeter.api.operator.contracts import ContractBody, PriceBody, TopUpBody
from jobmeter.api.operator.hiring_contracts import (
    EndBody,
    GrantBody,
    HiringContractBody,
    HiringPriceBody,
    RevocationBody,
    UnitsBody,
)
from jobmeter.api.operator.partners import PartnerBody
from jobmeter.api.operator.settlement import CreditBody, ExclusionBody, NetworksBody, RuleBody


@dataclass(frozen=True, slots=True)
class Operation:
    """``body`` and ``reply`` name schemas; an empty ``reply`` is an empty body. ``is_keyed``: the path has a key.
    ``media`` is that of the reply where it is not JSON.
    """

    summary: str
    reply: str = ""
    body: str = ""
    status: int = 200
    is_keyed: bool = False
    required: tuple[str, ...] = ()
    media: str = "application/json"


_RANGE = ("dateRange",)
RESTLI: Final[dict[tuple[str, str], Operation]] = {
    ("provisionedApplications", "CREATE"): Operation(
        "Make a customer's child application", "NewApplication", "Application", 201
    ),
    ("provisionedApplications", "FINDER credentialsByUniqueForeignId"): Operation(
        "Find a child application", "FoundApplications", required=("uniqueForeignId",)
    ),
    ("provisionedApplications", "PARTIAL_UPDATE"): Operation(
        "Change a child application", body="Patch", status=204, is_keyed=True
    ),
    ("developerApplicationsSecurity", "ACTION rollDeveloperApplicationSecret"): Operation(
        "Make a further client secret", "SecurityReply", "Security"
    ),
    ("developerApplicationsSecurity", "ACTION retireOlderSecret"): Operation(
        "Remove the older of two client secrets", "SecurityReply", "Security"
    ),
    ("provisionedHiringContracts", "ACTION setup"): Operation(
        "Set up the customer's contract", "SetupReply", "Setup"
    ),
    ("simpleJobPostings", "BATCH_CREATE"): Operation(
        "Create, update, renew or close up to 100 jobs", "JobPostingRows", "JobPostings"
    ),
    ("simpleJobPostingTasks", "BATCH_GET"): Operation("What became of operations", "Tasks"),
    ("jobPostingStatus", "BATCH_GET"): Operation("Whether jobs are listed and promoted", "PostingStatuses"),
    ("jobCampaigns", "CREATE"): Operation("Make a campaign", "", "Campaign", 202),
    ("jobCampaigns", "GET"): Operation("Show a campaign", "CampaignReply", is_keyed=True),
    ("jobCampaigns", "PARTIAL_UPDATE"): Operation(
        "Change a campaign", body="Patch", status=204, is_keyed=True
    ),
    ("jobCampaigns", "ACTION pause"): Operation("Pause a campaign", "CampaignAction", is_keyed=True),
    ("jobCampaigns", "ACTION resume"): Operation("Resume a campaign", "CampaignAction", is_keyed=True),
    ("jobCampaigns", "ACTION close"): Operation("Close a campaign", "CampaignAction", is_keyed=True),
    ("jobPostingGeoLocations", "FINDER search"): Operation(
        "Which places a text may mean", "Places", required=("location",)
    ),
    ("partnerJobReports", "BATCH_GET"): Operation("Job report by ids", "JobReportsByIds", required=_RANGE),
    ("partnerJobReports", "FINDER dateRange"): Operation(
        "Job report by date range", "JobReportsByRange", required=_RANGE
    ),
    ("partnerBudgetReports", "GET"): Operation("Budget report", "BudgetReport"),
}

_FILLED = {"type": "string", "minLength": 1}
_CLIENT = {"client_id": _FILLED, "client_secret": _FILLED}
_GRANT = record("grant_type client_id client_secret", grant_type={"const": "client_credentials"}, **_CLIENT)
_OWN_TOKEN = record("token client_id client_secret", token=_FILLED, **_CLIENT)
FORMS: Final = {
    "/oauth/v2/accessToken": _GRANT,
    "/oauth/v2/introspectToken": _OWN_TOKEN,
    "/oauth/v2/revoke": _OWN_TOKEN,
}

PLAIN: Final[dict[str, Operation]] = {
    "/oauth/v2/accessToken": Operation("Client credentials for an access token", "Token"),
    "/oauth/v2/introspectToken": Operation("What a token is worth", "TokenLife"),
    "/oauth/v2/revoke": Operation("End a token"),
    "/events": Operation("Views and apply clicks, in a batch", "EventsReply", "Events"),
    "/delivery/snapshot": Operation("All jobs that are promoted now", "Lines", media="application/x-ndjson"),
    "/partner/charges": Operation("The ordered stream of charges and corrections", "Charges"),
    "/health": Operation("Whether the server can reach its database", "Health"),
}

BODIES: Final[dict[str, type[BaseModel]]] = {
    "/operator/partners": PartnerBody,
    "/operator/applications/{application_id}/tokens": TokenPermissionBody,
    "/operator/partners/{partner_id}/contracts": ContractBody,
    "/operator/contracts/{contract_id}/topUps": TopUpBody,
    "/operator/contracts/{contract_id}/prices": PriceBody,
    "/operator/hiringContracts": HiringContractBody,
    "/operator/hiringContracts/{contract_id}/grants": GrantBody,
    "/operator/hiringContracts/{contract_id}/revocations": RevocationBody,
    "/operator/hiringContracts/{contract_id}/topUps": UnitsBody,
    "/operator/hiringContracts/{contract_id}/adjustments": UnitsBody,
    "/operator/hiringContracts/{contract_id}/prices": HiringPriceBody,
    "/operator/hiringContracts/{contract_id}/end": EndBody,
    "/operator/exclusions": ExclusionBody,
    "/operator/networks/{name}": NetworksBody,
    "/operator/settlementRules/{name}": RuleBody,
    "/operator/charges/{reference}/credits": CreditBody,
}
# Pages and pictures for candidates, and answers that are no JSON.
NOT_JSON: Final = ("/jobs/", "/docs", "/openapi.json")
