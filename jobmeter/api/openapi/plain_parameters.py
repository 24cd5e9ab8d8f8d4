"""Owns the JSON schemas of the query parameters of endpoints in plain JSON, in the OpenAPI document."""

from typing import Any, Final

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
    "applicationId": {"type": "integer", "minimum": 0},
    "state": {"type": "string", "enum": ["PENDING", "LIVE", "CLOSED", "EXPIRED", "FAILED"]},
}
