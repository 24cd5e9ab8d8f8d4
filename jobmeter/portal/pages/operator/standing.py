"""Owns how the standing of a partner is shown: a shape and a word."""

from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.reports.cockpit.model import PartnerState

PARTNER_CHIPS = {
    PartnerState.INVOICE_OVERDUE: StateChip(kind="bad", shape="triangle", text=mark("Invoice overdue")),
    PartnerState.LIMIT_REACHED: StateChip(kind="bad", shape="triangle", text=mark("Limit nearly reached")),
    PartnerState.NOTHING_POSTED: StateChip(kind="still", shape="empty", text=mark("Nothing posted")),
    PartnerState.IN_ORDER: StateChip(kind="good", shape="full", text=mark("In order")),
}
