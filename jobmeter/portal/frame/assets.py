"""Owns the files that pages load: the style sheet, the script, the icon. Each is kept forever under the hash of its content.
While a new release starts, the page of one process may load the file of another: it is sent, and not kept.

They are served without session, clock and database, so that also the page of an outage has its style.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xxhash import xxh3_64_hexdigest

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.responses import plain_refusal
from jobmeter.portal.frame.headers import HEADERS, NO_STORE
from jobmeter.portal.frame.site import ROOT

MEDIA = {"style.css": "text/css", "portal.js": "text/javascript", "icon.svg": "image/svg+xml"}
_COMMON = {**HEADERS, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    path: str
    media: str
    body: bytes
    packed: bytes


@cache
def load_assets() -> dict[str, Asset]:
    """Returns each file by its plain name."""
    folder = files("jobmeter.portal").joinpath("assets")
    found = {}
    for name, media in MEDIA.items():
        body = folder.joinpath(name).read_bytes()
        stem, _, kind = name.partition(".")
        path = f"{ROOT}/assets/{stem}.{xxh3_64_hexdigest(body)}.{kind}"
        found[name] = Asset(path=path, media=media, body=body, packed=gzip.compress(body, mtime=0))
    return found


def make_asset_routes() -> list[Route]:
    return [Route(f"{ROOT}/assets/{{name}}", serve_asset, methods=["GET"])]


async def serve_asset(request: Request) -> Response:
    stem, _, rest = request.path_params["name"].partition(".")
    asset = load_assets().get(f"{stem}.{rest.rpartition('.')[2]}")
    if asset is None:
        return plain_refusal(Refused(Fault.ROUTE_UNKNOWN))
    headers = _COMMON | (_FOREVER if asset.path == request.url.path else NO_STORE)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media, headers=headers)
