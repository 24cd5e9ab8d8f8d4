"""Owns the commands ``jobmeter networks ...``: lists of networks whose clicks are reversed.

Does not own loading a list into a database (``cli.server.networks``), which is listed here.
"""

from cyclopts import App

from jobmeter.cli.operator.calls import OPERATOR, Operator

app = App(name="networks")
app.command(
    "jobmeter.cli.server.networks:load",
    name="load",
    help="Loads the networks of autonomous systems from a CSV file into the database and replaces the list of that name.\n\n"
    "Example: jobmeter networks load asn.csv --asn 64500,64501 --name clouds",
)


@app.command(name="list")
def list_networks(*, server: Operator = OPERATOR) -> None:
    """Lists the lists of networks, and how many networks each has.

    Example: jobmeter networks list
    """
    rows = server.call("GET", "/operator/networks")["elements"]
    server.print_rows(rows, ("name", "networks", "addedAt"))
