"""Owns the verbs of the location look-up. Does not own the gazetteer (``gazetteer``)."""

from jobmeter.geo import gazetteer
from jobmeter.geo.model import Address, FoundPlace


def find_places(text: str, *, locale: str, places_max: int) -> list[FoundPlace]:
    """Places that a location text may mean, the best first; in English where ``locale`` is not known."""
    return [
        FoundPlace(place.number, place.text(locale), place.country)
        for place in gazetteer.search_places(text, places_max=places_max)
    ]


def parse_address(text: str, *, country: str = "") -> Address:
    """City, region and country (ISO 3166) of a location text, which lies in ``country`` where one is given."""
    place = gazetteer.find_place(text)
    if place is None or country not in {"", place.country}:
        return Address(locality=text, region="", country=country or gazetteer.country_of(text))
    return Address(locality=place.city, region=place.region, country=place.country)
