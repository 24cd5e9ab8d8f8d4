"""Owns the JSON schemas of bodies in the OpenAPI document, and what its query parameters mean.

Does not own which endpoint uses which (``openapi_operations``).
"""

from typing import Any, Final

from jobmeter.base.limits import BATCH_GET_KEYS_MAX, FIELD_CHARACTERS_MAX, REPORT_IDS_MAX

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
LONG: Final[Schema] = {"type": "integer", "format": "int64"}
FLAG: Final[Schema] = {"type": "boolean"}
TIME_MS: Final[Schema] = {"type": "integer", "format": "int64", "description": "Milliseconds since 1970 UTC"}
RECORD: Final[Schema] = {"type": "object"}


def refer(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def map_of(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def record(required: str = "", /, **fields: Schema) -> Schema:
    """``required`` names fields, parted by blanks."""
    found: Schema = {"type": "object", "properties": fields}
    if required:
        found["required"] = required.split()
    return found


def batch_of(schema: Schema) -> Schema:
    """BATCH_GET: results and errors by the key that was asked for."""
    return record(
        "results statuses errors", results=map_of(schema), statuses=map_of(LONG), errors=map_of(RECORD)
    )


def page_of(schema: Schema) -> Schema:
    return record("elements", elements=list_of(schema), paging=refer("Paging"))


def text_of(pattern: str, example: str) -> Schema:
    return {"type": "string", "pattern": pattern, "examples": [example]}


URN_APPLICATION: Final = text_of(
    "^urn:li:developerApplication:[0-9]{1,18}$", "urn:li:developerApplication:100001"
)

SCHEMAS: Final[dict[str, Schema]] = {
    "RestliError": record(
        "status message", status=LONG, message=TEXT, serviceErrorCode=LONG, code=TEXT, requestId=TEXT
    ),
    "PlainError": record("status code message", status=LONG, code=TEXT, message=TEXT),
    "OAuthError": record("error error_description", error=TEXT, error_description=TEXT),
    "Paging": record(
        "start count links",
        start=LONG,
        count=LONG,
        total=LONG,
        links=list_of(record("rel href", rel=TEXT, href=TEXT, type=TEXT)),
    ),
    "Money": record(
        "currencyCode amount", currencyCode=TEXT, amount=text_of(r"^[0-9]+(\.[0-9]+)?$", "21.84")
    ),
    "Date": record("year month day", year=LONG, month=LONG, day=LONG),
    "Token": record("access_token expires_in", access_token=TEXT, expires_in=LONG),
    "TokenLife": record(
        "active",
        active=FLAG,
        status={"type": "string", "enum": ["active", "expired", "revoked"]},
        client_id=TEXT,
        created_at=LONG,
        authorized_at=LONG,
        expires_at=LONG,
        auth_type=TEXT,
    ),
    "Application": record(
        "uniqueForeignId name description",
        uniqueForeignId={"type": "string", "minLength": 1, "maxLength": FIELD_CHARACTERS_MAX},
        name={
            "type": "string",
            "minLength": 1,
            "maxLength": 50,
            "description": 'Without the word "LinkedIn"',
        },
        description={"type": "string", "minLength": 1},
        oauth2AuthorizedCallbackUrls=list_of(TEXT),
        validJsSdkDomains=list_of(text_of("[^/]$", "https://example.com")),
    ),
    "NewApplication": record(
        "credentials key",
        key=TEXT,
        credentials=record("client_id client_secret", client_id=TEXT, client_secret=TEXT),
    ),
    "FoundApplications": page_of(
        record(
            "credentials uniqueForeignId name key",
            credentials=record("client_id", client_id=TEXT),
            uniqueForeignId=TEXT,
            name=TEXT,
            description=TEXT,
            key=TEXT,
            validJsSdkDomains=list_of(TEXT),
            oauth2AuthorizedCallbackUrls=list_of(TEXT),
        )
    ),
    "Patch": record(
        "patch", patch={"type": "object", "properties": {"$set": RECORD, "$delete": list_of(TEXT)}}
    ),
    "Security": {**record(childDeveloperApplication=URN_APPLICATION), "additionalProperties": False},
    "SecurityReply": record("value", value=record(client_secret=TEXT, liveSecrets=LONG)),
    "Setup": record(partnerContractId={**LONG, "minimum": 1}),
    "SetupReply": record("value", value=record("key contract", key=TEXT, contract=TEXT)),
    "JobPosting": record(
        "externalJobPostingId jobPostingOperationType title description companyApplyUrl listedAt location",
        externalJobPostingId={"type": "string", "minLength": 1, "maxLength": 75},
        jobPostingOperationType={
            "type": "string",
            "enum": ["CREATE", "UPDATE", "RENEW", "CLOSE", "UPGRADE", "DOWNGRADE"],
        },
        title={"type": "string", "minLength": 1, "maxLength": 200},
        description={"type": "string", "minLength": 100, "maxLength": 25_000},
        companyApplyUrl={"type": "string", "format": "uri", "maxLength": 2_083},
        listedAt=TIME_MS,
        location={"type": "string", "minLength": 1, "maxLength": FIELD_CHARACTERS_MAX},
        alternateLocations={**list_of(TEXT), "maxItems": 7},
        company=text_of("^urn:li:(organization|company):[0-9]{1,18}$", "urn:li:organization:2414183"),
        companyName=TEXT,
        contract=text_of("^urn:li:contract:[0-9]{1,18}$", "urn:li:contract:2008000002"),
        budget=record(payForPerformanceTotalBudget=refer("Money")),
        posterEmail={"type": "string", "format": "email"},
    ),
    "JobPostings": record("elements", elements={**list_of(refer("JobPosting")), "maxItems": 100}),
    "JobPostingRows": record(
        "elements",
        elements=list_of(record("status", status=LONG, id=TEXT, location=TEXT, error=refer("RestliError"))),
    ),
    "Tasks": batch_of(
        record(
            "externalJobPostingId id status",
            externalJobPostingId=TEXT,
            id=TEXT,
            location=TEXT,
            status={"type": "string", "enum": ["IN_PROGRESS", "SUCCEEDED", "FAILED", "PROCESSED"]},
            jobPosting=TEXT,
            errorMessage=TEXT,
        )
    ),
    "PostingStatuses": batch_of(
        record("externalJobPostingId listingStatus", externalJobPostingId=TEXT, listingStatus=TEXT)
    ),
    "Campaign": record(
        "partnerJobCampaignId name contract startTime",
        partnerJobCampaignId=TEXT,
        name=TEXT,
        contract=TEXT,
        startTime=TIME_MS,
        endTime=TIME_MS,
    ),
    "CampaignReply": record("id status", id=TEXT, status=TEXT, name=TEXT, contract=TEXT, startTime=TIME_MS),
    "CampaignAction": record("value", value=refer("CampaignReply")),
    "Places": page_of(record("geo location", geo=TEXT, location=TEXT, countryCode=TEXT)),
    "JobReport": record(
        "jobPostingInfo",
        jobPostingInfo=record(
            "externalJobPostingId linkedInJobPostingId", externalJobPostingId=TEXT, linkedInJobPostingId=LONG
        ),
        lifetimeJobBudgetInfo=record(lifetimeBudgetSpent=refer("Money"), lifetimeBudgetLimit=refer("Money")),
        jobPerformanceMetrics=list_of(
            record(
                "date charge applyClickCount viewCount",
                date=refer("Date"),
                charge=refer("Money"),
                applyClickCount=LONG,
                viewCount=LONG,
            )
        ),
    ),
    "JobReportsByIds": batch_of(refer("JobReport")),
    "JobReportsByRange": page_of(refer("JobReport")),
    "BudgetReport": record(
        "serviceTermStartAt serviceTermEndAt partnerBudgetDetails",
        serviceTermStartAt=TIME_MS,
        serviceTermEndAt=TIME_MS,
        partnerBudgetDetails=list_of(
            record(serviceTermBudgetSpent=refer("Money"), serviceTermBudgetLimit=refer("Money"))
        ),
    ),
    "Events": list_of(
        record(
            "source id type time",
            source=TEXT,
            id=TEXT,
            type={"type": "string", "enum": ["view", "applyClick"]},
            time={"oneOf": [TIME_MS, {"type": "string", "format": "date-time"}]},
            job={"oneOf": [LONG, TEXT]},
            childApplication={"oneOf": [LONG, TEXT]},
            externalJobPostingId=TEXT,
            visitor=TEXT,
            userAgent=TEXT,
            address=TEXT,
        )
    ),
    "EventsReply": record(
        "accepted duplicate rejected rejections",
        accepted=LONG,
        duplicate=LONG,
        rejected=LONG,
        rejections=list_of(record("index reason message", index=LONG, reason=TEXT, message=TEXT)),
    ),
    "Charges": record("elements cursor hasMore", elements=list_of(RECORD), cursor=TEXT, hasMore=FLAG),
    "Health": record("status", status=TEXT, now=TEXT, sandbox=FLAG),
}

_YEAR: Final[Schema] = {"type": "integer", "minimum": 2000, "maximum": 9999, "examples": [2026]}
_MONTH: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 12, "examples": [11]}
_DAY: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 31, "examples": [1]}
_KEY: Final[Schema] = {"type": "string", "pattern": "^[^\\u0000-\\u001f]+$", "maxLength": 200}
_TASK: Final = text_of(
    "^urn:li:simpleJobPostingTask:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "urn:li:simpleJobPostingTask:00000000-0000-4000-8000-000000000000",
)


