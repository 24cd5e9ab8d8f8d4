"""No token opens another application's data: each Rest.li method, asked by strangers for what exists and what does not.

The requests are generated from the table of routes, so that a new resource is covered from its first day.
"""

import json
import re
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest

from jobmeter.api.routes import RESOURCES, REST
from jobmeter.wire.restli.encoding import encode_element
from tests.board import bearer, range_text

METHODS = [
    (root, resource, name) for roots, resource in RESOURCES for root in roots for name in resource.handlers
]
UNKNOWN_TOKENS = ("", "AQVguessed", "é")


@dataclass(frozen=True)
class Names:
    """What a stranger may have learnt of somebody's data: every kind of id that the API hands out."""

    external_id: str
    job_id: int
    task: str
    application: str
    contract_id: int
    partner_contract_id: int
    foreign_id: str

    @property
    def keys(self) -> list[str]:
        return [
            self.external_id,
            str(self.job_id),
            f"urn:li:jobPosting:{self.job_id}",
            self.task,
            self.application,
            str(self.contract_id),
        ]

    @property
    def texts(self) -> list[str]:
        return [*self.keys, str(self.partner_contract_id), self.foreign_id]


GHOST = Names(
    external_id="nobody-1",
    job_id=999_999_999_936,
    task="urn:li:simpleJobPostingTask:00000000-0000-4000-8000-000000000000",
    application="urn:li:developerApplication:999999",
    contract_id=2_999_999_998,
    partner_contract_id=2_999_999_999,
    foreign_id="nobody-customer",
)


@pytest.fixture
def owned(board):
    """A live job that has charges, and all its names; a customer that only this partner has."""
    customer = {
        "uniqueForeignId": "owned-customer",
        "name": "Sandbox Partner - Owned",
        "description": "A customer",
    }
    board.client.post("/v2/provisionedApplications", headers=board.headers("parent"), json=customer)
    (row,) = board.batch_create([board.job_element("owned-1", companyJobCode="owned-code")])
    job_id = int(board.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
    board.send_clicks(job_id, 3)
    day = board.now.date()
    board.advance_to_midnight()
    names = Names(
        external_id="owned-1",
        job_id=job_id,
        task=row["id"],
        application=board.credentials["child"]["urn"],
        contract_id=board.credentials["customer_contract_id"],
        partner_contract_id=board.credentials["partner_contract_id"],
        foreign_id="owned-customer",
    )
    return names, day


@pytest.fixture
def sister(board):
    """Another customer of the same partner, as credentials."""
    body = {
        "uniqueForeignId": "sister",
        "name": "Sandbox Partner - Sister",
        "description": "Another customer",
    }
    made = board.client.post("/v2/provisionedApplications", headers=board.headers("parent"), json=body).json()
    keys = made["credentials"] | {"urn": made["key"]}
    sister = type(board)(board.client, board.credentials | {"child": keys})
    setup = "/rest/provisionedHiringContracts?action=setup"
    answer = board.client.post(setup, headers=sister.headers(), json={})
    assert answer.status_code == 200
    return sister


def make_requests(board, day, root, resource, name, names):
    """(verb, target, body) for one method of one resource, naming ``names``; ``None`` is no body."""
    method, _, named = name.partition(" ")
    path = f"{root}/{resource.name}"
    known = {
        "dateRange": range_text(day, day),
        "partnerContractId": names.partner_contract_id,
        "uniqueForeignId": names.foreign_id,
    }
    chosen = resource.parameters if resource.parameters is not None else tuple(known)
    more = "".join(f"&{one}={known[one]}" for one in chosen if one in known)
    keys = [quote(key, safe="") for key in names.keys]
    if method == "GET" and resource.is_single:
        return [("GET", f"{path}?{more[1:]}", None)]
    if method == "BATCH_GET":
        ids = [f"List({key})" for key in keys] + [encode_element(names.keys)]
        return [("GET", f"{path}?ids={listed}{more}", None) for listed in ids]
    if method == "FINDER":
        return [("GET", f"{path}?q={named}{more}", None)]
    verb = {"GET": "GET", "DELETE": "DELETE", "UPDATE": "PUT"}.get(method, "POST")
    if method in {"ACTION", "CREATE", "BATCH_CREATE"}:
        target = f"{path}?action={named}" if named else path
        return [(verb, target, body) for body in make_bodies(board, method, names)]
    patch = {"patch": {"$set": {"description": "taken over", "validJsSdkDomains": []}}}
    return [(verb, f"{path}/{key}", patch if verb == "POST" else None) for key in keys]


def make_bodies(board, method, names):
    contract = f"urn:li:contract:{names.contract_id}"
    if method == "BATCH_CREATE":
        return [{"elements": [element]} for element in make_elements(board, names)]
    if method == "CREATE":
        draft = {"uniqueForeignId": names.foreign_id, "name": "A customer", "description": "Of mine"}
        return [draft, draft | {"contract": contract}]
    return [
        {"partnerContractId": names.partner_contract_id},
        {"childDeveloperApplication": names.application},
        {"contract": contract},
    ]


def make_elements(board, names):
    foreign = f"urn:li:contract:{names.contract_id}"
    partner = f"urn:li:contract:{names.partner_contract_id}"
    return [
        board.job_element(names.external_id, jobPostingOperationType="CLOSE", contract=None, budget=None),
        board.job_element(names.external_id, jobPostingOperationType="CLOSE", contract=foreign),
        board.job_element(names.external_id, jobPostingOperationType="UPDATE", contract=foreign),
        board.job_element("mine", contract=foreign),
        board.job_element("mine", contract=partner),
    ]


def ask(board, headers, root, name, request):
    verb, target, body = request
    more = {"X-RestLi-Method": "batch_create"} if name == "BATCH_CREATE" else {}
    if root != REST:
        headers = {field: value for field, value in headers.items() if field != "LinkedIn-Version"}
    return board.client.request(
        verb, target, headers=headers | more, **({} if body is None else {"json": body})
    )


def blur(answer, names):
    """The answer without the names that were asked for, and without what is new in each answer."""
    text = answer.text
    for one in sorted(names.texts, key=len, reverse=True):
        for form in (one, quote(one, safe=""), json.dumps(one)[1:-1]):
            text = text.replace(form, "NAME")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r'("client_(?:id|secret)":)"[^"]+"', r'\1"NEW"', text)
    text = re.sub(r'("requestId":)"[^"]+"', r'\1"NEW"', text)
    text = re.sub(r'"(urn:li:developerApplication:)\d+"', r'"\1NEW"', text)
    return answer.status_code, re.sub(r"\d{6,}", "NUMBER", text)


