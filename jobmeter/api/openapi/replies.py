"""Owns the JSON schemas of responses that a client reads field by field: reports, statuses, charges, invoices, webhooks.

Does not own the schemas of requests (``schemas``). A test compares responses of a sandbox with them, without any other field.
"""

from typing import Any, Final

from jobmeter.api.openapi.schemas import (
    FLAG,
    LONG,
    RECORD,
    TEXT,
    TIME_MS,
    Schema,
    batch_of,
    list_of,
    map_of,
    one_of,
    page_of,
    record,
    refer,
    text_of,
)
from jobmeter.audit.model import Action, ActorKind, Door
from jobmeter.billing.model import DocumentKind, DocumentState, LineKind
from jobmeter.notifications.model import DeliveryState, NotificationKind

_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_DAY: Final[Schema] = {"type": "string", "format": "date"}
_DECIMAL: Final = text_of(r"^-?[0-9]+(\.[0-9]+)?$", "21.84")


def optional(schema: Schema) -> Schema:
    """The value, or ``null``."""
    return (
        {**schema, "type": [schema["type"], "null"]}
        if "type" in schema
        else {"anyOf": [schema, {"type": "null"}]}
    )


def whole(**fields: Schema) -> Schema:
    """A record all of whose fields are present."""
    return record(" ".join(fields), **fields)


def page_after(schema: Schema, after: Schema) -> Schema:
    """A page of a list in plain JSON; ``nextAfter`` is ``null`` on the last one."""
    return whole(elements=list_of(schema), nextAfter=optional(after))


_DETAIL: Final = whole(errorCode=optional(TEXT), errorType=TEXT, statusMessage=TEXT)
_FIGURES: Final = whole(
    views=LONG, applyClicks=LONG, clicksCharged=LONG, clicksRefused=LONG, charge=optional(_DECIMAL)
)
_STREAMED: Final[dict[str, Any]] = {
    "cursor": TEXT,
    "jobPosting": TEXT,
    "externalJobPostingId": TEXT,
    "developerApplication": TEXT,
    "day": _DAY,
}
_WEBHOOK: Final[dict[str, Any]] = {
    "id": LONG,
    "url": optional(TEXT),
    "email": optional(TEXT),
    "kinds": list_of(one_of(" ".join(NotificationKind))),
    "createdAt": _TIME,
    "pausedUntil": optional(_TIME),
    "disabledAt": optional(_TIME),
}
_INVOICE: Final[dict[str, Any]] = {
    "id": LONG,
    "kind": one_of(" ".join(DocumentKind)),
    "number": optional(TEXT),
    "state": one_of(" ".join(DocumentState)),
    "account": LONG,
    "partner": LONG,
    "month": TEXT,
    "currencyCode": TEXT,
    **dict.fromkeys(("net", "tax", "total", "credited", "paid", "open"), _DECIMAL),
    "lineCount": LONG,
    "issuedAt": optional(_TIME),
    "dueOn": optional(_DAY),
    "corrects": optional(TEXT),
    "note": TEXT,
}

