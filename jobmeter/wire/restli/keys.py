"""Owns the spelling of resource keys in paths, bodies and headers, and the splitting of raw paths.

Does not own which segment is a key (the router does).
"""

from collections.abc import Mapping

from jobmeter.wire.restli.dotted import encode_dotted
from jobmeter.wire.restli.encoding import Escape, encode_element, write_scalar
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, decode_percent


def split_path(raw_path: str) -> tuple[str, ...]:
    """Returns the raw segments of a raw path; a trailing slash is ignored (clients 2.5)."""
    return tuple(raw_path.strip("/").split("/")) if raw_path.strip("/") else ()


def decode_path_key(segment: str) -> str:
    """Decodes a simple key from a raw path segment.

    Official clients send `urn%3Ali%3A..`, the Java SDK `urn:li:..`: both are the same key (clients 2.5).
    """
    if not segment:
        raise RestliSyntaxError("path key is empty")
    return decode_percent(segment)


def encode_path_key(key: object) -> str:
    """Encodes a key as a path segment, fully escaped; records become `(k:v)`."""
    return encode_element(key)


def encode_location(path: str, key: str) -> str:
    """Returns the `location` of a created entity: host-relative, with the key escaped in both protocols (clients 2.4)."""
    return f"{path.rstrip('/')}/{encode_path_key(key)}"


def encode_body_key(key: object, protocol: Protocol) -> str:
    """Encodes a key of a result map, a `batch_create` id or an `X-RestLi-Id`: simple keys are raw in both protocols."""
    if not isinstance(key, Mapping):
        return write_scalar(key)
    if protocol is Protocol.V1:
        return encode_dotted(key)
    return encode_element(key, escape=Escape.BODY, sort_keys=True)
