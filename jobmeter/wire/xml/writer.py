"""Owns the serialization of trees, as an XML document or as the equivalent JSON with camelCase names.

Does not own the content of a tree (``job.response``, ``job.request_writer``).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from jobmeter.wire.xml.tree import Items, Leaf, Tree
from jobmeter.wire.xml.validators import UNCARRIED

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def write_xml(name: str, tree: Tree) -> bytes:
    """Serializes the tree as a document whose root is ``name``: UTF-8, standalone, indented by two spaces."""
    return (DECLARATION + "".join(_lines(name, tree, ""))).encode()


def _lines(name: str, value: "Leaf | Tree | Items", indent: str) -> Iterator[str]:
    if isinstance(value, Items):
        yield f'{indent}<{name} total="{len(value.rows)}">\n'
        for row in value.rows:
            yield from _lines(value.name, row, f"{indent}  ")
        yield f"{indent}</{name}>\n"
    elif isinstance(value, Mapping):
        yield f"{indent}<{name}>\n"
        for inner, part in value.items():
            yield from _lines(inner, part, f"{indent}  ")
        yield f"{indent}</{name}>\n"
    else:
        text = escape_text(value)
        yield f"{indent}<{name}>{text}</{name}>\n" if text else f"{indent}<{name}/>\n"


def escape_text(value: Leaf) -> str:
    """Escapes a value as XML text; characters that are not allowed in XML become the replacement character."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return UNCARRIED.sub("\ufffd", str(value)).translate(_ESCAPES)


def write_json(tree: Tree) -> bytes:
    """Serializes the tree as JSON: camelCase names, lists as ``{"_total": n, "values": [...]}`` (xml spec 3)."""
    return msgspec.json.encode(_json_of(tree))


def _json_of(value: "Leaf | Tree | Items") -> Any:
    if isinstance(value, Items):
        rows = [_json_row(value.name, row) for row in value.rows]
        return {"_total": len(rows), "values": rows}
    if isinstance(value, Mapping):
        return {join_camel(name): _json_of(part) for name, part in value.items()}
    return value


def _json_row(name: str, row: Tree) -> Any:
    """In JSON an industry has a numeric id in addition to its code (xml spec 9)."""
    code = row.get("code") if name == "industry" else None
    known = {"id": int(code)} if isinstance(code, str) else {}
    return _json_of({**row, **known})


def join_camel(name: str) -> str:
    """Converts ``partner-job-id`` to ``partnerJobId``."""
    head, *rest = name.split("-")
    return head + "".join(map(str.capitalize, rest))
