"""Owns reading request bodies within limits, and discarding a body that will not be read."""

import asyncio
import contextlib
import itertools
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
import numpy as np
import zstandard
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import (
    BODY_BYTES_PER_SECOND_MIN,
    BODY_SECONDS_MAX,
    DROP_SECONDS_MAX,
    HEADERS_BYTES_MAX,
    JOBS_BODY_BYTES_MAX,
    JSON_DEPTH_MAX,
    JSON_VALUES_MAX,
    PATH_SEGMENT_BYTES_MAX,
    QUERY_BYTES_MAX,
    URL_BYTES_MAX,
)
from jobmeter.wire.lenient_json import decode_leniently, mark_halves, strip_bom

# One byte of gzip expands to at most about 1,000 bytes, four of zstd to 128 KB: a piece is a few megabytes at most.
GZIP_PIECE_BYTES = 16_384
ZSTD_PIECE_BYTES = 1_000
DROPPED_BYTES_MAX = JOBS_BODY_BYTES_MAX

_DECODER = msgspec.json.Decoder()
# A mark between values, with the texts before it.
_VALUE_MARK = re.compile(rb'[^"\[{,]*+(?:"(?:[^"\\]++|\\.)*+"?[^"\[{,]*+)*+[\[{,]', re.DOTALL)


def check_declared_length(request: Request, *, bytes_max: int) -> None:
    """Raises ``Refused(BODY_TOO_LARGE)`` if Content-Length exceeds the limit."""
    if _declared_length(request) > bytes_max:
        raise Refused(Fault.BODY_TOO_LARGE, bytes_max=bytes_max)


def _declared_length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    # Nineteen digits already exceed every limit; converting a longer text would only cost time.
    return int(declared[:19]) if declared.isascii() and declared.isdigit() else 0


async def read_body(request: Request, *, bytes_max: int, seconds_max: int = BODY_SECONDS_MAX) -> bytes:
    """Returns the whole body. Raises ``Refused``: BODY_TOO_LARGE as soon as it exceeds the limit, BODY_TIMEOUT."""
    if request.method in {"GET", "HEAD"} and not has_body(request):
        return b""  # reading would cost a call to the server for nothing
    seconds = seconds_max + (_declared_length(request) or bytes_max) // BODY_BYTES_PER_SECOND_MIN
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > bytes_max:
                    raise Refused(Fault.BODY_TOO_LARGE, bytes_max=bytes_max)
                chunks.append(chunk)
    except TimeoutError as error:
        raise Refused(Fault.BODY_TIMEOUT, seconds=seconds) from error
    return b"".join(chunks)


async def drop_body(request: Request) -> None:
    """Discards the body of a refused request. A client that is still sending would otherwise see a broken connection
    instead of the response. Nothing is discarded for a client that expects 100-continue, or that sends too much or too
    slowly.
    """
    if "expect" in request.headers or not has_body(request) or _declared_length(request) > DROPPED_BYTES_MAX:
        return
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DROP_SECONDS_MAX):
            async for chunk in request.stream():
                size += len(chunk)
                if size > DROPPED_BYTES_MAX:
                    return


def has_body(request: Request) -> bool:
    """Whether the headers announce a body; without them an HTTP/1 request has none."""
    return "content-length" in request.headers or "transfer-encoding" in request.headers


async def expand_body(body: bytes, encoding: str | None, *, bytes_max: int) -> bytes:
    """Decompresses a body with ``Content-Encoding`` gzip or zstd; concatenated members (frames) are all read.

    In a thread, where the libraries let other requests run. Raises ``Refused``: ENCODING_UNKNOWN, ENCODING_BROKEN, and
    BODY_TOO_LARGE as soon as the limit is exceeded.
    """
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return body
    return await asyncio.to_thread(_expand_body, body, name, bytes_max)


def _expand_body(body: bytes, name: str, bytes_max: int) -> bytes:
    if name not in {"gzip", "x-gzip", "zstd"}:
        raise Refused(Fault.ENCODING_UNKNOWN, encoding=name[:40])
    try:
        if name == "zstd":
            return _expand(body, zstandard.ZstdDecompressor().decompressobj, ZSTD_PIECE_BYTES, bytes_max)
        return _expand(body, lambda: zlib.decompressobj(wbits=31), GZIP_PIECE_BYTES, bytes_max)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise Refused(Fault.ENCODING_BROKEN, encoding=name, why=str(error)) from error


def _expand(body: bytes, make_stream: Callable[[], Any], piece_bytes: int, bytes_max: int) -> bytes:
    """Decompresses piece by piece, so that no more than ``bytes_max`` and one piece is ever in memory.

    Raises ``EOFError`` if the last member is truncated: its missing events would otherwise be lost without an error.
    """
    expanded, size, stream = [], 0, None
    for start in range(0, len(body), piece_bytes):
        piece = body[start : start + piece_bytes]
        while piece:
            stream = make_stream() if stream is None else stream
            expanded.append(stream.decompress(piece))
            size += len(expanded[-1])
            if size > bytes_max:
                raise Refused(Fault.BODY_TOO_LARGE, bytes_max=bytes_max)
            piece, stream = (stream.unused_data, None) if stream.eof else (b"", stream)
    if stream is not None or not body:
        raise EOFError("it is truncated")
    return b"".join(expanded)


