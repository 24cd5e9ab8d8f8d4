"""``GET /rest/simpleJobPostingTasks?ids=...``, ``/{key}`` and ``/v2``: the results of operations (spec 4.4)."""

from typing import Any
from uuid import UUID

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_JOB, URN_TASK
from jobmeter.base.limits import BATCH_GET_KEYS_MAX
from jobmeter.http.responses import error_object
from jobmeter.jobs.model import Task, TaskStatus
from jobmeter.jobs.status import flow as jobs
from jobmeter.wire.restli.envelopes import wrap_batch
from jobmeter.wire.restli.values import ArgumentTypeError, read_texts


async def batch_get_tasks(call: Call) -> Reply:
    """The caller's own tasks; those of others are absent, as if they did not exist."""
    asked = _read_ids(call)
    async with call.app.database.connection() as connection:
        found = await jobs.watch_tasks(
            connection, child=call.application, task_ids=list(asked.values()), now=call.now
        )
    results = {urn: _serialize(found[task_id]) for urn, task_id in asked.items() if task_id in found}
    missing = {
        urn: error_object(Refused(Fault.ENTITY_UNKNOWN, key=urn))
        for urn, task_id in asked.items()
        if task_id not in found
    }
    return Reply(wrap_batch(results, missing))


async def get_task(call: Call) -> Reply:
    """One of the caller's own tasks, under its URN or its bare id."""
    key = call.key or ""
    task_id = _read_task_id(key if key.startswith(URN_TASK) else f"{URN_TASK}{key}")
    if task_id is None:
        raise Refused(Fault.ENTITY_UNKNOWN, key=key[:200])
    async with call.app.database.connection() as connection:
        found = await jobs.watch_tasks(connection, child=call.application, task_ids=[task_id], now=call.now)
    if task_id not in found:
        raise Refused(Fault.ENTITY_UNKNOWN, key=key[:200])
    return Reply(_serialize(found[task_id]))


def _read_task_id(urn: str) -> UUID | None:
    try:
        task_id = UUID(urn.removeprefix(URN_TASK))
    except ValueError:
        return None
    # A UUID can be spelled in ways that a task's URN never is.
    return task_id if urn.lower() == f"{URN_TASK}{task_id}".lower() else None


def _read_ids(call: Call) -> dict[str, UUID]:
    try:
        urns = read_texts("ids", call.parameters["ids"], single=True)
    except ArgumentTypeError as error:
        raise Refused(Fault.BATCH_KEY_INVALID) from error
    asked = {urn: task_id for urn in urns if (task_id := _read_task_id(urn)) is not None}
    if len(asked) < len(set(urns)):
        raise Refused(Fault.BATCH_KEY_INVALID)
    if len(asked) > BATCH_GET_KEYS_MAX:
        raise Refused(Fault.BATCH_TOO_MANY_KEYS, keys_max=BATCH_GET_KEYS_MAX, found=len(asked))
    return asked


def _serialize(task: Task) -> dict[str, Any]:
    shown = {"externalJobPostingId": task.external_id} if task.names_job else {}
    shown |= {
        "location": task.location,
        "id": task.urn,
        "status": task.status,
    }
    if task.job_id is not None and task.status in {TaskStatus.SUCCEEDED, TaskStatus.PROCESSED}:
        shown["jobPosting"] = f"{URN_JOB}{task.job_id}"
    if task.error_message is not None:
        shown["errorMessage"] = task.error_message
    return shown
