"""Owns the command ``jobmeter``: the tree of its commands, and how a failed command ends.

Does not own the commands: each one's module is imported only when it runs, so that ``--help`` imports none of them, and so
that commands which need libraries of the server can be listed, and explained, where only the client is installed.
"""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from jobmeter import __version__
from jobmeter.base.faults import CommandFailed
from jobmeter.base.terminal import accept_every_character, to_printable

USAGE_ERROR = 2
EXTRA_MISSING = 3
INTERRUPTED = 130
OUTPUT_CLOSED = 141

# The help of a command is written here, because its module is not imported for it.
# fmt: off
COMMANDS = (
    ("serve", "jobmeter.cli.server.servers:serve",
     "Runs a production server with the machine's clock. Keys: JOBMETER_EVENTS_KEY, _OPERATOR_KEY, _SECRET_KEY."),
    ("sandbox", "jobmeter.cli.server.servers:sandbox",
     "Runs a sandbox with a ready-to-use partner and a movable clock. Writes its credentials file once it is ready."),
    ("demo", "jobmeter.sandbox.demo.run:demo",
     "Runs an end-to-end demo: posts job ads, plays 35 days of traffic, prints the reports, verifies the money."),
    ("traffic", "jobmeter.cli.server.traffic:app", "Plays traffic into a running sandbox and scores the filters on it."),
    ("clock", "jobmeter.cli.operator.clock:app", "Shows and moves the clock of a running sandbox."),
    ("env", "jobmeter.cli.environment:env",
     'Prints the address, keys, tokens and contracts of a running sandbox as shell variables: eval "$(jobmeter env)".'),
    ("db", "jobmeter.cli.server.database:app", "Manages the database."),
    ("explain", "jobmeter.cli.server.explain:app",
     "Explains a figure: its postings, its clicks, and why a click was not charged."),
    ("feed", "jobmeter.cli.server.feeds:app", "Loads job feeds."),
    ("hiring-contract", "jobmeter.cli.operator.hiring_contracts:app",
     "Manages hiring contracts: slots of clients, credits of resellers."),
    ("billing", "jobmeter.cli.operator.billing.accounts:app",
     "Manages billing: accounts, invoices, who issues them, payments, usage."),
    ("keys", "jobmeter.cli.operator.keys:app",
     "Manages named keys of the operator's people and programs: each with a role, rotated, revoked."),
    ("networks", "jobmeter.cli.server.networks:app", "Loads lists of networks whose clicks are reversed."),
    ("docs", "jobmeter.cli.server.reference:docs",
     "Writes the reference pages, which are generated from the tables in the code, to a folder."),
)
# fmt: on


def make_app() -> App:
    """Makes the tree of commands."""
    app = App(
        name="jobmeter",
        help="A self-hosted partner platform for job advertising.",
        version=f"jobmeter {__version__}",
        verbose=False,
        print_error=False,
        exit_on_error=False,
    )
    for name, place, text in COMMANDS:
        app.command(place, name=name, help=text)
    return app


def main(tokens: Sequence[str] | None = None) -> None:
    """The console script. Errors that the user can fix are printed as one line on standard error.

    The exit code is 2 if the command line is wrong, 1 if the command failed, 3 if it needs libraries that are not installed,
    130 if it was interrupted, 141 if the program that reads its output ended first.
    """
    accept_every_character()
    try:
        make_app()(tokens)
        sys.stdout.flush()
    except CycloptsError as error:
        _fail(error, USAGE_ERROR)
    except BrokenPipeError:
        # `head` has read enough: that is no failure. What is still buffered must not be written at the end of Python.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OUTPUT_CLOSED)
    except (CommandFailed, ValueError, OSError) as error:
        _fail(error, 1)
    except ImportError as error:
        _fail(_name_extra(error), EXTRA_MISSING)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _name_extra(error: ImportError) -> CommandFailed:
    """Returns what to install. Raises the error again if one of our own modules is missing, or a name in a module."""
    missing = error.__cause__ or error  # the loader of commands wraps what it caught
    if (
        not isinstance(missing, ModuleNotFoundError)
        or not missing.name
        or missing.name.startswith("jobmeter")
    ):
        raise error
    package = missing.name.partition(".")[0]
    return CommandFailed(
        f"this command needs {package}, which is not installed: pip install 'jobmeter[server]'"
    )


def _fail(error: Exception, code: int) -> None:
    print(f"jobmeter: {to_printable(' '.join(str(error).split()))}", file=sys.stderr)
    sys.exit(code)
