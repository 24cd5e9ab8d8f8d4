"""Owns the settings of an installation, read once from the environment and the command line.

Does not own policies per contract (the database does). A setting never changes while a process runs.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

# The server cannot work with less: loading a feed holds one connection while it writes over another.
POSTER_EMAIL_RULES = ("required", "warned", "ignored")
KEY_CHARACTERS_MIN = 16
MINIMUMS = {"pool_connections_max": 2, "chore_interval_ms": 1, "report_seconds_max": 1, "final_after_days": 3}


@dataclass(frozen=True, slots=True)
class Settings:
    """One field per setting; its environment variable is ``JOBMETER_`` and the field's name in capitals."""

    database_url: str = ""
    base_url: str = ""
    sandbox: bool = False
    events_key: str = ""
    operator_key: str = ""
    secret_key: str = ""
    pool_connections_max: int = 10
    chores: bool = True
    chore_interval_ms: int = 250
    event_retention_days: int = 90
    export_folder: str = ""
    report_retention_days: int = 366
    final_after_days: int = 3
    smtp_url: str = ""
    mail_from: str = "jobmeter@localhost"
    report_seconds_max: int = 20
    future_tolerance_seconds: int = 300
    batches_waiting_max: int = 16
    single_events_window_ms: int = 4
    trusted_proxies: str = "127.0.0.1,::1"
    xml_description_characters_min: int = 1
    xml_title_is_frozen: bool = False
    xml_reseller_pixel_is_ignored: bool = False
    feed_poster_email: str = POSTER_EMAIL_RULES[1]
    active_versions: str = ""
    rate_limits: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Reads all fields from ``JOBMETER_*``. Raises ``ValueError`` that names the invalid variable."""
        source = os.environ if environment is None else environment
        found: dict[str, Any] = {
            field.name: _read(f"JOBMETER_{field.name.upper()}", source, field.default)
            for field in fields(cls)
            if f"JOBMETER_{field.name.upper()}" in source
        }
        for name, least in MINIMUMS.items():
            if found.get(name, least) < least:
                raise ValueError(f"JOBMETER_{name.upper()} must be at least {least}, not {found[name]}")
        if found.get("base_url") and not found["base_url"].startswith(("http://", "https://")):
            raise ValueError(f"JOBMETER_BASE_URL must begin with https://, not {found['base_url']!r}")
        if found.get("smtp_url") and not found["smtp_url"].startswith(("smtp://", "smtps://")):
            # The value is not shown because it may contain a password.
            raise ValueError("JOBMETER_SMTP_URL must begin with smtp:// or smtps://")
        if found.get("feed_poster_email", POSTER_EMAIL_RULES[1]) not in POSTER_EMAIL_RULES:
            choices = ", ".join(POSTER_EMAIL_RULES)
            raise ValueError(
                f"JOBMETER_FEED_POSTER_EMAIL must be one of {choices}, not {found['feed_poster_email']!r}"
            )
        return replace(cls(), **found)

    def to_environment(self) -> dict[str, str]:
        """Returns the settings as environment variables, for the server's worker processes."""
        return {f"JOBMETER_{field.name.upper()}": str(getattr(self, field.name)) for field in fields(self)}


def list_texts(setting: str) -> list[str]:
    """Returns the values of a comma-separated setting, such as a new key and the one that it replaces."""
    return [text for text in (part.strip() for part in setting.split(",")) if text]


def check_keys(settings: Settings) -> None:
    """Raises ``ValueError`` for a key that can be guessed. Older keys, which are being replaced, may be shorter."""
    for kind, key in (
        ("EVENTS", settings.events_key),
        ("OPERATOR", settings.operator_key),
        ("SECRET", settings.secret_key),
    ):
        if any(len(newest) < KEY_CHARACTERS_MIN for newest in list_texts(key)[:1]):
            raise ValueError(
                f"JOBMETER_{kind}_KEY must have at least {KEY_CHARACTERS_MIN} characters, better 32 random ones; "
                "write a new one before the old one: new,old"
            )


def _read(name: str, source: Mapping[str, str], default: object) -> str | int | bool:
    text = source[name].strip()
    if isinstance(default, bool):
        if text.lower() not in {"true", "false", "1", "0"}:
            raise ValueError(f"{name} must be true or false, not {text!r}")
        return text.lower() in {"true", "1"}
    if isinstance(default, int):
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{name} must be a whole number, not {text!r}")
        return int(text)
    return text
