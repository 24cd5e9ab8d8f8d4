"""Owns job feeds in JSON: lists of schema.org ``JobPosting``, ``{"jobs": [...]}`` and JSON Feed 1.1, as elements.

Each job becomes an element, so that the reader of XML feeds reads it. Does not own the names of elements (``names``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import FEED_JSON_BYTES_MAX
from jobmeter.wire.xml.feed.opening import OpenedFeed
from jobmeter.wire.xml.validators import UNCARRIED

LISTS: Final = ("jobs", "items", "postings", "jobPostings", "positions", "data", "@graph")
"""The names under which an object holds its list of jobs."""
_EXTENSION = "_jobposting"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}")
_DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class JsonJobs:
    shape: str
    is_complete: bool
    count: int
    jobs: Iterator[etree._Element]


def read_json_jobs(opened: OpenedFeed) -> JsonJobs:
    """Reads a feed in JSON as a whole. Raises ``Refused``: XML_MALFORMED, XML_TOO_LARGE."""
    body = opened.read_all(FEED_JSON_BYTES_MAX)
    try:
        found = msgspec.json.decode(body, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        name, is_complete = "", True
        if isinstance(found, dict):
            name = next((name for name in LISTS if name in found), "")
            is_complete = "next_url" not in found
            rows = msgspec.json.decode(found[name], type=list[msgspec.Raw]) if name else [msgspec.Raw(body)]
        else:
            rows = found
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Fault.XML_MALFORMED, why=str(error)[:200]) from error
    shape = f"JSON {name}" if name else "JSON list" if isinstance(found, list) else "JSON object"
    return JsonJobs(shape, is_complete, len(rows), map(_make_job, rows))


def _make_job(row: msgspec.Raw) -> etree._Element:
    try:
        value = msgspec.json.decode(row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Fault.XML_MALFORMED, why=str(error)[:200]) from error
    job = etree.Element("job")
    if isinstance(value, dict):
        extension = value.get(_EXTENSION)
        _append_members(job, value | extension if isinstance(extension, dict) else value, depth=1)
    return job


def _append_members(element: etree._Element, members: dict[str, Any], *, depth: int) -> None:
    for name, value in members.items():
        if _NAME.fullmatch(name) and depth <= _DEPTH_MAX:
            for item in value if isinstance(value, list) else [value]:
                _append(element, name, item, depth)


def _append(element: etree._Element, name: str, value: Any, depth: int) -> None:
    if value is None or isinstance(value, list):
        return
    child = etree.SubElement(element, name)
    if isinstance(value, dict):
        _append_members(child, value, depth=depth + 1)
    elif isinstance(value, bool):
        child.text = "true" if value else "false"
    else:
        child.text = UNCARRIED.sub("", str(value))
