"""Owns the table of errors: every error response of the product, one row each, in order of precedence.

Does not own the form of an error in a protocol (``jobmeter.api`` and ``jobmeter.wire`` do). Pure.
"""

from enum import Enum
from typing import NamedTuple

# The lowest statuses of what was refused, and of what failed.
REFUSED_FROM, FAILED_FROM = 400, 500


class Row(NamedTuple):
    """``code`` is our own and increases; ``status`` is the HTTP status; ``service`` and ``label`` are the protocol's
    ``serviceErrorCode`` and ``code`` (``None`` if its responses have none); ``message`` may have {parameters}.
    """

    code: int
    status: int
    service: int | None
    label: str | None
    message: str


class Fault(Enum):
    """If several rows apply, the first one is returned (interpretations page, "Several errors apply")."""

    # fmt: off
    #                           code  http service label                      message
    # -- the gateway: errors of any endpoint (spec 12.1 to 12.5)
    URL_TOO_LONG            = Row(1001, 414, None, None,                    "URI is too long: {what} may have at most {bytes_max} bytes")
    BODY_TOO_LARGE          = Row(1002, 413, None, None,                    "Request body is too large: at most {bytes_max} bytes are accepted")
    TUNNEL_MALFORMED        = Row(1003, 400, None, None,                    "Invalid tunnelled request: {why}")
    ROUTE_UNKNOWN           = Row(1004, 404, None, "RESOURCE_NOT_FOUND",    "No virtual resource found")
    RESOURCE_UNKNOWN        = Row(1005, 404, 0,    None,                    "Resource {name} does not exist")
    METHOD_NOT_ALLOWED      = Row(1006, 405, None, None,                    "Method {method} is not supported for {path}")
    LENGTH_REQUIRED         = Row(1007, 411, None, None,                    "A POST without a body needs the header Content-Length: 0")
    BODY_TIMEOUT            = Row(1008, 408, None, "REQUEST_TIMEOUT",       "The request body did not arrive within {seconds} seconds")
    BODY_BROKEN             = Row(1009, 400, None, "BAD_REQUEST",           "The request body ended early, or its chunks are malformed")
    TOKEN_EMPTY             = Row(1010, 401, 65604, "EMPTY_ACCESS_TOKEN",   "Empty oauth2 access token")
    TOKEN_INVALID           = Row(1011, 401, 65600, "INVALID_ACCESS_TOKEN", "Invalid access token")
    TOKEN_REVOKED           = Row(1012, 401, 65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user")
    TOKEN_EXPIRED           = Row(1013, 401, 65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
    KEY_WRONG               = Row(1014, 401, None, "INVALID_KEY",           "The {kind} key is missing or wrong: send it as a bearer token")
    KEY_READS_ONLY          = Row(1015, 403, None, "KEY_READS_ONLY",        "The key {name} may only read: {method} {path} needs a key with the role OPERATOR")
    VERSION_MISSING         = Row(1020, 400, None, "VERSION_MISSING",       "A version must be present. Please specify a version by adding the LinkedIn-Version header.")
    VERSION_NONEXISTENT     = Row(1021, 426, None, "NONEXISTENT_VERSION",   "Requested version {version} is not active")
    ACCESS_DENIED           = Row(1022, 403, 100,  "ACCESS_DENIED",         "Not enough permissions to access: {permission}")
    FIELDS_UNPERMITTED      = Row(1023, 403, 100,  "ACCESS_DENIED",         "Unpermitted fields present in {place}: Data Processing Exception while processing fields [{fields}]")
    THROTTLED               = Row(1024, 429, 101,  "TOO_MANY_REQUESTS",     "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.")
    IDEMPOTENCY_KEY_INVALID      = Row(1025, 400, None, "INVALID_IDEMPOTENCY_KEY", "Idempotency-Key must have 1 to {characters_max} visible ASCII characters")
    IDEMPOTENCY_KEY_REUSED       = Row(1026, 422, None, "IDEMPOTENCY_KEY_REUSED", "The Idempotency-Key was already used for a different request within the last {hours} hours")
    IDEMPOTENCY_KEY_IN_USE          = Row(1027, 409, None, "IDEMPOTENCY_KEY_IN_USE", "The first request with this Idempotency-Key is still in progress")
    IDEMPOTENCY_ANSWER_SEALED    = Row(1028, 409, None, "IDEMPOTENCY_ANSWER_SEALED", "The request with this Idempotency-Key was executed, but its response was sealed under a secret key that the server no longer has")
    # -- Rest.li (spec 12.2 and 12.3)
    PROTOCOL_UNKNOWN        = Row(1029, 400, None, None,                    "Rest.li protocol version {version} used by the client is not supported!")
    QUERY_SYNTAX            = Row(1030, 400, None, None,                    "Invalid query parameters syntax: {uri}")
    METHOD_HEADER           = Row(1031, 400, None, None,                    "{why}")
    PARAMETER_REQUIRED      = Row(1032, 400, None, None,                    "Parameter '{name}' is required")
    PARAMETER_INVALID       = Row(1033, 400, None, None,                    "Parameter '{name}' is invalid")
    PARAMETER_TYPE          = Row(1034, 400, None, None,                    "Argument parameter '{name}' value '{value}' must be of type '{type}'")
    BATCH_KEY_INVALID       = Row(1035, 400, None, None,                    "Batch key parameter value is invalid")
    BATCH_TOO_MANY_KEYS     = Row(1036, 400, None, None,                    "At most {keys_max} ids may be given, {found} were")
    PAGING_NEGATIVE         = Row(1037, 400, None, None,                    "start/count parameters must be non-negative")
    PAGING_NOT_INTEGER      = Row(1038, 400, None, None,                    "Invalid (non-integer) start/count parameters")
    JSON_MALFORMED          = Row(1039, 400, None, None,                    "Cannot parse request entity: {why}")
    ACTION_INVALID          = Row(1040, 400, None, None,                    "Parameters of method '{action}' failed validation with error '{why}'")
    ACTION_UNKNOWN          = Row(1041, 400, None, None,                    "Action '{action}' not found")
    FINDER_UNKNOWN          = Row(1042, 400, None, None,                    "Finder '{finder}' not found")
    BODY_INVALID            = Row(1043, 422, None, None,                    "{lines}")
    ENTITY_UNKNOWN          = Row(1044, 404, None, None,                    "Resource {key} does not exist")
    # -- the token endpoint (spec 2.2)
    GRANT_MISSING           = Row(2001, 400, None, "invalid_request",       'A required parameter "{name}" is missing')
    GRANT_UNSUPPORTED       = Row(2002, 400, None, "unsupported_grant_type", 'The grant type "{grant_type}" is not supported')
    FORM_MALFORMED          = Row(2003, 400, None, "invalid_request",       "The request body is not a readable form: {why}")
    CLIENT_ID_INVALID       = Row(2004, 400, None, "invalid_client_id",     'The passed in client_id is invalid "{client_id}"')
    CLIENT_AUTHENTICATION   = Row(2005, 401, None, "invalid_client",        "Client authentication failed")
    CLIENT_NOT_ALLOWED      = Row(2006, 401, None, "access_denied",         "This application is not allowed to create application tokens")
    # -- applications and contracts (spec 2.3 and 3)
    APPLICATION_CONFLICT    = Row(3001, 409, None, None,                    "An application with uniqueForeignId {unique_foreign_id} already exists")
    APPLICATION_UNKNOWN     = Row(3002, 404, 0,    None,                    "Developer application {key} does not exist")
    SECRETS_TOO_MANY        = Row(3003, 400, None, None,                    "Application {key} has {secrets_max} live secrets: retire the older one first")
    NOTICE_ENDPOINTS_MANY   = Row(3004, 400, None, "TOO_MANY_WEBHOOKS",     "An application may have at most {endpoints_max} webhooks")
    NOTICE_KEY_MISSING      = Row(3005, 400, None, "NO_SECRET_KEY",         "Webhooks need the operator's JOBMETER_SECRET_KEY, which is not set")
    NOTICE_ENDPOINT_GONE    = Row(3006, 409, None, "WEBHOOK_DISABLED",      "Webhook {webhook} is disabled, because its URL answered 410 Gone: update it to enable it again")
    PARTNER_CONFLICT        = Row(3007, 409, None, "PARTNER_EXISTS",        "A partner named {name} already exists: {key}")
    OPERATOR_KEY_EXISTS     = Row(3008, 409, None, "KEY_EXISTS",            "A key named {name} already exists: rotate it, revoke it, or choose another name")
    OPERATOR_KEY_ROTATING   = Row(3009, 409, None, "KEY_ROTATING",          "The key {name} has {secrets_max} valid secrets: retire the older one first, or send retiresOlder")
    CONTRACT_NOT_CHOSEN     = Row(3010, 400, None, None,                    "Parameter 'partnerContractId' is required: the partner has {count} contracts")
    CONTRACT_UNKNOWN        = Row(3011, 403, 100,  "ACCESS_DENIED",         "Caller is not authorized to access the fp4p contract")
    CONTRACT_ENDED          = Row(3012, 403, 100,  "ACCESS_DENIED",         "Partner contract {contract} is not in its service term")
    # -- money (design, laws of the money)
    PARTNER_REFERENCE_TAKEN = Row(3013, 409, None, "REFERENCE_TAKEN",       "Partner {partner} has the reference {reference} already")
    PERSON_ROLE_EXISTS      = Row(3021, 409, None, "ROLE_EXISTS",           "{email} has another role for the same: change it to {role}, or remove it")
    PEOPLE_TOO_MANY         = Row(3022, 409, None, "TOO_MANY_PEOPLE",       "A partner may have at most {people_max} people")
    LAST_MANAGER            = Row(3023, 409, None, "LAST_MANAGER",          "This is the partner's last manager: make another person a manager first")
    LOGINS_TOO_MANY         = Row(3024, 429, None, "TOO_MANY_LOGINS",       "Too many mails were asked for: try again in {minutes} minutes")
    CONFIRMATION_NEEDED     = Row(3025, 403, None, "CONFIRMATION_NEEDED",   "This needs a log-in that is at most {minutes} minutes old")
    CURRENCY_UNKNOWN        = Row(3101, 422, None, None,                    "{currency} is not an ISO 4217 currency code")
    AMOUNT_MALFORMED        = Row(3102, 422, None, None,                    "{amount} is not a decimal amount")
    AMOUNT_TOO_PRECISE      = Row(3103, 422, None, None,                    "{amount} has more than the {digits} decimal places of {currency}")
    AMOUNT_TOO_LARGE        = Row(3104, 422, None, None,                    "{amount} is too large")
    AMOUNT_NOT_POSITIVE     = Row(3105, 422, None, None,                    "{amount} is not above zero")
    CURRENCY_DIFFERS        = Row(3106, 400, None, None,                    "Currency {currency} differs from the contract's currency {expected}")
    REFERENCE_REUSED        = Row(3107, 409, None, None,                    "Reference {reference} was used for another posting")
    BALANCE_TOO_LOW         = Row(3108, 402, None, None,                    "Account {account} holds {balance}, less than {amount}")
    # -- job postings (spec 4.2)
    JOB_FIELDS_INVALID      = Row(4001, 422, None, None,                    "{lines}")
    JOB_ID_REPEATED         = Row(4002, 400, None, None,                    "externalJobPostingId {external_id} occurs more than once in the batch")
    JOBS_TOO_MANY           = Row(4003, 400, None, None,                    "A batch may have at most {elements_max} elements, {found} were sent")
    WORKPLACE_SEVERAL       = Row(4004, 400, None, None,                    "The workplaceTypes field cannot have more than one value provided. Provided values [{values}]")
    JOB_COMPANY_MISSING     = Row(4005, 400, None, None,                    "Either context or company or companyPageUrl or companyName must be provided")
    JOB_APPLY_URL_INVALID   = Row(4006, 400, None, None,                    "Invalid company apply url for job with externalPartnerId {external_id}, taskUrn {task}")
    JOB_LOCATIONS_TOO_MANY  = Row(4007, 422, None, None,                    "The job contains more than seven locations. Please ensure maximum seven locations per job")
    JOB_CONTRACT_DENIED     = Row(4008, 403, None, None,                    "Caller is not authorized to access the jobs for contract: {contract}")
    JOB_BUDGET_MISSING      = Row(4009, 400, None, None,                    "A job on the pay-for-performance contract {contract} needs budget.payForPerformanceTotalBudget")
    JOB_BUDGET_BELOW_PRICE  = Row(4010, 400, None, None,                    "The total budget {amount} is below the price of one apply click, {price}")
    JOB_NOT_CLOSABLE        = Row(4011, 409, None, None,                    "Cannot close job which is already closed or does not exist")
    CONTRACT_BUDGET_LOW     = Row(4012, 402, None, "PAYMENTS_INSUFFICIENT_FUNDS", "Insufficient lifetime budget for contract: {contract}")
    JOB_BUDGET_BELOW_SPENT  = Row(4013, 400, None, None,                    "The total budget {amount} is below what the job has spent, {spent}")
    JOB_SLOTS_EMPTY         = Row(4014, 402, None, None,                    "Insufficient job slots for contract = {contract} for purchase flow")
    JOB_PREMIUM_CONTRACT    = Row(4015, 400, None, None,                    "A premium job needs the contract whose slot it takes")
    # -- campaigns (spec 5)
    JOB_DAILY_BELOW_PRICE   = Row(4016, 400, None, None,                    "The daily budget {amount} is below the price of one apply click, {price}")
    JOB_DAILY_ABOVE_TOTAL   = Row(4017, 400, None, None,                    "The daily budget {amount} is above the total budget, {total}")
    JOB_BUDGET_RAISED_TOO_OFTEN = Row(4018, 400, None, None,                "The total budget cannot be raised to {amount}: what is ever reserved for one job adds up to at most {most}")
    CAMPAIGN_CONFLICT       = Row(4020, 409, None, None,                    "A campaign with partnerJobCampaignId {partner_job_campaign} already exists")
    CAMPAIGN_OVER           = Row(4021, 409, None, None,                    "Campaign {campaign} is {status} and cannot be changed")
    # -- events
    EVENTS_TOO_MANY         = Row(5001, 413, None, "TOO_MANY_EVENTS",       "A batch may have at most {rows_max} events")
    EVENTS_MALFORMED        = Row(5002, 400, None, "MALFORMED_BATCH",       "The batch cannot be read: {why}")
    EVENTS_MEDIA            = Row(5003, 415, None, "UNSUPPORTED_MEDIA",     "{media} is not supported; send a JSON array, NDJSON or CloudEvents")
    ENCODING_UNKNOWN        = Row(5008, 415, None, "UNSUPPORTED_ENCODING",  "Content encoding {encoding} is not supported; send gzip, zstd or none")
    ENCODING_BROKEN         = Row(5009, 400, None, "MALFORMED_ENCODING",    "The {encoding} body cannot be decompressed: {why}")
    DELIVERY_CURSOR_OLD     = Row(5010, 410, None, "CURSOR_TOO_OLD",        "Changes after cursor {cursor} are no longer available; request a new snapshot")
    JOB_GONE                = Row(5011, 410, None, "JOB_OVER",              "This job no longer accepts applications")
    OVERLOADED              = Row(5012, 503, None, "OVERLOADED",            "The service is temporarily unavailable; please retry")
    UNAVAILABLE             = Row(5013, 503, None, "UNAVAILABLE",           "The service is temporarily unavailable: the database {why}; please retry")
    EXCLUSIONS_TOO_MANY     = Row(5014, 409, None, "TOO_MANY_EXCLUSIONS",   "At most {exclusions_max} visitors and networks may be excluded")
    NOT_ACCEPTABLE          = Row(5015, 406, None, "NOT_ACCEPTABLE",        "{accepted} cannot be sent; accept one of {offered}")
    EXPORT_TOO_LARGE        = Row(5016, 422, None, "EXPORT_TOO_LARGE",      "The file would be larger than {bytes_max} bytes; ask for fewer days, or for csv or jsonl")
    # -- the reports (reports page, error details)
    JOB_REPORT_CALLER       = Row(6000, 403, 6000, None, "Caller is unauthorized to access the job reporting, unable to find valid customer developer application id.")
    BUDGET_REPORT_CALLER    = Row(6001, 403, 6001, None, "Caller is unauthorized to access the budget reporting, unable to find valid parent developer application id.")
    TERM_UNREADABLE         = Row(6003, 500, 6003, None, "Failed to find partner level service term metadata.")
    BUDGET_NOT_FOUND        = Row(6004, 404, 6004, None, "No partner level budget information found.")
    BUDGET_UNREADABLE       = Row(6005, 500, 6005, None, "Failed to find partner level budget information.")
    RANGE_MISSING           = Row(6006, 400, 6006, None, "Invalid DateRange! Date range query param should have start and end date.")
    RANGE_FIELDS            = Row(6007, 400, 6007, None, "Invalid DateRange! Start and end date is required with a valid day, month & year field.")
    RANGE_REVERSED          = Row(6008, 400, 6008, None, "Invalid DateRange! End date can not be before start date.")
    RANGE_TOO_OLD           = Row(6009, 400, 6009, None, "Invalid DateRange! Start date can not be outside of one year retention period.")
    RANGE_NOT_PAST          = Row(6010, 400, 6010, None, "Invalid DateRange! Today or future UTC date reporting metrics is not supported.")
    RANGE_TWO_MONTHS        = Row(6011, 400, 6011, None, "Invalid DateRange! Start and end date should be within the range of 1 calendar month.")
    POSTINGS_UNREADABLE     = Row(6012, 500, 6012, None, "Failed to find job posting details for provided external job posting ids.")
    JOB_NOT_REPORTED        = Row(6013, 404, 6013, None, "No job posting information found for a given externalJobPostingIds: {external_id}.")
    BUDGET_NOT_ACTIVE       = Row(6014, 404, 6014, None, "No active or revoke budget information found for the provided partner.")
    SPEND_UNREADABLE        = Row(6015, 500, 6015, None, "Failed to find lifetime job spend information for a provided external job posting ids.")
    SPEND_FAILED            = Row(6016, 500, 6016, None, "Internal error while fetching lifetime job spend information for a provided external job posting ids.")
    LIMIT_UNREADABLE        = Row(6017, 500, 6017, None, "Failed to find lifetime job budget limit information for a provided external job posting ids.")
    CHARGES_UNREADABLE      = Row(6018, 500, 6018, None, "Failed to find daily job charges for a provided external job posting ids.")
    ANALYTICS_FAILED        = Row(6019, 500, 6019, None, "Internal error while fetching analytics information for provided external job posting ids.")
    ANALYTICS_UNREADABLE    = Row(6020, 500, 6020, None, "Failed to find job performance analytics for a provided external job posting ids.")
    REPORT_IDS_TOO_MANY     = Row(6021, 400, 6021, None, "Maximum supported external job posting ids per request is 10.")
    BUDGET_CALLER_KIND      = Row(6022, 400, 6022, None, "Provided application id is not supported for partner level budget reports.")
    RANGE_TOO_LONG          = Row(6023, 400, 6023, None, "Invalid DateRange! Number of days between start and end date should not be more than 7 days.")
    PARTNER_CHARGES         = Row(6024, 500, 6024, None, "Failed to find daily job charges for a provided partner.")
    PARTNER_ANALYTICS       = Row(6025, 500, 6025, None, "Failed to find daily job analytic metrics for a provided partner.")
    PARTNER_POSTINGS        = Row(6026, 500, 6026, None, "Failed to find a set of external job posting ids for a provided partner.")
    # -- the XML jobs API and the job feed (xml spec 3, 4, 10 and 16)
    XML_MEDIA               = Row(7001, 415, None, None,                    "{media} is not supported; send text/xml, application/xml or application/json")
    XML_TOO_LARGE           = Row(7002, 413, None, None,                    "The document is too large: {what}")
    XML_ENCODING            = Row(7003, 400, None, None,                    "The character encoding is not accepted: {why}")
    XML_FORBIDDEN           = Row(7004, 400, None, None,                    "The document is not accepted: {what} is not allowed")
    XML_MALFORMED           = Row(7005, 400, None, None,                    "The document cannot be read: {why}")
    OAUTH_SCHEME            = Row(7010, 401, None, None,                    "Unknown authentication scheme")
    OAUTH_TOKEN_INVALID     = Row(7011, 401, None, None,                    "Invalid access token.")
    OAUTH_VERSION           = Row(7012, 401, None, "version_rejected",      "[unauthorized]. OAuth version {version} is not accepted.")
    OAUTH_ABSENT            = Row(7013, 401, None, "parameter_absent",      "[unauthorized]. The OAuth parameter {name} is missing.")
    OAUTH_REJECTED          = Row(7014, 401, None, "parameter_rejected",    "[unauthorized]. The OAuth parameter {name} cannot be read.")
    OAUTH_METHOD            = Row(7015, 401, None, "signature_method_rejected", "[unauthorized]. The OAuth signature method {method} is not accepted.")
    OAUTH_CONSUMER_UNKNOWN  = Row(7016, 401, None, "consumer_key_unknown",  "[unauthorized]. The consumer key is not known.")
    OAUTH_CONSUMER_REFUSED  = Row(7017, 401, None, "consumer_key_refused",  "[unauthorized]. The consumer key may not be used.")
    OAUTH_TIMESTAMP         = Row(7018, 401, None, "timestamp_refused",     "[unauthorized]. The OAuth timestamp must be within {seconds} seconds of {now}.")
    OAUTH_SIGNATURE         = Row(7019, 401, None, "signature_invalid",     "[unauthorized]. The OAuth signature does not fit the request.")
    OAUTH_TOKEN_REJECTED    = Row(7020, 401, None, "token_rejected",        "[unauthorized]. The token used in the OAuth request is not valid.")
    OAUTH_NONCE             = Row(7021, 401, None, "nonce_used",            "[unauthorized]. The OAuth nonce was used before.")
    JOBS_THROTTLED          = Row(7030, 403, None, None,                    "Throttle limit for calls to this resource is reached.")
    JOBS_DENIED             = Row(7031, 403, None, None,                    "Access to job posting denied")
    JOBS_METHOD             = Row(7032, 405, None, None,                    "Method {method} is not supported for {path}")
    JOB_KEY_INVALID         = Row(7033, 400, None, None,                    "Invalid job key: {why}")
    JOB_SELECTOR_INVALID    = Row(7034, 400, None, None,                    "Invalid field selector: {why}")
    JOB_SELECTOR_UNKNOWN    = Row(7035, 400, None, None,                    "Unknown field {name} in resource Job")
    JOB_DOCUMENT_INVALID    = Row(7036, 400, None, None,                    "{lines}")
    HIRING_CONTRACT_DENIED  = Row(7037, 403, None, None,                    "Access to contract {contract} denied")
    JOB_UNKNOWN             = Row(7038, 404, None, None,                    "Job not found.")
    JOB_DUPLICATE           = Row(7039, 409, None, None,                    "Duplicate job.")
    JOB_CLOSED              = Row(7040, 409, None, None,                    "Job is closed.")
    JOB_EXPIRED             = Row(7041, 409, None, None,                    "Job is expired.")
    INVENTORY_EMPTY         = Row(7042, 402, None, None,                    "No job inventory available.")
    JOB_ACTION_DENIED       = Row(7043, 403, None, "NOT_ALLOWED",           "{why}")
    JOB_CHANGED_MEANWHILE   = Row(7044, 409, None, "JOB_CHANGED",           "Job {job} was changed by another while you edited it; compare both versions and save again")
    # -- the operator and the sandbox
    OPERATOR_INPUT          = Row(8001, 400, None, "INVALID_INPUT",         "{field}: {why}")
    OPERATOR_UNKNOWN        = Row(8002, 404, None, "NOT_FOUND",             "There is no {what} {key}")
    SANDBOX_ONLY            = Row(8003, 403, None, "SANDBOX_ONLY",          "The clock of a production server cannot be moved")
    FAILURE_SANDBOX_ONLY    = Row(8004, 403, None, "SANDBOX_ONLY",          "Errors can be forced only in a sandbox; remove the header {header}")
    CLOCK_BACKWARDS         = Row(8005, 400, None, "CLOCK_BACKWARDS",       "The clock shows {now}; it cannot be moved back to {wanted}")
    # -- billing
    BILLING_ACCOUNT_EXISTS  = Row(8101, 409, None, "ACCOUNT_EXISTS",        "Partner {partner} has a billing account in {currency} already: {account}")
    CONTRACT_BILLED         = Row(8102, 409, None, "CONTRACT_BILLED",       "Contract {contract} is billed by account {account}; this cannot be changed once a month of it is billed")
    MONTH_BILLED            = Row(8103, 422, None, "MONTH_BILLED",          "{day} cannot be changed: everything until {through} is billed already")
    STATEMENT_TOO_LONG      = Row(8104, 422, None, "STATEMENT_TOO_LONG",    "The statement has more than {lines_max} lines; ask for another format, or for one job code")
    DAYS_FOLDED             = Row(8105, 422, None, "DAYS_FOLDED",           "The days of contract {contract} before {day} are kept as sums only: the first month of its clicks can be {month} or later")
    MONTH_NOT_FINAL         = Row(8110, 409, None, "MONTH_NOT_FINAL",       "{month} cannot be billed yet: its last day is final on {day}")
    DOCUMENT_NOT_DRAFT      = Row(8111, 409, None, "DOCUMENT_ISSUED",       "{document} is issued: it cannot be changed, only corrected by a credit note")
    CREDIT_TOO_HIGH         = Row(8112, 422, None, "CREDIT_TOO_HIGH",       "{what} has {left} left to credit, {amount} cannot be credited")
    DOCUMENT_NOT_CREDITABLE = Row(8113, 409, None, "NOT_CREDITABLE",        "{document} cannot be credited: only an issued invoice can")
    DOCUMENT_NOT_PAYABLE    = Row(8120, 409, None, "NOT_PAYABLE",           "{document} cannot be paid: only an issued invoice can")
    PAYMENT_NOT_REVERSIBLE  = Row(8121, 409, None, "NOT_REVERSIBLE",        "Nothing is left of payment {payment} that could go back")
    PAYMENT_EXCEEDED        = Row(8122, 422, None, "PAYMENT_EXCEEDED",      "{amount} is more than the {left} that is left of payment {payment}")
    PROVIDER_MISSING        = Row(8123, 409, None, "NO_PROVIDER",           "No payment provider is configured: set JOBMETER_STRIPE_KEY")
    PROVIDER_SIGNATURE      = Row(8124, 400, None, "SIGNATURE_INVALID",     "This is no event of {provider}: its signature is wrong or too old, or its content is another")
    PROVIDER_FAILED         = Row(8125, 502, None, "PROVIDER_FAILED",       "{provider} did not do it: {why}")
    FORMAT_UNAVAILABLE      = Row(8201, 404, None, "FORMAT_UNAVAILABLE",    "{document} is not available as {format}: {why}")
    FILE_PENDING            = Row(8202, 503, None, "FILE_PENDING",          "The {format} of {document} is being made; please retry")
    EXTRA_MISSING           = Row(8203, 501, None, "EXTRA_MISSING",         "This server cannot make {what}: pip install 'jobmeter[{extra}]'")
    # -- the web pages of people
    FORM_NOT_OURS           = Row(8501, 403, None, "FORM_NOT_OURS",         "The form was not accepted: {why}")
    LOGIN_NEEDED            = Row(8502, 403, None, "LOGIN_NEEDED",          "{path} needs a person who is logged in")
    PAGE_NOT_ALLOWED        = Row(8503, 403, None, "PAGE_NOT_ALLOWED",      "The role {role} may not use {path}")
    INTERNAL                = Row(9001, 500, None, "INTERNAL",              "Internal Server Error")
    GATEWAY_TIMEOUT         = Row(9002, 504, None, "GATEWAY_TIMEOUT",       "Gateway Timeout")
    # fmt: on

    @classmethod
    def find(cls, code: int) -> "Fault | None":
        """Returns the fault with this ``code`` or ``serviceErrorCode``, or ``None``; 0 and 100 are not unique, so they match none."""
        named = (fault for fault in cls if code in {fault.row.code, fault.row.service})
        return next(named, None) if code > 100 else None

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed a little later; such a response has a ``Retry-After``."""
        return self in {Fault.OVERLOADED, Fault.UNAVAILABLE, Fault.FILE_PENDING}

    @property
    def row(self) -> Row:
        row = self.value
        assert isinstance(row, Row)
        return row


class Refused(Exception):  # noqa: N818 -- named after what happened: the request was refused
    """The request is refused with the row ``fault``; the parameters of its message are keywords."""

    def __init__(self, fault: Fault, **parameters: object) -> None:
        self.fault = fault
        self.parameters = parameters
        self.message = fault.row.message.format(**parameters)
        super().__init__(self.message)


class CommandFailed(Exception):  # noqa: N818 -- reads as what happened
    """One clear line about why a command cannot do its work, for the person who can change that."""
