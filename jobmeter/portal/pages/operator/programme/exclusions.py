"""``/portal/operator/exclusions`` and ``/networks``: clicks that the operator excludes by hand, and lists of networks."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import read_day
from jobmeter.http.parameters import CURSOR_DIGITS_MAX, read_query_id
from jobmeter.metering.intake import model as identity
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.fields import Fields
from jobmeter.settlement.acts import flow as acts
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion

EXCLUSIONS, NETWORKS = "/portal/operator/exclusions", "/portal/operator/networks"
PAGE_ROWS = 50
CRITERIA = {
    Criterion.VISITOR: mark("Visitor"),
    Criterion.ADDRESS: mark("Network of an address"),
    Criterion.JOB: mark("Job, by its number"),
    Criterion.EVENT: mark("Event"),
    Criterion.DAY: mark("A whole day"),
}
NOT_MATCHED = mark("Nothing can be matched by this: check how it is written")
DAY_SETTLED = mark("This day is settled: give a credit for its charges instead")
NO_JOB = mark("There is no job with this number")
NO_DAY = mark("Enter the day as 2026-03-02, or leave it empty for every day that is not settled")
NO_NETWORK = mark("Enter one network a line, such as 198.51.100.0/24: %(why)s")


async def list_exclusions(visit: Visit) -> Response:
    return await _show_exclusions(visit)


async def add_exclusion(visit: Visit) -> Response:
    fields = Fields(visit, visit.form)
    exclusion = _read_exclusion(fields)
    if not fields.problems:
        try:
            async with visit.app.database.transaction() as connection:
                await acts.exclude(connection, exclusion, record=visit.context.record, now=visit.context.now)
        except Refused as refused:
            if refused.fault not in {Fault.OPERATOR_INPUT, Fault.OPERATOR_UNKNOWN}:
                raise
            is_day = refused.fault is Fault.OPERATOR_INPUT
            fields.refuse("day" if is_day else "subject", DAY_SETTLED if is_day else NO_JOB)
        else:
            return visit.redirect(EXCLUSIONS, done="exclusion")
    return await _show_exclusions(visit, fields.problems)


async def remove_exclusion(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    text = visit.form.get("exclusion", "")
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.OPERATOR_UNKNOWN, what="exclusion", key=text[:40])
    async with visit.app.database.transaction() as connection:
        await acts.remove_exclusion(connection, exclusion_id=int(text), record=visit.context.record)
    return visit.redirect(EXCLUSIONS, done="exclusion-removed")


def _read_exclusion(fields: Fields) -> Exclusion:
    """What is excluded is kept as the number by which events are compared, never as it was entered."""
    name = fields.get("criterion").upper()
    criterion = Criterion[name] if name in Criterion.__members__ else Criterion.VISITOR
    text, subject, origin = fields.get("subject"), 0, b""
    day = read_day(fields.get("day"))
    if day is None and (fields.get("day") or criterion is Criterion.DAY):
        fields.refuse("day", NO_DAY)
    if criterion is Criterion.VISITOR:
        subject = identity.find_visitor(text)
    elif criterion is Criterion.ADDRESS:
        subject = identity.find_address(text)
    elif criterion is Criterion.EVENT:
        origin = identity.find_origin(source=fields.get("source"), event_id=text) or b""
    elif criterion is Criterion.JOB and text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX:
        subject = int(text)
    if criterion is not Criterion.DAY and not subject and not origin:
        fields.refuse("subject", NOT_MATCHED)
    return Exclusion(criterion, subject, origin, day, fields.read_text("note"))


async def _show_exclusions(visit: Visit, problems: Mapping[str, str] = MappingProxyType({})) -> Response:
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.connection() as connection:
        found = await click_rules.list_exclusions(connection, after=after, rows_max=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    return visit.show(
        "operator/programme/exclusions.html",
        problems=problems,
        exclusions=[(one, acts.serialize_exclusion(one)) for one in shown],
        criteria=CRITERIA,
        given={
            name: visit.form.get(name, "")[:300] for name in ("criterion", "subject", "source", "day", "note")
        },
        first=EXCLUSIONS if after else "",
        following=f"?after={shown[-1].id}" if len(found) > PAGE_ROWS else "",
    )


async def list_networks(visit: Visit) -> Response:
    return await _show_networks(visit)


async def replace_networks(visit: Visit) -> Response:
    """The lines of the form are the whole list from then on; an empty one removes it."""
    fields = Fields(visit, visit.form)
    name = fields.read_text("name")
    networks = [line.strip() for line in visit.form.get("networks", "").splitlines() if line.strip()]
    if not fields.problems:
        try:
            async with visit.app.database.transaction() as connection:
                await acts.replace_networks(
                    connection,
                    list_name=name,
                    networks=networks,
                    record=visit.context.record,
                    now=visit.context.now,
                )
        except Refused as refused:
            if refused.fault is not Fault.OPERATOR_INPUT:
                raise
            fields.refuse("networks", NO_NETWORK, why=refused.parameters["why"])
        else:
            return visit.redirect(NETWORKS, done="networks")
    return await _show_networks(visit, fields.problems)


async def _show_networks(visit: Visit, problems: Mapping[str, str] = MappingProxyType({})) -> Response:
    async with visit.app.database.connection() as connection:
        lists = await click_rules.list_network_lists(connection)
    return visit.show(
        "operator/programme/networks.html",
        problems=problems,
        lists=lists,
        given={"name": visit.form.get("name", "")[:300], "networks": visit.form.get("networks", "")},
    )
