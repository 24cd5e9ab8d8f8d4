"""The error document of the XML jobs API, as XML and as JSON."""

from dataclasses import dataclass

from jobmeter.wire.xml.writer import write_json, write_xml


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What the protocol tells of a refusal; ``status`` repeats HTTP's (xml spec 10)."""

    status: int
    timestamp_ms: int
    request_id: str
    message: str


def write_error_xml(error: ErrorDocument) -> bytes:
    """The error document, in the order that its readers rely on."""
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
    """The error document's JSON twin, in alphabetical order."""
    return write_json(
        {
            "error-code": 0,
            "message": error.message,
            "request-id": error.request_id,
            "status": error.status,
            "timestamp": error.timestamp_ms,
        }
    )
