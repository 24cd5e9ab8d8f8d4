"""Owns the page of all operations of the OpenAPI document. Does not own the document (``document``)."""

import base64
import hashlib
from typing import Any, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from jobmeter.api.openapi.examples import make_curl

TEMPLATES = Environment(
    loader=ChoiceLoader([PackageLoader("jobmeter.api.openapi"), PackageLoader("jobmeter.api.candidate")]),
    autoescape=True,
)
SCRIPTS = Environment(loader=PackageLoader("jobmeter.api.openapi"))  # noqa: S701 -- a script, not a page
_SIGNS = {
    "accessToken": "an access token",
    "operatorKey": "the operator's key",
    "eventsKey": "the job board's key (events key)",
}
# The first group whose paths begin like this.
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Tokens", ("/oauth",)),
    ("Applications and contracts", ("/v2/provisioned", "/v2/developer", "/rest/provisioned")),
    ("Jobs and campaigns", ("/rest/simple", "/v2/simple", "/rest/job", "/v2/job")),
    ("Jobs by XML", ("/v1",)),
    ("Reports and charges", ("/rest/partner", "/partner/charges", "/partner/clicks", "/partner/lastRefused")),
    ("Webhooks", ("/partner/webhooks",)),
    (
        "Invoices, usage and statements",
        (
            "/partner/invoices",
            "/partner/payments",
            "/partner/usage",
            "/partner/statements",
            "/partner/refunds",
        ),
    ),
    ("Other endpoints of partners", ("/partner",)),
    ("Job board", ("/events", "/delivery")),
    (
        "Operator, partners and their applications",
        ("/operator/partners", "/operator/applications", "/operator/jobs"),
    ),
    ("Operator, contracts", ("/operator/contracts", "/operator/hiringContracts")),
    ("Operator, feeds and webhooks", ("/operator/feeds", "/operator/webhooks")),
    (
        "Operator, charges and settlement",
        (
            "/operator/explain",
            "/operator/exclu",
            "/operator/networks",
            "/operator/settlement",
            "/operator/charges",
            "/operator/lastRefused",
        ),
    ),
    ("Operator, payments", ("/operator/billing/payments", "/operator/billing/ages", "/payments")),
    ("Operator, billing accounts", ("/operator/billing",)),
    ("Operator, invoices", ("/operator/invoices",)),
    ("Other endpoints of the operator", ("/operator", "/sandbox")),
    ("Server and candidates", ("/",)),
)


class Group(NamedTuple):
    """Operations of one audience; a row is verb, path, operation and the command for curl."""

    name: str
    anchor: str
    rows: list[tuple[str, str, dict[str, Any], str]]


def render_page(document: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Returns the page and its headers. Its only script, the search, is allowed by its hash."""
    script = SCRIPTS.get_template("search.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    page = TEMPLATES.get_template("openapi.html").render(
        document=document,
        groups=list_groups(document),
        signs=_SIGNS,
        script=Markup(script),  # noqa: S704 -- a file of ours
        language="en",
        direction="ltr",
    )
    return page, {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}


def list_groups(document: dict[str, Any]) -> list[Group]:
    """Returns the operations by who calls them, in the order of ``_GROUPS``."""
    rows: dict[str, list[tuple[str, str, dict[str, Any], str]]] = {name: [] for name, _ in _GROUPS}
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        name = next(name for name, begins in _GROUPS if path.startswith(begins))
        rows[name] += [
            (verb, path, operation, make_curl(verb, path, operation, schemas))
            for verb, operation in operations.items()
        ]
    return [Group(name, name.lower().replace(" ", "-"), found) for name, found in rows.items() if found]
