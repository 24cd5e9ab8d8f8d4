"""Owns the commands ``jobmeter campaigns ...``: an application creates, changes and ends its campaigns.

Does not own the jobs in a campaign, which name it when they are posted.
"""

from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.base.readers.times import read_moment
from jobmeter.cli.options import check_time
from jobmeter.cli.partner.calls import PARTNER, Partner, to_row

app = App(name="campaigns")

CampaignUrn = Annotated[str, Parameter(help="URN of the campaign, which `create` prints.")]
StartsOption = Annotated[
    str | None, Parameter(validator=check_time, help="When the campaign starts, as RFC 3339.")
]
EndsOption = Annotated[str | None, Parameter(validator=check_time, help="When it ends, as RFC 3339.")]


@app.command
def create(
    campaign: Annotated[str, Parameter(help="Your own id of the campaign.")],
    *,
    name: Annotated[str, Parameter(help="Name of the campaign.")],
    contract: Annotated[str, Parameter(help="URN of the customer's contract.")],
    starts_at: Annotated[str, Parameter(validator=check_time, help="When the campaign starts, as RFC 3339.")],
    ends_at: EndsOption = None,
    server: Partner = PARTNER,
) -> None:
    """Creates a campaign and prints its URN; it starts in the background.

    Example: jobmeter campaigns create spring-1 --name "Spring" --contract urn:li:contract:2008000002
    --starts-at 2026-12-01T00:00:00Z
    """
    starts = _read(starts_at)
    assert starts is not None, "the option is required"
    with server.open_client() as client:
        urn = client.campaigns.create(
            partner_campaign_id=campaign,
            name=name,
            contract_urn=contract,
            starts_at=starts,
            ends_at=_read(ends_at),
        )
    server.print_record({"urn": urn})


@app.command
def show(urn: CampaignUrn, *, server: Partner = PARTNER) -> None:
    """Shows a campaign and its state.

    Example: jobmeter campaigns show urn:li:jobCampaign:7
    """
    with server.open_client() as client:
        found = client.campaigns.read(urn)
    server.print_record(to_row(found))


@app.command
def update(
    urn: CampaignUrn,
    *,
    name: Annotated[str | None, Parameter(help="New name of the campaign.")] = None,
    starts_at: StartsOption = None,
    ends_at: EndsOption = None,
    server: Partner = PARTNER,
) -> None:
    """Changes the name or the term of a campaign.

    Example: jobmeter campaigns update urn:li:jobCampaign:7 --ends-at 2027-02-01T00:00:00Z
    """
    if name is None and starts_at is None and ends_at is None:
        raise CommandFailed("nothing was given to change: --name, --starts-at, --ends-at")
    with server.open_client() as client:
        client.campaigns.update(urn, name=name, starts_at=_read(starts_at), ends_at=_read(ends_at))
        found = client.campaigns.read(urn)
    server.print_record(to_row(found))


@app.command
def pause(urn: CampaignUrn, *, server: Partner = PARTNER) -> None:
    """Pauses a campaign: its jobs are not promoted.

    Example: jobmeter campaigns pause urn:li:jobCampaign:7
    """
    with server.open_client() as client:
        found = client.campaigns.pause(urn)
    server.print_record(to_row(found))


@app.command
def resume(urn: CampaignUrn, *, server: Partner = PARTNER) -> None:
    """Resumes a paused campaign.

    Example: jobmeter campaigns resume urn:li:jobCampaign:7
    """
    with server.open_client() as client:
        found = client.campaigns.resume(urn)
    server.print_record(to_row(found))


@app.command
def close(urn: CampaignUrn, *, server: Partner = PARTNER) -> None:
    """Ends a campaign with its jobs.

    Example: jobmeter campaigns close urn:li:jobCampaign:7
    """
    with server.open_client() as client:
        found = client.campaigns.close(urn)
    server.print_record(to_row(found))


def _read(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text)
