"""``/v2/provisionedApplications``: create, find and update child applications (spec 2.3)."""

from collections.abc import Sequence
from typing import Any

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ApplicationChange, ApplicationDraft
from jobmeter.wire.restli.envelopes import Patch, read_patch
from jobmeter.wire.restli.keys import encode_location
from jobmeter.wire.restli.syntax import RestliSyntaxError

_LISTS = ("oauth2AuthorizedCallbackUrls", "validJsSdkDomains")
_CHANGEABLE = ("name", "description", *_LISTS)
_CREATED_WITH = ("uniqueForeignId", *_CHANGEABLE)


async def create_application(call: Call) -> Reply:
    """Responds 201 with the child's credentials; the secret is never shown again."""
    draft = _read_draft(call.read_json())
    async with call.app.database.transaction() as connection:
        made = await partners.create_child(connection, parent=call.application, draft=draft, now=call.now)
        await call.context.record(
            connection,
            Action.APPLICATION_CREATE,
            made.application.id,
            partner_id=call.application.partner_id,
            after=made.application.describe(),
        )
    urn = made.application.urn
    content = {
        "credentials": {"client_id": made.application.client_id, "client_secret": made.client_secret},
        "key": urn,
    }
    headers = {"X-RestLi-Id": urn, "Location": encode_location(call.path, urn)}
    return Reply(content, status=201, headers=headers)


async def find_application(call: Call) -> Reply:
    """The finder ``credentialsByUniqueForeignId``; it never returns a secret."""
    foreign_id = call.parameters.get("uniqueForeignId")
    if not isinstance(foreign_id, str):
        raise Refused(Fault.PARAMETER_REQUIRED, name="uniqueForeignId")
    if call.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission=call.permission)
    async with call.app.database.connection() as connection:
        found = await partners.find_child(connection, parent=call.application, unique_foreign_id=foreign_id)
    return Reply({"elements": [] if found is None else [_serialize(found)]})


async def get_application(call: Call) -> Reply:
    """One child application, at the address that its creation returned; never with a secret."""
    async with call.app.database.connection() as connection:
        found = await partners.get_child(connection, parent=call.application, key=call.key or "")
    return Reply(_serialize(found))


async def update_application(call: Call) -> Reply:
    """A partial update of a child application; responds 204 (spec 2.3)."""
    try:
        patch = read_patch(call.read_json())
    except RestliSyntaxError as error:
        raise Refused(Fault.BODY_INVALID, lines=f"ERROR :: /patch :: {error.text}") from error
    change = _read_change(patch)
    async with call.app.database.transaction() as connection:
        before, after = await partners.update_child(
            connection, parent=call.application, key=call.key or "", draft=change
        )
        await call.context.record(
            connection,
            Action.APPLICATION_CHANGE,
            before.id,
            partner_id=before.partner_id,
            before=before.describe(),
            after=after.describe(),
        )
    return Reply(None, status=204)


def _read_change(patch: Patch) -> ApplicationChange:
    """Deleting a list empties it; strings are required and cannot be deleted."""
    fields = patch.assigned | {name: [] for name in patch.removed if name in _LISTS}
    kept = [name for name in patch.removed if name not in _LISTS]
    _check_shapes(
        fields, _CHANGEABLE, [f"ERROR :: /{name} :: cannot delete a required field" for name in kept]
    )
    urls, domains = (fields.get(name) for name in _LISTS)
    return ApplicationChange(
        name=fields.get("name"),
        description=fields.get("description"),
        callback_urls=None if urls is None else tuple(urls),
        js_domains=None if domains is None else tuple(domains),
    )


def _serialize(application: Application) -> dict[str, Any]:
    return {"credentials": {"client_id": application.client_id}} | application.describe()


def _read_draft(body: Any) -> ApplicationDraft:
    if not isinstance(body, dict):
        raise Refused(Fault.BODY_INVALID, lines="ERROR ::  :: the body is not a record")
    _check_shapes(body, _CREATED_WITH)
    return ApplicationDraft(
        unique_foreign_id=body.get("uniqueForeignId", ""),
        name=body.get("name", ""),
        description=body.get("description", ""),
        callback_urls=tuple(body.get("oauth2AuthorizedCallbackUrls", ())),
        js_domains=tuple(body.get("validJsSdkDomains", ())),
    )


def _check_shapes(fields: dict[str, Any], allowed: Sequence[str], lines: Sequence[str] = ()) -> None:
    """Raises ``Refused(BODY_INVALID)`` with ``lines`` and a line for each field that is unknown or has the wrong type."""
    found = [
        f"ERROR :: /{name[:100]} :: {fault}"
        for name, value in fields.items()
        if (fault := _find_shape_fault(name, value, allowed)) is not None
    ]
    if lines or found:
        raise Refused(Fault.BODY_INVALID, lines="\n".join((*found, *lines)))


def _find_shape_fault(name: str, value: Any, allowed: Sequence[str]) -> str | None:
    if name not in allowed:
        return "unrecognized field found but not allowed"
    if name in _LISTS:
        is_good = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return None if is_good else f"{_show(value)} cannot be coerced to Array"
    return None if isinstance(value, str) else f"{_show(value)} cannot be coerced to String"


def _show(value: object) -> str:
    return ("null" if value is None else str(value))[:100]
