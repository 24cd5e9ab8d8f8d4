"""Owns the command ``jobmeter overview``: contracts, jobs by state, and what needs somebody.

Does not own the figures: the server counts them once a minute.
"""

from jobmeter.cli.partner.calls import PARTNER, Partner, to_row


def overview(*, server: Partner = PARTNER) -> None:
    """Shows contracts with what is spent, reserved and free, jobs by state, and what needs somebody.

    Example: jobmeter overview
    """
    with server.open_client() as client:
        found = client.lists.overview()
    if server.json:
        server.print_record(dict(found.fields))
        return
    for meter in found.contracts:
        server.print_record(to_row(meter))
    states = [{"state": state, "jobs": jobs} for state, jobs in found.states.items()]
    server.print_rows(states, ("state", "jobs"))
    needs = [to_row(need) for need in found.needs]
    server.print_rows(needs, ("kind", "subject", "count", "amount.amount", "on"))
