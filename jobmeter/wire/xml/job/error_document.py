"""Owns the error document of the XML jobs API, as XML and as JSON."""

from dataclasses import dataclass

from jobmeter.wire.xml.writer import write_json, write_xml


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """The content of an error response; ``status`` is the HTTP status (xml spec 10)."""

    status: int
    timestamp_ms: int
    request_id: str
    message: str


def write_error_xml(error: ErrorDocument) -> bytes:
    """Serializes the error document, with the elements in the order that clients rely on."""
    return write_xml(
        "error",
        {
            "status": error.status,
            "timestamp": error.timestamp_ms,
            "request-id": error.request_id,
            "error-code": 0,
            "message": error.message,
        },
    )


def write_error_json(error: ErrorDocument) -> bytes:
    """Serializes the error document as JSON, in alphabetical order."""
    return write_json(
        {
            "error-code": 0,
            "message": error.message,
            "request-id": error.request_id,
            "status": error.status,
            "timestamp": error.timestamp_ms,
        }
    )
