"""Owns the values of the audit log: who acts, which acts exist, an act, and its record. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Door(StrEnum):
    """The edge through which an act came."""

    API = "API"
    PORTAL = "PORTAL"
    COMMAND = "COMMAND"
    WORKER = "WORKER"


class ActorKind(StrEnum):
    OPERATOR_KEY = "OPERATOR_KEY"
    OPERATOR_PERSON = "OPERATOR_PERSON"
    APPLICATION = "APPLICATION"
    PERSON = "PERSON"
    COMMAND = "COMMAND"
    WORKER = "WORKER"


# To partners, the operator's people are the operator.
OPERATORS = (ActorKind.OPERATOR_KEY, ActorKind.OPERATOR_PERSON, ActorKind.COMMAND, ActorKind.WORKER)


class Action(StrEnum):
    """Every administrative act: the kind of its subject, and what is done to it. Stored; a name is never changed."""

    PARTNER_CREATE = "partner.create"
    PARTNER_CHANGE = "partner.change"
    PARTNER_LOOK = "partner.look"
    APPLICATION_CREATE = "application.create"
    APPLICATION_CHANGE = "application.change"
    APPLICATION_ADD_SECRET = "application.addSecret"  # noqa: S105 -- the name of an act
    APPLICATION_RETIRE_SECRET = "application.retireSecret"  # noqa: S105
    APPLICATION_PERMIT_TOKENS = "application.permitTokens"
    APPLICATION_REVOKE_TOKENS = "application.revokeTokens"
    CONTRACT_OPEN = "contract.open"
    CONTRACT_TOP_UP = "contract.topUp"
    CONTRACT_SET_PRICE = "contract.setPrice"
    CONTRACT_SET_PACING = "contract.setPacing"
    CONTRACT_SET_FILTERS = "contract.setFilters"
    CUSTOMER_CONTRACT_SET_UP = "customerContract.setUp"
    HIRING_CONTRACT_OPEN = "hiringContract.open"
    HIRING_CONTRACT_GRANT = "hiringContract.grant"
    HIRING_CONTRACT_REVOKE = "hiringContract.revoke"
    HIRING_CONTRACT_TOP_UP = "hiringContract.topUp"
    HIRING_CONTRACT_ADJUST = "hiringContract.adjust"
    HIRING_CONTRACT_SET_PRICE = "hiringContract.setPrice"
    HIRING_CONTRACT_END = "hiringContract.end"
    KEY_CREATE = "key.create"
    KEY_ADD_SECRET = "key.addSecret"  # noqa: S105
    KEY_RETIRE_SECRET = "key.retireSecret"  # noqa: S105
    KEY_REVOKE = "key.revoke"
    EXCLUSION_CREATE = "exclusion.create"
    EXCLUSION_REMOVE = "exclusion.remove"
    EXCLUDED_VISITOR_ADD = "excludedVisitor.add"
    EXCLUDED_VISITOR_REMOVE = "excludedVisitor.remove"
    NETWORK_LIST_REPLACE = "networkList.replace"
    SETTLEMENT_RULE_SET = "settlementRule.set"
    CHARGE_CREDIT = "charge.credit"
    FEED_REGISTER = "feed.register"
    FEED_RUN = "feed.run"
    WEBHOOK_REGISTER = "webhook.register"
    WEBHOOK_CHANGE = "webhook.change"
    WEBHOOK_REMOVE = "webhook.remove"
    WEBHOOK_ADD_SECRET = "webhook.addSecret"  # noqa: S105
    WEBHOOK_RETIRE_SECRET = "webhook.retireSecret"  # noqa: S105
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_REPLAY = "webhook.replay"
    SELLER_SET = "seller.set"
    LOGO_ADD = "logo.add"
    BILLING_ACCOUNT_OPEN = "billingAccount.open"
    BILLING_ACCOUNT_CHANGE = "billingAccount.change"
    BILLING_ACCOUNT_SET_AGREEMENT = "billingAccount.setAgreement"
    BILLING_ACCOUNT_REMOVE_AGREEMENT = "billingAccount.removeAgreement"
    BILLING_ACCOUNT_SET_TAX_RATE = "billingAccount.setTaxRate"
    BILLING_RUN = "billing.run"
    INVOICE_ISSUE = "invoice.issue"
    INVOICE_REFRESH = "invoice.refresh"
    INVOICE_DROP = "invoice.drop"
    INVOICE_CREDIT = "invoice.credit"
    PAYMENT_RECORD = "payment.record"
    PAYMENT_REVERSE = "payment.reverse"
    REFUND_RECORD = "refund.record"
    SECRETS_SEAL_AGAIN = "secrets.sealAgain"

    DATABASE_WRITE = "database.write"

    PERSON_REMOVE = "person.remove"
    PERSON_END_SESSIONS = "person.endSessions"
    MEMBER_ERASE = "member.erase"
    VISITOR_ERASE = "visitor.erase"
    ROLE_GIVE = "role.give"
    ROLE_CHANGE = "role.change"
    ROLE_REMOVE = "role.remove"

    @property
    def subject(self) -> str:
        """The kind of what it is done to."""
        return self.value.partition(".")[0]


# What partners are not shown of their own tenant: limits that invalid traffic could be fitted to, and drafts.
HIDDEN_FROM_PARTNERS = (
    Action.CONTRACT_SET_FILTERS,
    Action.BILLING_RUN,
    Action.INVOICE_REFRESH,
    Action.INVOICE_DROP,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts. ``id`` is that of the key, application or person; a key of the settings and a command have none.

    ``request_id`` is the one that the response carries.
    """

    kind: ActorKind
    door: Door
    name: str
    id: int | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. ``partner_id`` is the tenant that it concerns, ``None`` if none in particular.

    ``before`` and ``after`` describe the subject, without secrets; only what differs is stored.
    """

    action: Action
    subject_id: str
    actor: Actor
    at: datetime
    partner_id: int | None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An act as it is stored; the values are JSON."""

    recorded_at: datetime
    door: str
    actor_kind: str
    actor_id: int | None
    actor_name: str
    action: str
    subject_id: str
    partner_id: int | None
    request_id: str
    values_before: str
    values_after: str

    @property
    def subject(self) -> str:
        """The kind of the subject."""
        return self.action.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord(AuditEntry):
    """A stored act; ``number`` rises in the order in which acts were recorded."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which records are read, the newest first: those below the number ``below``, and what is not ``None`` or empty.

    ``action`` is an act or the kind of its subject, ``hidden`` acts are left out; ``since`` is included, ``until`` is not.
    ``who`` finds nobody of the ``nameless`` kinds.
    """

    rows_max: int
    below: int
    since: datetime
    until: datetime
    partner_id: int | None = None
    who: str = ""
    action: str = ""
    hidden: tuple[Action, ...] = ()
    subject_id: str = ""
    nameless: tuple[ActorKind, ...] = ()
