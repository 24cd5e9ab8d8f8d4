"""Types that the bodies and responses of several endpoints share. Pure."""

from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from jobmeter.base.readers.email_address import EMAIL_CHARACTERS_MAX, check_email
from jobmeter.base.readers.times import EARLIEST, LATEST, read_day, read_instant, read_month


def _read_instant(given: object) -> object:
    moment = read_instant(given) if isinstance(given, str) else given
    if moment is None:
        raise ValueError("is not an RFC 3339 instant with an offset")
    return moment


def _read_day(given: object) -> object:
    day = read_day(given) if isinstance(given, str) else given
    if day is None:
        raise ValueError("is not a day written as 2026-03-02")
    return day


def _read_month(given: object) -> object:
    month = read_month(given) if isinstance(given, str) else given
    if month is None:
        raise ValueError("is not a month written as 2026-03")
    return month


def _check_email(text: str) -> str:
    if why := check_email(text):
        raise ValueError(why)
    return text


# Within these years an instant can be stored and read back in any time zone.
Instant = Annotated[
    AwareDatetime,
    Field(ge=EARLIEST, lt=LATEST),
    BeforeValidator(_read_instant),
]
Day = Annotated[date, BeforeValidator(_read_day)]
Month = Annotated[date, BeforeValidator(_read_month)]  # its first day
Email = Annotated[str, StringConstraints(max_length=EMAIL_CHARACTERS_MAX), AfterValidator(_check_email)]


class OperatorBody(BaseModel):
    """The base of request bodies: camelCase names, exact types, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)
