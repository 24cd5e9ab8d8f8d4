"""Owns campaigns: create, read, change, pause, resume, close. Does not own the jobs in them (``jobs``)."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import Shape, decode, read_time, write_time
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Campaign

PATH = "/rest/jobCampaigns"
CREATED_ID = "x-restli-id"


class _Campaign(Shape):
    id: str
    partner_job_campaign_id: str
    name: str
    contract: str
    status: str
    start_time: int | None = None
    end_time: int | None = None
    ended_at: int | None = None


class _Acted(Shape):
    value: _Campaign


_CAMPAIGN = msgspec.json.Decoder(_Campaign)
_ACTED = msgspec.json.Decoder(_Acted)


class Campaigns:
    """The campaigns of a customer. The client's own application is the customer's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        *,
        partner_campaign_id: str,
        name: str,
        contract_urn: str,
        starts_at: datetime,
        ends_at: datetime | None = None,
    ) -> str:
        """Returns the URN of the campaign, which starts in the background."""
        content: dict[str, Any] = {
            "partnerJobCampaignId": partner_campaign_id,
            "name": name,
            "contract": contract_urn,
            "startTime": write_time(starts_at),
        }
        if ends_at is not None:
            content["endTime"] = write_time(ends_at)
        return self._session.post(PATH, content, read=_read_created)

    def read(self, urn: str) -> Campaign:
        return self._session.get(_locate(urn), read=_read_campaign)

    def update(
        self,
        urn: str,
        *,
        name: str | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> None:
        """Changes what is given."""
        changes: dict[str, Any] = {} if name is None else {"name": name}
        moments = {"startTime": starts_at, "endTime": ends_at}
        changes |= {field: write_time(moment) for field, moment in moments.items() if moment is not None}
        self._session.post(_locate(urn), {"patch": {"$set": changes}}, read=_read_nothing)

    def pause(self, urn: str) -> Campaign:
        return self._act(urn, "pause")

    def resume(self, urn: str) -> Campaign:
        return self._act(urn, "resume")

    def close(self, urn: str) -> Campaign:
        return self._act(urn, "close")

    def _act(self, urn: str, action: str) -> Campaign:
        return self._session.post(_locate(urn), {}, parameters={"action": action}, read=_read_acted)


def _locate(urn: str) -> str:
    return f"{PATH}/{quote(urn, safe='')}"


def _read_nothing(_: Answer) -> None:
    return None


def _read_created(answer: Answer) -> str:
    urn = answer.headers.get(CREATED_ID, "")
    if not urn:
        raise UnreadableError("the response does not name the campaign")
    return urn


def _read_campaign(answer: Answer) -> Campaign:
    return _make_campaign(decode(_CAMPAIGN, answer))


def _read_acted(answer: Answer) -> Campaign:
    return _make_campaign(decode(_ACTED, answer).value)


def _make_campaign(shape: _Campaign) -> Campaign:
    return Campaign(
        urn=shape.id,
        partner_campaign_id=shape.partner_job_campaign_id,
        name=shape.name,
        contract_urn=shape.contract,
        status=shape.status,
        starts_at=read_time(shape.start_time),
        ends_at=read_time(shape.end_time),
        ended_at=read_time(shape.ended_at),
    )
