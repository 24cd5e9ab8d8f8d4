"""Owns a refused event as JSON, for the operator and for its partner."""

from typing import Any

from jobmeter.base.clock import from_ms
from jobmeter.base.ids import URN_JOB
from jobmeter.metering.filters.model import RefusedEvent
from jobmeter.metering.model import VERDICTS


def serialize_refused_event(event: RefusedEvent) -> dict[str, Any]:
    return {
        "source": event.source,
        "id": event.event_id,
        "type": event.type,
        "time": from_ms(event.time_ms).isoformat() if event.time_ms else None,
        "jobPosting": f"{URN_JOB}{event.job_id}" if event.job_id else None,
        "reason": VERDICTS[event.verdict].name,
        "message": event.message,
        "receivedAt": event.received_at.isoformat(),
    }
