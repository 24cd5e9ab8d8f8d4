"""Owns the settings of an installation, read once from the environment and the command line.

Does not own policies per contract (the database does). A setting never changes while a process runs.
"""

import difflib
import importlib.util
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from jobmeter.base.lists import list_parts, list_rising_days

PREFIX = "JOBMETER_"
OF_TESTS = "JOBMETER_TESTS_"  # these configure the test suite
# These are read by commands that talk to a server.
OF_COMMANDS = frozenset(
    f"{PREFIX}{name}"
    for name in ("CONFIG", "PROFILE", "CLIENT_ID", "CLIENT_SECRET", "PARENT_ID", "PARENT_SECRET")
)

MAIL_SCHEMES = ("smtp://", "smtps://", "folder:///")
POSTER_EMAIL_RULES = ("required", "warned", "ignored")
STREAM_STARTS = ("beginning", "end")
REQUEST_LOGS = ("off", "lines", "bodies")
LOG_FORMATS = ("text", "json")
CHOICES = {
    "feed_poster_email": POSTER_EMAIL_RULES,
    "request_log": ("", *REQUEST_LOGS),
    "log_format": LOG_FORMATS,
    "stream_start": STREAM_STARTS,
}
KEY_CHARACTERS_MIN = 16
# The server cannot work with less: loading a feed holds one connection while it writes over another.
MINIMUMS = {"pool_connections_max": 2, "chore_interval_ms": 1, "report_seconds_max": 1, "final_after_days": 3}
# A list of jobs as of midnight is kept once nothing that began before can still be committed, which is a minute later.
MAXIMUMS = {"replica_stale_seconds_max": 30}


ValueT = TypeVar("ValueT")


