"""Owns the requests of the tenant matrix: every route of the server with every kind of id that a stranger may know.

Does not own any expectation. An unknown route or path parameter raises ``KeyError``.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from jobmeter.api.routes import CANDIDATE, DOCUMENTS, PLAIN, REST, RESTLI
from jobmeter.http.endpoints import Audience
from jobmeter.sandbox.endpoints import ENDPOINTS as SANDBOX
from jobmeter.wire.restli.encoding import encode_element
from tests.support.sandbox_client import range_text

XML_TYPE = "text/xml; charset=UTF-8"


@dataclass(frozen=True)
class Names:
    """Every kind of id that the API returns."""

    external_id: str
    job_id: int
    task: str
    application: str
    contract_id: int
    partner_contract_id: int
    hiring_contract_id: int
    foreign_id: str
    campaign: str
    campaign_name: str
    webhook_id: int
    excluded_id: int
    feed_id: int
    invoice_id: int
    colleague_id: int
    person_email: str
    xml_job: str
    charge: str
    token: str

    @property
    def keys(self):
        """The ids that can be the key of a Rest.li resource."""
        numbers = [str(number) for number in self.numbers]
        return [
            self.external_id,
            f"urn:li:jobPosting:{self.job_id}",
            self.task,
            self.application,
            self.campaign,
            *numbers,
        ]

    @property
    def numbers(self):
        contracts = [self.contract_id, self.partner_contract_id, self.hiring_contract_id]
        others = [int(urn.rsplit(":", 1)[-1]) for urn in (self.application, self.campaign)]
        things = [self.webhook_id, self.excluded_id, self.feed_id, self.invoice_id, self.colleague_id]
        return [self.job_id, *things, *contracts, *others]

    @property
    def texts(self):
        return [
            *self.keys,
            self.foreign_id,
            self.campaign_name,
            self.xml_job,
            self.charge,
            self.token,
            self.person_email,
        ]


GHOST = Names(
    external_id="nobody-1",
    job_id=999_999_999_936,
    task="urn:li:simpleJobPostingTask:00000000-0000-4000-8000-000000000000",
    application="urn:li:developerApplication:999999",
    contract_id=2_999_999_998,
    partner_contract_id=2_999_999_999,
    hiring_contract_id=2_999_999_997,
    foreign_id="nobody-customer",
    campaign="urn:li:jobCampaign:999998",
    campaign_name="nobody-campaign",
    webhook_id=999_997,
    excluded_id=999_996,
    feed_id=999_995,
    invoice_id=9_999_994,
    colleague_id=999_993,
    person_email="nobody@ghost.example",
    xml_job="nobody-xml",
    charge="00000000-0000-4000-8000-000000000001",
    token="AQVnobody",
)

PLAIN_ENDPOINTS = (*PLAIN, *CANDIDATE, *DOCUMENTS, *SANDBOX)


@dataclass(frozen=True)
class Ask:
    """One request; ``body`` is a JSON value, XML text or ``None``."""

    route: str
    verb: str
    target: str
    body: object = None
    method: str = ""

    def send(self, client, headers):
        more = {"X-RestLi-Method": "batch_create"} if self.method == "BATCH_CREATE" else {}
        if self.target.startswith(f"{REST}/"):
            more |= {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
        elif self.target.startswith("/v2/"):
            more |= {"X-RestLi-Protocol-Version": "2.0.0"}
        if isinstance(self.body, str):
            content = {"content": self.body.encode(), "headers": headers | more | {"Content-Type": XML_TYPE}}
        else:
            content = {"headers": headers | more} | ({} if self.body is None else {"json": self.body})
        return client.request(self.verb, self.target, **content)

    @property
    def only_reads(self):
        return self.verb == "GET"


def choose(asks, every, place=0):
    """The places of one of ``every`` requests, and the first of each route; beginning at different ones for each ``place``."""
    firsts = {ask.route: number for number, ask in reversed([*enumerate(asks)])}
    return [
        number
        for number, ask in enumerate(asks)
        if firsts[ask.route] == number or not (number + place) % every
    ]


# -- Rest.li


def list_restli_requests(sandbox_client, day, names):
    return [
        Ask(f"{row.path.removesuffix('/{key}')} {row.method}", verb, target, body, row.kind)
        for row in RESTLI
        for verb, target, body in _make_restli(sandbox_client, day, row, names)
    ]


def _make_restli(sandbox_client, day, row, names):
    method, named = row.kind, row.method.partition(" ")[2]
    path = row.path.removesuffix("/{key}")
    known = {
        "dateRange": range_text(day, day),
        "partnerContractId": names.partner_contract_id,
        "uniqueForeignId": names.foreign_id,
    }
    more = "".join(f"&{one}={known[one]}" for one in row.parameters if one in known)
    keys = [quote(key, safe="") for key in names.keys]
    if method == "GET" and not row.is_keyed:
        return [("GET", f"{path}?{more[1:]}", None)]
    if method == "BATCH_GET":
        ids = [f"List({key})" for key in keys] + [encode_element(names.keys[:6])]
        return [("GET", f"{path}?ids={listed}{more}", None) for listed in ids]
    if method == "FINDER":
        return [("GET", f"{path}?q={named}{more}", None)]
    verb = row.verb
    if method in {"CREATE", "BATCH_CREATE"}:
        return [(verb, path, body) for body in _make_bodies(sandbox_client, method, names)]
    if method == "ACTION":
        ask = f"?action={named}"
        on_all = [(verb, path + ask, body) for body in _make_bodies(sandbox_client, method, names)]
        return on_all + [(verb, f"{path}/{key}{ask}", {}) for key in keys]
    patch = {"patch": {"$set": {"name": "taken over"}}}
    return [(verb, f"{path}/{key}", patch if verb == "POST" else None) for key in keys]


def _make_bodies(sandbox_client, method, names):
    contract = f"urn:li:contract:{names.contract_id}"
    if method == "BATCH_CREATE":
        return [{"elements": [element]} for element in _make_elements(sandbox_client, names)]
    if method == "CREATE":
        draft = {"uniqueForeignId": names.foreign_id, "name": "A customer", "description": "Of mine"}
        campaign = {
            "partnerJobCampaignId": "mine",
            "name": "Mine",
            "contract": contract,
            "startTime": sandbox_client.now_ms,
        }
        return [draft, campaign]
    return [
        {"partnerContractId": names.partner_contract_id},
        {"partnerContractId": names.contract_id},
        {"childDeveloperApplication": names.application},
    ]


def _make_elements(sandbox_client, names):
    foreign, partner, hiring = (
        f"urn:li:contract:{one}"
        for one in (names.contract_id, names.partner_contract_id, names.hiring_contract_id)
    )
    return [
        sandbox_client.job_element(
            names.external_id, jobPostingOperationType="CLOSE", contract=None, budget=None
        ),
        sandbox_client.job_element(names.external_id, jobPostingOperationType="CLOSE", contract=foreign),
        sandbox_client.job_element(names.external_id, jobPostingOperationType="UPDATE", contract=foreign),
        sandbox_client.job_element("mine", contract=foreign),
        sandbox_client.job_element("mine", contract=partner),
        sandbox_client.job_element("mine-2", contract=hiring, listingType="PREMIUM", budget=None),
        sandbox_client.job_element("mine-3", contract=None, partnerJobCampaignId=names.campaign_name),
    ]


# -- the plain routes

WEBHOOK = {"kinds": ["BUDGET_ALERT"], "url": "https://stranger.example/hook"}
# What a partner's write must contain to be valid except for its id.
BODIES = {
    ("POST", "/partner/webhooks"): WEBHOOK,
    ("PUT", "/partner/webhooks/{webhook_id:int}"): WEBHOOK,
    ("DELETE", "/partner/webhooks/{webhook_id:int}"): None,
    ("POST", "/partner/webhooks/{webhook_id:int}/secrets"): {},
    ("POST", "/partner/webhooks/{webhook_id:int}/retirements"): {},
    ("POST", "/partner/webhooks/{webhook_id:int}/tests"): {},
    ("POST", "/partner/webhooks/{webhook_id:int}/replays"): {},
    ("POST", "/partner/applications/{application_id:int}/tokenRevocations"): {},
    ("POST", "/partner/people"): {"email": "of the names", "role": "PARTNER_READER"},
    ("PUT", "/partner/people/{colleague_id:int}"): {"role": "PARTNER_READER"},
    ("DELETE", "/partner/people/{colleague_id:int}"): None,
    ("POST", "/partner/excludedVisitors"): {"visitor": "anybody"},
    ("POST", "/partner/refunds"): {
        "invoiceLine": "INV-2026-888888/88",
        "amount": "1.00",
        "reference": "mine",
    },
    ("DELETE", "/partner/excludedVisitors/{excluded_id:int}"): None,
}
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


# They list what the caller itself tried to post under the ids of others; that they hold nothing of others is tested with
# the lists (``tests/stories/partner/lists``).
OWN_LISTS = {"/partner/applications", "/partner/jobs", "/partner/overview"}


def list_plain_requests(audience, day, names):
    return [
        Ask(f"{row.verb} {row.path}", row.verb, target, _body_of(row, names))
        for row in PLAIN_ENDPOINTS
        if row.audience is audience and row.path not in OWN_LISTS
        for target in _fill(row.path, day, names)
    ]


def _body_of(row, names):
    if row.verb == "GET":
        return None
    body = BODIES[row.verb, row.path] if row.audience is Audience.PARTNER else {}
    return body | {"email": names.person_email} if body and "email" in body else body


def _fill(path, day, names):
    """Yields the path with each id of the parameters' type, which two ids share; others are a day, a month or a format."""
    for name, value in (("day", day.isoformat()), ("month", day.isoformat()[:7]), ("format", "csv")):
        path = path.replace(f"{{{name}}}", value)
    slots = _SLOT.findall(path)
    if not slots:
        return [path]
    (kind,) = {kind for _, kind in slots}
    ids = {"int": names.numbers, "uuid": [names.charge], "": names.texts}[kind]
    return [_SLOT.sub(quote(str(one), safe="").replace("\\", r"\\"), path) for one in ids]


