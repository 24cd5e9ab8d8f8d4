"""``POST /rest/simpleJobPostings`` and ``/v2``: operations on jobs, up to 100 in a batch (spec 4.1 and 4.2)."""

import re
from typing import Any

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_TASK
from jobmeter.base.limits import BATCH_CREATE_ELEMENTS_MAX
from jobmeter.http.responses import error_object
from jobmeter.jobs.model import AcceptedElement
from jobmeter.jobs.postings import flow as jobs
from jobmeter.wire.restli.envelopes import (
    make_created_row,
    make_refused_row,
    read_elements,
    wrap_batch_create,
)
from jobmeter.wire.restli.keys import encode_location
from jobmeter.wire.restli.syntax import RestliSyntaxError

_FIELD_NAMED = re.compile(r"ERROR :: /([A-Za-z0-9]{1,50})\b")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


async def batch_create_jobs(call: Call) -> Reply:
    """Responds 200 with one row for each element, in order: 202 with its task, or its refusal."""
    if call.application.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission="POST /simpleJobPostings")
    body = call.read_json_records()
    try:
        elements = read_elements(body)
    except RestliSyntaxError as error:
        raise Refused(Fault.JSON_MALFORMED, why=error.text) from error
    if call.version is not None and len(body) > 1:
        fields = ", ".join(f"/{name[:80]}" for name in sorted(set(body) - {"elements"})[:10])
        raise Refused(Fault.FIELDS_UNPERMITTED, place="REQUEST_BODY", fields=fields)
    _check_batch(elements)
    rows = [await _submit_operation(call, element) for element in elements]
    call.app.wake_worker()
    return Reply(wrap_batch_create(rows))


def _check_batch(elements: list[Any]) -> None:
    if len(elements) > BATCH_CREATE_ELEMENTS_MAX:
        raise Refused(Fault.JOBS_TOO_MANY, elements_max=BATCH_CREATE_ELEMENTS_MAX, found=len(elements))
    seen = set()
    for element in elements:
        external_id = element.get("externalJobPostingId") if isinstance(element, dict) else None
        if isinstance(external_id, str):
            if external_id in seen:
                raise Refused(Fault.JOB_ID_REPEATED, external_id=external_id)
            seen.add(external_id)


async def _submit_operation(call: Call, element: Any) -> dict[str, Any]:
    try:
        if not isinstance(element, dict):
            raise Refused(Fault.JOB_FIELDS_INVALID, lines="ERROR ::  :: the element is not a record\n")
        # Each element commits separately: neither a later refusal nor a lost connection undoes it.
        async with call.app.database.transaction() as connection:
            taken = await jobs.submit_operation_with_locations(
                connection,
                child=call.application,
                element=element,
                now=call.now,
                version=None if call.version is None else call.version.expanded,
                forced_outcome=call.forced_outcome,
            )
    except Refused as refused:
        return make_refused_row(
            status=refused.fault.row.status, error=_serialize_error(call, element, refused)
        )
    urn = f"{URN_TASK}{taken.task_id}"
    row = make_created_row(status=202, key=urn, location=encode_location("/simpleJobPostings", urn))
    entity = _serialize_entity(call, element, taken)
    return row | ({"entity": entity} if entity else {})


def _serialize_entity(call: Call, element: Any, taken: AcceptedElement) -> dict[str, Any]:
    """Names the job under ``/rest``. A row has one id: the tasks of further locations are listed here, and so is what
    was accepted with a remark.
    """
    details: dict[str, Any] = {}
    if taken.alternate_task_ids:
        details["alternateLocationTasks"] = [f"{URN_TASK}{task_id}" for task_id in taken.alternate_task_ids]
    if taken.warnings:
        details["warnings"] = list(taken.warnings)
    if not details and call.version is None:
        return {}
    return {"externalJobPostingId": element["externalJobPostingId"]} | details


def _serialize_error(call: Call, element: Any, refused: Refused) -> dict[str, Any]:
    """Under ``/rest`` an error has a code and names the request and the job (spec 4.2)."""
    shown = error_object(refused)
    if call.version is None:
        return shown
    if refused.fault is Fault.JOB_FIELDS_INVALID:
        shown["code"] = _name_field_error(refused.message)
    shown["requestId"] = call.request_id
    external_id = element.get("externalJobPostingId") if isinstance(element, dict) else None
    if isinstance(external_id, str):
        shown["errorDetailType"] = "com.linkedin.restli.common.ErrorDetails"
        shown["errorDetails"] = {"externalJobPostingId": external_id}
    return shown


def _name_field_error(lines: str) -> str:
    """Returns the error code of the first line's field, such as ``ERROR_INVALID_LISTED_AT_FIELD``."""
    named = _FIELD_NAMED.match(lines)
    return f"ERROR_INVALID_{_HUMP.sub('_', named[1]).upper()}_FIELD" if named else "ERROR_INVALID_ELEMENT"
