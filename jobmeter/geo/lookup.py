"""Owns location look-ups. Does not own the data (``gazetteer``)."""

from jobmeter.geo import gazetteer
from jobmeter.geo.model import Address, FoundPlace


def find_places(text: str, *, locale: str, places_max: int) -> list[FoundPlace]:
    """Returns the places that match a location text, best first; in English if ``locale`` is unknown."""
    return [
        FoundPlace(place.number, place.text(locale), place.country)
        for place in gazetteer.search_places(text, places_max=places_max)
    ]


def parse_address(text: str, *, country: str = "") -> Address:
    """Returns city, region and country (ISO 3166) of a location text. A match outside ``country``, if given, is ignored."""
    place = gazetteer.find_place(text)
    if place is None or country not in {"", place.country}:
        return Address(locality=text, region="", country=country or gazetteer.country_of(text))
    return Address(locality=place.city, region=place.region, country=place.country)
