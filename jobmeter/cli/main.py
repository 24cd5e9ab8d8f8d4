"""Owns the command ``jobmeter``: the tree of its commands, and how a failed command ends.

Does not own the commands: each one's module is imported only when it runs, so that ``--help`` imports none of them, and so
that commands which need libraries of the server can be listed, and explained, where only the client is installed.
"""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Group

from jobmeter import __version__
from jobmeter.base.faults import CommandFailed
from jobmeter.base.settings import read_secret_files
from jobmeter.base.terminal import accept_every_character, to_printable

USAGE_ERROR = 2
EXTRA_MISSING = 3
INTERRUPTED = 130
OUTPUT_CLOSED = 141

RUNNING = Group("Run a server or a sandbox", sort_key=1)
OPERATORS = Group("For operators", sort_key=2)
PARTNERS = Group("For partners", sort_key=3)
REFERENCE = Group("Explanations", sort_key=4)

# The help of a command is written here, because its module is not imported for it. A group of commands
# has no example: each of its commands has one.
# fmt: off
COMMANDS = (
    ("serve", "jobmeter.cli.server.servers:serve", RUNNING,
     "Runs a production server with the machine's clock. Keys: JOBMETER_EVENTS_KEY, _OPERATOR_KEY, _SECRET_KEY.",
     "jobmeter serve --host 127.0.0.1 --port 8700 --workers 2"),
    ("sandbox", "jobmeter.cli.server.servers:sandbox", RUNNING,
     "Runs a sandbox with a ready-to-use partner and a movable clock. Writes its credentials file once it is ready.",
     "jobmeter sandbox --port 8750"),
    ("worker", "jobmeter.cli.server.servers:worker", RUNNING,
     "Runs the background work alone, on any machine, for servers with JOBMETER_CHORES=false.",
     "jobmeter worker --data /var/lib/jobmeter"),
    ("consume", "jobmeter.cli.server.servers:consume", RUNNING,
     "Records the events of a log, Kafka or NATS JetStream, each once: JOBMETER_STREAM_URL.",
     "jobmeter consume --data /var/lib/jobmeter"),
    ("demo", "jobmeter.sandbox.demo.run:demo", RUNNING,
     "Runs an end-to-end demo: posts job ads, plays 35 days of traffic, prints the reports, verifies the money.",
     "jobmeter demo"),
    ("env", "jobmeter.cli.environment:env", RUNNING,
     'Prints the address, keys, tokens and contracts of a running sandbox as shell variables: eval "$(jobmeter env)".',
     "jobmeter env"),
    ("clock", "jobmeter.cli.operator.clock:app", RUNNING, "Shows and moves the clock of a running sandbox.", ""),
    ("traffic", "jobmeter.cli.server.traffic:app", RUNNING,
     "Plays traffic into a running sandbox and scores the filters on it.",
     "jobmeter traffic --days 3"),
    ("db", "jobmeter.cli.server.database:app", RUNNING, "Checks, upgrades and opens the database.", ""),
    ("doctor", "jobmeter.cli.care.doctor:doctor", RUNNING,
     "Looks at an installation: settings, database, background work, settlement, archive; says what to do.",
     "jobmeter doctor"),
    ("capacity", "jobmeter.cli.care.capacity:capacity", RUNNING,
     "Computes from measured costs which machines so many events and jobs need.",
     "jobmeter capacity --events-per-day 100000000 --jobs 1000000"),
    ("settings", "jobmeter.cli.care.settings:settings", RUNNING,
     "Prints each setting, its value, and where it came from; of a secret only whether it is set.",
     "jobmeter settings"),
    ("partners", "jobmeter.cli.operator.partners:app", OPERATORS,
     "Manages partners: created once for your own reference, found by it.", ""),
    ("contracts", "jobmeter.cli.operator.contracts:app", OPERATORS,
     "Manages partner contracts: service terms, limits, pacing, their customers.", ""),
    ("prices", "jobmeter.cli.operator.prices:app", OPERATORS, "Lists and sets the click prices of partner contracts.", ""),
    ("hiring-contracts", "jobmeter.cli.operator.hiring_contracts:app", OPERATORS,
     "Manages hiring contracts: slots of clients, credits of resellers.", ""),
    ("applications", "jobmeter.cli.operator.applications:app", OPERATORS,
     "Lists applications, replaces lost secrets, permits and forbids tokens.", ""),
    ("keys", "jobmeter.cli.operator.access.keys:app", OPERATORS,
     "Manages named keys of the operator's people and programs: each with a role, rotated, revoked.", ""),
    ("people", "jobmeter.cli.operator.access.people:app", OPERATORS,
     "Manages the people who log in to the web pages: their roles and sessions.", ""),
    ("billing", "jobmeter.cli.operator.billing.accounts:app", OPERATORS,
     "Manages billing: accounts, invoices, who issues them, payments, usage.", ""),
    ("audit", "jobmeter.cli.partner.audit:app", OPERATORS,
     "Lists who changed what: all administrative acts for the operator, those on its own for a partner.", ""),
    ("feeds", "jobmeter.cli.operator.feeds:app", OPERATORS,
     "Manages job feeds: their addresses, runs and errors; loads a file.", ""),
    ("explain", "jobmeter.cli.server.explain:app", OPERATORS,
     "Explains a figure: its postings, its clicks, and why a click was not charged.", ""),
    ("settle", "jobmeter.cli.operator.settle:app", OPERATORS,
     "Lists the days of settlement, sets its rules, credits final charges.", ""),
    ("exclusions", "jobmeter.cli.operator.exclusions:app", OPERATORS, "Excludes clicks: of a visitor, a network, a job, a day.", ""),
    ("erase", "jobmeter.cli.care.erase:app", OPERATORS,
     "Erases what is stored of a person: a member by e-mail address, or a visitor.", ""),
    ("networks", "jobmeter.cli.operator.networks:app", OPERATORS,
     "Lists and loads lists of networks whose clicks are reversed.", ""),
    ("webhooks", "jobmeter.cli.operator.webhooks:app", OPERATORS, "Lists partners' webhooks and their deliveries.", ""),
    ("jobs", "jobmeter.cli.partner.jobs:app", PARTNERS,
     "Posts, updates, renews and closes jobs, shows their status; the operator lists those of all partners.", ""),
    ("campaigns", "jobmeter.cli.partner.campaigns:app", PARTNERS, "Creates, changes, pauses and ends campaigns.", ""),
    ("budget", "jobmeter.cli.partner.budget:budget", PARTNERS,
     "Shows what a partner's contract has spent, and its limit.",
     "jobmeter budget --contract 2008000001"),
    ("overview", "jobmeter.cli.partner.overview:overview", PARTNERS,
     "Shows a partner's contracts, jobs by state, and what needs somebody.",
     "jobmeter overview"),
    ("listen", "jobmeter.cli.partner.listen:listen", PARTNERS,
     "Shows the requests and webhooks of a running sandbox as they come, and forwards webhooks to a local address.",
     "jobmeter listen --forward-to http://127.0.0.1:3000/hooks"),
    ("certify", "jobmeter.cli.partner.certify:certify", PARTNERS,
     "Judges an integration by the known rules of LinkedIn's certification, from its requests to a running sandbox.",
     "jobmeter certify --proxy --html report.html"),
    ("reports", "jobmeter.cli.partner.reports:app", PARTNERS,
     "Shows figures of jobs, budget and charges as tables, JSON or pictures.", ""),
    ("pull", "jobmeter.cli.partner.pull:pull", PARTNERS,
     "Copies the figures of many applications to files or a database, and updates them when it runs again.",
     "jobmeter pull --config pull.toml --to sqlite:numbers.db"),
    ("exports", "jobmeter.cli.partner.exports:exports", PARTNERS,
     "Writes any range of days to a CSV, JSON Lines, Excel or Parquet file: reports, budget, charges, invoices, events.",
     "jobmeter exports jobReports --month 2026-10 --output october.xlsx"),
    ("faults", "jobmeter.cli.faults:faults", REFERENCE,
     "Explains an error by its code: what it means, and what can be done about it.",
     "jobmeter faults 6011"),
    ("completion", "jobmeter.cli.completion:completion", REFERENCE,
     "Prints a script that lets a shell complete commands and options; to install it, write it to a file that the shell reads.",
     "jobmeter completion bash"),
    ("openapi", "jobmeter.cli.server.reference:openapi", REFERENCE,
     "Prints the OpenAPI document of a sandbox, from which clients for other languages are generated.",
     "jobmeter openapi"),
    ("docs", "jobmeter.cli.server.reference:docs", REFERENCE,
     "Writes the reference pages, which are generated from the tables in the code, to a folder.",
     "jobmeter docs docs/reference"),
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
    for name, place, group, text, example in COMMANDS:
        shown = f"{text}\n\nExample: {example}" if example else text
        app.command(place, name=name, help=shown, group=group)
    return app


def main(tokens: Sequence[str] | None = None) -> None:
    """The console script. Errors that the user can fix are printed as one line on standard error.

    The exit code is 2 if the command line is wrong, 1 if the command failed, 3 if it needs libraries that are not installed,
    130 if it was interrupted, 141 if the program that reads its output ended first.
    """
    accept_every_character()
    try:
        read_secret_files(os.environ)
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


def write_failure(error: Exception) -> str:
    """Returns the one line that is printed of an error."""
    return f"jobmeter: {to_printable(' '.join(str(error).split()))}"


def _fail(error: Exception, code: int) -> None:
    print(write_failure(error), file=sys.stderr)
    sys.exit(code)
