"""Owns the JSON schemas of bodies and query parameters in the OpenAPI document.

Does not own which endpoint uses which (the table in ``api.routes``).
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
    """``required`` lists field names, separated by spaces."""
    found: Schema = {"type": "object", "properties": fields}
    if required:
        found["required"] = required.split()
    return found


def batch_of(schema: Schema) -> Schema:
    """The response to BATCH_GET: results and errors by requested key."""
    return record(
        "results statuses errors",
        results=map_of(schema),
        statuses=map_of(LONG),
        errors=map_of(refer("RestliError")),
    )


def page_of(schema: Schema) -> Schema:
    return record("elements", elements=list_of(schema), paging=refer("Paging"))


def one_of(names: str) -> Schema:
    """``names`` are separated by spaces."""
    return {"type": "string", "enum": names.split()}


def text_of(pattern: str, example: str) -> Schema:
    return {"type": "string", "pattern": pattern, "examples": [example]}


URN_APPLICATION: Final = text_of(
    "^urn:li:developerApplication:[0-9]{1,18}$", "urn:li:developerApplication:100001"
)

_ORGANIZATION: Final = text_of("^urn:li:(organization|company):[0-9]{1,18}$", "urn:li:organization:2414183")
_CONTRACT: Final = text_of("^urn:li:contract:[0-9]{1,18}$", "urn:li:contract:2008000002")
_URL: Final[Schema] = {"type": "string", "format": "uri", "maxLength": 2_083}
_SHORT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": FIELD_CHARACTERS_MAX}

# A new sandbox accepts this example without changes: the contract is that of its customer.
JOB_EXAMPLE: Final[Schema] = {
    "externalJobPostingId": "job-1",
    "jobPostingOperationType": "CREATE",
    "title": "Harbour pilot",
    "description": "You bring ships into the harbour and out again, at any hour and in any weather, and you know each of "
    "its berths by name and by depth.",
    "companyApplyUrl": "https://example.com/careers/pilot",
    "listedAt": 1_700_000_000_000,
    "location": "Rotterdam, Netherlands",
    "companyName": "Harbour Logistics",
    "contract": "urn:li:contract:2008000002",
    "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    "posterEmail": "recruiter@example.com",
}

_FILLED: Final[Schema] = {"type": "string", "minLength": 1}
_CLIENT: Final = {"client_id": _FILLED, "client_secret": _FILLED}

SCHEMAS: Final[dict[str, Schema]] = {
    "Record": RECORD,
    "RestliError": record(
        "status message",
        status=LONG,
        message=TEXT,
        serviceErrorCode=LONG,
        code=TEXT,
        requestId=TEXT,
        errorDetailType=TEXT,
        errorDetails=record("externalJobPostingId", externalJobPostingId=TEXT),
    ),
    "PlainError": record("status code message", status=LONG, code=TEXT, message=TEXT),
    "XmlError": {
        **record(
            "status timestamp request-id error-code message",
            **{"status": LONG, "timestamp": TIME_MS, "request-id": TEXT, "error-code": LONG, "message": TEXT},
        ),
        "xml": {"name": "error"},
    },
    "XmlJob": {
        "type": "object",
        "description": "the elements of LinkedIn's XML jobs API; in JSON the same names in camelCase",
        "xml": {"name": "job"},
    },
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
    "CalendarDay": record("year month day", year=LONG, month=LONG, day=LONG),
    "GrantForm": record(
        "grant_type client_id client_secret",
        grant_type={"type": "string", "const": "client_credentials"},
        **_CLIENT,
    ),
    "StripeEvent": {"type": "object", "description": "An event as Stripe sends it, signed"},
    "OwnTokenForm": record("token client_id client_secret", token=_FILLED, **_CLIENT),
    "Token": record(
        "access_token token_type expires_in",
        access_token=TEXT,
        token_type={"type": "string", "enum": ["Bearer"]},
        expires_in=LONG,
    ),
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
    "Application": {
        **record(
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
        "examples": [
            {"uniqueForeignId": "customer-1", "name": "An ATS - Customer", "description": "A customer"}
        ],
    },
    "NewApplication": record(
        "credentials key",
        key=TEXT,
        credentials=record("client_id client_secret", client_id=TEXT, client_secret=TEXT),
    ),
    "FoundApplication": record(
        "credentials uniqueForeignId name key",
        credentials=record("client_id", client_id=TEXT),
        uniqueForeignId=TEXT,
        name=TEXT,
        description=TEXT,
        key=TEXT,
        validJsSdkDomains=list_of(TEXT),
        oauth2AuthorizedCallbackUrls=list_of(TEXT),
    ),
    "FoundApplications": page_of(refer("FoundApplication")),
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
        jobPostingOperationType=one_of("CREATE UPDATE RENEW CLOSE UPGRADE DOWNGRADE"),
        title={"type": "string", "minLength": 1, "maxLength": 200},
        description={"type": "string", "minLength": 100, "maxLength": 25_000},
        companyApplyUrl=_URL,
        listedAt=TIME_MS,
        location=_SHORT,
        alternateLocations={**list_of(_SHORT), "maxItems": 7},
        company=_ORGANIZATION,
        integrationContext=_ORGANIZATION,
        companyPageUrl=_URL,
        companyName=_SHORT,
        contract=_CONTRACT,
        budget=record(
            payForPerformanceTotalBudget=refer("Money"),
            payForPerformanceDailyBudget={**refer("Money"), "description": "An extension"},
        ),
        listingType={**one_of("BASIC PREMIUM"), "default": "BASIC"},
        companyJobCode=_SHORT,
        workplaceTypes={**list_of(one_of("On-site Hybrid Remote")), "maxItems": 1},
        employmentStatus={
            **_SHORT,
            "description": "FULL_TIME PART_TIME CONTRACT INTERNSHIP TEMPORARY VOLUNTEER OTHER, or any text",
        },
        experienceLevel={
            **_SHORT,
            "description": "ENTRY_LEVEL MID_SENIOR_LEVEL DIRECTOR EXECUTIVE INTERNSHIP ASSOCIATE NOT_APPLICABLE, or any text",
        },
        industries=list_of({**_SHORT, "description": "A URN such as urn:li:industry:4, or any text"}),
        categories={**list_of(_SHORT), "maxItems": 3},
        skillsDescription={"type": "string", "maxLength": 4_000},
        compensation=record("compensations", compensations=list_of(refer("Compensation"))),
        expireAt=TIME_MS,
        posterEmail={"type": "string", "format": "email", "description": "Required from version 202506"},
        showPosterInfo=FLAG,
        availability=one_of("PUBLIC INTERNAL PRIVATE_TO_ATS_INTEGRATION"),
        trackingPixelUrl=_URL,
        partnerRequisitionId=_SHORT,
        onsiteApplyConfiguration=RECORD,
        partnerJobCampaignId=_SHORT,
    ),
    "Compensation": record(
        period=one_of("YEARLY MONTHLY SEMIMONTHLY BIWEEKLY WEEKLY DAILY HOURLY"),
        type=one_of(
            "BASE_SALARY TIPS COMMISSION PROFIT_SHARING STOCK_OPTIONS STOCK BONUS SIGN_ON_BONUS OVER_TIME OTHER"
        ),
        value=record(exactAmount=refer("Money"), range=record(start=refer("Money"), end=refer("Money"))),
    ),
    "JobPostings": {
        **record("elements", elements={**list_of(refer("JobPosting")), "maxItems": 100}),
        "examples": [{"elements": [JOB_EXAMPLE]}],
    },
    "JobPostingRows": record(
        "elements",
        elements=list_of(
            record(
                "status",
                status=LONG,
                id=TEXT,
                location=TEXT,
                entity=record(
                    "externalJobPostingId",
                    externalJobPostingId=TEXT,
                    alternateLocationTasks=list_of(TEXT),
                    warnings=list_of(TEXT),
                ),
                error=refer("RestliError"),
            )
        ),
    ),
    "Task": record(
        "externalJobPostingId id status",
        externalJobPostingId=TEXT,
        id=TEXT,
        location=TEXT,
        status={"type": "string", "enum": ["IN_PROGRESS", "SUCCEEDED", "FAILED", "PROCESSED"]},
        jobPosting=TEXT,
        errorMessage=TEXT,
    ),
    "Tasks": batch_of(refer("Task")),
    "Campaign": {
        **record(
            "partnerJobCampaignId name contract startTime",
            partnerJobCampaignId=TEXT,
            name=TEXT,
            contract=_CONTRACT,
            startTime=TIME_MS,
            endTime=TIME_MS,
        ),
        "examples": [
            {
                "partnerJobCampaignId": "spring",
                "name": "Spring",
                "contract": "urn:li:contract:2008000002",
                "startTime": 1_700_000_000_000,
            }
        ],
    },
    "CampaignReply": record(
        "id partnerJobCampaignId name contract status startTime createdAt lastModifiedAt",
        id=TEXT,
        partnerJobCampaignId=TEXT,
        name=TEXT,
        contract=TEXT,
        status=one_of("DRAFT ACTIVE PAUSED COMPLETED CLOSED"),
        startTime=TIME_MS,
        endTime=TIME_MS,
        createdAt=TIME_MS,
        lastModifiedAt=TIME_MS,
        endedAt=TIME_MS,
    ),
    "CampaignAction": record("value", value=refer("CampaignReply")),
    "Places": page_of(record("geo location", geo=TEXT, location=TEXT, countryCode=TEXT)),
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
    "Lines": {"type": "string", "description": "NDJSON: a JSON object in each line"},
    "Rows": {"type": "string", "format": "binary", "description": "Rows of the export, with its columns"},
    "Status": record("status", status=TEXT),
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


# In protocol 1.0.0, whose names and values OpenAPI can express; 2.0.0 has a different grammar for them.
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
