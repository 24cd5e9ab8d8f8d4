"""The bodies around entities: FINDER, BATCH_GET, ACTION, BATCH_CREATE, partial update. Plain dictionaries.

Owns their shape; what an error object says, and with which status, belongs to the table of refusals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jobmeter.wire.restli.syntax import RestliSyntaxError

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """What a partial update changes: fields to set (dotted paths are nested records), and fields to remove."""

    assigned: Json
    removed: tuple[str, ...] = ()


def wrap_finder(elements: Sequence[Any], paging: Mapping[str, Any]) -> Json:
    return {"paging": dict(paging), "elements": list(elements)}


def wrap_batch(
    results: Mapping[str, Any],
    errors: Mapping[str, Any] | None = None,
    statuses: Mapping[str, int] | None = None,
) -> Json:
    """BATCH_GET and its kin. The keys are raw, and all three maps are there even when empty (spec 6)."""
    return {"results": dict(results), "statuses": dict(statuses or {}), "errors": dict(errors or {})}


def wrap_action(value: Any) -> Json:
    return {"value": value}


def wrap_batch_create(rows: Sequence[Json]) -> Json:
    """BATCH_CREATE; one row for each element of the request, in its order, and never a null."""
    assert all(rows), "official clients crash on an empty row"
    return {"elements": list(rows)}


def make_created_row(*, status: int, key: str, location: str) -> Json:
    """A row that succeeded; the id is raw, the location escaped (clients 2.4)."""
    return {"status": status, "id": key, "location": location}


def make_refused_row(*, status: int, error: Mapping[str, Any]) -> Json:
    return {"status": status, "error": dict(error)}


def read_elements(body: Any) -> list[Any]:
    """The elements of a batch_create body."""
    elements = body.get("elements") if isinstance(body, dict) else None
    if not isinstance(elements, list):
        raise RestliSyntaxError("body of a batch create has no array 'elements'")
    return elements


def read_patch(body: Any) -> Patch:
    """A partial update's body, `{"patch": {"$set": {..}, "$delete": [..]}}` (spec 12.2)."""
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