REPLY_SCHEMAS: Final[dict[str, Schema]] = {
    "PostingStatus": whole(
        externalJobPostingId=TEXT,
        jobPostingInfo=whole(
            expireAt=optional(TIME_MS),
            listedAt=optional(TIME_MS),
            location=optional(TEXT),
            alternateLocations=optional(list_of(TEXT)),
            companyDetails=whole(name=optional(TEXT), pageUrl=optional(TEXT)),
            visibilityTag=optional(TEXT),
        ),
        jobPostingUrl=optional(TEXT),
        linkedInApplyStatus=TEXT,
        linkedInApplyStatusDetail=optional(_DETAIL),
        listingStatus=one_of("IN_PROGRESS LISTED NOT_LISTED"),
        listingStatusDetail=optional(_DETAIL),
        promotionStatus=TEXT,
        promotionStatusDetail=optional(_DETAIL),
        jobCampaign=optional(TEXT),
        partnerJobCampaign=optional(TEXT),
        rawLocation=optional(TEXT),
    ),
    "PostingStatuses": batch_of(refer("PostingStatus")),
    "JobDay": whole(date=refer("CalendarDay"), charge=refer("Money"), applyClickCount=LONG, viewCount=LONG),
    "JobReport": record(
        "jobPostingInfo",
        jobPostingInfo=record(
            "externalJobPostingId linkedInJobPostingId",
            externalJobPostingId=TEXT,
            linkedInJobPostingId=LONG,
            companyDetails=record(companyName=TEXT, companyPage=TEXT),
            companyApplyUrl=TEXT,
            jobTitle=TEXT,
            closeAt=TIME_MS,
            partnerJobCampaign=TEXT,
        ),
        lifetimeJobBudgetInfo=whole(lifetimeBudgetSpent=refer("Money"), lifetimeBudgetLimit=refer("Money")),
        jobPerformanceMetrics=list_of(refer("JobDay")),
    ),
    "JobReportsByIds": batch_of(refer("JobReport")),
    "JobReportsByRange": page_of(refer("JobReport")),
    "Charge": whole(
        type=one_of("CHARGE REVERSE ADJUST"),
        **_STREAMED,
        reference=TEXT,
        amount=refer("Money"),
        bookedAt=_TIME,
        corrects=optional(TEXT),
    ),
    "DayRestatement": whole(
        type=one_of("RESTATEMENT"),
        **_STREAMED,
        number=LONG,
        recordedAt=_TIME,
        cause=one_of("SETTLEMENT LATE_EVENTS"),
        batch=optional(LONG),
        reversed=map_of(LONG),
        change=_FIGURES,
        after=_FIGURES,
    ),
    "Charges": whole(
        elements=list_of({"anyOf": [refer("Charge"), refer("DayRestatement")]}), cursor=TEXT, hasMore=FLAG
    ),
    "Webhook": whole(**_WEBHOOK),
    "NewWebhook": whole(**_WEBHOOK, secret=TEXT),
    "Webhooks": whole(elements=list_of(refer("Webhook"))),
    "WebhookSecret": whole(id=LONG, secret=TEXT),
    "WebhookDelivery": whole(
        id=TEXT,
        number=TEXT,
        way=TEXT,
        kind=TEXT,
        subject=TEXT,
        state=one_of(" ".join(DeliveryState)),
        attempts=LONG,
        lastOutcome=optional(TEXT),
        answer=optional(whole(status=LONG, text=TEXT, milliseconds=LONG)),
        dueAt=optional(_TIME),
        createdAt=_TIME,
        finishedAt=optional(_TIME),
        body=RECORD,
    ),
    "WebhookDeliveries": page_after(refer("WebhookDelivery"), TEXT),
    "AuditRecord": whole(
        id=LONG,
        at=_TIME,
        who=whole(kind=one_of(" ".join(ActorKind)), id=optional(LONG), name=optional(TEXT)),
        door=one_of(" ".join(Door)),
        action=one_of(" ".join(Action)),
        subject=whole(kind=TEXT, id=TEXT),
        partner=optional(LONG),
        before=RECORD,
        after=RECORD,
        requestId=optional(TEXT),
    ),
    "AuditRecords": page_after(refer("AuditRecord"), LONG),
    "InvoiceSummary": whole(**_INVOICE),
    "InvoiceSummaries": page_after(refer("InvoiceSummary"), LONG),
    "Invoice": whole(
        **_INVOICE,
        seller=RECORD,
        buyer=RECORD,
        taxes=list_of(whole(category=TEXT, ratePercent=_DECIMAL, reason=TEXT, base=_DECIMAL, tax=_DECIMAL)),
        digest=optional(TEXT),
    ),
    "InvoiceLine": whole(
        line=LONG,
        kind=one_of(" ".join(LineKind)),
        contract=LONG,
        jobId=optional(LONG),
        application=LONG,
        **dict.fromkeys(("externalId", "title", "companyName", "customerJobCode", "posterEmail"), TEXT),
        firstAt=_TIME,
        lastAt=_TIME,
        quantity=LONG,
        price=_DECIMAL,
        net=_DECIMAL,
        taxCategory=TEXT,
        taxRatePercent=_DECIMAL,
        corrects=optional(whole(number=optional(TEXT), line=LONG)),
    ),
    "InvoiceLines": page_after(refer("InvoiceLine"), LONG),
}

# The responses of operations in plain JSON whose row in the table of endpoints names none.
REPLIES: Final[dict[str, str]] = {
    "listPartnerWebhooks": "Webhooks",
    "registerPartnerWebhook": "NewWebhook",
    "updatePartnerWebhook": "Webhook",
    "createPartnerWebhookSecret": "WebhookSecret",
    "listPartnerWebhookDeliveries": "WebhookDeliveries",
    "listPartnerAudit": "AuditRecords",
    "listOperatorAudit": "AuditRecords",
    "listPartnerInvoices": "InvoiceSummaries",
    "getPartnerInvoice": "Invoice",
    "listPartnerInvoiceLines": "InvoiceLines",
    "listOperatorInvoices": "InvoiceSummaries",
    "getOperatorInvoice": "Invoice",
    "listOperatorInvoiceLines": "InvoiceLines",
}
