"""Owns one job of a feed as it was sent: the texts of the elements that are read, its description, their fingerprint.

Does not own what a text means (``values``, ``job``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

import msgspec
import xxhash
from lxml.etree import _Element as Element
from lxml.etree import tostring

from jobmeter.base.readers.text import BLANKS, trim_text
from jobmeter.wire.xml.feed.names import DEEP, PATHS, READ, SILENT, normalize_name

READER_VERSION: Final = "2"
"""Part of every fingerprint: a version that reads more reads every job again."""

# These characters are not allowed in XML, so they cannot occur in the texts that they separate.
_FIELD, ROW = "\x1f", "\x1e"
REMOVAL_FIELDS: Final = ("action", "status", "active")
_NAMES_REMEMBERED_MAX = 10_000
_UNKNOWN_NAMES_MAX = 50
_PLANS_REMEMBERED_MAX = 1_000
_MARKUP = frozenset(
    {
        "p",
        "br",
        "ul",
        "ol",
        "li",
        "b",
        "i",
        "u",
        "strong",
        "em",
        "div",
        "span",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "table",
    }
)

Nested: TypeAlias = tuple[str, Element]


@dataclass(slots=True, eq=False, frozen=True)
class ReadingPlan:
    """For jobs with the same elements: the paths at which each field may be found, best first, without fields that may not.

    ``own`` has those fields whose best path is an element with a text. ``order`` lists the elements as their texts enter a
    fingerprint, after ``heading``, their names. ``removal_fields`` are those that may end the job.
    """

    paths: dict[str, tuple[str, ...]]
    own: dict[str, str]
    order: tuple[str, ...]
    heading: str
    removal_fields: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str], nested_names: frozenset[str]) -> "ReadingPlan":
        present = frozenset(names)
        found = {
            field: tuple(path for path in paths if _may_be_at(path, present, nested_names))
            for field, paths in PATHS.items()
        }
        paths = {field: paths for field, paths in found.items() if paths}
        own = {field: best for field, (best, *_) in paths.items() if best in present}
        order = tuple(sorted(present))
        removal_fields = tuple(name for name in REMOVAL_FIELDS if name in paths)
        return cls(paths, own, order, _FIELD.join(order), removal_fields)


def _may_be_at(path: str, present: frozenset[str], nested_names: frozenset[str]) -> bool:
    top, _, inner = path.partition("/")
    if not inner:
        return top in present or top in nested_names
    return top in nested_names or (top == DEEP and bool(nested_names))


@dataclass(slots=True, eq=False, frozen=True)
class FeedNames:
    """What a feed calls its elements: folded names by tag, spellings by folded name, and unknown tags with their counts.

    The folded name is empty for a tag that nobody knows, and ``None`` for one that is known and has no effect.
    """

    folded: dict[str, str | None]
    spellings: dict[str, str]
    unknown: dict[str, list[int]]
    plans: dict[tuple[str, ...], ReadingPlan]

    @classmethod
    def empty(cls) -> "FeedNames":
        return cls({}, {}, {}, {})

    def find_plan(self, texts: dict[str, str], nested: list[Nested]) -> ReadingPlan:
        """Most jobs of a feed have the same elements, so that few plans are made."""
        nested_names = [name for name, _ in nested] if nested else ()
        # No name is empty, so that an empty one separates the two kinds.
        key = (*texts, "", *nested_names) if nested else tuple(texts)
        plan = self.plans.get(key)
        if plan is None:
            plan = ReadingPlan.of(texts, frozenset(nested_names))
            if len(self.plans) < _PLANS_REMEMBERED_MAX:
                self.plans[key] = plan
        return plan

    def add(self, tag: str) -> str | None:
        """Returns the folded name of a tag that is new."""
        name = normalize_name(tag)
        known = name if name in READ else None if name in SILENT else ""
        if known:
            self.spellings.setdefault(name, tag.rpartition("}")[2])
        elif known is not None and len(self.unknown) < _UNKNOWN_NAMES_MAX:
            self.unknown.setdefault(tag, [0, -1])
        if len(self.folded) < _NAMES_REMEMBERED_MAX:
            self.folded[tag] = known
        return known

    def count_unknown(self, tag: str, index: int) -> None:
        seen = self.unknown.get(tag)
        if seen is not None:
            seen[0] += 1
            seen[1] = index if seen[1] < 0 else seen[1]

    def spell(self, path: str) -> str:
        """Returns the path of an element as the feed writes it, for messages."""
        return "job/" + "/".join(self.spellings.get(step, step) for step in path.split("/") if step != DEEP)


class RawJob(msgspec.Struct, frozen=True, gc=False, eq=False):
    """``texts`` holds each element without children that is not empty, repeated ones joined by ``ROW``.

    ``is_known`` means that there is no element that nobody knows.
    """

    texts: dict[str, str]
    nested: list[Nested]
    plan: ReadingPlan
    is_known: bool

    def compute_fingerprint(self, seed: str) -> bytes:
        """Returns a 128-bit hash of what is read, independent of the order of elements and the white space between them."""
        texts = self.texts
        pieces = [seed, self.plan.heading, *map(texts.__getitem__, self.plan.order)]
        if self.nested:
            pieces += sorted("".join(_serialize(element).split()) for _, element in self.nested)
        return xxhash.xxh3_128_digest(_FIELD.join(pieces).encode())

    def find(self, field: str) -> tuple[str, str]:
        """Returns the first text of a field that is not empty, and its path; empty texts if there is none."""
        best = self.plan.own.get(field)
        if best:
            return self.texts[best].partition(ROW)[0], best
        for path in self.plan.paths.get(field, ()):
            text = self.texts.get(path)
            if text:
                return text.partition(ROW)[0], path
            if "/" not in path:
                text = self.read_markup(path)
            else:
                text = next((found for found in self.walk(path) if found), "")
            if text:
                return text, path
        return "", ""

    def has(self, field: str) -> bool:
        """Whether a field may have a text."""
        return field in self.plan.paths

    def list_texts(self, field: str) -> list[str]:
        """Returns all texts of the first path of a field that has any."""
        for path in self.plan.paths.get(field, ()):
            text = self.texts.get(path)
            if text:
                return text.split(ROW)
            if "/" in path and (found := [text for text in self.walk(path) if text]):
                return found
        return []

    def list_each(self, field: str) -> list[str]:
        """Returns the first text of each path of a field that has one, best first."""
        paths = self.plan.paths.get(field, ())
        return [self.texts[path].partition(ROW)[0] for path in paths if path in self.texts]

    def walk(self, path: str) -> Iterator[str]:
        """Yields the texts of the elements at a folded path below the job."""
        steps = path.split("/")
        level = [element for name, element in self.nested if steps[0] in {DEEP, name}]
        for at, step in enumerate(steps[1:], start=1):
            if step.startswith("@"):
                yield from (trim_text(element.get(step[1:]) or "") for element in level)
                return
            is_deep = at == 1 and steps[0] == DEEP
            level = [
                inner
                for outer in level
                for inner in (outer.iterdescendants() if is_deep else outer)
                if normalize_name(str(inner.tag)) == step
            ]
        yield from (read_text(element) for element in level)

    def list_nested(self, name: str) -> list[Element]:
        return [element for found, element in self.nested if found == name]

    def read_markup(self, name: str) -> str:
        """Returns the markup of a text whose tags the feed did not escape."""
        for element in self.list_nested(name):
            if any(normalize_name(str(child.tag)) in _MARKUP for child in element):
                return trim_text((element.text or "") + "".join(map(_serialize_with_tail, element)))
        return ""


def read_raw(job: Element, names: FeedNames, index: int) -> RawJob:
    """Returns the texts of a job. An empty element counts as absent; ``value="..."`` and ``href="..."`` are read as a text."""
    texts: dict[str, str] = {}
    nested: list[Nested] = []
    folded, is_known = names.folded, True
    for child in job:
        tag = child.tag
        name = folded[tag] if tag in folded else names.add(tag)
        if not name:
            if name is not None:
                names.count_unknown(tag, index)
                is_known = False
        elif len(child):
            nested.append((name, child))
        else:
            text = child.text or child.get("value") or child.get("href")
            # `trim_text` without the call, which a feed makes a million times.
            if text and (text := text.strip(BLANKS)):
                texts[name] = f"{texts[name]}{ROW}{text}" if name in texts else text
    if job.attrib:
        _add_attributes(job, texts)
    return RawJob(texts, nested, names.find_plan(texts, nested), is_known)


def _add_attributes(job: Element, texts: dict[str, str]) -> None:
    for attribute, value in job.attrib.items():
        name = f"@{normalize_name(str(attribute))}"
        text = trim_text(str(value))
        if name in READ and text:
            texts[name] = text


def digest_source(job: Element, seed: int) -> bytes:
    """Returns a 128-bit hash of a job's element as it was sent: with all elements, in their order, with all white space."""
    return xxhash.xxh3_128_digest(_serialize(job).encode(), seed=seed)


