"""Owns reading JSON that a strict decoder refuses as a whole although only some of its records are unreadable. Pure.

Does not own which requests are read so: only batches of records are, and only after the strict decoder has failed.
"""

import json
import math
import re
from typing import Any, NoReturn

BOM = b"\xef\xbb\xbf"
HALF = "a text has half of a surrogate pair, or a byte that is not UTF-8"
_HALVES = re.compile("[\ud800-\udfff]")


def strip_bom(body: bytes) -> bytes:
    """The body without the byte order mark, which some editors and runtimes put before a document."""
    return body.removeprefix(BOM)


def decode_leniently(body: bytes) -> Any:
    """Decodes a document whose texts may have half of a surrogate pair or bytes that are not UTF-8; both become lone
    surrogates. Raises ``ValueError`` if it is no JSON, ``RecursionError`` if it is nested too deeply.
    """
    return json.loads(body.decode("utf-8", "surrogateescape"), strict=False)


def split_leniently(body: bytes) -> list[bytes | None]:
    """The records of an array, each as JSON; ``None`` for one with a text that cannot be encoded.

    Raises as ``decode_leniently``, and ``ValueError`` for what is no array.
    """
    records = decode_leniently(body)
    if not isinstance(records, list):
        raise ValueError("it is not an array")
    return [_encode(record) for record in records]


def _encode(record: Any) -> bytes | None:
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return None


def mark_halves(value: Any) -> Any:
    """The value with U+0000, which every reader of records refuses, in the place of each lone surrogate.

    Raises ``ValueError`` for a number that JSON cannot carry.
    """
    if isinstance(value, str):
        return _HALVES.sub("\0", value)
    if isinstance(value, list):
        return [mark_halves(item) for item in value]
    if isinstance(value, dict):
        return {mark_halves(name): mark_halves(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        _refuse_number(value)
    return value


def _refuse_number(value: float) -> NoReturn:
    raise ValueError(f"{value} is no JSON number")
