"""Owns the values of members' jobs: who looks, a job with its money, what is allowed and why not, texts that are edited."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from uuid import UUID

from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.jobs.model import OPEN_STATES, ChangeKind, JobState, TaskStatus
from jobmeter.jobs.status.model import JobSnapshot

NEWEST = 2**63 - 1
XML, FEED = "XML", "FEED"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobViewer:
    """Who looks at jobs, by e-mail. With a partner it is one of its people, who sees all its jobs; with applications or hiring
    contracts a customer, who sees all jobs of these; else a member, who sees the jobs posted with the e-mail and those on
    slots of which it is a seat.
    """

    email: str
    partner_id: int | None = None
    application_ids: tuple[int, ...] = ()
    hiring_contract_ids: tuple[int, ...] = ()

    @property
    def is_customer(self) -> bool:
        return bool(self.application_ids or self.hiring_contract_ids)

    @property
    def member_email(self) -> str:
        """The e-mail in lower case, as it is stored of jobs; empty for partners and customers, who are not known by it."""
        return "" if self.is_customer or self.partner_id is not None else self.email.lower()

    @property
    def actor(self) -> str:
        """The name in the log of changes."""
        kind = "partner" if self.partner_id is not None else "customer" if self.is_customer else "member"
        return f"{kind} {self.email.lower()}"


class JobKind(StrEnum):
    """What pays for a job."""

    CLICKS = "CLICKS"  # its budget, per click
    SLOT = "SLOT"
    CREDIT = "CREDIT"
    FEED = "FEED"  # nothing: it is published as long as it is in its feed
    FREE = "FREE"  # nothing: a basic job


class Denial(Enum):
    """Why a person may not do something with a job, for that person to read."""

    CLOSED = "The job is closed."
    FAILED = "The job was never published."
    EXPIRED = "The job is expired."
    CONTRACT_ENDED = "The contract of {payer} has ended."
    FROM_FEED = "The job is from a feed of {agency}: it is changed and closed there."
    PAYER_RENEWS = "Only {payer} can renew it, because {payer} pays for it."
    AGENCY_RENEWS = "Only {agency} can renew it."


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPowers:
    """What a person may do with a job on the site: what has no reason against it."""

    against_edit: Denial | None
    against_close: Denial | None
    against_renew: Denial | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableTexts:
    """What a person may edit of a job. ``apply_url`` is empty where candidates apply by e-mail to the poster."""

    title: str
    location: str
    description: str
    apply_url: str

    @property
    def mark(self) -> str:
        """The same for the same texts: an editor sends that of the texts it was shown."""
        text = f"{self.title}\x1f{self.location}\x1f{self.description}\x1f{self.apply_url}"
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEdit:
    """The texts as they should be, and the mark of those that the editor was shown."""

    texts: EditableTexts
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedJob:
    """A job with its owners. ``agency`` names the partner that posted it; a hiring contract has an owner, who pays, and seats.

    ``revision`` is that of the last change by its document, or of a job posted element by element by a person.
    """

    shard: int
    job_id: int
    application_id: int
    external_id: str
    channel: str
    poster_email: str
    state: JobState
    revision: int
    run_number: int
    expires_at: datetime
    pays_per_click: bool
    hiring_contract_id: int | None
    hiring_kind: HiringKind | None
    hiring_ends_at: datetime | None
    owner_name: str
    seats: tuple[str, ...] = field(repr=False)
    partner_id: int
    agency: str
    title: str
    location: str
    description: str = field(repr=False)
    apply_url: str

    @property
    def kind(self) -> JobKind:
        if self.channel == FEED:
            return JobKind.FEED
        if self.hiring_kind is not None:
            return JobKind.SLOT if self.hiring_kind is HiringKind.SLOTS else JobKind.CREDIT
        return JobKind.CLICKS if self.pays_per_click else JobKind.FREE

    @property
    def payer(self) -> str:
        """Who pays for the job; empty if it costs nothing."""
        if self.hiring_kind is not None:
            return self.owner_name
        return self.agency if self.pays_per_click else ""

    @property
    def texts(self) -> EditableTexts:
        return EditableTexts(
            title=self.title,
            location=self.location,
            description=self.description,
            apply_url=self.apply_url,
        )

    def explain(self, denial: Denial) -> str:
        return denial.value.format(payer=self.payer, agency=self.agency)

    def is_open(self, now: datetime) -> bool:
        """Whether the job still runs, also before a chore has ended its run."""
        return self.state in OPEN_STATES and self.expires_at > now


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSearch:
    """Which jobs a list contains, newest first: those with ids below ``before``. ``is_open`` is ``None`` for all.

    ``search`` is a part of the title, the place, the company or the external id, in any case.
    """

    search: str = ""
    is_open: bool | None = None
    before: int = NEWEST
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """The views and apply clicks of a job until now, and what was charged on days that are not final."""

    views: int
    apply_clicks: int
    estimated_micros: int


@dataclass(frozen=True, slots=True)
class MemberJob:
    """A job as its poster or customer sees it. ``snapshot`` is its status and its money."""

    job: OwnedJob
    snapshot: JobSnapshot
    figures: JobFigures
    powers: PortalPowers


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSlots:
    """How many jobs hold slots of a contract, and when the first of them ends."""

    contract_id: int
    used: int
    next_end: datetime | None


@dataclass(frozen=True, slots=True)
class SlotUse:
    """The slots of a hiring contract. ``next_end`` is when the first of the used ones becomes free, if any is used."""

    contract: HiringContract
    free: int
    used: int
    next_end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """A page of changes, newest first: those before the last one shown."""

    made_at: datetime
    job_id: int = NEWEST
    revision: int = 0
    kind: str = ""
    rows_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """One change of a job: who made it, and which fields an edit changed."""

    job_id: int
    application_id: int
    external_id: str
    revision: int
    kind: ChangeKind
    actor: str
    changed_fields: tuple[str, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAct:
    """What was done with a job: a task of its partner's software, or a logged change, which has an actor and no task.

    ``detail`` is why the task failed, or the place of one of several tasks of an element.
    """

    made_at: datetime
    kind: str
    status: TaskStatus
    detail: str
    task_id: UUID | None
    actor: str
    changed_fields: tuple[str, ...]
