"""Owns the places of a feed's job: as one text, as parts, nested or repeated; several towns of one job. Pure."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec
from lxml import etree

from jobmeter.wire.xml.feed.names import PATHS, normalize_name
from jobmeter.wire.xml.feed.record import ROW, RawJob, read_text
from jobmeter.wire.xml.feed.values import normalize_value, read_plain

OTHER_PLACES_MAX = 7
_PARTS = {
    path: part
    for part in ("country", "postal_code", "city", "state")
    for path in PATHS[part]
    if "/" not in path
}
_GROUPS = frozenset({"address", "postaladdress"})
_OWN_LISTS = ("locations", "joblocations", "joblocation", "physicallocation", "positionprofile")
_OTHER_LISTS = ("alternatelocations", "alternatelocation", "additionaloffices")
_REMOTE = frozenset({"remote", "homeoffice", "anywhere", "workfromhome", "telecommute", "virtual"})


class FeedPlace(msgspec.Struct, frozen=True, gc=False):
    """A place as it is written; ``text`` is the whole of it, where a feed has one."""

    text: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    postal_code: str = ""

    @property
    def is_remote(self) -> bool:
        return _is_remote(self.city or self.text)

    def show(self) -> str:
        """Returns the job's own place: the country is kept apart from it."""
        if self.is_remote:
            return ", ".join(part for part in (self.state, self.country) if part) or self.city or self.text
        return self.text or ", ".join(part for part in (self.city, self.state) if part)

    def show_other(self) -> str:
        """Returns a further place, whose country is kept nowhere else."""
        return self.text or ", ".join(part for part in (self.city, self.state or self.country) if part)


@lru_cache(maxsize=4_096)
def _is_remote(text: str) -> bool:
    return normalize_value(text) in _REMOTE


class FeedPlaces(msgspec.Struct, frozen=True, gc=False):
    """A job's own place, empty if it has none, as it is shown, and its other places."""

    main: FeedPlace
    shown: str
    others: tuple[FeedPlace, ...] = ()


def read_places(raw: RawJob) -> FeedPlaces:
    """Returns the places of a job."""
    flat = _make_flat(
        city=raw.find("city")[0],
        state=raw.find("state")[0],
        country=raw.find("country")[0],
        postal_code=raw.find("postal_code")[0],
    )
    # A region beside a city is a part of the place, not the whole of it.
    texts = raw.list_texts("location") if "location" in raw.texts or not flat.main.city else []
    is_plain = not raw.nested and not raw.has("places")
    return flat if is_plain and not texts else _read_more(raw, flat.main, texts, is_plain=is_plain)


def _read_more(raw: RawJob, flat: FeedPlace, texts: list[str], *, is_plain: bool) -> FeedPlaces:
    found = [FeedPlace(text=read_plain(text)) for text in texts]
    if is_plain:
        main = _join(found[0], flat)
        return FeedPlaces(main, main.show(), tuple(found[1:]))
    found += [place for element in raw.list_nested("location") for place in _read_groups(element)]
    is_flat = not found and bool(flat.city)
    found += [place for name in _OWN_LISTS for place in _read_list(raw, name)]
    main = _join(found[0] if found else FeedPlace(), flat)
    others = [place for place in (found if is_flat else found[1:]) if not _is_same(place, main)]
    others += [place for name in _OTHER_LISTS for place in _read_list(raw, name)]
    return FeedPlaces(main, main.show(), tuple(place for place in others if place.show_other()))


def _is_same(place: FeedPlace, main: FeedPlace) -> bool:
    return (bool(place.city) and place.city == main.city) or place.show_other() == main.show()


def _join(first: FeedPlace, flat: FeedPlace) -> FeedPlace:
    """The first place found, with what the job says beside it."""
    if flat.city and not first.text:
        return flat
    return FeedPlace(
        text=first.text,
        city=first.city or flat.city,
        state=first.state or ("" if first.city else flat.state),
        country=first.country or flat.country,
        postal_code=first.postal_code or flat.postal_code,
    )


@lru_cache(maxsize=4_096)
def _make_flat(*, city: str, state: str, country: str, postal_code: str) -> FeedPlaces:
    """The place of a job that has no other texts of it. Remembered, because most jobs of a feed are at few places."""
    place = FeedPlace(
        city=read_plain(city),
        state=read_plain(state),
        country=read_plain(country),
        postal_code=read_plain(postal_code),
    )
    return FeedPlaces(place, place.show())


def _read_list(raw: RawJob, name: str) -> Iterator[FeedPlace]:
    """The places in a list, whose rows are texts or have parts."""
    for text in raw.texts.get(name, "").split(ROW):
        if text:
            yield FeedPlace(text=read_plain(text))
    for element in raw.list_nested(name):
        if name == "positionprofile":
            for inner in element.iterdescendants():
                if normalize_name(str(inner.tag)) == "physicallocation":
                    yield from _read_groups(inner)
        else:
            yield from _read_groups(element)


def _read_groups(element: etree._Element) -> Iterator[FeedPlace]:
    """One place for an element that has parts, one for each row of an element that is a list."""
    parts = _read_parts(element)
    if parts:
        yield FeedPlace(**parts)
        return
    for child in element:
        if len(child):
            yield from _read_groups(child)
        elif text := read_plain(read_text(child)):
            yield FeedPlace(text=text)


def _read_parts(element: etree._Element) -> dict[str, str]:
    parts: dict[str, str] = {}
    for child in element:
        name = normalize_name(str(child.tag))
        part = _PARTS.get(name)
        if part and not len(child):
            text = read_plain(read_text(child))
            if text:
                parts.setdefault(part, text)
        elif part == "country":
            parts.setdefault(part, read_plain("".join(map(str, child.itertext()))))
        elif name in _GROUPS and len(child):
            parts = _read_parts(child) | parts
    return parts
