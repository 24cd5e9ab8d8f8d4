"""Owns the command ``jobmeter budget``: what a partner's contract has spent, and its limit.

Does not own the figures: it asks for a budget report, with the token of the parent application.
"""

from typing import Annotated

from jobmeter.cli.options import BIGINT_MAX, whole_number
from jobmeter.cli.partner.calls import PARTNER, Partner, to_row


def budget(
    *,
    contract: Annotated[
        int | None,
        whole_number(
            least=1, most=BIGINT_MAX, meaning="Number of the partner's contract, if there are several."
        ),
    ] = None,
    server: Partner = PARTNER,
) -> None:
    """Shows what a contract has spent up to yesterday (UTC), and its limit; signs in as the parent application.

    Example: jobmeter budget --contract 2008000001
    """
    with server.open_client(as_parent=True) as client:
        found = client.reports.budget(contract)
    server.print_record(to_row(found))
