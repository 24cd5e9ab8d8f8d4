"""Owns what each value of an enumeration that jobs may have changes: the table of the reference page. Pure.

Does not own which values are accepted (``postings.schema``, ``wire.xml``): a test compares them with this table.
"""

from typing import Final, NamedTuple

NO_EFFECT: Final = ""


class Enumeration(NamedTuple):
    """An enumerated field of a job, and its values with what each changes; empty where the value only is kept."""

    field: str
    doors: str
    effects: dict[str, str]


_PAGE = "shown on the job's page"
_MARKUP = "shown on the job's page and in its mark-up for search engines"
_PRICE = "shown on the job's page; may select a price of the contract's list"
_POSTER = "the poster is shown on the job's page"
_JSON, _XML, _FEED = "JSON", "XML", "feed"

ENUMERATIONS: Final = (
    Enumeration(
        "jobPostingOperationType",
        _JSON,
        dict.fromkeys(("CREATE", "UPDATE", "RENEW", "CLOSE", "UPGRADE", "DOWNGRADE"), "the operation"),
    ),
    Enumeration(
        "listingType",
        _JSON,
        {"BASIC": "no contract's slot is taken", "PREMIUM": "takes a slot of a hiring contract"},
    ),
    Enumeration(
        "availability",
        f"{_JSON}, {_FEED} (jobPostingAvailability)",
        {
            "PUBLIC": "as without the field",
            "INTERNAL": "no page, no mark-up, no delivery to job boards, events do not count",
            "PRIVATE_TO_ATS_INTEGRATION": "no page, no mark-up, no delivery to job boards, events do not count",
        },
    ),
    Enumeration(
        "employmentStatus",
        f"{_JSON}, {_FEED} (jobtype)",
        dict.fromkeys(
            ("FULL_TIME", "PART_TIME", "CONTRACT", "INTERNSHIP", "TEMPORARY", "VOLUNTEER", "OTHER"), _MARKUP
        ),
    ),
    Enumeration("job-type", _XML, dict.fromkeys(("F", "P", "C", "T", "O"), _MARKUP)),
    Enumeration(
        "workplaceTypes",
        f"{_JSON}, {_FEED}",
        {"On-site": _PAGE, "Hybrid": _PAGE, "Remote": _MARKUP},
    ),
    Enumeration(
        "experienceLevel",
        f"{_JSON}, {_FEED} (without prices)",
        dict.fromkeys(
            (
                "ENTRY_LEVEL",
                "MID_SENIOR_LEVEL",
                "DIRECTOR",
                "EXECUTIVE",
                "INTERNSHIP",
                "ASSOCIATE",
                "NOT_APPLICABLE",
            ),
            _PRICE,
        ),
    ),
    Enumeration("experience-level", _XML, dict.fromkeys(("0", "1", "2", "3", "4", "5", "6"), _PAGE)),
    Enumeration(
        "compensation/period",
        _JSON,
        dict.fromkeys(
            ("YEARLY", "MONTHLY", "SEMIMONTHLY", "BIWEEKLY", "WEEKLY", "DAILY", "HOURLY"),
            "shown with the amounts on a job's page in English",
        ),
    ),
    Enumeration(
        "compensation/type",
        _JSON,
        dict.fromkeys(
            (
                "BASE_SALARY",
                "TIPS",
                "COMMISSION",
                "PROFIT_SHARING",
                "STOCK_OPTIONS",
                "STOCK",
                "BONUS",
                "SIGN_ON_BONUS",
                "OVER_TIME",
                "OTHER",
            ),
            NO_EFFECT,
        ),
    ),
    Enumeration("showPosterInfo", _JSON, {"true": _POSTER, "false": NO_EFFECT}),
    Enumeration("poster/display", _XML, {"true": _POSTER, "false": NO_EFFECT}),
    Enumeration(
        "poster/role", _XML, dict.fromkeys(("H", "R", "S", "W"), "shown with the poster on the job's page")
    ),
)
