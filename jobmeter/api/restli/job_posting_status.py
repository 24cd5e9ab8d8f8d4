"""``GET /v2/jobPostingStatus?ids=...`` and ``/rest``: whether jobs are listed and promoted, and why not (spec 4.5)."""

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BATCH_GET_KEYS_MAX
from jobmeter.http.responses import error_object
from jobmeter.jobs.status import flow as jobs
from jobmeter.jobs.status.model import serialize_status
from jobmeter.wire.restli.envelopes import wrap_batch
from jobmeter.wire.restli.values import ArgumentTypeError, read_texts


async def batch_get_statuses(call: Call) -> Reply:
    """The caller's own jobs by external id; every field is present, ``null`` if it has no value."""
    if call.application.parent_id is None:
        raise Refused(Fault.ACCESS_DENIED, permission="GET /jobPostingStatus")
    asked = _read_ids(call)
    async with call.app.database.connection() as connection:
        found = await jobs.read_statuses(connection, child=call.application, external_ids=asked, now=call.now)
    base_url = call.app.settings.base_url.rstrip("/")
    results = {
        external_id: serialize_status(found[external_id], base_url)
        for external_id in asked
        if external_id in found
    }
    missing = {
        external_id: error_object(Refused(Fault.ENTITY_UNKNOWN, key=external_id))
        for external_id in asked
        if external_id not in found
    }
    return Reply(wrap_batch(results, missing))


def _read_ids(call: Call) -> list[str]:
    try:
        asked = list(dict.fromkeys(read_texts("ids", call.parameters["ids"], single=True)))
    except ArgumentTypeError as error:
        raise Refused(Fault.BATCH_KEY_INVALID) from error
    if not all(asked) or any("\0" in external_id for external_id in asked):
        raise Refused(Fault.BATCH_KEY_INVALID)
    if len(asked) > BATCH_GET_KEYS_MAX:
        raise Refused(Fault.BATCH_TOO_MANY_KEYS, keys_max=BATCH_GET_KEYS_MAX, found=len(asked))
    return asked
