"""Owns the checks of an installation: whether it is set up so that it keeps what it promises, and what to do where not.

Does not own the laws of the money (``integrity``): these say whether the figures are right.
"""

import importlib.util
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jobmeter.base.settings import Settings
from jobmeter.operations.model import DatabaseFacts
from jobmeter.reports.health.model import DatabaseState, Health

SKEW_MAX = timedelta(seconds=2)
CHORES_LATE = timedelta(minutes=10)
QUEUE_LATE = timedelta(minutes=15)
SETTLEMENT_LATE = timedelta(hours=1)
ARCHIVE_BYTES_MAX = 1_000_000_000
CONNECTIONS_PART = 0.9
MEGABYTE = 1_000_000
EXTRAS = (
    ("typst", "billing", "invoices have no PDF and XML files"),
    ("webauthn", "portal", "nobody can log in with a passkey"),
)


class Grade(StrEnum):
    """``BAD`` breaks a promise or will; ``WARNING`` is what most installations should not leave so."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty where nothing is to be done)."""

    subject: str
    grade: Grade
    text: str
    remedy: str = ""


def examine_settings(settings: Settings, misspelt: dict[str, str]) -> list[Finding]:
    """Valid settings: what has no effect, or leaves out something that most installations need."""
    found = [
        _warn(
            "settings",
            f"{name} is not a setting and has no effect",
            remedy=f"use {near}" if near else "remove it",
        )
        for name, near in misspelt.items()
    ]
    for name, key, effect in (
        ("EVENTS_KEY", settings.events_key, "the job board cannot send events, unless with a named key"),
        ("OPERATOR_KEY", settings.operator_key, "the operator's endpoints can only be used with named keys"),
        ("SECRET_KEY", settings.secret_key, "apply links and webhooks are not available"),
    ):
        if not key:
            text = f"JOBMETER_{name} is not set: {effect}"
            found.append(_warn("keys", text, remedy="openssl rand -hex 32 makes one"))
    if not settings.base_url.startswith("https://"):
        text = "JOBMETER_BASE_URL does not begin with https://: sessions and cookies are not protected by TLS"
        remedy = "set it to the address that people use, behind a proxy with TLS"
        found.append(_warn("address", text, remedy=remedy))
    if not settings.smtp_url:
        text = "JOBMETER_SMTP_URL is not set: nobody can log in by mail, and no notice or invoice is mailed"
        found.append(_warn("mail", text, remedy="set it to your mail server"))
    for library, extra, purpose in EXTRAS:
        if importlib.util.find_spec(library) is None:
            text = f"jobmeter[{extra}] is not installed: {purpose}"
            found.append(_warn("extras", text, remedy=f"pip install 'jobmeter[{extra}]'"))
    good = "keys, address, mail and extras are set"
    return found or [Finding(subject="settings", grade=Grade.GOOD, text=good)]


def examine_database(facts: DatabaseFacts, *, now: datetime, newest_migration: str) -> list[Finding]:
    """``now`` is this machine's clock when the facts were read."""
    skew = abs(facts.server_time - now)
    return [
        _judge(
            subject="durability",
            is_good=not facts.lost_by,
            good="what is committed survives a power failure",
            wrong=f"{', '.join(facts.lost_by)} off: what was acknowledged can be lost in a power failure",
            remedy="set them to on in postgresql.conf, or for the role",
        ),
        _judge(
            subject="schema",
            is_good=facts.last_migration == newest_migration,
            good=f"the schema is that of this version ({newest_migration})",
            wrong=f"the schema is {facts.last_migration or 'missing'}, this version's is {newest_migration}",
            remedy="jobmeter db upgrade, with the newest version that serves it",
            # A server of a newer release has upgraded it, and this one continues to serve.
            grade=Grade.WARNING if facts.last_migration > newest_migration else Grade.BAD,
        ),
        _judge(
            subject="tenants",
            is_good=facts.keeps_tenants_apart,
            good="the database shows a tenant's sessions nothing of others",
            wrong="the database itself does not keep tenants apart: its user may not have the role jobmeter_tenant",
            remedy="as an administrator of the server: CREATE ROLE jobmeter_tenant NOLOGIN; GRANT jobmeter_tenant TO its user; on a cluster"
            " nothing can be done (docs/how-to/distribute.md)",
            grade=Grade.WARNING,
        ),
        _judge(
            subject="clocks",
            is_good=skew <= SKEW_MAX,
            good="this machine and the database agree on the time",
            wrong=f"the clocks of this machine and of the database differ by {skew.total_seconds():.1f} s",
            remedy="run an NTP service on both",
            grade=Grade.WARNING,
        ),
    ]