def _setting(default: ValueT, meaning: str) -> ValueT:
    """Declares a field; the reference page prints its ``meaning``. The type is that of the default."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """One field per setting; its environment variable is ``JOBMETER_`` and the field's name in capitals."""

    database_url: str = _setting(
        "", "URL of a PostgreSQL 15 or newer; if empty, the embedded one is used. A sandbox ignores it"
    )
    direct_database_url: str = _setting(
        "",
        "URL of the database itself, where that of `JOBMETER_DATABASE_URL` is a pooler's, such as pgbouncer in transaction mode:"
        " migrations and the commands that need the database use it. If empty, there is no pooler",
    )
    prepared_statements: bool = _setting(
        default=True,
        meaning="Whether a statement is planned once for each connection; `false` behind a pooler that cannot do that, such as"
        " pgbouncer before 1.21",
    )
    replica_url: str = _setting(
        "",
        "URL of a replica of the database, a streaming standby, from which reports, exports and lists of jobs are read; if empty, or"
        " while the replica is too far behind or away, the database answers them",
    )
    replica_stale_seconds_max: int = _setting(
        5, "How many seconds what the replica answers may be behind the database, at most 30"
    )
    base_url: str = _setting(
        "", "What the links to the server's pages begin with; if empty, the address at which it listens"
    )
    board_name: str = _setting(
        "", "The name of the job board, which the page `/` shows; if empty, it is Jobmeter"
    )
    sandbox: bool = _setting(default=False, meaning="Set by the commands `serve` and `sandbox`")
    events_key: str = _setting(
        "", "The job board's key for `/events` and `/delivery`; if empty, these cannot be used"
    )
    operator_key: str = _setting("", "The operator's key for `/operator`; if empty, these cannot be used")
    secret_key: str = _setting(
        "",
        "Signs apply links and pixels, and seals the secrets of webhooks and of signing applications. Several keys are"
        " separated by commas, the newest first; links and secrets of all of them are valid",
    )
    pool_connections_max: int = _setting(
        10,
        "Connections to the database that each server process may open, and as many again for requests of partners",
    )
    chores: bool = _setting(
        default=True, meaning="Whether the server's processes run the background work; one server must do so"
    )
    chore_interval_ms: int = _setting(
        250,
        "How often a process checks for background work that is due; a third as often while there is none",
    )
    event_retention_days: int | None = _setting(
        None,
        "How long events are kept; if not set, 90 days, or 180 once clicks are invoiced. At least until their day is final"
        " and invoiced. Figures and postings remain",
    )
    export_folder: str = _setting(
        "",
        "Folder, or URL such as `s3://bucket/events`, to which a day's events are written as Parquet before they are"
        " dropped; requires `jobmeter[parquet]`. If empty, they are not exported",
    )
    download_folder: str = _setting(
        "",
        "Folder in which Excel and Parquet exports are kept for an hour, so that a broken download can continue; all processes"
        " of a machine use the same one, and nobody else may read it. If empty, one among the system's temporary files",
    )
    report_retention_days: int = _setting(
        366, "How long figures are kept by day; then they are summed up by month"
    )
    final_after_days: int = _setting(
        3, "After how many UTC midnights, counted from its beginning, a day is settled"
    )
    poster_retention_days: int = _setting(
        1_096,
        "How long the e-mail address of a poster is kept after the last of its jobs has ended; those of people who can log in, and of"
        " seats, are kept until they are removed",
    )
    reminder_days: str = _setting(
        "3,14,30",
        "After how many days overdue each reminder of an invoice is sent, separated by commas; if empty, none is",
    )
    stripe_key: str = _setting(
        "",
        "Secret key of Stripe, by which invoices are paid; requires `jobmeter[stripe]`. If empty, it is not used",
    )
    stripe_webhook_secret: str = _setting(
        "", "Secret by which Stripe signs the events that it sends to `/payments/stripe/events`"
    )
    stripe_url: str = _setting("", "Address of Stripe's API; if empty, its own. Tests set that of a double")
    smtp_url: str = _setting(
        "",
        "Mail server for notifications, documents and log-ins, such as `smtps://user:password@mail.example.com`, or a folder into"
        " which mails are written, `folder:///var/mails`; if empty, none are sent by e-mail",
    )
    font_folder: str = _setting(
        "",
        "Folder with more fonts for the PDF of documents, such as those of Chinese, Japanese and Korean; if empty, characters"
        " that the shipped fonts lack are replaced",
    )
    document_folder: str = _setting(
        "",
        "Folder in which the PDF and XML files of issued documents are kept; all processes need the same one. If empty, the"
        " database keeps them",
    )
    mail_from: str = _setting("jobmeter@localhost", "Sender of notifications by e-mail")
    open_jobs_page: bool = _setting(
        default=False,
        meaning="Whether `/jobs` is a public list of open jobs with a search, for a board that has no pages of its own",
    )
    report_seconds_max: int = _setting(20, "Time limit of a report's query")
    future_tolerance_seconds: int = _setting(
        300, "How far ahead of the server's clock an event's time may be before the event is refused"
    )
    batches_waiting_max: int = _setting(
        16, "Batches of events that may wait in a process; further ones are answered with 503"
    )
    single_events_window_ms: int = _setting(
        4, "How long a candidate's view or click waits for others that are stored in the same transaction"
    )
    stream_url: str = _setting(
        "",
        "Log from which `jobmeter consume` reads events: `kafka://host:9092/topic` or `nats://host:4222/STREAM`; requires"
        " `jobmeter[kafka]` or `jobmeter[nats]`",
    )
    stream_name: str = _setting(
        "", "Name under which is kept how far that log was read; if empty, `kafka/topic` or `nats/STREAM`"
    )
    stream_start: str = _setting(
        STREAM_STARTS[0],
        "Where reading a partition begins that nobody has read yet: at the `beginning` of what the log keeps, or at its `end`",
    )
    trusted_proxies: str = _setting(
        "127.0.0.1,::1",
        "Addresses and networks of reverse proxies whose `X-Forwarded-For` is believed, separated by commas",
    )
    xml_description_characters_min: int = _setting(1, "Shortest description of a job posted as XML")
    xml_title_is_frozen: bool = _setting(
        default=False, meaning="Whether the title of a job posted as XML cannot be edited"
    )
    xml_reseller_pixel_is_ignored: bool = _setting(
        default=False, meaning="Whether the tracking pixel of a reseller's job is left out of its page"
    )
    feed_poster_email: str = _setting(
        POSTER_EMAIL_RULES[1],
        "What the missing e-mail address of a feed job's poster means: `required`, `warned` or `ignored`",
    )
    active_versions: str = _setting(
        "", "Values of `LinkedIn-Version` that are accepted, separated by commas; if empty, all known ones"
    )
    version_sunsets: str = _setting(
        "",
        "Days from which versions are refused, such as `202504=2029-06-01, 202311=never`; others are served for four years",
    )
    request_log: str = _setting(
        "",
        "What is recorded of partners' requests, for them to see: `off`, `lines` or, with secrets masked, `bodies`; if empty,"
        " `bodies` in a sandbox and `lines` elsewhere",
    )
    request_log_days: int = _setting(7, "How long recorded requests are kept")
    request_log_rows_max: int = _setting(
        20_000,
        "How many recorded requests are kept; every partner keeps its newest ones, up to an equal share",
    )
    log_format: str = _setting(
        LOG_FORMATS[0],
        "Form of the log on standard error: `text`, or `json`, one object a line with time, level, request and chore",
    )
    access_log: bool = _setting(
        default=False,
        meaning="Whether the log has a line for each answered request: endpoint, status and milliseconds, no address",
    )
    rate_limits: str = _setting(
        "", "Calls that an application may make in a UTC day, such as `jobs=10000`, separated by commas"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Reads all fields from ``JOBMETER_*``. Raises ``ValueError`` that names the invalid variable."""
        source = os.environ if environment is None else environment
        found: dict[str, Any] = {
            one.name: _read(variable_of(one.name), source, one.default)
            for one in fields(cls)
            if variable_of(one.name) in source
        }
        for name, least in MINIMUMS.items():
            if found.get(name, least) < least:
                raise ValueError(f"JOBMETER_{name.upper()} must be at least {least}, not {found[name]}")
        for name, most in MAXIMUMS.items():
            if found.get(name, most) > most:
                raise ValueError(f"JOBMETER_{name.upper()} must be at most {most}, not {found[name]}")
        if found.get("base_url") and not found["base_url"].startswith(("http://", "https://")):
            raise ValueError(f"JOBMETER_BASE_URL must begin with https://, not {found['base_url']!r}")
        if found.get("smtp_url") and not found["smtp_url"].startswith(MAIL_SCHEMES):
            # The value is not shown because it may contain a password.
            raise ValueError("JOBMETER_SMTP_URL must begin with smtp://, smtps:// or folder:///")
        for name, choices in CHOICES.items():
            if found.get(name, choices[-1]) not in choices:
                shown = ", ".join(filter(None, choices))
                raise ValueError(f"{variable_of(name)} must be one of {shown}, not {found[name]!r}")
        try:
            list_rising_days(found.get("reminder_days", ""))
        except ValueError as error:
            raise ValueError(f"JOBMETER_REMINDER_DAYS {error}") from None
        return replace(cls(), **found)

    def to_environment(self) -> dict[str, str]:
        """Returns the settings as environment variables, for the server's worker processes."""
        values = {variable_of(one.name): getattr(self, one.name) for one in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}


# They are, or may contain, a password or a key.
SECRET_SETTINGS = frozenset(
    {
        *("database_url", "direct_database_url", "replica_url", "smtp_url", "export_folder", "stream_url"),
        *("events_key", "operator_key", "secret_key", "stripe_key", "stripe_webhook_secret"),
    }
)


FILE_SUFFIX = "_FILE"


def read_secret_files(environment: MutableMapping[str, str]) -> None:
    """Sets each secret setting whose value is in a file, which ``JOBMETER_..._FILE`` names: only the server's user needs to read it,
    and service managers pass secrets so. Raises ``ValueError`` that names the variable.
    """
    for variable in sorted(map(variable_of, SECRET_SETTINGS)):
        path = environment.get(f"{variable}{FILE_SUFFIX}")
        if path is None:
            continue
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise ValueError(f"{variable}{FILE_SUFFIX}: cannot read {path}: {reason}") from None
        if environment.get(variable, value) != value:
            raise ValueError(f"{variable} and {variable}{FILE_SUFFIX} are both set, and differ")
        environment[variable] = value


def list_in_force(settings: Settings) -> list[tuple[str, str | None]]:
    """Returns each setting by its variable; of a secret one only whether it is set, ``None`` for one that is not set."""
    values = {one.name: getattr(settings, one.name) for one in fields(settings)}
    return [
        (
            variable_of(name),
            None if value in {None, ""} else "***" if name in SECRET_SETTINGS else str(value),
        )
        for name, value in values.items()
    ]


def variable_of(name: str) -> str:
    """Returns the environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def find_misspelt(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns the variables that begin like a setting and are none, each with the nearest setting, if one is near."""
    known = [one.name.upper() for one in fields(Settings)]
    known += [f"{name.upper()}{FILE_SUFFIX}" for name in SECRET_SETTINGS]
    source = os.environ if environment is None else environment
    found = {}
    for name in source:
        rest = name.upper().removeprefix(PREFIX)
        is_other = name.startswith(OF_TESTS) or name in OF_COMMANDS
        if rest == name.upper() or is_other or name.removeprefix(PREFIX) in known:
            continue
        nearest = difflib.get_close_matches(rest, known, n=1)
        found[name] = f"{PREFIX}{nearest[0]}" if nearest else ""
    return found


def check_keys(settings: Settings) -> None:
    """Raises ``ValueError`` for a key that can be guessed. Older keys, which are being replaced, may be shorter."""
    for kind, key in (
        ("EVENTS", settings.events_key),
        ("OPERATOR", settings.operator_key),
        ("SECRET", settings.secret_key),
    ):
        if any(len(newest) < KEY_CHARACTERS_MIN for newest in list_parts(key)[:1]):
            raise ValueError(
                f"JOBMETER_{kind}_KEY must have at least {KEY_CHARACTERS_MIN} characters, better 32 random ones; "
                "write a new one before the old one: new,old"
            )


def check_extras(settings: Settings) -> None:
    """Raises ``ValueError`` for a setting that needs a library which is not installed, or another setting."""
    for name, value, library, extra in (
        ("EXPORT_FOLDER", settings.export_folder, "pyarrow", "parquet"),
        ("STRIPE_KEY", settings.stripe_key, "stripe", "stripe"),
        ("STREAM_URL", settings.stream_url.startswith("kafka:"), "confluent_kafka", "kafka"),
        ("STREAM_URL", settings.stream_url.startswith("nats:"), "nats", "nats"),
    ):
        if value and importlib.util.find_spec(library) is None:
            raise ValueError(
                f"{PREFIX}{name} needs {library}, which is not installed: pip install 'jobmeter[{extra}]'"
            )
    if settings.stripe_key and not settings.stripe_webhook_secret:
        raise ValueError(
            "JOBMETER_STRIPE_KEY needs JOBMETER_STRIPE_WEBHOOK_SECRET, by which payments are reported"
        )


def _read(name: str, source: Mapping[str, str], default: object) -> str | int | bool:
    text = source[name].strip()
    if isinstance(default, bool):
        if text.lower() not in {"true", "false", "1", "0"}:
            raise ValueError(f"{name} must be true or false, not {text!r}")
        return text.lower() in {"true", "1"}
    if default is None or isinstance(default, int):
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{name} must be a whole number, not {text!r}")
        return int(text)
    return text
