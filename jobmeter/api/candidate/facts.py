"""Owns what the job page says beside the text: facts with their names, dates and pay in the job's language, a summary.

Does not own the page's form (the templates) or schema.org data (``pages``). Pure.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from jobmeter.api.candidate.language import DEFAULT, STATUSES, WORDS, Words, find_words
from jobmeter.jobs.pages.model import JobPage

SUMMARY_CHARACTERS_MAX = 200
# Periods are shown in English only; in other languages the amount is shown with its currency alone.
_PERIODS = {
    "YEARLY": "a year",
    "MONTHLY": "a month",
    "SEMIMONTHLY": "twice a month",
    "BIWEEKLY": "every two weeks",
    "WEEKLY": "a week",
    "DAILY": "a day",
    "HOURLY": "an hour",
}


class Fact(NamedTuple):
    """``day`` is set for dates, for machines."""

    name: str
    text: str
    day: str = ""


def list_facts(page: JobPage, language: str) -> list[Fact]:
    words = find_words(language)
    locale = Locale.parse(language if language in WORDS else DEFAULT)
    found = [
        Fact(name=words.kind, text=_name_kind(page, words)),
        Fact(name=words.pay, text=_write_pay(page.content, locale)),
        _make_day(words.posted, page.listed_at.date(), locale),
    ]
    if page.is_live:
        found.append(_make_day(words.apply_until, page.expires_at.date(), locale))
    return [fact for fact in found if fact.text]


def _make_day(name: str, day: date, locale: Locale) -> Fact:
    return Fact(name=name, text=format_date(day, "long", locale=locale), day=day.isoformat())


def _name_kind(page: JobPage, words: Words) -> str:
    kind, level = page.employment_type, page.experience_level.replace("_", " ").capitalize()
    kind = words.statuses[STATUSES.index(kind)] if kind in STATUSES else kind.capitalize()
    return ", ".join(part for part in (kind, page.workplace, level) if part)


def _write_pay(content: dict[str, Any], locale: Locale) -> str:
    """Returns the salary that the poster wrote, or the amounts of the first compensation."""
    if content.get("salary"):
        return str(content["salary"])
    for row in (content.get("compensation") or {}).get("compensations", ()):
        amounts = list(_list_amounts(row.get("value") or {}, locale))
        if amounts:
            period = _PERIODS.get(row.get("period") or "", "") if locale.language == DEFAULT else ""
            return f"{' to '.join(amounts)} {period}".strip()
    return ""


def _list_amounts(value: dict[str, Any], locale: Locale) -> Iterator[str]:
    bounds = (value.get("range") or {}) | {name: value[name] for name in ("start", "end") if value.get(name)}
    for amount in (value.get("exactAmount"), bounds.get("start"), bounds.get("end")):
        if amount:
            try:
                yield format_currency(Decimal(amount["amount"]), amount["currencyCode"], locale=locale)
            except InvalidOperation:
                yield f"{amount['amount']} {amount['currencyCode']}"


def summarize(text: str, *, details: Sequence[str] = ()) -> str:
    """Returns the details and the beginning of the text as one line, cut at a word, for previews of links."""
    line = " ".join(" · ".join((*details, text)).split())
    if len(line) <= SUMMARY_CHARACTERS_MAX:
        return line
    return f"{line[:SUMMARY_CHARACTERS_MAX].rpartition(' ')[0] or line[:SUMMARY_CHARACTERS_MAX]} …"


def name_host(url: str) -> str:
    """Returns the host that the apply link leads to; empty for an address that has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
