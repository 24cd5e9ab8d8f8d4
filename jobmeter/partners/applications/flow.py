"""Owns the verbs of developer applications: create a parent or a child, update a child, find one."""

from datetime import datetime

from jobmeter.base.credentials import hash_secret, make_client_id, make_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, read_urn, shard_of
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import rules, store
from jobmeter.partners.model import (
    Application,
    ApplicationChange,
    ApplicationDraft,
    Credentials,
)


async def create_parent(connection: Connection, *, name: str, now: datetime) -> Credentials:
    """Creates a partner's parent application, for the operator."""
    draft = ApplicationDraft(unique_foreign_id="", name=name, description="")
    return await _create(connection, draft, parent=None, now=now)


async def create_child(
    connection: Connection, *, parent: Application, draft: ApplicationDraft, now: datetime
) -> Credentials:
    """Creates a customer's application under ``parent`` (spec 2.3).

    Raises ``Refused``: ACCESS_DENIED when ``parent`` is itself a child, BODY_INVALID with every broken rule,
    APPLICATION_CONFLICT when the foreign id is taken.
    """
    if parent.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="provisionedApplications.CREATE.NO_VERSION")
    lines = rules.check_draft(draft)
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="\n".join(lines))
    return await _create(connection, draft, parent=parent, now=now)


async def _create(
    connection: Connection, draft: ApplicationDraft, *, parent: Application | None, now: datetime
) -> Credentials:
    application_id = await store.next_application_id(connection)
    application = Application(
        id=application_id,
        parent_id=None if parent is None else parent.id,
        shard=shard_of(application_id),
        client_id=make_client_id(),
        name=draft.name,
        unique_foreign_id=draft.unique_foreign_id or None,
        description=draft.description,
        callback_urls=draft.callback_urls,
        js_domains=draft.js_domains,
    )
    if not await store.insert_application(connection, application, created_at=now):
        raise Refused(Fault.APPLICATION_CONFLICT, unique_foreign_id=draft.unique_foreign_id)
    secret = make_secret()
    await store.insert_secret(
        connection, application_id=application.id, secret_hash=hash_secret(secret), created_at=now
    )
    return Credentials(application, secret)


async def update_child(
    connection: Connection, *, parent: Application, key: str, draft: ApplicationChange
) -> None:
    """Changes the fields that ``draft`` sets of the child application with the URN ``key`` (spec 2.3).

    Raises ``Refused``: ACCESS_DENIED when ``parent`` is itself a child, APPLICATION_UNKNOWN for an
    application that is not its child, BODY_INVALID with every broken rule.
    """
    if parent.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="provisionedApplications.PARTIAL_UPDATE.NO_VERSION")
    child = await _find_own(connection, parent, key)
    changed = rules.change_application(child, draft)
    lines = rules.check_draft(changed)
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="\n".join(lines))
    await store.update_application(connection, changed, application_id=child.id)


async def get_child(connection: Connection, *, parent: Application, key: str) -> Application:
    """Returns the child application with the URN ``key``. Raises ``Refused``: ACCESS_DENIED, APPLICATION_UNKNOWN."""
    if parent.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="provisionedApplications.GET.NO_VERSION")
    return await _find_own(connection, parent, key)


async def _find_own(connection: Connection, parent: Application, key: str) -> Application:
    number = read_urn(key, URN_APPLICATION)
    child = None if number is None else await store.find_by_id(connection, application_id=number)
    if child is None or child.parent_id != parent.id:
        raise Refused(Fault.APPLICATION_UNKNOWN, key=key[:200])
    return child


async def find_child(
    connection: Connection, *, parent: Application, unique_foreign_id: str
) -> Application | None:
    return await store.find_by_foreign_id(
        connection, parent_id=parent.id, unique_foreign_id=unique_foreign_id
    )


async def find_application(connection: Connection, *, application_id: int) -> Application | None:
    return await store.find_by_id(connection, application_id=application_id)
