"""Owns the gazetteer: the countries of the CLDR and a few hundred large cities. Standardizes location texts and finds places.

An unknown text is returned unchanged. Does not own how places are used.
"""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from jobmeter.base.lists import list_parts
from jobmeter.base.readers.countries import ALIASES, CODES

_ALSO_CALLED = ALIASES | {"USA": "US", "ENGLAND": "GB", "SCOTLAND": "GB", "WALES": "GB"}
_CITIES_ALSO_CALLED = {
    "NEW YORK": "NEW YORK CITY", "BANGALORE": "BENGALURU", "GURGAON": "GURUGRAM", "MUNCHEN": "MUNICH",
    "KOLN": "COLOGNE", "WIEN": "VIENNA", "ROMA": "ROME", "MILANO": "MILAN", "TORINO": "TURIN", "LISBOA": "LISBON",
    "PRAHA": "PRAGUE", "WARSZAWA": "WARSAW", "CRACOW": "KRAKOW", "GENEVE": "GENEVA", "BRUXELLES": "BRUSSELS",
    "DEN HAAG": "THE HAGUE", "KOBENHAVN": "COPENHAGEN", "GOTEBORG": "GOTHENBURG", "NURNBERG": "NUREMBERG",
    "HANNOVER": "HANOVER", "FRANKFURT AM MAIN": "FRANKFURT", "SEVILLA": "SEVILLE", "FIRENZE": "FLORENCE",
    "NAPOLI": "NAPLES", "GENOVA": "GENOA", "WASHINGTON DC": "WASHINGTON", "WASHINGTON D.C.": "WASHINGTON",
    "NYC": "NEW YORK CITY", "MUENCHEN": "MUNICH", "KOELN": "COLOGNE", "NUERNBERG": "NUREMBERG", "ZUERICH": "ZURICH",
    "DUESSELDORF": "DUSSELDORF",
}  # fmt: skip
# The states of the cities in the data file.
_US_STATES = {
    "AL": "ALABAMA", "AK": "ALASKA", "AZ": "ARIZONA", "AR": "ARKANSAS", "CA": "CALIFORNIA", "CO": "COLORADO",
    "CT": "CONNECTICUT", "FL": "FLORIDA", "GA": "GEORGIA", "HI": "HAWAII", "ID": "IDAHO", "IL": "ILLINOIS",
    "IN": "INDIANA", "IA": "IOWA", "KS": "KANSAS", "KY": "KENTUCKY", "LA": "LOUISIANA", "ME": "MAINE",
    "MD": "MARYLAND", "MA": "MASSACHUSETTS", "MI": "MICHIGAN", "MN": "MINNESOTA", "MS": "MISSISSIPPI",
    "MO": "MISSOURI", "NE": "NEBRASKA", "NV": "NEVADA", "NH": "NEW HAMPSHIRE", "NJ": "NEW JERSEY",
    "NM": "NEW MEXICO", "NY": "NEW YORK", "NC": "NORTH CAROLINA", "OH": "OHIO", "OK": "OKLAHOMA", "OR": "OREGON",
    "PA": "PENNSYLVANIA", "RI": "RHODE ISLAND", "SC": "SOUTH CAROLINA", "TN": "TENNESSEE", "TX": "TEXAS",
    "UT": "UTAH", "VT": "VERMONT", "VA": "VIRGINIA", "WA": "WASHINGTON", "WI": "WISCONSIN",
    "DC": "DISTRICT OF COLUMBIA",
}  # fmt: skip
LOCALE_DEFAULT = "en"
# Country names are recognized in these languages, in addition to English.
_LANGUAGES = (
    "de", "fr", "es", "it", "pt", "nl", "da", "sv", "nb", "fi", "pl", "cs", "hu", "ro", "tr", "el", "ru", "uk", "ar",
    "he", "hi", "id", "vi", "th", "ja", "ko", "zh",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A country or a city. ``number`` is stable as long as lines are only appended to the data file."""

    number: int
    city: str
    region: str
    country: str
    inhabitants_thousands: int

    def text(self, locale: str = LOCALE_DEFAULT) -> str:
        """Returns ``City, Region, Country``, with the country in the language of ``locale`` if that is known."""
        country = _territories(locale).get(self.country, self.country)
        region = "" if self.region == self.city else self.region
        return ", ".join(part for part in (self.city, region, country) if part)


@lru_cache(maxsize=64)
def _territories(locale: str) -> dict[str, str]:
    try:
        parsed = Locale.parse(locale.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        parsed = Locale(LOCALE_DEFAULT)
    return {code: name for code, name in parsed.territories.items() if len(code) == 2}


@lru_cache(maxsize=1)
def _codes_by_english_name() -> dict[str, str]:
    return {_fold(name): code for code, name in _territories(LOCALE_DEFAULT).items()}


@lru_cache(maxsize=1)
def _codes_by_other_name() -> dict[str, str]:
    """Countries by folded name in other languages; used if no English name matches.

    English names, cities and states take precedence (``Granada`` is a city, not Grenada); a name that refers to
    different countries in different languages is omitted.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for language in _LANGUAGES:
        for code, name in _territories(language).items():
            found[_fold(name)].add(code)
    known = {
        *_codes_by_english_name(), *_cities(), *_CITIES_ALSO_CALLED, *_US_STATES, *_US_STATES.values(),
    }  # fmt: skip
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1 and name not in known}


