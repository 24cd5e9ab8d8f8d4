"""``/operator/billing/seller``: who issues the documents, in dated versions; ``/operator/billing/logos``: its logos."""

import asyncio
import base64
from functools import partial
from typing import Annotated

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.api.operator.billing.parties import SellerBody, read_seller, serialize_dated, serialize_party
from jobmeter.audit.model import Action
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import LOGO_BYTES_MAX, find_in_force
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.model import Logo
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_query_day
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import OperatorBody

# Longer than the base64 of the longest logo: one that is somewhat too large is refused with its size.
CONTENT_CHARACTERS_MAX = 4 * LOGO_BYTES_MAX


class LogoBody(OperatorBody):
    """``content`` is a PNG or an SVG in base64, of at most 200,000 bytes."""

    content: Annotated[str, StringConstraints(min_length=1, max_length=CONTENT_CHARACTERS_MAX)]


async def put_seller(context: RequestContext, body: SellerBody) -> Response:
    """Adds a version; issued documents keep the seller that they name."""
    async with context.app.database.transaction() as connection:
        known = await accounts.list_sellers(connection)
        version = await accounts.set_seller(
            connection, read_seller(body), valid_from=body.valid_from, now=context.now
        )
        before = find_in_force(known, version.valid_from)
        await context.record(
            connection,
            Action.SELLER_SET,
            "seller",
            partner_id=None,
            before={} if before is None else serialize_dated(before),
            after=serialize_dated(version),
        )
    return json_response(serialize_dated(version))


async def show_seller(context: RequestContext) -> Response:
    """The seller in force on ``day``, by default today, and all ``versions``."""
    day = read_query_day(context.request, "day", default=day_of(context.now))
    async with context.app.database.connection() as connection:
        versions = await accounts.list_sellers(connection)
    seller = find_in_force(versions, day)
    if seller is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="seller in force on", key=day)
    return json_response(serialize_party(seller.value) | {"versions": list(map(serialize_dated, versions))})


async def add_logo(context: RequestContext, body: LogoBody) -> Response:
    """Keeps an image, once, and returns the ``logo`` that a seller names. Metadata and colour profiles are removed.

    It is printed on the first page of documents, which keep the logo that their seller had when they were issued.
    """
    try:
        content = base64.b64decode(body.content, validate=True)
    except ValueError as error:
        raise Refused(Fault.OPERATOR_INPUT, field="content", why="is not base64") from error
    logo = accounts.read_logo(content)
    # In a thread: whether it can be printed is tried out.
    await asyncio.to_thread(partial(formats.check_logo, logo, font_folder=context.app.settings.font_folder))
    async with context.app.database.transaction() as connection:
        name, is_new = await accounts.keep_logo(connection, logo, now=context.now)
        if is_new:
            described = _describe(logo, name)
            await context.record(connection, Action.LOGO_ADD, name, partner_id=None, after=described)
    return json_response(_describe(logo, name) | {"wasRepeated": not is_new}, status=201 if is_new else 200)


async def show_logo(context: RequestContext) -> Response:
    """The image."""
    async with context.app.database.connection() as connection:
        logo = await accounts.find_logo(connection, name=context.request.path_params["logo"])
    # A browser that opens it runs nothing of it.
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(logo.content, media_type=logo.media_type, headers=headers)


def _describe(logo: Logo, name: str) -> dict[str, object]:
    return {"logo": name, "mediaType": logo.media_type, "byteCount": len(logo.content)}
