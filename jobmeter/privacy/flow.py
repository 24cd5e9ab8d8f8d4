"""Owns the verbs of privacy: erase a member, erase a visitor, and the addresses of posters that are not needed any more.

What is erased is replaced by a substitute that nobody knows, so that sums by poster, repeats of a visitor, and every law of the money
stay as they are.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action, Actor, ActorKind, Door
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.billing.invoices import flow as invoices
from jobmeter.contracts.credits import flow as credit_uses
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.jobs.members import flow as members
from jobmeter.metering.intake.model import find_visitor
from jobmeter.metering.pseudonyms import flow as pseudonyms
from jobmeter.notifications import flow as notifications
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.logins import flow as logins
from jobmeter.privacy import store
from jobmeter.privacy.model import ERASED, Erasure
from jobmeter.request_log import flow as request_log
from jobmeter.settlement.click_rules import flow as click_rules

WORKER = Actor(kind=ActorKind.WORKER, door=Door.WORKER, name="delete old personal data")


async def erase_member(connection: Connection, *, email: str, actor: Actor, now: datetime) -> Erasure:
    """Erases the address, and the person who logs in by it. May be repeated: what was stored since is erased too.

    Raises ``Refused(OPERATOR_INPUT)`` while a job of the member is open: candidates may apply to its address, and its partner
    would send it again.
    """
    address = email.strip().lower()
    if "@" not in address or address.startswith(ERASED):
        raise Refused(Fault.OPERATOR_INPUT, field="email", why="it is not an e-mail address")
    await store.change_in_turn(connection)
    if still_open := await members.count_open_jobs(connection, email=address):
        why = f"{still_open} jobs of the member are open: close them, or have their poster changed"
        raise Refused(Fault.OPERATOR_INPUT, field="email", why=why)
    erasure = await _erase_address(connection, address, actor=actor, now=now)
    left = {
        "lines of issued documents": await invoices.count_issued_lines(connection, email=address),
        "webhooks that send mails": await notifications.count_receivers(connection, email=address),
        "records of acts": await audit.count_records_of(connection, email=address),
    }
    return replace(erasure, left=left)


async def _erase_address(connection: Connection, address: str, *, actor: Actor, now: datetime) -> Erasure:
    substitute = f"{ERASED}{secrets.token_hex(8)}@jobmeter.invalid"
    erased = await members.erase_poster(connection, email=address, substitute=substitute)
    erased |= {
        "used credits": await credit_uses.erase_poster(connection, email=address, substitute=substitute),
        "hiring contracts": await hiring.erase_seat(connection, email=address, substitute=substitute),
        "lines of drafts": await invoices.erase_poster(connection, email=address, substitute=substitute),
        "notifications": await notifications.erase_email(connection, email=address, substitute=substitute),
        "recorded requests": await request_log.erase_requests(connection, email=address),
        "requests to log in": await logins.erase_logins(connection, email=address),
        "people": await accounts.erase_person(connection, email=address),
    }
    await _record(connection, Action.MEMBER_ERASE, substitute, erased, actor=actor, now=now)
    return Erasure(substitute=substitute, erased=erased, left={})


async def erase_visitor(connection: Connection, *, visitor: str, actor: Actor, now: datetime) -> Erasure:
    """Erases a visitor of the job board, by the text that its events name. May be repeated.

    Raises ``Refused(OPERATOR_INPUT)`` for an empty text, which represents nobody.
    """
    number = find_visitor(visitor)
    if number == 0:
        raise Refused(Fault.OPERATOR_INPUT, field="visitor", why="it is empty")
    substitute = 1 + secrets.randbelow(np.iinfo(np.int64).max - 1)
    erased = await pseudonyms.replace_visitor(connection, visitor=number, substitute=substitute)
    erased["exclusions of the operator"] = await click_rules.replace_excluded_visitor(
        connection, visitor=number, substitute=substitute
    )
    # Not even the substitute is kept: on a day that has no salt it is stored as it is.
    await _record(connection, Action.VISITOR_ERASE, "visitor", erased, actor=actor, now=now)
    return Erasure(substitute="", erased=erased, left={})


async def _record(
    connection: Connection,
    action: Action,
    subject: str,
    erased: dict[str, int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    act = Act(action=action, subject_id=subject, actor=actor, at=now, partner_id=None, after=dict(erased))
    await audit.record(connection, act)


async def erase_former_posters(
    connection: Connection, *, settings: Settings, rows_max: int, now: datetime
) -> int:
    """Erases up to ``rows_max`` addresses whose last job ended as long ago as the settings say; returns how many.

    Once a day, one process looks for them: every job is read for it.
    """
    if not await store.claim_look(connection, today=day_of(now)):
        return 0
    await store.change_in_turn(connection)
    before = now - timedelta(days=settings.poster_retention_days)
    found = await members.list_former_posters(connection, before=before, erased=ERASED, rows_max=rows_max)
    for address in found:
        await _erase_address(connection, address, actor=WORKER, now=now)
    if len(found) < rows_max:
        await store.end_look(connection, today=day_of(now))
    return len(found)
