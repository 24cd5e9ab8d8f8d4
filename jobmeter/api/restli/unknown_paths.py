"""``/rest/...`` and ``/v2/...`` that lead nowhere: refused in the caller's dialect, as a resource would (spec 12.4)."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.responses import gateway_headers, restli_refusal
from jobmeter.api.restli.gateway import read_protocol_header
from jobmeter.base.faults import Fault, Refused


async def respond_versioned(request: Request) -> Response:
    return _refuse(request, Refused(Fault.ROUTE_UNKNOWN))


async def respond_unversioned(request: Request) -> Response:
    name = request.path_params["rest"].partition("/")[0][:200]
    return _refuse(request, Refused(Fault.RESOURCE_UNKNOWN, name=name))


def _refuse(request: Request, refused: Refused) -> Response:
    try:
        response = restli_refusal(refused, read_protocol_header(request))
    except Refused as unreadable:
        response = restli_refusal(unreadable)
    response.headers.update(gateway_headers(request.scope.get("http_version", "1.1")))
    return response
