"""Owns the verbs of developer applications: create a parent or a child, update a child, find one."""

from datetime import datetime
from typing import Any

from jobmeter.base.credentials import hash_secret, last_four_of, make_client_id, make_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, read_urn, shard_of
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import rules, store
from jobmeter.partners.model import (
    Application,
    ApplicationChange,
    ApplicationDraft,
    Credentials,
    ListedPage,
    OwnApplication,
    Partner,
    PartnerChange,
)


async def create_parent(connection: Connection, *, name: str, now: datetime) -> Credentials:
    """Creates a partner's parent application, for the operator."""
    draft = ApplicationDraft(unique_foreign_id="", name=name, description="")
    return await _create(connection, draft, parent=None, now=now)


async def open_partner(
    connection: Connection, *, name: str, reference: str | None = None, now: datetime
) -> tuple[Partner, str | None]:
    """Creates the parent application of a partner whose name is new, and returns its client secret.

    A repetition with the ``reference`` of a partner of this name returns that partner, without a secret.
    Raises ``Refused``: PARTNER_REFERENCE_TAKEN by a partner of another name, PARTNER_CONFLICT for a name that
    exists, in any case: the same request sent twice, or by two people, would otherwise make two partners.
    """
    await store.lock_partner_name(connection, name=name)
    if reference is not None:
        await store.lock_partner_name(connection, name=f"reference {reference}")
        known = await store.find_partner_by_reference(connection, reference=reference)
        if known is not None and known.name.lower() == name.lower():
            return known, None
    await _check_name_is_free(connection, name)
    await _check_reference_is_free(connection, reference)
    made = await create_parent(connection, name=name, now=now)
    if reference is not None:
        await store.set_reference(connection, partner_id=made.application.id, reference=reference)
    return await find_partner(connection, partner_id=made.application.id), made.client_secret


async def change_partner(connection: Connection, change: PartnerChange, *, partner_id: int) -> Partner:
    """Sets name and reference of a partner; an empty reference removes it.

    Raises ``Refused``: OPERATOR_UNKNOWN, PARTNER_CONFLICT, PARTNER_REFERENCE_TAKEN.
    """
    before = await find_partner(connection, partner_id=partner_id)
    if change.name is not None and change.name.lower() != before.name.lower():
        await store.lock_partner_name(connection, name=change.name)
        await _check_name_is_free(connection, change.name)
    if change.reference and change.reference != before.reference:
        await store.lock_partner_name(connection, name=f"reference {change.reference}")
        await _check_reference_is_free(connection, change.reference)
    after = await store.change_partner(connection, change, partner_id=partner_id)
    assert after is not None, "partners are never deleted"
    return after


async def _check_name_is_free(connection: Connection, name: str) -> None:
    known = await store.find_parent_by_name(connection, name=name)
    if known is not None:
        raise Refused(Fault.PARTNER_CONFLICT, name=known.name, key=known.urn)


async def _check_reference_is_free(connection: Connection, reference: str | None) -> None:
    known = (
        None if reference is None else await store.find_partner_by_reference(connection, reference=reference)
    )
    if known is not None:
        raise Refused(Fault.PARTNER_REFERENCE_TAKEN, partner=known.id, reference=reference)


async def find_partner(connection: Connection, *, partner_id: int) -> Partner:
    """Raises ``Refused(OPERATOR_UNKNOWN)``, also for a child application."""
    found = await store.find_partner(connection, partner_id=partner_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=partner_id)
    return found


def describe_partner(partner: Partner) -> dict[str, Any]:
    """Returns what the operator and the audit log are shown of a partner; secrets are never shown."""
    return {
        "id": partner.id,
        "key": partner.urn,
        "name": partner.name,
        "reference": partner.reference,
        "clientId": partner.client_id,
        "createdAt": partner.created_at.isoformat(),
    }


async def list_partners(
    connection: Connection, page: ListedPage, *, reference: str | None = None
) -> list[Partner]:
    """Returns partners in the order of their ids; or the one with this reference."""
    if reference is None:
        return await store.list_partners(connection, page)
    found = await store.find_partner_by_reference(connection, reference=reference)
    return [] if found is None or found.id <= page.after else [found]


async def list_applications(
    connection: Connection, page: ListedPage, *, partner_id: int | None = None
) -> list[Application]:
    """Returns applications in the order of their ids; all of them, or a partner's."""
    if partner_id is not None:
        return await store.list_partner_applications(connection, page, partner_id=partner_id)
    if page.search:
        return await store.search_applications(connection, page)
    return await store.list_applications(connection, after=page.after, rows_max=page.rows_max)


async def list_own_applications(
    connection: Connection, page: ListedPage, *, owner: Application
) -> list[OwnApplication]:
    """Returns what an application may see, in the order of ids: itself and, if it is a parent, its children."""
    only = None if owner.parent_id is None else owner.id
    return await store.list_own_applications(
        connection, page, partner_id=owner.partner_id, application_id=only
    )


async def find_own_application(
    connection: Connection, *, owner: Application, application_id: int
) -> OwnApplication:
    """Returns one of these. Raises ``Refused(OPERATOR_UNKNOWN)`` for every other."""
    found: list[OwnApplication] = []
    if owner.parent_id is None or application_id == owner.id:
        page = ListedPage(after=0, rows_max=1)
        found = await store.list_own_applications(
            connection, page, partner_id=owner.partner_id, application_id=application_id
        )
    if not found:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=application_id)
    return found[0]


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
        connection,
        application_id=application.id,
        secret_hash=hash_secret(secret),
        last_four=last_four_of(secret),
        created_at=now,
    )
    return Credentials(application, secret)


async def update_child(
    connection: Connection, *, parent: Application, key: str, draft: ApplicationChange
) -> tuple[Application, Application]:
    """Changes the fields that ``draft`` sets of the child application with the URN ``key`` (spec 2.3).

    Returns it as it was and as it is.

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
    after = await store.find_by_id(connection, application_id=child.id)
    assert after is not None, "applications are never deleted"
    return child, after


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
