"""Owns which parts of a response the masks ``fields``, ``metadataFields`` and ``pagingFields`` apply to.

Does not own the grammar of masks (``wire.restli.projection``).
"""

from typing import Any

import msgspec

from jobmeter.wire.restli.methods import Method
from jobmeter.wire.restli.projection import Mask, apply_mask, parse_mask
from jobmeter.wire.restli.syntax import Value

# The part of the envelope that holds entities. For other methods the response is an entity itself or has none.
_ENTITIES = {Method.FINDER: "elements", Method.GET_ALL: "elements", Method.ACTION: "value"}
_PARTS = {"metadataFields": "metadata", "pagingFields": "paging"}
_UNCUT = frozenset({Method.CREATE, Method.BATCH_CREATE, Method.PARTIAL_UPDATE, Method.UPDATE, Method.DELETE})


def read_masks(parameters: dict[str, Value]) -> dict[str, Mask]:
    """Returns the masks by parameter; blank ones count as absent. Raises ``RestliSyntaxError``."""
    return {
        name: parse_mask(_flatten(parameters[name])) for name in ("fields", *_PARTS) if parameters.get(name)
    }


def _flatten(value: Value) -> str:
    # In protocol 1.0.0 a mask that is sent twice means the union of both.
    return ",".join(map(_flatten, value)) if isinstance(value, list) else str(value)


def project(masks: dict[str, Mask], method: Method, content: Any) -> Any:
    """Reduces ``content`` to ``masks``; the envelope and the errors of a batch are kept whole."""
    if not masks or method in _UNCUT:
        return content
    # Parts of it may be serialized JSON already.
    content = msgspec.json.decode(content if isinstance(content, bytes) else msgspec.json.encode(content))
    if not isinstance(content, dict):
        return content
    cut = dict(content)
    for name, part in _PARTS.items():
        if name in masks and part in cut:
            cut[part] = apply_mask(masks[name], cut[part])
    if "fields" not in masks:
        return cut
    mask = masks["fields"]
    if method is Method.GET:
        return apply_mask(mask, cut)
    if method is Method.BATCH_GET:
        cut["results"] = {key: apply_mask(mask, entity) for key, entity in cut.get("results", {}).items()}
    elif method in _ENTITIES:
        part = _ENTITIES[method]
        cut[part] = (
            [apply_mask(mask, one) for one in cut[part]]
            if part == "elements"
            else apply_mask(mask, cut[part])
        )
    return cut
