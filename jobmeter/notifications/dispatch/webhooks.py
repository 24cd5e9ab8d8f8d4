"""Owns one attempt by webhook: a signed request to a public address, within a deadline for the whole exchange.

Does not own which notifications are due or when a failed one is retried (``flow``).
"""

import asyncio
import contextlib
from datetime import datetime
from functools import partial
from http import HTTPStatus

import httpx2

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.base.terminal import to_printable
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import DeliveryAttempt, EndpointAnswer, Failure, Sent
from jobmeter.notifications.rules import read_retry_after
from jobmeter.outbound.addresses import AddressRefusedError, find_address
from jobmeter.outbound.tls import open_tls
from jobmeter.outbound.waiting import run_apart
from jobmeter.telemetry.traces.flow import webhook_span, write_headers

ANSWER_BYTES_MAX = 2_048
ANSWER_SECONDS_MAX = 1
OVERLOADED = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


async def send_webhook(attempt: DeliveryAttempt, settings: Settings, *, seconds_max: float) -> Sent:
    """Sends a notification; a response of 2xx accepts it."""
    if not attempt.secrets:
        return Sent(Failure(text="no secret of this webhook can be opened with the operator's key"))
    try:
        # A time-out per read would let a server that sends a byte now and then hold the task for hours.
        async with asyncio.timeout(seconds_max) as deadline:
            with webhook_span(attempt.delivery.kind):
                return await _send(attempt, settings, deadline)
    except TimeoutError:
        return Sent(Failure(text=f"the endpoint did not answer within {seconds_max:g} seconds"))
    except AddressRefusedError as error:
        return Sent(Failure(text=str(error)))
    except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Sent(Failure(text=f"{type(error).__name__}: {error}"))


async def _send(attempt: DeliveryAttempt, settings: Settings, deadline: asyncio.Timeout) -> Sent:
    target = httpx2.URL(attempt.url)
    # Connects to the address that was checked: a second lookup of the name may return another one.
    address = await run_apart(
        partial(find_address, attempt.url, is_sandbox=settings.sandbox), name="a webhook's address"
    )
    machine_now = read_machine_clock()
    headers = {
        "Host": target.netloc.decode(),
        "Content-Type": "application/json",
        "User-Agent": "Jobmeter-Webhooks",
        "Accept-Encoding": "identity",  # the beginning of an answer is kept as it came
        **notifications.sign_attempt(attempt, machine_now=machine_now),
        **write_headers(),
    }
    clock = asyncio.get_running_loop().time
    started = clock()
    async with (
        httpx2.AsyncClient(
            verify=open_tls(), timeout=None, follow_redirects=False, trust_env=False
        ) as client,
        client.stream(
            "POST",
            target.copy_with(host=address),
            headers=headers,
            content=attempt.delivery.body.encode(),
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        ms = round((clock() - started) * 1_000)
        deadline.reschedule(None)  # it has answered in time; reading the text has a limit of its own
        text = await _read_beginning(answer, hidden=headers["webhook-signature"])
        kept = EndpointAnswer(status=answer.status_code, text=text, ms=ms)
        if answer.is_success:
            return Sent(None, kept)
        retry_after = answer.headers.get("retry-after", "").strip()
        return Sent(_classify_status(answer.status_code, retry_after, machine_now), kept)


async def _read_beginning(answer: httpx2.Response, *, hidden: str) -> str:
    """Returns what the endpoint says, as far as it came soon: its length is unbounded, and the status alone decides.

    Characters that control a terminal are written as codes; an endpoint that returns what it was sent does not show our
    signature, which is ``hidden``.
    """
    content = b""
    with contextlib.suppress(TimeoutError, OSError, httpx2.HTTPError):
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            async for part in answer.aiter_raw():
                content += part
                if len(content) >= ANSWER_BYTES_MAX:
                    break
    text = content[:ANSWER_BYTES_MAX].decode(errors="replace").replace(hidden, "***")
    return to_printable(text, kept="\n\t")[:ANSWER_BYTES_MAX]


def _classify_status(status: int, retry_after: str, machine_now: datetime) -> Failure:
    """Classifies a response that is no success; ``Retry-After`` counts if the endpoint is overloaded."""
    is_gone, is_overloaded = status == HTTPStatus.GONE, status in OVERLOADED
    return Failure(
        text=f"the endpoint answered {status}",
        is_of_endpoint=is_gone or is_overloaded,
        is_gone=is_gone,
        retry_after=read_retry_after(retry_after if is_overloaded else "", machine_now=machine_now),
    )
