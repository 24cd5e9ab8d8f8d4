"""Owns the envelopes around entities: FINDER, BATCH_GET, ACTION, BATCH_CREATE, partial update. Plain dictionaries.

Does not own the text and status of an error (`base.faults` does).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jobmeter.wire.restli.syntax import RestliSyntaxError

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """A partial update: fields to set (dotted paths are nested records), and fields to remove."""

    assigned: Json
    removed: tuple[str, ...] = ()


def wrap_finder(elements: Sequence[Any], paging: Mapping[str, Any]) -> Json:
    return {"paging": dict(paging), "elements": list(elements)}


def wrap_batch(
    results: Mapping[str, Any],
    errors: Mapping[str, Any] | None = None,
    statuses: Mapping[str, int] | None = None,
) -> Json:
    """The body of BATCH_GET and similar methods. Keys are raw, and all three maps are present even if empty (spec 6)."""
    return {"results": dict(results), "statuses": dict(statuses or {}), "errors": dict(errors or {})}


def wrap_action(value: Any) -> Json:
    return {"value": value}


def wrap_batch_create(rows: Sequence[Json]) -> Json:
    """The body of BATCH_CREATE: one row per element of the request, in order, never null."""
    assert all(rows), "official clients crash on an empty row"
    return {"elements": list(rows)}


def make_created_row(*, status: int, key: str, location: str) -> Json:
    """The row of an element that succeeded; the id is raw, the location escaped (clients 2.4)."""
    return {"status": status, "id": key, "location": location}


def make_refused_row(*, status: int, error: Mapping[str, Any]) -> Json:
    return {"status": status, "error": dict(error)}


def read_elements(body: Any) -> list[Any]:
    """Returns the elements of a batch_create body."""
    elements = body.get("elements") if isinstance(body, dict) else None
    if not isinstance(elements, list):
        raise RestliSyntaxError("body of a batch create has no array 'elements'")
    return elements


def read_patch(body: Any) -> Patch:
    """Parses the body of a partial update, `{"patch": {"$set": {..}, "$delete": [..]}}` (spec 12.2)."""
    patch = body.get("patch") if isinstance(body, dict) else None
    if not isinstance(patch, dict):
        raise RestliSyntaxError("body of a partial update has no record 'patch'")
    assigned = patch.get("$set", {})
    removed = patch.get("$delete", [])
    if not isinstance(assigned, dict):
        raise RestliSyntaxError("'$set' of a patch is not a record")
    if not isinstance(removed, list) or not all(isinstance(name, str) for name in removed):
        raise RestliSyntaxError("'$delete' of a patch is not an array of field names")
    return Patch(assigned, tuple(removed))