def own_view(board, owned):
    """What the owner sees of everything that strangers ask for by reading."""
    names, day = owned
    views, own = {}, {who: board.headers(who) for who in ("child", "parent")}
    for root, resource, name in METHODS:
        if name.partition(" ")[0] in {"GET", "BATCH_GET", "FINDER"}:
            for request in make_requests(board, day, root, resource, name, names):
                for who, headers in own.items():
                    answer = ask(board, headers, root, name, request)
                    views[who, name, *request[:2]] = answer.status_code, answer.text
    return views


def test_strangers_cannot_tell_what_exists_from_what_does_not(board, neighbour, sister, owned):
    names, day = owned
    before = own_view(board, owned)
    strangers = {
        "foreign child": (neighbour, neighbour.headers("child")),
        "foreign parent": (neighbour, neighbour.headers("parent")),
        "sister": (sister, sister.headers("child")),
    }

    differing = []
    for root, resource, name in METHODS:
        for who, (asker, headers) in strangers.items():
            # The partner's contract is the sister's too: she may know that it exists.
            is_sister = who == "sister"
            ghost = replace(GHOST, partner_contract_id=names.partner_contract_id) if is_sister else GHOST
            real = make_requests(asker, day, root, resource, name, names)
            unreal = make_requests(asker, day, root, resource, name, ghost)
            for request, twin in zip(real, unreal, strict=True):
                found = blur(ask(board, headers, root, name, request), names)
                expected = blur(ask(board, headers, root, name, twin), ghost)
                if found != expected:
                    differing.append((who, request, found, expected))

    assert differing == []
    assert own_view(board, owned) == before


def test_the_owner_can_tell(board, owned):
    """The matrix above would say nothing if its requests were refused to everybody."""
    names, day = owned
    telling, own = set(), [board.headers(who) for who in ("child", "parent")]
    for root, resource, name in METHODS:
        if name.partition(" ")[0] not in {"GET", "BATCH_GET", "FINDER"}:
            continue
        for asked, twin in zip(
            make_requests(board, day, root, resource, name, names),
            make_requests(board, day, root, resource, name, GHOST),
            strict=True,
        ):
            for headers in own:
                mine = blur(ask(board, headers, root, name, asked), names)
                none = blur(ask(board, headers, root, name, twin), GHOST)
                if mine != none:
                    telling.add(resource.name)
    assert telling >= {
        "provisionedApplications",
        "simpleJobPostingTasks",
        "partnerJobReports",
        "partnerBudgetReports",
    }


@pytest.mark.parametrize("token", UNKNOWN_TOKENS)
def test_without_a_token_of_ours_nothing_opens(board, owned, token):
    names, day = owned
    for root, resource, name in METHODS:
        for request in make_requests(board, day, root, resource, name, names):
            headers = {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
            encoded = {key: value.encode() for key, value in (headers | bearer(token)).items()}
            assert ask(board, encoded, root, name, request).status_code == 401, request


def test_a_child_s_token_reports_no_budget_and_a_parent_s_no_jobs(board, owned):
    _, day = owned
    assert board.budget("child").json()["serviceErrorCode"] == 6001
    assert board.report_by_ids("owned-1", days=(day, day), who="parent").json()["serviceErrorCode"] == 6000
    assert board.report_by_range((day, day), who="parent").json()["serviceErrorCode"] == 6000
