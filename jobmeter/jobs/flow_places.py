"""Owns the verb of the location look-up. Does not own the gazetteer (``places``)."""

from jobmeter.jobs import places
from jobmeter.jobs.model_places import FoundPlace


def find_places(text: str, *, locale: str, places_max: int) -> list[FoundPlace]:
    """Places that a location text may mean, the best first; in English where ``locale`` is not known."""
    return [
        FoundPlace(place.number, place.text(locale), place.country)
        for place in places.search_places(text, places_max=places_max)
    ]
