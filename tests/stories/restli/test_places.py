"""The gazetteer: which place a location text means, the country of a place, what a search finds."""

import pytest

from jobmeter.geo.gazetteer import country_of, is_country_only, search_places, standardize


@pytest.mark.parametrize(
    ("sent", "place", "country"),
    [
        ("Sunnyvale, California", "Sunnyvale, California, United States", "US"),
        ("Sunnyvale, CA", "Sunnyvale, California, United States", "US"),
        ("Leeds, United Kingdom", "Leeds, England, United Kingdom", "GB"),
        ("leeds,ENGLAND,uk", "Leeds, England, United Kingdom", "GB"),
        ("Lyon, France", "Lyon, Auvergne-Rhône-Alpes, France", "FR"),
        ("Sao Paulo", "São Paulo, Brazil", "BR"),
        ("München, DE", "Munich, Bavaria, Germany", "DE"),
        ("Springfield, IL", "Springfield, Illinois, United States", "US"),
        ("Singapore", "Singapore", "SG"),
        ("Atlanta, Georgia", "Atlanta, Georgia, United States", "US"),
        ("Tbilisi, Georgia", "Tbilisi, Georgia", "GE"),
        ("Nether Wallop, United Kingdom", "Nether Wallop, United Kingdom", "GB"),
        ("München, Deutschland", "Munich, Bavaria, Germany", "DE"),
        ("Rotterdam, Nederland", "Rotterdam, South Holland, Netherlands", "NL"),
        ("Wuppertal, Nordrhein-Westfalen, Deutschland", "Wuppertal, Nordrhein-Westfalen, Deutschland", "DE"),
        ("渋谷区, 日本", "渋谷区, 日本", "JP"),
        ("Granada, España", "Granada, Andalusia, Spain", "ES"),
        ("Saint Etienne", "Saint-Étienne, Auvergne-Rhône-Alpes, France", "FR"),
        ("Muenchen", "Munich, Bavaria, Germany", "DE"),
        ("Somewhere else", "Somewhere else", ""),
        ("", "", ""),
    ],
)
def test_a_text_is_standardized(sent: str, place: str, country: str) -> None:
    assert (standardize(sent), country_of(sent)) == (place, country)


@pytest.mark.parametrize(
    ("sent", "only"),
    [
        ("Germany", True),
        ("DE", True),
        ("Deutschland", True),
        ("Granada", False),
        ("Berlin", False),
        ("Berlin, Germany", False),
        ("Moon", False),
    ],
)
def test_a_country_alone_is_recognized(sent: str, only: bool) -> None:
    assert is_country_only(sent) is only


@pytest.mark.parametrize(
    ("text", "locale", "first"),
    [
        ("Leeds", "en", "Leeds, England, United Kingdom"),
        ("Col", "de-DE", "Cologne, North Rhine-Westphalia, Deutschland"),
        ("cologne, germany", "fr_FR", "Cologne, North Rhine-Westphalia, Allemagne"),
        ("Fra", "en", "Frankfurt, Hesse, Germany"),
        ("France", "qq_00-%", "France"),
    ],
)
def test_a_search_returns_the_best_match_first(text: str, locale: str, first: str) -> None:
    assert search_places(text, places_max=5)[0].text(locale) == first


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "nl_NL", "pt_BR", "ja_JP", "tr_TR", "pl_PL", "ar_AE"])
def test_the_text_of_a_search_result_is_a_known_location(locale: str) -> None:
    for name in ("Leeds", "Munich", "Rotterdam", "São Paulo", "Tokyo", "Istanbul", "Saint-Étienne", "France"):
        found = search_places(name, places_max=1)[0]
        location = found.text(locale)
        assert (standardize(location), country_of(location)) == (found.text(), found.country), location


def test_a_search_finds_the_largest_first_and_each_place_once() -> None:
    found = search_places("san", places_max=20)
    assert len({place.number for place in found}) == len(found) > 5
    sizes = [place.inhabitants_thousands for place in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(search_places("san", places_max=3)) == 3
    assert search_places(" , ", places_max=3) == []