# -- the XML API


def list_xml_requests(names):
    keys = [str(number) for number in names.numbers]
    keys += [f"partner-job-id={quote(text, safe='')}" for text in (names.xml_job, names.external_id)]
    documents = {"GET": None, "PUT": "<job><renewal/></job>", "DELETE": None}
    found = [
        Ask(f"{verb} /v1/jobs", verb, f"/v1/jobs/{key}", body)
        for verb, body in documents.items()
        for key in keys
    ]
    for contract_id in (names.hiring_contract_id, names.contract_id, names.partner_contract_id):
        document = (
            f"<job><partner-job-id>{names.xml_job}</partner-job-id><contract-id>{contract_id}</contract-id>"
            "<company><name>Mine</name></company><position><title>Mine</title><description>Mine.</description>"
            "<location><country><code>gb</code></country></location></position></job>"
        )
        found.append(Ask("POST /v1/jobs", "POST", "/v1/jobs", document))
    return found


# -- responses


# What differs in each response.
NEW_TEXTS = (
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r'(?<="requestId":")[^"]+',
    r'(?<="client_id":")[^"]+',
    r'(?<="client_secret":")[^"]+',
    r'(?<="secret":")[^"]+',
    r"(?<=<request-id>)[^<]+",
    r"(?<=urn:li:developerApplication:)\d+",
    r"(?<=urn:li:jobCampaign:)\d+",
    r'(?<="id":)\d+',
    r'(?<="cursor":")\d+',  # the number of all postings in the installation
    r"\d{4}-\d\d-\d\dT[0-9:.]+",
    r"\d{6,}",
)
NEW = re.compile("|".join(NEW_TEXTS))
DAYS_LEFT = re.compile(r'(?<="daysLeft":)\d+')  # may be the number of an object


@cache
def find_forms(names):
    """Finds each of the names as it is written in a response; one that contains others comes before them."""
    forms = {form for one in names.texts for form in (one, quote(one, safe=""), json.dumps(one)[1:-1])}
    longest_first = "|".join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))
    return re.compile(rf"(?<![0-9A-Za-z])(?:{longest_first})(?!\.?[0-9A-Za-z])")


def blur(answer, names):
    """Returns the response without the requested ids and without values that differ in each response."""
    text = find_forms(names).sub("NAME", DAYS_LEFT.sub("NEW", answer.text))
    return answer.status_code, NEW.sub("NEW", text)
