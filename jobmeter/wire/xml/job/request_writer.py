"""Owns the serialization of a job document as a ``<job>`` request, as clients send it: the reverse of ``request``.

Does not own look-ups (``response``).
"""

from typing import Any

from jobmeter.wire.xml.job.fields import FIELDS, JobDocument, Kind
from jobmeter.wire.xml.writer import DECLARATION, escape_text


def write_draft(document: JobDocument) -> bytes:
    """Serializes the request in the order of the protocol's sample; cleared fields are empty elements, the renewal is last."""
    root: dict[str, Any] = {}
    for row in FIELDS:
        value = getattr(document.content, row.name)
        if value is None and row.name not in document.cleared:
            continue
        *groups, leaf = row.path.split("/")
        if row.kind is Kind.CODES:
            # The last group of such a path is a list row, which is written once per code.
            *groups, item = groups
            _reach(root, groups)[item] = [{leaf: code} for code in value or ()]
        else:
            _reach(root, groups)[leaf] = "" if value is None else value
    if document.renewal:
        root["renewal"] = ""
    return (DECLARATION + _write("job", root)).encode()


def _reach(root: dict[str, Any], groups: list[str]) -> dict[str, Any]:
    for group in groups:
        root = root.setdefault(group, {})
    return root


def _write(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_write(name, row) for row in value)
    inner = (
        "".join(_write(part, below) for part, below in value.items())
        if isinstance(value, dict)
        else escape_text(value)
    )
    return f"<{name}>{inner}</{name}>"
