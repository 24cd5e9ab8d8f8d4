"""Owns the answer to a request that the database could not carry out: 503 with Retry-After, in its protocol's form.

Does not own the XML API's, which draws its own (``xml.gateway``).
"""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.context import state_of
from jobmeter.api.http.responses import gateway_headers, oauth_refusal, restli_refusal, service_unavailable
from jobmeter.api.restli.gateway import read_protocol_header
from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.restli.syntax import Protocol


async def respond_to_outage(request: Request, error: Exception) -> Response:
    state_of(request).database.outage.report(error)
    refused = Refused(Fault.OVERLOADED)
    if request.url.path.startswith("/oauth/"):
        return oauth_refusal(refused)
    if request.url.path.startswith(("/rest/", "/v2/")):
        response = restli_refusal(refused, _find_protocol(request))
        response.headers.update(gateway_headers(request.scope.get("http_version", "1.1")))
        return response
    return service_unavailable()


def _find_protocol(request: Request) -> Protocol:
    try:
        return read_protocol_header(request)
    except Refused:
        return Protocol.V2