def decode_json(body: bytes) -> Any:
    """Decodes any JSON value, regardless of the content type (clients 2.5). Raises ``Refused(JSON_MALFORMED)``.

    A value nested deeper than the limit is refused too, so that recursive code cannot exhaust the stack. The values are
    counted before they are decoded: a few kilobytes of gzip contain millions.
    """
    _check_values(body)
    return _decode_strictly(body)


def decode_records(body: bytes) -> Any:
    """Decodes a batch as ``decode_json``; a text that is no Unicode gets U+0000, so that only its record is refused."""
    _check_values(body)  # also the lenient reader must not be given millions
    try:
        return _decode_strictly(body)
    except Refused as refused:
        try:
            value = mark_halves(decode_leniently(strip_bom(body)))
        except (ValueError, RecursionError):
            raise refused from None
    _check_depth(value)
    return value


def _decode_strictly(body: bytes) -> Any:
    try:
        value = _DECODER.decode(strip_bom(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Fault.JSON_MALFORMED, why=str(error)) from error
    _check_depth(value)
    return value


def _check_values(body: bytes) -> None:
    """Counts the marks between values: first all of them, which is fast, and if these are many those outside of texts."""
    octets = np.frombuffer(body, dtype=np.uint8)
    if sum(int(np.count_nonzero(octets == mark)) for mark in b"[{,") <= JSON_VALUES_MAX:
        return
    values = sum(1 for _ in itertools.islice(_VALUE_MARK.finditer(body), JSON_VALUES_MAX + 1))
    if values > JSON_VALUES_MAX:
        raise Refused(Fault.JSON_MALFORMED, why=f"it contains more than {JSON_VALUES_MAX:,} values")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(JSON_DEPTH_MAX):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise Refused(Fault.JSON_MALFORMED, why=f"it is nested deeper than {JSON_DEPTH_MAX} levels")


Model = TypeVar("Model", bound=BaseModel)


def decode_model(body: bytes, model: type[Model]) -> Model:
    """Decodes the body as ``model``. Raises ``Refused(OPERATOR_INPUT)`` naming the first invalid field."""
    decode_json(body)  # malformed or too deeply nested JSON is refused as at every other endpoint
    try:
        return model.model_validate_json(strip_bom(body), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise Refused(Fault.OPERATOR_INPUT, field=field, why=first["msg"]) from error


def decode_form(body: bytes, *, fields_max: int) -> dict[str, str]:
    """Returns the fields of a form. Raises ``Refused(FORM_MALFORMED)``, also for a repeated field."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=fields_max, errors="strict")
    except ValueError as error:
        raise Refused(Fault.FORM_MALFORMED, why=str(error)) from error
    form = dict(pairs)
    if len(form) < len(pairs):
        raise Refused(Fault.FORM_MALFORMED, why="a field is sent twice")
    check_texts(form)
    return form


def check_texts(form: Mapping[str, str]) -> None:
    """Raises ``Refused(FORM_MALFORMED)`` for a character that the database cannot store."""
    if any("\0" in text for text in form.values()):
        raise Refused(Fault.FORM_MALFORMED, why="it holds the character U+0000")


def check_length(request: Request, body: bytes) -> None:
    """Raises ``Refused(LENGTH_REQUIRED)`` for a POST without a body and without Content-Length (spec 12.4)."""
    if request.method in {"POST", "PUT"} and not body and not has_body(request):
        raise Refused(Fault.LENGTH_REQUIRED)


def check_url(request: Request) -> None:
    """Raises ``Refused(URL_TOO_LONG)`` (spec 12.4). A query tunnelled in a body may be longer."""
    path, query = request.scope.get("raw_path") or b"", request.scope["query_string"]
    if len(query) > QUERY_BYTES_MAX:
        raise Refused(Fault.URL_TOO_LONG, what="the query string", bytes_max=QUERY_BYTES_MAX)
    if len(path) + len(query) > URL_BYTES_MAX:
        raise Refused(Fault.URL_TOO_LONG, what="the URL", bytes_max=URL_BYTES_MAX)
    if len(path) > PATH_SEGMENT_BYTES_MAX and max(map(len, path.split(b"/"))) > PATH_SEGMENT_BYTES_MAX:
        raise Refused(Fault.URL_TOO_LONG, what="a path segment", bytes_max=PATH_SEGMENT_BYTES_MAX)
    headers_bytes = sum(len(name) + len(value) for name, value in request.scope["headers"])
    if headers_bytes + len(path) + len(query) > HEADERS_BYTES_MAX:
        raise Refused(Fault.URL_TOO_LONG, what="the URL with the headers", bytes_max=HEADERS_BYTES_MAX)
