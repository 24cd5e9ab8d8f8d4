"""Owns which elements of a feed's job are read: the table that the reader uses and that the reference page prints. Pure.

Names are compared without namespace, in lower case, without ``-``, ``_`` and ``.``. Does not own the values (``values``).
"""

import re
from typing import Final, NamedTuple

DEEP: Final = "*"
_PUNCTUATION = re.compile(r"[-_.\s]")


class FeedField(NamedTuple):
    """The elements that a field is read from, best first: the first that is there and not empty."""

    name: str
    elements: tuple[str, ...]
    reading: str


FIELDS: Final = (
    FeedField(
        "id",
        (
            "partnerJobId", "referencenumber", "reference_id", "reference", "id", "@id", "job_id", "job-code",
            "jobrefcode", "externalId", "vacancyid", "identifier", "identifier/value",
            "PositionRecordInfo/Id/IdValue", "guid",
        ),
        "Required, up to 200 characters, once in a feed. Without one, `url-` and a hash of the link.",
    ),
    FeedField(
        "title",
        ("title", "job_title", "PositionTitle", "*/PositionTitle", "name"),
        "Required, up to 200 characters; entities are resolved and tags removed.",
    ),
    FeedField(
        "company",
        (
            "company", "company/name", "company_name", "employer", "employerName", "hiringOrganization",
            "hiringOrganization/name", "organization", "ClientName", "subcompany", "*/Company/Name",
            "*/OrganizationName", "sourcename",
        ),
        "Required unless there is a company id or the feed has the default `companyName`.",
    ),
    FeedField("company_id", ("companyId",), "A number; read in feeds with `partnerJobId` only."),
    FeedField(
        "description",
        (
            "content:encoded", "description", "description/summary", "jobDescriptions",
            "description_requirements", "JobDescription", "body", "jobbody", "content",
            "*/FormattedPositionDescription",
        ),
        "Required, 100 to 25,000 characters. Blocks of name and value get the name as a heading.",
    ),
    FeedField(
        "description_more",
        (
            "requirements", "responsibilities", "benefits", "qualifications",
        ),
        "All of them are appended to the description.",
    ),
    FeedField(
        "apply_url",
        (
            "applyUrl", "apply_url", "application-url", "applylink", "url", "job_url", "detail-url", "link",
            "link/@href", "*/PositionPosting/Link",
        ),
        "Required, http or https, or the feed has the default `applyUrlPattern`. `&amp;` becomes `&`.",
    ),
    FeedField(
        "location",
        ("location", "region", "office", "workplace"),
        "The whole place as text; `region` only without a city. Or the parts below, also inside `location`.",
    ),
    FeedField("city", ("city", "town", "municipality", "locality", "addressLocality"), "A place by itself."),
    FeedField(
        "state",
        ("state", "province", "region", "region1", "county", "statecode", "addressRegion"),
        "Never required.",
    ),
    FeedField(
        "country",
        ("country", "countrycode", "country_name", "addressCountry", "addressCountry/name"),
        "A code of two or three letters, or a name in any of 28 languages.",
    ),
    FeedField("postal_code", ("postalcode", "postcode", "zip"), "Up to 20 characters."),
    FeedField(
        "places",
        (
            "alternateLocations", "alternateLocation", "locations", "job_locations", "jobLocation",
            "additionalOffices", "PhysicalLocation", "*/PhysicalLocation",
        ),
        "Further places, up to 7. The first of `locations`, `job_locations`, `jobLocation` is the job's own.",
    ),
    FeedField(
        "listed",
        (
            "listDate", "date", "dateposted", "pubdate", "publishdate", "publication_date", "postDate",
            "posted-date", "postedAt", "postingdate", "created_at", "StartDateTime", "@validFrom",
        ),
        "A date; not used if it cannot be read.",
    ),
    FeedField(
        "expires",
        (
            "expirationDate", "expirydate", "ExpireDate", "expiration_date", "expire", "expireAt", "expiresAt",
            "validThrough", "close-date", "closingdate", "EndDateTime", "@validTo",
        ),
        "The last day of the job; a job that has ended is refused.",
    ),
    FeedField(
        "poster_email",
        (
            "posterEmail", "jobPosterEmail", "email", "application_email", "hiring-manager-email",
            "contact/hiring-manager-email",
        ),
        "Required, warned about or ignored: `JOBMETER_FEED_POSTER_EMAIL`.",
    ),
    FeedField(
        "workplace",
        (
            "workplaceTypes", "workplaceTypes/workplaceType", "remotetype", "isRemote", "remote",
            "remoteStatus", "remote_type", "telecommute", "description/telecommute", "jobLocationType",
        ),
        "On-site, Hybrid or Remote.",
    ),
    FeedField("hybrid", ("hybrid",), "True means Hybrid."),
    FeedField("on_site", ("on_site",), "True means On-site."),
    FeedField(
        "job_type",
        ("jobtype", "employmentType", "contract_time", "working_hours", "schedule", "contract_type"),
        "Full-time, part-time, contract, temporary, internship, volunteer, other.",
    ),
    FeedField("full_time", ("full-time", "description/full-time"), "A flag that sets the job type."),
    FeedField("part_time", ("part-time", "description/part-time"), "A flag that sets the job type."),
    FeedField("internship", ("internship", "description/internship"), "A flag that sets the job type."),
    FeedField("contract", ("contract", "description/contract"), "A flag that sets the job type."),
    FeedField("level", ("experienceLevel", "seniority", "experience"), "One of the experience levels."),
    FeedField(
        "industries",
        ("industryCodes/industryCode", "industryCodes", "industryCode", "industry"),
        "Up to three codes of the old or the new list, or names of the old.",
    ),
    FeedField(
        "job_functions",
        ("jobFunctions/jobFunction", "jobFunctions", "jobFunction"),
        "Up to three codes or names.",
    ),
    FeedField("salaries", ("salaries",), "LinkedIn's list; the first form below is used without it."),
    FeedField(
        "salary_min",
        ("salary_min", "compensation_min", "minSalary", "salary/min", "baseSalary/value/minValue"),
        "An amount.",
    ),
    FeedField(
        "salary_max",
        ("salary_max", "compensation_max", "maxSalary", "salary/max", "baseSalary/value/maxValue"),
        "An amount.",
    ),
    FeedField(
        "salary_currency",
        (
            "salary_currency", "compensation_currency", "currency", "salary/currency", "baseSalary/currency",
            "compensation/salary-currency",
        ),
        "Three letters.",
    ),
    FeedField(
        "salary_period",
        (
            "salary_frequency", "compensation_interval", "salary/period", "baseSalary/value/unitText",
            "salary_period",
        ),
        "Year, month, week, day, hour and their adjectives.",
    ),
    FeedField(
        "salary_text",
        (
            "salary", "jobSalary", "monthlySalary", "compensation/salary-range", "compensation/salary-amount",
            "compensation",
        ),
        "Kept as text, up to 255 characters.",
    ),
    FeedField(
        "availability",
        ("jobPostingAvailability", "availability"),
        "PUBLIC, INTERNAL or PRIVATE_TO_ATS_INTEGRATION; the last two are shown nowhere in public.",
    ),
    FeedField("action", ("action",), "`delete`, `remove` and `close` end the job."),
    FeedField("status", ("status",), "`closed`, `expired`, `filled` and `inactive` end the job."),
    FeedField("active", ("active",), "`false` ends the job."),
)  # fmt: skip

