"""Owns why clicks were not charged, in the words of the flows, so that the catalogue has them in every language."""

from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit

REASONS = frozenset(
    {
        # of intake
        mark("counts"),
        mark("the event cannot be read"),
        mark("no such job"),
        mark("older than 48 hours, or than its contract allows"),
        mark("its time is in the future"),
        mark("the job was not live at that time"),
        mark("it is a crawler's, by its user agent or as declared"),
        mark("it came from another country than the job is for"),
        mark("the visitor is one of those the customer excluded"),
        mark("its user agent is not that of a known browser, or is absent where the contract requires one"),
        mark("too many clicks of one visitor or network in a short time"),
        # of settlement
        mark("the same event was sent before under another time"),
        mark("the operator has excluded it"),
        mark("it came from a data centre's network"),
        mark("the visitor had already clicked on this job that day"),
        mark("the visitor clicked on too many jobs at once"),
        mark("too many jobs were clicked from one network at once"),
        mark("the visitor never viewed the job"),
        # of the budget
        mark("the job's budget, or its limit of the day, was used up: counted and free"),
        mark("the budget, or its share of the day, was spent"),
        mark("the job does not pay per click"),
        mark("charged"),
    }
)


def write_reason(visit: Visit, message: str) -> str:
    """Returns a reason as a sentence of the page, in the viewer's language."""
    text = visit.gettext(message) if message in REASONS else message
    return text[:1].upper() + text[1:]
