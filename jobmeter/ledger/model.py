"""Owns the values of the ledger: kinds of account, purposes of a posting, the posting itself."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from uuid import UUID


class AccountKind(IntEnum):
    """Numbers are stored; a kind is never renumbered."""

    FUNDING = 1  # the outside: source of limits, slots and credits; may go below zero
    CONTRACT = 2  # funds of a partner contract that no job has reserved; owner: partner contract
    JOB = 3  # funds reserved for a job; owner: job; its stored balance is the job's budget row
    EARNED = 4  # charges; owner: partner contract
    SLOTS_FREE = 5  # slots of a hiring contract that no job occupies; owner: hiring contract
    SLOT_HELD = 6  # the slot that a job occupies; owner: job
    CREDITS = 7  # credits of a hiring contract; owner: hiring contract
    CREDITS_USED = 8  # credits consumed; owner: hiring contract
    CREDITS_OWED = (
        9  # credits used before payment, invoiced in arrears; owner: hiring contract; may go below zero
    )
    OWED = 10  # what invoices, less credit notes and payments, ask for; owner: billing account
    SALES = 11  # source of invoiced net amounts; owner: billing account; goes below zero
    TAX = 12  # source of invoiced tax; owner: billing account; goes below zero
    PAID = 13  # payments; owner: billing account


# Accounts whose balance is stored in addition to the postings and must never be negative.
STORED_KINDS = frozenset({AccountKind.CONTRACT, AccountKind.SLOTS_FREE, AccountKind.CREDITS})


class Purpose(IntEnum):
    """The purpose of a posting. CHARGE has its own table partition: the number is part of the schema."""

    FUND = 1
    RESERVE = 2
    CHARGE = 3
    RELEASE = 4
    REVERSE = 5
    ADJUST = 6
    CONSUME = 7
    INVOICE = 8
    CREDIT_NOTE = 9
    PAYMENT = 10


@dataclass(frozen=True, slots=True)
class Account:
    kind: AccountKind
    owner_id: int
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """The movement of a posting, without who requested it and when."""

    source_kind: AccountKind
    source_id: int
    destination_kind: AccountKind
    destination_id: int
    amount: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedMovement:
    """An amount that left an account: ``number`` counts all postings, ``cause`` is that of the posting."""

    number: int
    purpose: Purpose
    source_kind: AccountKind
    amount: int
    unit: str
    day: date
    booked_at: datetime
    cause: int


@dataclass(frozen=True, slots=True)
class Posting:
    """``amount`` of ``unit`` (micros of a currency, or whole slots or credits) from ``source`` to
    ``destination``.

    ``reference`` is unique: a movement that is requested twice is booked once. ``day`` is the UTC day that
    the amount belongs to, ``booked_at`` the time of writing. ``cause`` is the number of the batch, job or
    other object that caused it; ``corrects`` is the reference of the posting it corrects.
    """

    reference: UUID
    purpose: Purpose
    source: Account
    destination: Account
    amount: int
    unit: str
    day: date
    booked_at: datetime
    cause: int = 0
    corrects: UUID | None = None

    def __post_init__(self) -> None:
        assert type(self.amount) is int
        assert self.amount > 0
        assert self.source != self.destination

    @property
    def shard(self) -> int:
        """The shard of the job concerned, else of the account that receives the amount."""
        return self.source.shard if self.source.kind is AccountKind.JOB else self.destination.shard

    @property
    def movement(self) -> Movement:
        return Movement(
            source_kind=self.source.kind,
            source_id=self.source.owner_id,
            destination_kind=self.destination.kind,
            destination_id=self.destination.owner_id,
            amount=self.amount,
            unit=self.unit,
        )
