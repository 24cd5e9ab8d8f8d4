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
    "format": {"type": "string", "enum": ["json", "csv", "xlsx", "pdf"]},
    "cursor": {"type": "string", "description": "Continues a list: nextCursor of the previous page"},
    "partnerId": {"type": "integer", "minimum": 0},
    "applicationId": {"type": "integer", "minimum": 0},
    "state": {"type": "string", "enum": ["PENDING", "LIVE", "CLOSED", "EXPIRED", "FAILED"]},
}
