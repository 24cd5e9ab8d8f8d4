"""Owns the envelope of CloudEvents 1.0: in JSON, alone or in a batch, and in HTTP headers (binary mode). Pure.

Reads an envelope into the fields of an event record; does not own the record (``events``).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from jobmeter.wire.lenient_json import strip_bom

BATCH_MEDIA = "application/cloudevents-batch+json"
SINGLE_MEDIA = "application/cloudevents+json"
HEADER_PREFIX = "ce-"
VERSION = "1.0"


class EnvelopeError(ValueError):
    """The envelope can be decoded and is not one that is accepted."""


class _Envelope(msgspec.Struct, gc=False, frozen=True):
    specversion: str
    source: str
    id: str
    type: str
    time: str | None = None
    subject: str | None = None
    data: dict[str, Any] | None = None
    data_base64: str | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_DATA = msgspec.json.Decoder(dict[str, Any] | None)


def list_attributes(headers: Mapping[str, str]) -> dict[str, str] | None:
    """The attributes of an event in binary mode, from its headers (in lower case); ``None`` for any other request."""
    if f"{HEADER_PREFIX}specversion" not in headers:
        return None
    named = {name: value for name, value in headers.items() if name.startswith(HEADER_PREFIX)}
    return {name.removeprefix(HEADER_PREFIX): unquote(value) for name, value in named.items()}


def read_envelope(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    """Returns the fields of one event in structured mode. Raises ``EnvelopeError`` or ``msgspec.MsgspecError``."""
    envelope = _ENVELOPE.decode(raw)
    data = envelope.data
    if data is None and envelope.data_base64 is not None:
        try:
            data = _DATA.decode(base64.b64decode(envelope.data_base64, validate=True))
        except binascii.Error as error:
            raise EnvelopeError("data_base64 is not base64") from error
    return _merge(envelope, data)


def read_binary(attributes: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Returns the fields of an event in binary mode. Raises as ``read_envelope``."""
    known = {name: value for name, value in attributes.items() if name in _Envelope.__struct_fields__}
    envelope = msgspec.convert(known | {"data": None, "data_base64": None}, _Envelope)
    return _merge(envelope, _DATA.decode(strip_bom(body)) if body else None)


def _merge(envelope: _Envelope, data: dict[str, Any] | None) -> dict[str, Any]:
    """Source, id, type and time are the envelope's, the job its ``subject``, the rest its data."""
    if envelope.specversion != VERSION:
        raise EnvelopeError(f"specversion {envelope.specversion!r} is not {VERSION}")
    fields: dict[str, Any] = {"job": envelope.subject, **(data or {})}
    fields |= {"source": envelope.source, "id": envelope.id, "type": envelope.type.rsplit(".", 1)[-1]}
    fields["time"] = envelope.time if envelope.time is not None else fields.get("time")
    return fields
