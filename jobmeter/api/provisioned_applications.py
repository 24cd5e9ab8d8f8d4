"""``/v2/provisionedApplications``: create, find and update child applications (spec 2.3)."""

from typing import Any

from jobmeter.api.edge import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners import flow as partners
from jobmeter.partners.model import Application, ApplicationChange, ApplicationDraft
from jobmeter.wire.restli.envelopes import Patch, read_patch
from jobmeter.wire.restli.keys import encode_location
from jobmeter.wire.restli.syntax import RestliSyntaxError

_LISTS = ("oauth2AuthorizedCallbackUrls", "validJsSdkDomains")
_CHANGEABLE = ("name", "description", *_LISTS)


async def create_application(call: Call) -> Reply:
    """Answers 201 with the child's credentials: the only time its secret is shown."""
    draft = _read_draft(call.read_json())
    async with call.state.database.transaction() as connection:
        made = await partners.create_child(connection, parent=call.application, draft=draft, now=call.now)
    urn = made.application.urn
    content = {
        "credentials": {"client_id": made.application.client_id, "client_secret": made.client_secret},
        "key": urn,
    }
    headers = {"X-RestLi-Id": urn, "Location": encode_location(call.path, urn)}
    return Reply(content, status=201, headers=headers)


async def find_application(call: Call) -> Reply:
    """The finder ``credentialsByUniqueForeignId``; it never shows a secret."""
    foreign_id = call.parameters.get("uniqueForeignId")
    if not isinstance(foreign_id, str):
        raise Refused(Fault.PARAMETER_REQUIRED, name="uniqueForeignId")
    if call.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="provisionedApplications.FINDER.NO_VERSION")
    async with call.state.database.connection() as connection:
        found = await partners.find_child(connection, parent=call.application, unique_foreign_id=foreign_id)
    return Reply({"elements": [] if found is None else [_draw(found)]})


async def update_application(call: Call) -> Reply:
    """A partial update of a child application; answers 204 (spec 2.3)."""
    try:
        patch = read_patch(call.read_json())
    except RestliSyntaxError as error:
        raise Refused(Fault.BODY_INVALID, lines=f"ERROR :: /patch :: {error.text}") from error
    change = _read_change(patch)
    async with call.state.database.transaction() as connection:
        await partners.update_child(connection, parent=call.application, key=call.key or "", draft=change)
    return Reply(None, status=204)


def _read_change(patch: Patch) -> ApplicationChange:
    """Lists may be deleted, which empties them; texts are required."""
    fields = patch.assigned | {name: [] for name in patch.removed if name in _LISTS}
    unknown = [name for name in patch.assigned if name not in _CHANGEABLE]
    lines = [f"ERROR :: /{name} :: unrecognized field found but not allowed" for name in unknown]
    lines += [
        f"ERROR :: /{name} :: cannot delete a required field" for name in patch.removed if name not in _LISTS
    ]
    if lines:
        raise Refused(Fault.BODY_INVALID, lines="\n".join(lines))
    return ApplicationChange(
        name=_read_text(fields, "name") if "name" in fields else None,
        description=_read_text(fields, "description") if "description" in fields else None,
        callback_urls=_read_texts(fields, "oauth2AuthorizedCallbackUrls")
        if "oauth2AuthorizedCallbackUrls" in fields
        else None,
        js_domains=_read_texts(fields, "validJsSdkDomains") if "validJsSdkDomains" in fields else None,
    )


def _draw(application: Application) -> dict[str, Any]:
    return {
        "credentials": {"client_id": application.client_id},
        "uniqueForeignId": application.unique_foreign_id,
        "name": application.name,
        "description": application.description,
        "validJsSdkDomains": application.js_domains,
        "key": application.urn,
        "oauth2AuthorizedCallbackUrls": application.callback_urls,
    }


def _read_draft(body: Any) -> ApplicationDraft:
    if not isinstance(body, dict):
        raise Refused(Fault.BODY_INVALID, lines="ERROR ::  :: the body is not a record")
    return ApplicationDraft(
        unique_foreign_id=_read_text(body, "uniqueForeignId"),
        name=_read_text(body, "name"),
        description=_read_text(body, "description"),
        callback_urls=_read_texts(body, "oauth2AuthorizedCallbackUrls"),
        js_domains=_read_texts(body, "validJsSdkDomains"),
    )


def _read_text(body: dict[str, Any], field: str) -> str:
    value = body.get(field, "")
    if not isinstance(value, str):
        raise Refused(
            Fault.BODY_INVALID, lines=f"ERROR :: /{field} :: {_show(value)} cannot be coerced to String"
        )
    return value


def _read_texts(body: dict[str, Any], field: str) -> tuple[str, ...]:
    value = body.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refused(
            Fault.BODY_INVALID, lines=f"ERROR :: /{field} :: {_show(value)} cannot be coerced to Array"
        )
    return tuple(value)


def _show(value: object) -> str:
    return ("null" if value is None else str(value))[:100]