def _fold(text: str) -> str:
    """Converts to upper case, without accents, hyphens and repeated spaces."""
    decomposed = unicodedata.normalize("NFKD", text.replace("-", " "))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).upper().split())


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[Place]]:
    """Cities by folded name; of several with the same name, the largest first."""
    found: dict[str, list[Place]] = defaultdict(list)
    number = 10_000
    for line in files("jobmeter.geo").joinpath("data", "cities.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, region, cities = line.split("|")
        for city in cities.split(";"):
            name, _, thousands = city.strip().rpartition(" ")
            number += 1
            found[_fold(name)].append(
                Place(
                    number=number,
                    city=name,
                    region=region,
                    country=country,
                    inhabitants_thousands=int(thousands),
                )
            )
    for places in found.values():
        places.sort(key=lambda place: -place.inhabitants_thousands)
    return dict(found)


@lru_cache(maxsize=1)
def _countries() -> dict[str, Place]:
    codes = sorted(_territories(LOCALE_DEFAULT))
    return {
        code: Place(number=number, city="", region="", country=code, inhabitants_thousands=0)
        for number, code in enumerate(codes, start=1)
    }


def _country_code(part: str) -> str:
    wanted = _fold(part)
    if len(wanted) == 2 and wanted in _countries():
        return wanted
    known = _ALSO_CALLED.get(wanted) or _codes_by_english_name().get(wanted)
    return known or _codes_by_other_name().get(wanted, "")


@lru_cache(maxsize=10_000)
def find_country(text: str) -> str:
    """Returns the ISO 3166 code of a country's code of two or three letters, or of its name in a known language."""
    wanted = _fold(text)
    if len(wanted) == 3:
        of_three = get_global("territory_aliases").get(wanted)
        if of_three is not None and len(of_three) == 1 and of_three[0] in CODES:
            return str(of_three[0])
    code = _country_code(text)
    return code if code in CODES else ""


@lru_cache(maxsize=10_000)
def country_of(location: str) -> str:
    """Returns the ISO 3166 code of ``"City, State, Country"``; empty if neither a country nor a city is known."""
    code = _country_code(location.rsplit(",", 1)[-1])
    if "," in location:
        place = find_place(location)
        # "San Jose, CA" is not in Canada: if the city is known, its country is used.
        return place.country if place is not None else code
    if code:
        return code
    place = find_place(location)
    return "" if place is None else place.country


@lru_cache(maxsize=10_000)
def find_place(location: str) -> Place | None:
    """Returns the place of a text such as ``"Sunnyvale, California"``, the largest if several match, or ``None``."""
    parts = list_parts(location)
    if not parts:
        return None
    if len(parts) == 1 and _country_code(parts[0]):
        return _countries().get(_country_code(parts[0]))
    name = _fold(parts[0])
    candidates = _cities().get(_CITIES_ALSO_CALLED.get(name, name), [])
    for place in candidates:
        if all(_is_within(place, part) for part in parts[1:]):
            return place
    return None


def _is_within(place: Place, part: str) -> bool:
    """Returns whether ``part``, a region or country, is that of ``place``."""
    wanted, region = _fold(part), _fold(place.region)
    if wanted == region or _country_code(part) == place.country:
        return True
    return place.country == "US" and _US_STATES.get(wanted) == region


def is_country_only(location: str) -> bool:
    place = find_place(location)
    return place is not None and not place.city


def standardize(location: str) -> str:
    """Returns ``City, Region, Country`` for a known place, otherwise the text unchanged."""
    place = find_place(location)
    return location.strip() if place is None else place.text()


def search_places(text: str, *, places_max: int) -> list[Place]:
    """Returns the places whose name begins with the first part of the text and that are in its other parts; largest first."""
    parts = list_parts(text)
    if not parts:
        return []
    exact = find_place(text)
    name = _fold(parts[0])
    found = [
        place
        for folded, places in _cities().items()
        if folded.startswith(name)
        for place in places
        if place != exact and all(_is_within(place, part) for part in parts[1:])
    ]
    if len(parts) == 1:
        names = [*_codes_by_english_name().items(), *_codes_by_other_name().items()]
        codes = sorted({code for folded, code in names if folded.startswith(name)})
        found += [_countries()[code] for code in codes if _countries()[code] != exact]
    found.sort(key=lambda place: (-place.inhabitants_thousands, place.number))
    return ([exact] if exact else []) + found[: places_max - bool(exact)]
