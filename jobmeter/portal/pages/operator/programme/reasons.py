"""Owns what the pages say of a rule of settlement or a filter of intake, in the words that partners read."""

from jobmeter.metering.model import Verdict
from jobmeter.portal.catalogue.texts import mark
from jobmeter.settlement.model import Rule

RULE_TEXTS = {
    Rule.SAME_EVENT: mark("the same event was sent before under another time"),
    Rule.EXCLUDED: mark("the operator has excluded it"),
    Rule.DATA_CENTRE: mark("it came from a data centre's network"),
    Rule.REPEATED_CLICK: mark("the visitor had already clicked on this job that day"),
    Rule.VISITOR_BURST: mark("the visitor clicked on too many jobs at once"),
    Rule.ADDRESS_BURST: mark("too many jobs were clicked from one network at once"),
    Rule.NO_VIEW: mark("the visitor never viewed the job"),
}
VERDICT_TEXTS = {
    Verdict.JOB_NOT_LIVE: mark("the job was not live at that time"),
    Verdict.CRAWLER: mark("it is a crawler's, by its user agent or as declared"),
    Verdict.OUTSIDE_MARKET: mark("it came from another country than the job is for"),
    Verdict.EXCLUDED_VISITOR: mark("the visitor is one of those the customer excluded"),
    Verdict.NOT_A_BROWSER: mark(
        "its user agent is not that of a known browser, or is absent where the contract requires one"
    ),
    Verdict.BURST: mark("too many clicks of one visitor or network in a short time"),
}
