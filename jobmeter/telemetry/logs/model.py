"""Owns the values of the log: its formats, and what a line is written for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Protocol

REQUESTS_NAMED_MAX = 20


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


Fields = Mapping[str, object]


class Work(Protocol):
    """What a line is written for, such as a request. Only asked once there is a line."""

    def describe_for_log(self) -> Fields: ...


@dataclass(frozen=True, slots=True)
class SharedWork:
    """What several requests asked for at the same moment, and what is done for them together."""

    works: Sequence[Work | None]

    def describe_for_log(self) -> Fields:
        named = self.list_requests()
        return {"requestIds": named} if named else {}

    def list_requests(self) -> list[str]:
        """The ids of the first requests."""
        found = (work.describe_for_log().get("requestId") for work in self.works if work is not None)
        return [str(one) for one in islice(filter(None, found), REQUESTS_NAMED_MAX)]