def examine_health(health: Health, settings: Settings, *, now: datetime) -> list[Finding]:
    """What monitoring would report."""
    return [*_examine_work(health, settings, now), *_examine_room(health.database)]


def examine_replica(*, problem: str, seconds_max: int) -> Finding:
    """``problem`` is empty if the replica follows the database within that time."""
    return _judge(
        subject="replica",
        is_good=not problem,
        good=f"it is at most {seconds_max} s behind the database",
        wrong=f"the replica {problem}: the database answers in its place",
        remedy="look at its log, and at pg_stat_replication of the database",
        grade=Grade.WARNING,
    )


def _examine_work(health: Health, settings: Settings, now: datetime) -> list[Finding]:
    progress = health.progress
    due_at = progress.find_due_since(final_after_days=settings.final_after_days) or now
    ran_at = max((one.ran_at for one in health.chores), default=None)
    late = [
        one.name for one in health.queues if one.oldest_at is not None and now - one.oldest_at > QUEUE_LATE
    ]
    return [
        _judge(
            subject="background work",
            is_good=ran_at is not None and now - ran_at <= CHORES_LATE,
            good="it runs",
            wrong="no process has run it for ten minutes" if ran_at else "no process has ever run it",
            remedy="start jobmeter serve, or jobmeter worker where JOBMETER_CHORES=false",
        ),
        _judge(
            subject="settlement",
            is_good=now - due_at <= SETTLEMENT_LATE,
            good="every day that is due is final",
            wrong=f"days that are due: {progress.days_due}, the first since {due_at:%Y-%m-%d %H:%M} UTC",
            remedy="the log, and /portal/operator/health, say why the chore 'settle days' fails",
        ),
        _judge(
            subject="queues",
            is_good=not late,
            good="nothing waits for long",
            wrong=f"waiting for more than 15 minutes: {', '.join(late)}",
            remedy="the log, and /portal/operator/health, say which chores fail",
            grade=Grade.WARNING,
        ),
    ]


def _examine_room(database: DatabaseState) -> list[Finding]:
    used, allowed, archive = database.connections, database.connections_max, database.archive_bytes
    not_archived = "the log is not archived: a backup can be restored to its own moment only"
    return [
        _judge(
            subject="connections",
            is_good=used < CONNECTIONS_PART * allowed,
            good=f"{used} of {allowed} are used",
            wrong=f"{used} of {allowed} are used",
            remedy="run fewer processes, lower JOBMETER_POOL_CONNECTIONS_MAX, or raise max_connections",
            grade=Grade.WARNING,
        ),
        _judge(
            subject="archive",
            is_good=archive is not None and archive <= ARCHIVE_BYTES_MAX,
            good="the log is archived",
            wrong=not_archived
            if archive is None
            else f"{archive // MEGABYTE:,} MB of the log are not archived yet",
            remedy="jobmeter db archive, or the archive of your own PostgreSQL",
            grade=Grade.WARNING,
        ),
    ]


def _judge(
    *, subject: str, is_good: bool, good: str, wrong: str, remedy: str, grade: Grade = Grade.BAD
) -> Finding:
    if is_good:
        return Finding(subject=subject, grade=Grade.GOOD, text=good)
    return Finding(subject=subject, grade=grade, text=wrong, remedy=remedy)


def _warn(subject: str, text: str, *, remedy: str) -> Finding:
    return Finding(subject=subject, grade=Grade.WARNING, text=text, remedy=remedy)
