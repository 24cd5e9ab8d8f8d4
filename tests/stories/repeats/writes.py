"""Owns one effective request for each write of the route table, each time on new objects.

Does not own any expectation. A write of the table that is missing here raises ``KeyError``.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from jobmeter.api.routes import ENDPOINTS
from jobmeter.http.endpoints import AnyEndpoint, Audience
from jobmeter.http.idempotency import READING
from jobmeter.sandbox.endpoints import ENDPOINTS as SANDBOX
from tests.stories.repeats.billing_writes import BILLING_MAKERS, CONTRACT, PARTY
from tests.stories.repeats.key_writes import KEY_MAKERS, retire_replaced, revoke_tokens
from tests.stories.repeats.payments import PAYMENTS
from tests.stories.repeats.people_writes import PEOPLE_MAKERS
from tests.stories.repeats.world import Make, World, Write
from tests.support.sandbox_client import bearer, make_event
from tests.support.xml_partner import POSTER, job_xml

WEBHOOK = {"kinds": ["BUDGET_ALERT"], "url": "https://partner.example/hook"}


def list_writes() -> list[AnyEndpoint]:
    """Returns every write of the table that takes an ``Idempotency-Key``: those whose caller is known from the headers."""
    return [
        row
        for row in (*ENDPOINTS, *SANDBOX)
        if row.verb not in READING and row.audience not in {Audience.PUBLIC, Audience.CLIENT}
    ]


# -- Rest.li


async def create_application(world: World, path: str) -> Write:
    name = world.name()
    draft = {"uniqueForeignId": name, "name": f"Sandbox Partner - {name}", "description": "A customer"}
    return Write("POST", path, world.parent, draft)


async def update_application(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    patch = {"patch": {"$set": {"description": "Changed"}}}
    return Write("POST", path.replace("{key}", quote(child.urn, safe="")), world.parent, patch)


async def roll_secret(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    action = f"{path}?action=rollDeveloperApplicationSecret"
    return Write("POST", action, world.parent, {"childDeveloperApplication": child.urn})


async def retire_secret(world: World, path: str) -> Write:
    rolled = await roll_secret(world, path)
    await world.call(rolled)
    return replace(rolled, path=f"{path}?action=retireOlderSecret")


async def set_up_contract(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    wanted = {"partnerContractId": world.credentials["partner_contract_id"]}
    return Write("POST", f"{path}?action=setup", child.headers, wanted)


async def batch_create(world: World, path: str) -> Write:
    child = await world.make_child()
    listed_at = int((await world.read_now()).timestamp() * 1_000) - 1_000
    elements = [make_element(f"{world.name()}", child.contract, listed_at) for _ in range(3)]
    return Write("POST", path, child.headers | {"X-RestLi-Method": "batch_create"}, {"elements": elements})


def make_element(external_id: str, contract: str, listed_at: int) -> dict[str, Any]:
    return {
        "externalJobPostingId": external_id,
        "jobPostingOperationType": "CREATE",
        "title": f"Fitter {external_id}",
        "description": f"A fitter repairs what broke. {external_id} " * 8,
        "companyApplyUrl": "https://careers.example.com/apply",
        "listedAt": listed_at,
        "location": "Leeds, England, United Kingdom",
        "companyName": "Harbour Logistics",
        "contract": contract,
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    }


async def create_campaign(world: World, path: str) -> Write:
    child = await world.make_child()
    name, starts_at = world.name(), await world.read_now() - timedelta(minutes=1)
    body = {
        "partnerJobCampaignId": name,
        "name": name,
        "contract": child.contract,
        "startTime": int(starts_at.timestamp() * 1_000),
    }
    return Write("POST", path, child.headers, body)


async def make_campaign(world: World, path: str) -> Write:
    """Returns a write without a body to a campaign that is active."""
    made = await create_campaign(world, path.removesuffix("/{key}"))
    answer = await made.send(world.client)
    await world.run_chores()
    key = quote(answer.headers["X-RestLi-Id"], safe="")
    return Write("POST", path.replace("{key}", key), made.headers)


async def update_campaign(world: World, path: str) -> Write:
    return replace(await make_campaign(world, path), body={"patch": {"$set": {"name": "Changed"}}})


async def act_on_campaign(world: World, path: str, action: str) -> Write:
    made = await make_campaign(world, path)
    return replace(made, path=f"{made.path}?action={action}", body={})


async def pause_campaign(world: World, path: str) -> Write:
    return await act_on_campaign(world, path, "pause")


async def resume_campaign(world: World, path: str) -> Write:
    paused = await pause_campaign(world, path)
    await world.call(paused)
    return replace(paused, path=paused.path.replace("pause", "resume"))


async def close_campaign(world: World, path: str) -> Write:
    return await act_on_campaign(world, path, "close")


# -- XML


def find_credits(world: World) -> int:
    return next(row["id"] for row in world.credentials["hiring_contracts"] if row["kind"] == "CREDITS")


async def post_xml(world: World, path: str) -> Write:
    return Write("POST", path, bearer(world.parent_token), make_document(world, world.name()))


def make_document(world: World, name: str) -> str:
    return job_xml(name, find_credits(world), poster=POSTER)


async def post_first(world: World, path: str) -> str:
    """Posts a job and returns its path."""
    name = world.name()
    await world.call(Write("POST", "/v1/jobs", bearer(world.parent_token), make_document(world, name)))
    return path.replace("{key}", f"partner-job-id={name}")


async def renew_xml(world: World, path: str) -> Write:
    document = f"<job><contract-id>{find_credits(world)}</contract-id><renewal/></job>"
    return Write("PUT", await post_first(world, path), bearer(world.parent_token), document)


async def close_xml(world: World, path: str) -> Write:
    return Write("DELETE", await post_first(world, path), bearer(world.parent_token))


# -- the job board, the sandbox


async def send_events(world: World, path: str) -> Write:
    now_ms = int((await world.read_now()).timestamp() * 1_000)
    events = [make_event(world.job_id, world.name(), now_ms, type="applyClick") for _ in range(3)]
    return Write("POST", path, bearer(world.credentials["events_key"]), events)


async def move_clock(world: World, path: str) -> Write:
    return Write("POST", path, world.operator, {"advance": "1h"})


# -- the operator


def operate(method: str, body: Any) -> Make:
    """Makes a write to the seeded partner and its contract."""

    async def make(world: World, path: str) -> Write:
        numbers = {
            "{partner_id:int}": world.credentials["parent"]["urn"].rsplit(":", 1)[-1],
            "{contract_id:int}": str(world.credentials["partner_contract_id"]),
            "{name}": "NO_VIEW" if "Rules" in path else "data-centres",
            "{reference:uuid}": world.charge,
        }
        for slot, value in numbers.items():
            path = path.replace(slot, value)
        filled = {name: world.name() if value == "NEW" else value for name, value in body.items()}
        return Write(method, path, world.operator, filled)

    return make


HIRING = {
    "kind": "SLOTS",
    "owner": "Owner",
    "defaultPosterEmail": POSTER,
    "currency": "EUR",
    "units": 5,
    "price": "90.00",
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2090-01-01T00:00:00Z",
}


async def allow_tokens(world: World, path: str) -> Write:
    child = await world.make_child()
    return Write(
        "POST",
        path.replace("{application_id:int}", child.number),
        world.operator,
        {"areAllowed": False},
    )


async def replace_secret(world: World, path: str) -> Write:
    child = await world.make_child(is_set_up=False)
    return Write("POST", path.replace("{application_id:int}", child.number), world.operator, {})


def on_hiring(body: dict[str, Any], *, is_granted: bool = False) -> Make:
    """Makes a write to a new hiring contract."""

    async def make(world: World, path: str) -> Write:
        made = await world.call(Write("POST", "/operator/hiringContracts", world.operator, HIRING))
        own = f"/operator/hiringContracts/{made['id']}"
        filled = {name: world.name() if value == "NEW" else value for name, value in body.items()}
        if "application" in filled:
            filled["application"] = (await world.make_child(is_set_up=False)).urn
        if is_granted:
            grant = {"application": filled["application"]}
            await world.call(Write("POST", f"{own}/grants", world.operator, grant))
        return Write("POST", f"{own}/{path.rsplit('/', 1)[-1]}", world.operator, filled)

    return make


# An issued invoice of the seeded partner, as a run makes it, with one line.
ISSUED = (
    (
        "INSERT INTO billing_series (name, kind, last, last_issued_at, last_digest)"
        " VALUES ('INV-2020', 'INVOICE', 1, '2020-02-03', '') ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO billing_accounts (id, partner_id, currency, issues, zero_month, first_month, created_at)"
        " SELECT 1, min(id), 'USD', 'HELD', 'NOTHING', '2090-01-01', '2020-01-01' FROM applications"
        " ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO billing_documents (id, account_id, kind, month, reference, currency, minor_digits, seller, buyer,"
        " series, sequence, issued_at, due_on) VALUES (1, 1, 'INVOICE', '2020-01-01', md5('1')::uuid, 'USD', 2, '{}', '{}',"
        " 'INV-2020', 1, '2020-02-03', '2020-03-03') ON CONFLICT DO NOTHING"
    ),
    (
        "INSERT INTO billing_lines (document_id, line, kind, contract_id, job_id, application_id, posting, external_id, title,"
        " company_name, customer_job_code, poster_email, first_at, last_at, quantity, price_micros, net_micros, category,"
        " rate_micros) SELECT 1, 1, 'POSTING', 1, 1, 1, md5('1')::uuid, '', '', '', '', '', '2020-01-01', '2020-01-01', 1, 1, 1,"
        " 'Z', 0 WHERE NOT EXISTS (SELECT FROM billing_lines WHERE document_id = 1)"
    ),
    "UPDATE billing_documents SET digest = 'x' WHERE id = 1 AND digest = ''",
)


async def record_refund(world: World, path: str) -> Write:
    for statement in ISSUED:
        await world.execute(statement)
    body = {"invoiceLine": "INV-2020-000001/1", "amount": "5.00", "reference": world.name()}
    if path.startswith("/operator/"):
        number = world.credentials["parent"]["urn"].rsplit(":", 1)[-1]
        return Write("POST", path.replace("{partner_id:int}", number), world.operator, body)
    return Write("POST", path, bearer(world.parent_token), body)


async def remove_exclusion(world: World, path: str) -> Write:
    body = {"visitor": world.name(), "note": "a note"}
    made = await world.call(Write("POST", "/operator/exclusions", world.operator, body))
    return Write("DELETE", path.replace("{exclusion_id:int}", str(made["id"])), world.operator)


async def register_feed(world: World, path: str) -> Write:
    child = await world.make_child()
    body = {"applicationId": int(child.number), "path": f"/nowhere/{world.name()}.xml"}
    return Write("POST", path, world.operator, body)


async def run_feed(world: World, path: str) -> Write:
    made = await world.call(await register_feed(world, "/operator/feeds"))
    return Write("POST", path.replace("{feed_id:int}", str(made["id"])), world.operator, {})


# -- partners


def as_partner(method: str, body: Any) -> Make:
    """Makes a write of a new application."""

    async def make(world: World, path: str) -> Write:
        child = await world.make_child(is_set_up=False)
        if "{excluded_id:int}" in path:
            excluded = await world.call(
                Write("POST", "/partner/excludedVisitors", child.headers, {"visitor": "v"})
            )
            path = path.replace("{excluded_id:int}", str(excluded["id"]))
        if "{webhook_id:int}" in path:
            webhook = await world.call(Write("POST", "/partner/webhooks", child.headers, WEBHOOK))
            own = f"/partner/webhooks/{webhook['id']}"
            path = path.replace("/partner/webhooks/{webhook_id:int}", own)
            if path.endswith("retirements"):
                await world.call(Write("POST", f"{own}/secrets", child.headers))
            if path.endswith("replays"):
                await world.call(Write("POST", f"{own}/tests", child.headers))
                await world.execute("UPDATE notices SET state = 'DEAD', finished_at = created_at")
        return Write(method, path, child.headers, body)

    return make


MAKERS: dict[tuple[str, str], Make] = {
    ("CREATE", "/v2/provisionedApplications"): create_application,
    ("PARTIAL_UPDATE", "/v2/provisionedApplications/{key}"): update_application,
    ("ACTION rollDeveloperApplicationSecret", "/v2/developerApplicationsSecurity"): roll_secret,
    ("ACTION retireOlderSecret", "/v2/developerApplicationsSecurity"): retire_secret,
    ("ACTION setup", "/rest/provisionedHiringContracts"): set_up_contract,
    ("BATCH_CREATE", "/rest/simpleJobPostings"): batch_create,
    ("BATCH_CREATE", "/v2/simpleJobPostings"): batch_create,
    ("CREATE", "/rest/jobCampaigns"): create_campaign,
    ("PARTIAL_UPDATE", "/rest/jobCampaigns/{key}"): update_campaign,
    ("ACTION pause", "/rest/jobCampaigns/{key}"): pause_campaign,
    ("ACTION resume", "/rest/jobCampaigns/{key}"): resume_campaign,
    ("ACTION close", "/rest/jobCampaigns/{key}"): close_campaign,
    ("POST", "/v1/jobs"): post_xml,
    ("PUT", "/v1/jobs/{key}"): renew_xml,
    ("DELETE", "/v1/jobs/{key}"): close_xml,
    ("POST", "/events"): send_events,
    ("POST", "/sandbox/clock"): move_clock,
    ("PUT", "/sandbox/traffic"): operate("PUT", {"isOn": False, "viewsPerJobDay": 1}),  # on, it is slow
    ("PUT", "/sandbox/failure"): operate("PUT", {"code": None}),
    ("POST", "/operator/partners"): operate("POST", {"name": "NEW"}),
    ("POST", "/operator/applications/{application_id:int}/tokens"): allow_tokens,
    ("POST", "/operator/applications/{application_id:int}/secrets"): replace_secret,
    ("POST", "/operator/applications/{application_id:int}/retirements"): retire_replaced,
    ("PUT", "/operator/partners/{partner_id:int}"): operate("PUT", {"reference": "NEW"}),
    ("POST", "/operator/partners/{partner_id:int}/contracts"): operate("POST", CONTRACT),
    ("PUT", "/operator/contracts/{contract_id:int}/pacing"): operate("PUT", {"pacing": "EVEN"}),
    ("POST", "/operator/contracts/{contract_id:int}/topUps"): operate(
        "POST", {"amount": "5.00", "reference": "NEW"}
    ),
    ("POST", "/operator/contracts/{contract_id:int}/prices"): operate(
        "POST", {"clickPrice": "2.00", "validFrom": "2031-01-01T00:00:00Z", "jobFunction": "NEW"}
    ),
    ("PUT", "/operator/contracts/{contract_id:int}/filters"): operate("PUT", {"refusesCrawlers": False}),
    ("POST", "/operator/hiringContracts"): operate("POST", HIRING),
    ("POST", "/operator/hiringContracts/{contract_id:int}/grants"): on_hiring(
        {"application": "", "withSigningSecret": True}
    ),
    ("POST", "/operator/hiringContracts/{contract_id:int}/revocations"): on_hiring(
        {"application": ""}, is_granted=True
    ),
    ("POST", "/operator/hiringContracts/{contract_id:int}/topUps"): on_hiring(
        {"units": 7, "reference": "NEW"}
    ),
    ("POST", "/operator/hiringContracts/{contract_id:int}/adjustments"): on_hiring(
        {"units": -2, "reference": "NEW"}
    ),
    ("POST", "/operator/hiringContracts/{contract_id:int}/prices"): on_hiring(
        {"price": "70.00", "validFrom": "2031-01-01T00:00:00Z"}
    ),
    ("POST", "/operator/hiringContracts/{contract_id:int}/end"): on_hiring({}),
    ("PUT", "/operator/billing/seller"): operate("PUT", PARTY | {"registrationNumber": "NEW"}),
    **BILLING_MAKERS,
    **PAYMENTS,
    **KEY_MAKERS,
    **PEOPLE_MAKERS,
    ("POST", "/operator/exclusions"): operate("POST", {"visitor": "NEW", "note": "a note"}),
    ("DELETE", "/operator/exclusions/{exclusion_id:int}"): remove_exclusion,
    ("PUT", "/operator/networks/{name}"): operate("PUT", {"networks": ["203.0.113.0/24"]}),
    ("PUT", "/operator/settlementRules/{name}"): operate("PUT", {"isOn": True}),
    ("POST", "/operator/charges/{reference:uuid}/credits"): operate(
        "POST", {"amount": "0.01", "reference": "NEW"}
    ),
    ("POST", "/operator/feeds"): register_feed,
    ("POST", "/operator/feeds/{feed_id:int}/runs"): run_feed,
    ("POST", "/operator/partners/{partner_id:int}/refunds"): record_refund,
    ("POST", "/partner/refunds"): record_refund,
    ("POST", "/partner/excludedVisitors"): as_partner("POST", {"visitor": "anybody"}),
    ("DELETE", "/partner/excludedVisitors/{excluded_id:int}"): as_partner("DELETE", None),
    ("POST", "/partner/applications/{application_id:int}/tokenRevocations"): revoke_tokens,
    ("POST", "/partner/webhooks"): as_partner("POST", WEBHOOK),
    ("PUT", "/partner/webhooks/{webhook_id:int}"): as_partner("PUT", WEBHOOK | {"url": "https://b.example"}),
    ("DELETE", "/partner/webhooks/{webhook_id:int}"): as_partner("DELETE", None),
    ("POST", "/partner/webhooks/{webhook_id:int}/secrets"): as_partner("POST", None),
    ("POST", "/partner/webhooks/{webhook_id:int}/retirements"): as_partner("POST", None),
    ("POST", "/partner/webhooks/{webhook_id:int}/tests"): as_partner("POST", None),
    ("POST", "/partner/webhooks/{webhook_id:int}/replays"): as_partner("POST", {}),
}
