"""Owns the values of the rehearsal: rules, recorded requests, findings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Verdict(Enum):
    """What the recorded requests say of a rule."""

    SHOWN = "shown"
    WRONG = "wrong"
    NOT_SHOWN = "not shown"
    NEEDS_PERSON = "needs a person"  # what can be seen in requests is right; the rest is shown by hand
    NOT_APPLICABLE = "not applicable"


class Role(Enum):
    """How a partner promotes jobs."""

    INDIVIDUAL = "individual"  # each job has its budget: applicant tracking systems, job distributors
    CAMPAIGN = "campaign"  # jobs share the budget of a campaign


class Group(Enum):
    """Which review a rule belongs to."""

    P4P = "Pay for performance"
    POSTING = "Job posting (recommended)"
    OWN = "Robustness (not part of LinkedIn's review)"


class Certainty(Enum):
    """How much of the rule could be read in public."""

    SEEN = "seen"
    PARTLY = "partly seen"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request with its response. ``at`` is the time of the installation, ``received_at`` that of the machine.

    ``token`` is the mark of the access token; ``forced`` is the error that was caused on purpose, empty otherwise.
    """

    number: int
    at: datetime
    received_at: datetime
    client_id: str
    token: str
    method: str
    path: str
    query: str
    status: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response: str = ""
    forced: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one rule, with the numbers of the requests that prove it. ``remarks`` do not change it."""

    verdict: Verdict
    why: str = ""
    evidence: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what to show, how requests are judged, and where the rule was read.

    ``id`` is LinkedIn's where it is public, otherwise ours (X-). ``by_hand`` is what requests cannot show. ``role`` is
    ``None`` for a rule of every partner.
    """

    id: str
    group: Group
    module: str
    title: str
    show: str
    judged: str
    source: str
    certainty: Certainty
    by_hand: str = ""
    role: Role | None = None
    is_optional: bool = (
        False  # not shown is no gap: a duty that not every partner has, or that may be explained
    )


@dataclass(frozen=True, slots=True)
class Result:
    rule: Rule
    finding: Finding
