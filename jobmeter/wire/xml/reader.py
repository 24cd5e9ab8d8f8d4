"""Owns the safe parsing of request documents, in XML or the equivalent JSON, into a plain tree of nodes.

Does not own which elements a job has (``job.request``).
"""

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import (
    XML_BODY_BYTES_MAX,
    XML_DEPTH_MAX,
    XML_ELEMENTS_MAX,
    XML_TEXT_CHARACTERS_MAX,
)
from jobmeter.base.readers.text import trim_text
from jobmeter.wire.lenient_json import strip_bom
from jobmeter.wire.xml.encodings import decode_document

XML_MEDIA = frozenset({"", "text/xml", "application/xml"})
JSON_MEDIA = frozenset({"application/json", "text/json"})

# The names of list items in XML; in JSON the items have no name.
ITEM_NAMES = {"job-functions": "job-function", "industries": "industry"}

_CHARSET = re.compile(r";\s*charset\s*=\s*(\"[^\"]*\"|[^;\s]*)", re.IGNORECASE)
_CAPITAL = re.compile(r"[A-Z]")


@dataclass(frozen=True, slots=True)
class Node:
    """An element: ``text`` is its direct text, without leading and trailing white space."""

    name: str
    text: str
    children: tuple["Node", ...] = ()


def read_document(body: bytes, *, content_type: str = "", bytes_max: int = XML_BODY_BYTES_MAX) -> Node:
    """Returns the root of an XML document; for JSON, the same tree below a root named ``job`` (xml spec 3, 16 #33, #37).

    Document types, entities, processing instructions and a second namespace are refused; bytes, depth, elements and text
    are limited.
    Raises ``Refused``: XML_MEDIA, XML_TOO_LARGE, XML_ENCODING, XML_FORBIDDEN, XML_MALFORMED.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media not in XML_MEDIA | JSON_MEDIA:
        raise Refused(Fault.XML_MEDIA, media=media[:80])
    if len(body) > bytes_max:
        raise Refused(Fault.XML_TOO_LARGE, what=f"at most {bytes_max} bytes are accepted")
    charset = _CHARSET.search(content_type)
    if media in JSON_MEDIA:
        return _read_json(body)
    return _read_xml(decode_document(body, charset=charset[1] if charset else None))


def _read_xml(body: bytes) -> Node:
    # Without an explicit encoding the parser might guess a different one than was checked.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=False,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Refused(Fault.XML_MALFORMED, why=str(error.msg)[:200]) from error
    if any(not isinstance(node.tag, str) for node in (*root.itersiblings(), *root.iter())):
        raise Refused(Fault.XML_FORBIDDEN, what="a processing instruction")
    _check_count(sum(1 for _ in root.iter()))
    # One namespace for the whole document, as class libraries declare it, says no more than none.
    space, _, _ = str(root.tag).rpartition("}")
    return _node_of(root, depth=1, space=f"{space}}}" if space else "")


def _node_of(element: etree._Element, *, depth: int, space: str) -> Node:
    _check_depth(depth)
    tag = str(element.tag)
    name = tag.removeprefix(space)
    if name.startswith("{") or (space and name == tag):
        raise Refused(Fault.XML_FORBIDDEN, what=f"a second namespace, as of {tag[:100]},")
    text = "".join([element.text or "", *(child.tail or "" for child in element)])
    return Node(
        name, _check_text(text), tuple(_node_of(child, depth=depth + 1, space=space) for child in element)
    )


def _count_values(root: Any) -> int:
    """Returns the number of values; counting stops soon after the limit is exceeded."""
    level, count = [root], 0
    while level and count <= XML_ELEMENTS_MAX:
        count += len(level)
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return count


def _check_count(count: int) -> None:
    if count > XML_ELEMENTS_MAX:
        raise Refused(Fault.XML_TOO_LARGE, what=f"at most {XML_ELEMENTS_MAX} elements are accepted")


def _check_depth(depth: int) -> None:
    if depth > XML_DEPTH_MAX:
        raise Refused(Fault.XML_TOO_LARGE, what=f"elements may be nested {XML_DEPTH_MAX} deep")


def _check_text(text: str) -> str:
    if len(text) > XML_TEXT_CHARACTERS_MAX:
        raise Refused(Fault.XML_TOO_LARGE, what=f"a text may have {XML_TEXT_CHARACTERS_MAX} characters")
    return trim_text(text)


def _read_json(body: bytes) -> Node:
    try:
        value = msgspec.json.decode(strip_bom(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Fault.XML_MALFORMED, why=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise Refused(Fault.XML_MALFORMED, why="the JSON document must be an object")
    _check_count(_count_values(value))
    return _node_of_json("job", value, depth=1)


def _node_of_json(name: str, value: Any, *, depth: int) -> Node:
    _check_depth(depth)
    if isinstance(value, dict) and isinstance(value.get("values"), list):
        value = value["values"]
    if isinstance(value, list):
        item_name = ITEM_NAMES.get(name, "value")
        return Node(name, "", tuple(_node_of_json(item_name, item, depth=depth + 1) for item in value))
    if isinstance(value, dict):
        # Names that begin with an underscore (_total) only occur in responses, so they are ignored.
        fields = [(key, inner) for key, inner in value.items() if not key.startswith("_")]
        return Node(
            name, "", tuple(_node_of_json(hyphenate(key), inner, depth=depth + 1) for key, inner in fields)
        )
    return Node(name, _check_text(_text_of(value)))


def _text_of(value: Any) -> str:
    """Returns a JSON value as the text of an XML element; null is the empty element."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def hyphenate(name: str) -> str:
    """Converts ``partnerJobId`` to ``partner-job-id``."""
    return _CAPITAL.sub(lambda found: f"-{found[0].lower()}", name)