def keys_of(schema: Schema, keys_max: int) -> Schema:
    return {**list_of(schema), "minItems": 1, "maxItems": keys_max}


# In protocol 1.0.0, whose names and values OpenAPI can say; 2.0.0 has a grammar of its own for them.
IDS: Final[dict[str, Schema]] = {
    "simpleJobPostingTasks": keys_of(_TASK, BATCH_GET_KEYS_MAX),
    "jobPostingStatus": keys_of(_KEY, BATCH_GET_KEYS_MAX),
    "partnerJobReports": keys_of(_KEY, REPORT_IDS_MAX),
}
IDS_OTHERS: Final = keys_of(_KEY, BATCH_GET_KEYS_MAX)

PARAMETERS: Final[dict[str, dict[str, Schema]]] = {
    "dateRange": {
        f"dateRange.{end}.{part}": schema
        for end in ("start", "end")
        for part, schema in (("year", _YEAR), ("month", _MONTH), ("day", _DAY))
    },
    "partnerContractId": {"partnerContractId": {**LONG, "examples": [2008000001]}},
    "uniqueForeignId": {"uniqueForeignId": {**_KEY, "examples": ["customer-1"]}},
    "location": {"location": {**_KEY, "examples": ["Leeds"]}},
    "locale": {"locale": {"type": "string", "pattern": "^[a-z]{2}(_[A-Z]{2})?$", "examples": ["en_US"]}},
    "asOf": {"asOf": TIME_MS},
}
PAGING: Final[dict[str, Schema]] = {
    "start": {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
    "count": {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
}
