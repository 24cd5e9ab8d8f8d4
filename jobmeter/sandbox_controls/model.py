"""Owns the values of a sandbox's controls. Pure."""

from dataclasses import dataclass

VIEWS_PER_JOB_DAY, VIEWS_PER_JOB_DAY_MAX = 30, 1_000
CALLS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Visitors that come by themselves. Their events exist until ``made_until_ms``: they are made hour by hour."""

    is_on: bool
    views_per_job_day: int
    made_until_ms: int


NO_TRAFFIC = Traffic(is_on=False, views_per_job_day=VIEWS_PER_JOB_DAY, made_until_ms=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """One delivery of an event. ``label`` is what the event really is; ``body`` is its JSON."""

    event_id: str
    job_id: int
    label: str
    is_click: bool
    is_repeat: bool
    time_ms: int
    deliver_at_ms: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEvent(PlannedEvent):
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """How many events with a label were sent."""

    label: str
    views: int
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """``taken`` events, ``rightly`` of them, out of ``real`` events with the labels it should detect."""

    name: str
    taken: int
    rightly: int
    real: int

    @property
    def precision(self) -> float | None:
        return self.rightly / self.taken if self.taken else None

    @property
    def recall(self) -> float | None:
        return self.rightly / self.real if self.real else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedFailure:
    """The code of an error that calls return on purpose; ``calls_left`` is ``None`` until it is turned off."""

    code: int
    calls_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsState:
    """What the sandbox bar shows on every page; ``code`` is that of the forced failure."""

    has_traffic: bool
    code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The verdict on one rule of the certification, with the numbers of the requests that prove it."""

    rule: str
    group: str
    title: str
    show: str
    by_hand: str
    is_optional: bool
    verdict: str
    why: str
    evidence: tuple[int, ...]
    remarks: tuple[str, ...]
