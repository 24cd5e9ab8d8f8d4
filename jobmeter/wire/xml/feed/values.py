"""Owns how the texts of a feed are read: plain texts, links, codes, job types, workplaces, levels, salaries. Pure.

Each reader takes what feeds in use contain, and returns an empty value for what it cannot read. Does not own dates
(``dates``), places (``places``), or which flaw refuses a job (``job``).
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from jobmeter.wire.xml.code_tables import EXPERIENCE_LEVELS, CodeTable
from jobmeter.wire.xml.html import FEED_TAGS, clean_markup, is_clean, plain_text

AVAILABILITIES: Final = ("PUBLIC", "INTERNAL", "PRIVATE_TO_ATS_INTEGRATION")
WORKPLACE_TYPES: Final = ("On-site", "Hybrid", "Remote")
JOB_TYPES: Final = (
    "FULL_TIME",
    "PART_TIME",
    "CONTRACT",
    "INTERNSHIP",
    "TEMPORARY",
    "VOLUNTEER",
    "OTHER",
)

Reader: TypeAlias = Callable[[str], str | None]

_PUNCTUATION = re.compile(r"[^\w%+]+|_")
_PSEUDO_CDATA = re.compile(r"<?!\[CDATA\[(.*?)\]\]>?", re.DOTALL)
_ESCAPED_TAG = re.compile(r"&lt;/?(?:p|br|ul|ol|li|b|i|u|strong|em|div|span|h[1-6]|table|a)\b", re.IGNORECASE)
_HEADING = re.compile(r"<(/?)h[1-6]\b[^<>]*>", re.IGNORECASE)
_EMPHASIS = re.compile(r"<(/?)em\b[^<>]*>", re.IGNORECASE)
_AMOUNT = re.compile(r"[^0-9]{0,4}([0-9]{1,15}(?:\.[0-9]{1,4})?)\s?([kK])?[^0-9]{0,4}")
_THOUSANDS = re.compile(r"(?<=[0-9])[ ,'\u2019\u00a0\u202f](?=[0-9]{3}(?:[^0-9]|$))")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
CURRENCY_SIGNS: Final = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN"}

_JOB_TYPES = {
    "fulltime": "FULL_TIME", "full": "FULL_TIME", "vollzeit": "FULL_TIME", "parttime": "PART_TIME", "part": "PART_TIME",
    "teilzeit": "PART_TIME", "contract": "CONTRACT", "contractor": "CONTRACT", "freelance": "CONTRACT",
    "freelancer": "CONTRACT", "contracttohire": "CONTRACT", "fixedterm": "TEMPORARY", "temporary": "TEMPORARY",
    "temp": "TEMPORARY", "seasonal": "TEMPORARY", "intern": "INTERNSHIP", "internship": "INTERNSHIP",
    "trainee": "INTERNSHIP", "apprentice": "INTERNSHIP", "apprenticeship": "INTERNSHIP", "volunteer": "VOLUNTEER",
    "voluntary": "VOLUNTEER", "fulltimepermanent": "FULL_TIME", "permanentfulltime": "FULL_TIME",
    "parttimepermanent": "PART_TIME", "permanentparttime": "PART_TIME", "fulltimefixedterm": "TEMPORARY",
    "parttimefixedterm": "TEMPORARY", "fulltimetemporary": "TEMPORARY", "parttimetemporary": "TEMPORARY",
    "fulltimefreelance": "CONTRACT", "parttimefreelance": "CONTRACT", "other": "OTHER", "perdiem": "OTHER",
    "f": "FULL_TIME", "p": "PART_TIME", "c": "CONTRACT", "t": "TEMPORARY", "i": "INTERNSHIP", "v": "VOLUNTEER",
    "o": "OTHER",
}  # fmt: skip
# They say how long somebody is employed, which is none of the types.
_SAYS_NOTHING = frozenset({"permanent", "regular", "unlimited", "fulltimeorparttime", "any"})
_WORKPLACES = {
    "Remote": (
        "yes", "true", "1", "fully", "fullyremote", "remote", "telecommute", "always", "100%", "workfromhome",
        "wfh", "homeoffice",
    ),
    "Hybrid": ("hybrid", "hybridremote", "wfhflexible", "sometimes", "temporary", "covid19", "partly"),
    "On-site": ("none", "onsite", "never", "inoffice"),
}  # fmt: skip
_WORKPLACE_OF = {word: workplace for workplace, words in _WORKPLACES.items() for word in words}
_SAYS_NO = frozenset({"no", "false", "0"})
_LEVELS = {
    "intern": "INTERNSHIP", "entry": "ENTRY_LEVEL", "junior": "ENTRY_LEVEL", "student": "INTERNSHIP",
    "midsenior": "MID_SENIOR_LEVEL", "senior": "MID_SENIOR_LEVEL", "experienced": "MID_SENIOR_LEVEL",
    "mid": "ASSOCIATE", "midlevel": "ASSOCIATE", "lead": "MID_SENIOR_LEVEL", "seniorlevel": "MID_SENIOR_LEVEL",
}  # fmt: skip
_PERIODS = {
    "YEARLY": ("yearly", "year", "years", "annum", "perannum", "annual", "annually", "peryear", "pa", "y"),
    "SEMIANNUAL": ("semiannual",),
    "QUARTERLY": ("quarterly", "quarter"),
    "MONTHLY": ("monthly", "month", "permonth", "pm"),
    "SEMIMONTHLY": ("semimonthly",),
    "BIWEEKLY": ("biweekly",),
    "WEEKLY": ("weekly", "week", "perweek"),
    "DAILY": ("daily", "day", "perday"),
    "HOURLY": ("hourly", "hour", "hours", "perhour", "h"),
    "ONCE": ("once",),
}
_PERIOD_OF = {word: period for period, words in _PERIODS.items() for word in words}


class FeedSalary(msgspec.Struct, frozen=True):
    """A salary: amounts are decimal texts, absent fields are empty."""

    low_amount: str = ""
    low_currency: str = ""
    high_amount: str = ""
    high_currency: str = ""
    period: str = ""
    kind: str = ""

    def to_text(self) -> str:
        amounts = dict.fromkeys(amount for amount in (self.low_amount, self.high_amount) if amount)
        parts = ("-".join(amounts), self.low_currency or self.high_currency, self.period)
        return " ".join(part for part in parts if part)


def normalize_value(text: str) -> str:
    """Returns the text as codes and symbols are compared: in lower case, without blanks and punctuation."""
    return _PUNCTUATION.sub("", text).lower()


def unwrap(text: str) -> str:
    """Removes CDATA marks that a feed has sent as text."""
    # A single character is found much faster in a long text.
    return _PSEUDO_CDATA.sub(r"\1", text).strip() if "[" in text and "![CDATA[" in text else text


def read_plain(text: str) -> str:
    """Returns a text without tags, with entities resolved once and blanks collapsed."""
    if "&" in text or "<" in text or "[" in text:
        text = html.unescape(unwrap(text))
        if "<" in text:
            text = plain_text(text)
    return " ".join(text.split())


def read_markup(text: str) -> str:
    """Returns a description as clean HTML: unescaped if its tags are escaped, with headings as strong lines."""
    text = unwrap(text)
    if "<" not in text:
        if "&" in text and _ESCAPED_TAG.search(text):
            text = html.unescape(text)
    elif is_clean(text, tags=FEED_TAGS):
        return text.strip()
    if "<h" in text or "<H" in text:
        text = _HEADING.sub(lambda found: "</strong></p>" if found[1] else "<p><strong>", text)
    if "<em" in text:
        text = _EMPHASIS.sub(r"<\1i>", text)
    return clean_markup(text, tags=FEED_TAGS)


def read_link(text: str) -> str:
    return unwrap(text).replace("&amp;", "&")


@lru_cache(maxsize=4_096)
def read_job_type(text: str) -> str | None:
    """Returns the first type that a text names; empty if it says nothing about it, ``None`` if it is not known."""
    says_nothing = False
    for word in re.split(r"[,;/|]", text):
        folded = normalize_value(word)
        if folded in _JOB_TYPES:
            return _JOB_TYPES[folded]
        says_nothing = says_nothing or folded in _SAYS_NOTHING
    return "" if says_nothing else None


@lru_cache(maxsize=4_096)
def read_workplace(text: str) -> str | None:
    """Returns the workplace; empty for "no", which says only that a job is not remote; ``None`` for other texts."""
    folded = normalize_value(text)
    return "" if folded in _SAYS_NO else _WORKPLACE_OF.get(folded)


@lru_cache(maxsize=4_096)
def read_level(text: str) -> str | None:
    folded = normalize_value(text)
    code = EXPERIENCE_LEVELS.find(text)
    return EXPERIENCE_LEVELS.successors[code] if code else _LEVELS.get(folded)


def read_flag(text: str) -> bool:
    return normalize_value(text) in {"1", "yes", "true", "y"}


def read_period(text: str) -> str | None:
    return _PERIOD_OF.get(normalize_value(text))


def read_currency(text: str) -> str | None:
    text = text.strip()
    return text.upper() if _CURRENCY.fullmatch(text) else CURRENCY_SIGNS.get(text)


def read_salary_amount(text: str) -> str | None:
    """Returns an amount as a decimal text: ``28,000``, ``£28 000`` and ``28K`` are 28000."""
    found = _AMOUNT.fullmatch(_THOUSANDS.sub("", text.strip()))
    if found is None:
        return None
    return f"{found[1]}000" if found[2] and "." not in found[1] else None if found[2] else found[1]


def read_codes(texts: list[str], table: CodeTable) -> tuple[tuple[str, ...], list[str]]:
    """Returns the codes of a table, each once, and the texts that are none of them."""
    codes: dict[str, None] = {}
    unknown = []
    for text in texts:
        code = table.find(unwrap(text))
        if code is None:
            unknown.append(text)
        else:
            codes[code] = None
    return tuple(codes), unknown
