"""Owns the files that pages load: the style sheet, the script, the icon. Each is kept forever under the hash of its content.

They are served without session, clock and database, so that also the page of an outage has its style.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from xxhash import xxh3_64_hexdigest

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.responses import plain_refusal
from jobmeter.portal.frame.headers import HEADERS
from jobmeter.portal.frame.site import ROOT

MEDIA = {"style.css": "text/css", "portal.js": "text/javascript", "icon.svg": "image/svg+xml"}
_COMMON = {
    **HEADERS,
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


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


def make_asset_routes() -> list[BaseRoute]:
    return [Route(f"{ROOT}/assets/{{name}}", serve_asset, methods=["GET"])]


async def serve_asset(request: Request) -> Response:
    by_path = {asset.path: asset for asset in load_assets().values()}
    asset = by_path.get(request.url.path)
    if asset is None:
        return plain_refusal(Refused(Fault.ROUTE_UNKNOWN))
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = _COMMON | {"Content-Encoding": "gzip"}
        return Response(asset.packed, media_type=asset.media, headers=headers)
    return Response(asset.body, media_type=asset.media, headers=_COMMON)