# Known, and without an effect: they never price anything, and there is no warning about them.
NOT_USED: Final = (
    "cpc", "cpa", "bid", "budget", "sponsored", "trafficboost", "tracking_url", "programmatic", "premium",
    "indeed-apply-data", "logo", "logo_url", "category", "job-category", "education", "geo_lat", "geo_lng",
    "requisitionid", "apijobid", "job_reference", "company_id", "publisher", "creator", "website", "updated",
    "lastactivitydate", "streetaddress", "street", "skills", "keywords", "language", "locale", "department",
    "role", "recruitingCategory", "occupation", "occupationCategory", "yearsOfExperience", "function",
    "reply_setting", "job-board-name", "job-board-url", "contact", "min_hours", "max_hours", "comments",
)  # fmt: skip


def normalize_name(name: str) -> str:
    """Returns the name as it is compared: ``{a}job-title``, ``a:job_title`` and ``JobTitle`` are ``jobtitle``."""
    return _PUNCTUATION.sub("", name.rpartition("}")[2].rpartition(":")[2]).lower()


def normalize_path(path: str) -> str:
    return "/".join(
        step
        if step == DEEP
        else f"@{normalize_name(step[1:])}"
        if step.startswith("@")
        else normalize_name(step)
        for step in path.split("/")
    )


PATHS: Final = {field.name: tuple(dict.fromkeys(map(normalize_path, field.elements))) for field in FIELDS}
"""The folded paths of each field, best first."""

# The beginnings of paths that search at any depth: the containers that their formats have.
_DEEP_TOPS = ("positionprofile", "positionpostings", "positionrecordinfo")
READ: Final = frozenset(
    {path.partition("/")[0] for paths in PATHS.values() for path in paths if not path.startswith(DEEP)}
    | set(_DEEP_TOPS)
)
"""The folded names of a job's own elements and attributes that any field is read from."""
SILENT: Final = frozenset(map(normalize_name, NOT_USED)) - READ
