"""Owns what is checked of the settings before a server starts: what a worker process could not start with, what has no effect.

Does not own the settings (``base.settings``). Imports little: the database starts only after these checks.
"""

import importlib.util
import logging
import os
import sys
from pathlib import Path

from jobmeter.base.settings import Settings, check_extras, check_keys, find_misspelt, variable_of
from jobmeter.base.terminal import Terminal
from jobmeter.http.proxies import read_trusted_proxies
from jobmeter.http.rate_limits import read_rate_limits
from jobmeter.telemetry.logs.formats import make_formatter
from jobmeter.telemetry.logs.model import LogFormat
from jobmeter.telemetry.traces import flow as traces
from jobmeter.wire.restli.versions import read_sunsets


def read_settings() -> Settings:
    """Reads the settings, and warns of variables that are none: a misspelt one would have no effect without a word."""
    for name, nearest in find_misspelt().items():
        hint = f"; did you mean {nearest}?" if nearest else ""
        warn(f"{name} is not a setting and has no effect{hint}")
    settings = Settings.from_environment()
    check_settings(settings)
    return settings


def check_settings(settings: Settings) -> None:
    """Raises ``ValueError`` with a one-line message for settings that a worker process could not start with."""
    check_keys(settings)
    read_trusted_proxies(settings.trusted_proxies)
    read_rate_limits(settings.rate_limits)
    read_sunsets(settings.version_sunsets)
    check_extras(settings)
    if not settings.prepared_statements and not settings.direct_database_url:
        # A lock of a session that is taken through a pooler is held by nobody, and for ever.
        raise ValueError(
            "JOBMETER_PREPARED_STATEMENTS=false is for a pooler, past which JOBMETER_DIRECT_DATABASE_URL must lead"
        )
    if traces.are_wanted() and importlib.util.find_spec(traces.LIBRARY) is None:
        raise ValueError(
            f"{' or '.join(traces.ENDPOINTS)} needs {traces.LIBRARY}, which is not installed: pip install 'jobmeter[traces]'"
        )
    if settings.font_folder and not Path(settings.font_folder).is_dir():
        raise ValueError(f"JOBMETER_FONT_FOLDER is not a folder: {settings.font_folder}")


def check_usable(settings: Settings) -> None:
    """Raises ``ValueError`` if no key is set, because nobody could use the server; warns of a key that is missing."""
    keys = {
        "EVENTS_KEY": (settings.events_key, "the job board's endpoints cannot be used"),
        "OPERATOR_KEY": (settings.operator_key, "the operator's endpoints cannot be used"),
        "SECRET_KEY": (settings.secret_key, "apply links and webhooks are not available"),
    }
    if not any(key for key, _ in keys.values()):
        names = ", ".join(f"JOBMETER_{name}" for name in keys)
        raise ValueError(
            f"no key is set, so nobody could use this server: set {names}, each to a secret of its own, "
            "for example from: openssl rand -hex 32"
        )
    for name, (key, effect) in keys.items():
        if not key:
            warn(f"JOBMETER_{name} is not set: {effect}")


def warn(text: str) -> None:
    """Prints a warning to standard error, in the form of the server's log."""
    if os.environ.get(variable_of("log_format"), "").strip() == LogFormat.JSON:
        record = logging.LogRecord("jobmeter", logging.WARNING, "", 0, text, None, None)
        print(make_formatter(LogFormat.JSON).format(record), file=sys.stderr)  # noqa: T201 -- as the log is
    else:
        Terminal(file=sys.stderr).print_line(f"jobmeter: {text}", style="yellow")
