"""Owns the JSON schemas of the query parameters of endpoints in plain JSON, in the OpenAPI document.

A name means the same everywhere, except where a row with the path says otherwise.
"""

from typing import Any, Final

from jobmeter.base.faults import REFUSED_FROM
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import DocumentState
from jobmeter.notifications.model import DeliveryState

PLAIN_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "after": {
        "type": "integer",
        "minimum": 0,
        "description": "Continues a list: nextAfter of the previous page",
    },
    "count": {"type": "integer", "minimum": 1, "description": "Rows in a page; at most 200, by default 50"},
    "returnUrl": {"type": "string", "format": "uri", "description": "Where the payer returns to"},
    "month": {
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
        "examples": ["2026-11"],
        "description": "A month of UTC days",
    },
    "day": {"type": "string", "format": "date", "examples": ["2026-11-28"]},
    "customer": {
        "type": "string",
        "minLength": 1,
        "description": "An application's URN, or a poster's e-mail address",
    },
    "customerJobCode": {"type": "string"},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]},
    "prices": {"type": "string", "enum": ["mine", "hidden"]},
    "markupPercent": {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,4})?$", "examples": ["15"]},
    "format": {
        "type": "string",
        "enum": ["json", "csv", "xlsx", "pdf", "jsonl", "parquet"],
        "description": "json and pdf of statements, jsonl and parquet of exports, csv and xlsx of both",
    },
    "cursor": {
        "type": "string",
        "description": "Continues a list: nextCursor of the previous page, or the cursor of the last row",
    },
    "from": {
        "type": "string",
        "format": "date",
        "description": "First UTC day; by default the first that is kept",
    },
    "to": {
        "type": "string",
        "format": "date",
        "description": "Last UTC day; by default the last one that there is",
    },
    "timezone": {
        "type": "string",
        "examples": ["Europe/Amsterdam"],
        "description": "In which times are written; days are UTC days",
    },
    "partnerContractId": {"type": "integer", "minimum": 0},
    "externalJobPostingId": {
        "type": "array",
        "items": {"type": "string"},
        "maxItems": 100,
        "description": "Only these jobs; may be repeated",
    },
    "partnerId": {"type": "integer", "minimum": 0},
    "search": {
        "type": "string",
        "maxLength": 300,
        "description": "A part of a name or title, in any case; or a whole id",
    },
    "reference": {"type": "string", "maxLength": 300, "description": "The operator's own name of a partner"},
    "deliveryState": {"type": "string", "enum": ["WAITING", "DELIVERED", "DEAD"]},
    "who": {"type": "string", "maxLength": 300, "description": "Name of a key, an application or a person"},
    "action": {
        "type": "string",
        "maxLength": 300,
        "description": "An act, or the kind of its subject for all acts on it",
        "examples": ["contract.setPrice"],
    },
    "subject": {"type": "string", "maxLength": 300, "description": "Id or name of what it is done to"},
    "applicationId": {"type": "integer", "minimum": 0},
    "method": {"type": "string", "maxLength": 300, "examples": ["POST"]},
    "path": {"type": "string", "maxLength": 300, "description": "A part of the path"},
    "statusMin": {"type": "integer", "minimum": 0, "maximum": 999, "examples": [REFUSED_FROM]},
    "statusMax": {"type": "integer", "minimum": 0, "maximum": 999},
    "state": {"type": "string", "enum": ["PENDING", "LIVE", "CLOSED", "EXPIRED", "FAILED"]},
    "limit": {"type": "integer", "minimum": 1, "description": "Rows in a page; at most 1000, by default 100"},
    "wait": {"type": "integer", "minimum": 0, "maximum": 60, "description": "Seconds to wait for a change"},
    "postingsAfter": {
        "type": "integer",
        "minimum": 0,
        "description": "Continues the postings: nextPostingsAfter",
    },
    "jobId": {"type": "string"},
    "source": {"type": "string", "minLength": 1, "examples": ["board"]},
    "id": {"type": "string", "minLength": 1, "examples": ["event-1"]},
    "time": {"type": "string", "format": "date-time", "examples": ["2026-11-28T09:00:00Z"]},
}

_CURSOR: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^[0-9]{1,18}$",
    "description": "Continues a list: the cursor of the previous page",
}
_KEY: Final[dict[str, Any]] = {
    "type": "string",
    "format": "uuid",
    "description": "Continues a list: nextAfter of the previous page",
}
_JOB_DAY: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^[0-9]{1,18}-[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "description": "Continues a list: nextAfter of the previous page",
}
_TIME_NUMBER: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^0$|^[0-9]{1,17}-[0-9]{1,18}$",
    "description": "Continues a list: nextAfter of the previous page",
}
OF_PATH: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("/partner/charges", "after"): _CURSOR,
    ("/delivery/changes", "after"): _CURSOR,
    ("/partner/webhooks/{webhook_id}/deliveries", "after"): _TIME_NUMBER,
    ("/operator/webhooks/{webhook_id}/deliveries", "after"): _TIME_NUMBER,
    ("/partner/webhooks/{webhook_id}/deliveries", "state"): {"type": "string", "enum": list(DeliveryState)},
    ("/partner/clicksNotCharged", "after"): _JOB_DAY,
    ("/partner/clicksNotCharged", "externalJobPostingId"): {"type": "string"},
    ("/partner/clicksNotCharged", "format"): {"type": "string", "enum": ["json", "csv"]},
    ("/partner/audit", "format"): {"type": "string", "enum": ["json", "csv"]},
    ("/operator/audit", "format"): {"type": "string", "enum": ["json", "csv"]},
    ("/operator/explain/jobs/{job_id}/days/{day}", "after"): _KEY,
    ("/operator/explain/charges/{reference}", "after"): _KEY,
    **{
        (f"/{who}/invoices/{{invoice_id}}/lines/{{line}}/{what}", "after"): _KEY
        for who in ("operator", "partner")
        for what in ("charges", "clicks")
    },
    **{
        (f"/{who}/invoices", "state"): {"type": "string", "enum": list(DocumentState)}
        for who in ("operator", "partner")
    },
}

OF_PATHS: Final[dict[str, dict[str, Any]]] = {
    "day": PLAIN_PARAMETERS["day"],
    "month": PLAIN_PARAMETERS["month"],
    "format": {"type": "string", "enum": [one.value for one in FileFormat]},
    "event_key": {"type": "string", "format": "uuid"},
    "reference": {"type": "string", "format": "uuid"},
}


def describe_step(name: str) -> dict[str, Any]:
    """Describes a parameter that is a step of the path and no number."""
    return OF_PATHS.get(name, {"type": "string", "minLength": 1})


def describe_parameter(path: str, name: str) -> dict[str, Any]:
    return OF_PATH.get((path, name)) or PLAIN_PARAMETERS.get(name, {"type": "string"})
