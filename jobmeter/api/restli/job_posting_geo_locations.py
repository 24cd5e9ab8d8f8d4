"""``GET /rest/jobPostingGeoLocations?q=search&location=...``: finds the places that a location text may mean (offline gazetteer)."""

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import LOCATION_CHARACTERS_MAX
from jobmeter.geo import lookup as places
from jobmeter.wire.restli.envelopes import wrap_finder
from jobmeter.wire.restli.paging import make_paging, parse_paging

LOCALE_DEFAULT = "en"
COUNT_DEFAULT = 10
PLACES_MAX = 50


async def find_locations(call: Call) -> Reply:
    """Places, best match first: ``geo`` is the place's URN, ``location`` its standardized text in ``locale``."""
    location = call.parameters.get("location")
    if not isinstance(location, str) or not location.strip():
        raise Refused(Fault.PARAMETER_REQUIRED, name="location")
    locale = call.parameters.get("locale", LOCALE_DEFAULT)
    if not isinstance(locale, str) or len(location) > LOCATION_CHARACTERS_MAX:
        raise Refused(Fault.PARAMETER_INVALID, name="location" if isinstance(locale, str) else "locale")
    page = parse_paging(
        call.parameters.get("start"),
        call.parameters.get("count"),
        count_default=COUNT_DEFAULT,
        count_max=PLACES_MAX,
    )
    found = places.find_places(location, locale=locale, places_max=PLACES_MAX)
    shown = found[page.start : page.start + page.count]
    elements = [{"geo": place.urn, "location": place.text, "countryCode": place.country} for place in shown]
    paging = make_paging(page, path=call.path, query=call.query, returned=len(shown), total=len(found))
    return Reply(wrap_finder(elements, paging))
