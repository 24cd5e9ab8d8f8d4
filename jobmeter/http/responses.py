"""Owns the JSON form of responses and refusals, Rest.li, OAuth and plain, who is sent a page instead, and rows that are sent as a file.

Does not own which refusal applies or its message (``base.faults``), or the rows (``jobmeter.exports``).
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from xxhash import xxh3_128_hexdigest

from jobmeter.base.credentials import make_request_id
from jobmeter.base.faults import Fault, Refused
from jobmeter.exports.files import flow as files
from jobmeter.exports.formats import flow as formats
from jobmeter.exports.model import Column, ExportFormat, Table
from jobmeter.http.admission import ExportShares, OverloadedError
from jobmeter.http.endpoints import JSON
from jobmeter.http.parameters import Page
from jobmeter.operator_keys.model import LiveSecret
from jobmeter.wire.restli.syntax import Protocol

ItemT = TypeVar("ItemT")
RETRY_SECONDS = "1"
REQUEST_ID_HEADER = "x-li-request-id"
PLACE = "jobmeter"  # callers see a single data centre
TEXTS = (ExportFormat.CSV, ExportFormat.JSON_LINES)  # sent while they are read; the others are files
MAKING_SECONDS_MAX = (
    45  # a proxy waits for a minute; then the request is sent again, and waits for the same file
)
CHUNK_BYTES = 1 << 16
_ENCODER = msgspec.json.Encoder()

# Faults up to this code come from the gateway and carry a header that marks them (spec 12.4).
GATEWAY_CODE_MAX = 1028
_BEARER_FAULTS = frozenset(
    {Fault.TOKEN_EMPTY, Fault.TOKEN_EXPIRED, Fault.TOKEN_INVALID, Fault.TOKEN_REVOKED, Fault.KEY_WRONG}
)


def wants_page(request: Request) -> bool:
    """Whether the caller asks for HTML by name, as browsers do; ``*/*`` alone is a program's."""
    for part in request.headers.get("accept", "").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media == "text/html":
            return not any(
                piece.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for piece in parameters
            )
    return False


def json_response(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Serializes ``content``; ``bytes`` are sent as JSON without change."""
    body = content if isinstance(content, bytes) else _ENCODER.encode(content)
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def page_response(
    found: Sequence[ItemT],
    page: Page,
    *,
    serialize: Callable[[ItemT], dict[str, Any]],
    key: Callable[[ItemT], int | str],
) -> Response:
    """Returns a page of a list; one row more than the page has been read, which shows whether there is another page."""
    shown = found[: page.rows_max]
    next_after = key(shown[-1]) if len(found) > page.rows_max else None
    return json_response({"elements": [serialize(row) for row in shown], "nextAfter": next_after})


def format_time(moment: date | None) -> str | None:
    """Returns a time or a day as text, ``None`` for one that is absent."""
    return None if moment is None else moment.isoformat()


def serialize_secret(secret: LiveSecret) -> dict[str, str | None]:
    """``lastUsedAt`` is exact to an hour. Nothing is known of the characters of a secret that an earlier version created."""
    return {
        "lastFour": secret.last_four,
        "createdAt": format_time(secret.created_at),
        "lastUsedAt": format_time(secret.last_used_at),
    }


class ExportResponse(StreamingResponse):
    """A stream that ends what it holds when it is over, however it ends."""

    def __init__(self, chunks: AsyncIterator[bytes], held: AsyncExitStack, **response: Any) -> None:
        super().__init__(chunks, **response)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)


async def chain_chunks(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsToSend:
    """Rows of a partner that are sent in a format under a name. ``key`` identifies what was asked for, in the folder of files."""

    partner_id: int
    tables: AsyncIterator[Table]
    columns: Sequence[Column]
    file_format: ExportFormat
    name: str
    key: str
    zone: tzinfo = UTC
    has_header: bool = True

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Disposition": f'attachment; filename="{self.name}.{self.file_format.extension}"'}


async def send_rows(
    request: Request, rows: RowsToSend, *, shares: ExportShares, folder: str, headers: dict[str, str]
) -> Response:
    """Sends text while it is read, another format as a complete file of the folder.

    Raises ``Refused``: OVERLOADED if the partner reads too many files at once, FILE_PENDING, EXTRA_MISSING, EXPORT_TOO_LARGE.
    """
    if rows.file_format not in TEXTS:
        return await _send_file(request, rows, shares=shares, folder=folder, headers=headers)
    if request.method == "HEAD":
        return Response(media_type=rows.file_format.media_type, headers=headers | rows.headers)
    chunks = formats.stream_text(
        rows.tables,
        rows.columns,
        file_format=rows.file_format,
        zone=rows.zone,
        has_header=rows.has_header,
    )
    async with AsyncExitStack() as held:
        _count_export(shares, rows, held)
        await held.enter_async_context(aclosing(chunks))
        # Until the response has begun, a failure can be reported as such.
        first = await anext(chunks, b"")
        return ExportResponse(
            chain_chunks(first, chunks),
            held.pop_all(),
            media_type=rows.file_format.media_type,
            headers=headers | rows.headers,
        )


async def _send_file(
    request: Request, rows: RowsToSend, *, shares: ExportShares, folder: str, headers: dict[str, str]
) -> Response:
    """A complete file, or a range of one that was made before. The ``ETag`` is a hash of its bytes."""

    async def make() -> Path:
        async with AsyncExitStack() as held:
            _count_export(shares, rows, held)
            return await files.make_file(
                rows.tables,
                rows.columns,
                file_format=rows.file_format,
                zone=rows.zone,
                folder=folder,
                key=rows.key,
            )

    path = None
    if "range" in request.headers:
        path = await files.find_file(folder, key=rows.key, wanted=request.headers.get("if-range", ""))
    if path is None:
        try:
            path = await shares.make_once(rows.key, make, seconds_max=MAKING_SECONDS_MAX)
        except TimeoutError as error:
            extension = rows.file_format.extension
            raise Refused(
                Fault.FILE_PENDING, format=extension, document=f"{rows.name}.{extension}"
            ) from error
    tagged = {"ETag": files.tag_of(path), "Cache-Control": "private, no-cache"} | rows.headers | headers
    if knows_tag(tagged["ETag"], request.headers.get("if-none-match")):
        return Response(status_code=304, headers=tagged)
    return FileResponse(path, media_type=rows.file_format.media_type, headers=tagged)


def _count_export(shares: ExportShares, rows: RowsToSend, held: AsyncExitStack) -> None:
    try:
        held.enter_context(shares.enter(rows.partner_id))
    except OverloadedError as error:
        raise Refused(Fault.OVERLOADED) from error


def file_response(
    file: IO[bytes], *, byte_count: int, name: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Sends a file as a download, and closes it. ``name`` is one of ours: letters, digits, hyphens and dots."""
    sent = {
        **headers,
        "Content-Length": str(byte_count),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return StreamingResponse(
        _read_chunks(file), media_type=media_type, headers=sent, background=BackgroundTask(file.close)
    )


def _read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def knows_tag(tag: str, known_tags: str | None) -> bool:
    """Whether ``known_tags`` (If-None-Match) lists the entity tag, or all."""
    known = {text.strip().removeprefix("W/") for text in (known_tags or "").split(",")}
    return bool(known & {tag, "*"})


def tag_response(response: Response, known_tags: str | None) -> Response:
    """Adds a strong entity tag of the body; returns 304 without the body if ``known_tags`` (If-None-Match) lists it."""
    tag = f'"{xxh3_128_hexdigest(response.body)}"'
    # The response has neither header yet, so appending is enough; setting each would search for it.
    response.raw_headers += [(b"etag", tag.encode()), (b"cache-control", b"private, no-cache")]
    if known_tags is None or not knows_tag(tag, known_tags):
        return response
    headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
    return Response(status_code=304, headers=headers)


def error_object(refused: Refused) -> dict[str, Any]:
    """Returns the Rest.li error object: status and message, serviceErrorCode and code if the fault has them."""
    row = refused.fault.row
    found: dict[str, Any] = {"status": row.status}
    if row.service is not None:
        found["serviceErrorCode"] = row.service
    if row.label is not None:
        found["code"] = row.label
    found["message"] = refused.message
    return found


def row_error(refused: Refused) -> dict[str, Any]:
    """Returns an entry of a batch's ``errors`` map, where the code is a string (spec 6)."""
    row = refused.fault.row
    return {"code": str(row.service or row.code), "message": refused.message, "status": row.status}


def gateway_headers(http_version: str) -> dict[str, str]:
    """Returns the headers that the gateway adds to every response: ids that both sides can quote (spec 12.2)."""
    return {
        "x-li-uuid": make_request_id(),
        REQUEST_ID_HEADER: make_request_id(),
        "x-li-fabric": PLACE,
        "x-li-pop": PLACE,
        "x-li-proto": f"http/{http_version}",
    }


def restli_headers(protocol: Protocol) -> dict[str, str]:
    return {"X-RestLi-Protocol-Version": protocol.value}


def restli_refusal(refused: Refused, protocol: Protocol = Protocol.V2) -> Response:
    headers = restli_headers(protocol)
    mark = "X-RestLi-Error-Response" if protocol is Protocol.V2 else "X-LinkedIn-Error-Response"
    headers[mark] = "true"
    if refused.fault.row.code <= GATEWAY_CODE_MAX:
        headers["X-RestLi-Gateway-Error"] = "true"
    headers |= _challenge_headers(refused) | _retry_headers(refused)
    return json_response(error_object(refused), status=refused.fault.row.status, headers=headers)


def oauth_refusal(refused: Refused) -> Response:
    """Returns error and error_description (RFC 6749, 5.2)."""
    row = refused.fault.row
    error = "temporarily_unavailable" if refused.fault.is_temporary else row.label or "invalid_request"
    body = {"error": error, "error_description": refused.message}
    headers = {"Cache-Control": "no-store"} | _retry_headers(refused)
    if row.status == Fault.CLIENT_AUTHENTICATION.row.status:
        headers["WWW-Authenticate"] = 'Basic realm="oauth"'
    return json_response(body, status=row.status, headers=headers)


def _challenge_headers(refused: Refused) -> dict[str, str]:
    """Returns the challenge for a missing or invalid bearer token (RFC 6750, 3)."""
    return {"WWW-Authenticate": "Bearer"} if refused.fault in _BEARER_FAULTS else {}


def _retry_headers(refused: Refused) -> dict[str, str]:
    return {"Retry-After": RETRY_SECONDS} if refused.fault.is_temporary else {}


def plain_refusal(refused: Refused) -> Response:
    """Returns status, code and message."""
    row = refused.fault.row
    body = {"status": row.status, "code": row.label or refused.fault.name, "message": refused.message}
    headers = _challenge_headers(refused) | _retry_headers(refused)
    return json_response(body, status=row.status, headers=headers)