def read_text(element: Element) -> str:
    return trim_text(element.text or element.get("value") or "")


def _serialize(element: Element) -> str:
    return tostring(element, encoding="unicode", with_tail=False)


def _serialize_with_tail(element: Element) -> str:
    return tostring(element, encoding="unicode")


def read_description(raw: RawJob) -> tuple[str, str]:
    """Returns the description as sent, and the path of its first element; empty texts if there is none."""
    text, path = _read_first(raw)
    if not text:
        return "", ""
    more = raw.list_each("description_more")
    return "".join([text, *(f"<p>{inner}</p>" for inner in more)]) if more else text, path


def _read_first(raw: RawJob) -> tuple[str, str]:
    for path in raw.plan.paths.get("description", ()):
        name = path.rpartition("/")[2]
        if path in raw.texts:
            return raw.texts[path].partition(ROW)[0], path
        if "/" not in path:
            text = "".join(_read_blocks(raw.list_nested(path))) or raw.read_markup(path)
        elif path.startswith(DEEP):
            text = "".join(_read_blocks(_list_at_any_depth(raw, name)))
        else:
            text = next((found for found in raw.walk(path) if found), "")
        if text:
            return text, path
    return "", ""


def _list_at_any_depth(raw: RawJob, name: str) -> list[Element]:
    return [
        inner
        for _, outer in raw.nested
        for inner in outer.iterdescendants()
        if normalize_name(str(inner.tag)) == name
    ]


def _read_blocks(elements: list[Element]) -> Iterator[str]:
    """The blocks of name and value that an element has, or is: the name becomes a heading."""
    for element in elements:
        parts = {normalize_name(str(child.tag)): read_text(child) for child in element if not len(child)}
        if "value" in parts:
            heading = parts.get("name", "")
            yield (f"<p><strong>{escape(heading, quote=False)}</strong></p>" if heading else "") + parts[
                "value"
            ]
        else:
            yield from _read_blocks([child for child in element if len(child)])
