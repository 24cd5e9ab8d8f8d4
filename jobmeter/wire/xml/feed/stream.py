"""Owns the parsing of a job feed as a stream: constant memory, one result per job, limited size and nesting.

Does not own fetching the feed, nor creating, updating or closing jobs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import BinaryIO, Final, Literal, TypeAlias, cast

import msgspec
import xxhash
from lxml import etree
from lxml.etree import _Element as Element

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import FEED_JOB_BYTES_MAX, FEED_JOBS_MAX
from jobmeter.wire.xml.feed import shapes, values
from jobmeter.wire.xml.feed.flaws import FeedError, FeedFlaw, make_report_row
from jobmeter.wire.xml.feed.job import FeedJob, JobReader, is_removed, read_job_id
from jobmeter.wire.xml.feed.json_feed import read_json_jobs
from jobmeter.wire.xml.feed.names import normalize_name
from jobmeter.wire.xml.feed.opening import OpenedFeed, open_feed
from jobmeter.wire.xml.feed.record import READER_VERSION, FeedNames, RawJob, digest_source, read_raw
from jobmeter.wire.xml.feed.requirements import FeedDefaults, FeedRules

DIGEST_BYTES: Final = 16
# After so many unchanged jobs, none of which was sent as before, the others of the feed are not compared as they were sent.
SOURCES_DIFFERING_MAX: Final = 1_000
CHUNK_BYTES: Final = 16_384  # larger chunks do not fit the processor's cache and are a tenth slower
NOTHING_KNOWN: Mapping[str, bytes] = MappingProxyType({})
DEFAULT_RULES: Final = FeedRules()
NO_DEFAULTS: Final = FeedDefaults()


@dataclass(frozen=True, slots=True)
class FeedHeader:
    """The elements before the first job; absent texts are empty, an absent count is ``None``.

    ``shape`` is the path of the feed's jobs, empty if it has none. Jobs that are missing in a feed that is not
    complete may still be open.
    """

    publisher: str = ""
    publisher_url: str = ""
    last_build_date: str = ""
    expected_job_count: int | None = None
    shape: str = ""
    is_complete: bool = True


class FeedSame(msgspec.Struct, frozen=True, gc=False):
    """A job that has not changed since its known fingerprint was computed."""

    index: int
    partner_job_id: str


class FeedRemoval(msgspec.Struct, frozen=True, gc=False):
    """A job that the feed itself ends."""

    index: int
    partner_job_id: str


@dataclass(frozen=True, slots=True)
class FeedNotes:
    """What is said once about a whole feed, at its end."""

    notes: tuple[str, ...]


FeedItem: TypeAlias = FeedHeader | FeedJob | FeedSame | FeedError | FeedRemoval | FeedNotes
_Batch: TypeAlias = tuple[FeedHeader, Iterable[Element], int]


def read_feed(
    file: BinaryIO,
    *,
    known: Mapping[str, bytes] = NOTHING_KNOWN,
    rules: FeedRules = DEFAULT_RULES,
    defaults: FeedDefaults = NO_DEFAULTS,
    charset: str = "",
    jobs_max: int = FEED_JOBS_MAX,
    job_bytes_max: int = FEED_JOB_BYTES_MAX,
) -> Iterator[FeedItem]:
    """Yields the header, then one item per job in order, each as soon as it has been read (xml spec 13), then notes.

    ``known`` maps partner job ids to fingerprints, each followed by the ``source`` of the job; a job of which one of the two
    is the same is not parsed further. An invalid job does not end the stream. If the stream is not a feed, raises
    ``Refused``, possibly after some jobs were yielded: XML_ENCODING, XML_FORBIDDEN, XML_MALFORMED, XML_TOO_LARGE.
    """
    reader = _FeedReader(known, rules, defaults)
    opened = open_feed(file, charset=charset)
    batches = _read_json_batch(opened) if opened.is_json else _read_batches(opened, job_bytes_max)
    is_first = True
    index = 0
    for header, jobs, count in batches:
        if is_first:
            yield (
                header if defaults.is_complete is None else replace(header, is_complete=defaults.is_complete)
            )
            is_first = False
        if index + count > jobs_max:
            raise Refused(Fault.XML_TOO_LARGE, what=f"a feed may have at most {jobs_max} jobs")
        for job in jobs:
            yield reader.read_job(job, index)
            index += 1
    yield FeedNotes(reader.list_notes())


class _FeedReader:
    """Reads jobs and keeps the ids that it has seen, because each may occur only once."""

    def __init__(self, known: Mapping[str, bytes], rules: FeedRules, defaults: FeedDefaults) -> None:
        self._known = known
        self._rules = rules
        self._defaults = defaults
        self._seen: dict[str, int] = {}
        self._names = FeedNames.empty()
        self._notes: dict[str, str] = {}
        # Other rules and defaults make other jobs of the same elements.
        self._seed = f"{READER_VERSION} {rules!r} {defaults!r}"
        self._source_seed = xxhash.xxh3_64_intdigest(self._seed.encode())
        self._id_place, self._id_tag = 0, ""
        self._differing = 0  # unchanged jobs, one after the other, that were not sent as before

    def read_job(self, job: Element, index: int) -> FeedItem:
        guessed = self._guess_id(job) if self._known else ""
        expected = self._known.get(guessed, b"")[DIGEST_BYTES:]
        is_compared = expected and self._differing < SOURCES_DIFFERING_MAX
        source = digest_source(job, self._source_seed) if is_compared else b""
        if source and source == expected and self._seen.setdefault(guessed, index) == index:
            self._differing = 0
            return FeedSame(index, guessed)
        raw = read_raw(job, self._names, index)
        partner_job_id = read_job_id(raw)
        if self._known and guessed != partner_job_id:
            self._find_id(job, raw)
        first = self._seen.setdefault(partner_job_id, index) if partner_job_id else index
        if first != index:
            why = f"is also job {first}; give each place an id of its own, or use alternateLocations"
            flaw = FeedFlaw(path=self._names.spell(raw.find("id")[1]), found="", why=why, is_error=True)
            title = raw.find("title")[0]
            return make_report_row(index, partner_job_id=partner_job_id, title=title, flaws=(flaw,))
        if is_removed(raw):
            return FeedRemoval(index, partner_job_id)
        fingerprint = raw.compute_fingerprint(self._seed)
        if partner_job_id and self._known.get(partner_job_id, b"")[:DIGEST_BYTES] == fingerprint:
            self._differing += bool(source)
            return FeedSame(index, partner_job_id)
        # A job with an element that nobody knows is read each time, because notes count such elements.
        source = (source or digest_source(job, self._source_seed)) if raw.is_known else b""
        reader = JobReader(raw, self._names, self._rules, self._defaults, self._notes)
        return reader.read(index, partner_job_id, fingerprint, source)

    def _guess_id(self, job: Element) -> str:
        """Returns the id of a job whose id is where that of a job before it was; any text for others."""
        try:
            element = job[self._id_place]
        except IndexError:
            return ""
        return values.read_plain(element.text or "") if element.tag == self._id_tag else ""

    def _find_id(self, job: Element, raw: RawJob) -> None:
        _, path = raw.find("id")
        for place, element in enumerate(job if path else ()):
            if self._names.folded.get(str(element.tag)) == path:
                self._id_place, self._id_tag = place, str(element.tag)
                return

    def list_notes(self) -> tuple[str, ...]:
        unknown = (
            f"job/{tag.rpartition('}')[2][:60]} is not used ({count} jobs, first: {first})"
            for tag, (count, first) in self._names.unknown.items()
        )
        return (*self._notes.values(), *unknown)


def _read_json_batch(opened: OpenedFeed) -> Iterator[_Batch]:
    found = read_json_jobs(opened)
    yield FeedHeader(shape=found.shape, is_complete=found.is_complete), found.jobs, found.count


def _read_batches(opened: OpenedFeed, job_bytes_max: int) -> Iterator[_Batch]:
    """Yields the jobs that each chunk completes; removes them from the tree when the next are requested.

    Deleting everything before the last complete job is safe, because the parser only works on what follows it.
    """
    opening, found = _find_jobs(opened, job_bytes_max)
    if found is None:
        yield _read_header(_parse_all(opening), ""), (), 0
        return
    tag, shape = found
    parser, header, bytes_since_job = _make_parser(("end",), tag), None, 0
    filter_ = _ShapeFilter(shape)
    chunks = iter(opening)
    while chunk := next(chunks, b"") or opened.rest.read(CHUNK_BYTES):
        error = _feed(parser, chunk)
        # Only `end` events are requested, so every event has an element.
        events = cast("Iterator[tuple[str, Element]]", parser.read_events())
        jobs = [one for _, one in events if one.getparent() is filter_.container or filter_.is_job(one)]
        bytes_since_job = len(chunk) if jobs else bytes_since_job + len(chunk)
        if jobs:
            header = header or _read_header(jobs[0], shape)
            yield header, jobs, len(jobs)
            _prune(jobs[-1])
        if error:
            raise Refused(Fault.XML_MALFORMED, why=error)
        _check_job_bytes(bytes_since_job, job_bytes_max)
    _close(parser)


class _ShapeFilter:
    """Separates the jobs from elements of the same name at other places."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self.container: object = self  # the parent of the last job found; no element has this one

    def is_job(self, element: Element) -> bool:
        """Whether the path of an element is that of the feed's jobs. Need not be asked for a child of ``container``."""
        if shapes.find_shape(shapes.list_steps(element)) != self._shape:
            return False
        self.container = element.getparent()
        return True


def _prune(job: Element) -> None:
    node, parent = job, job.getparent()
    while parent is not None:
        del parent[: parent.index(node)]
        node, parent = parent, parent.getparent()


def _check_job_bytes(size: int, job_bytes_max: int) -> None:
    if size > job_bytes_max:
        raise Refused(Fault.XML_TOO_LARGE, what=f"a job of a feed may have at most {job_bytes_max} bytes")


def _find_jobs(opened: OpenedFeed, job_bytes_max: int) -> tuple[list[bytes], tuple[str, str] | None]:
    """Reads to the begin of the first job. Returns the chunks, and its tag and shape; ``None`` if there is no job."""
    parser = _make_parser(("start", "end"), None)
    chunks, size, chunk = [opened.opening], len(opened.opening), opened.opening
    steps: list[str] = []
    while chunk:
        error = _feed(parser, chunk)
        events = cast("Iterator[tuple[str, Element]]", parser.read_events())
        for kind, element in events:
            if kind == "end":
                steps.pop()
                continue
            steps.append(normalize_name(str(element.tag)))
            shape = shapes.find_shape(steps) if len(steps) <= shapes.DEPTH_MAX else ""
            if shape:
                return chunks, (str(element.tag), shape)
        if error:
            raise Refused(Fault.XML_MALFORMED, why=error)
        _check_job_bytes(size, job_bytes_max)
        chunk = opened.rest.read(CHUNK_BYTES)
        chunks.append(chunk)
        size += len(chunk)
    _close(parser)
    return chunks, None


def _parse_all(chunks: list[bytes]) -> Element:
    """Returns the root of a document without a job. Raises ``Refused(XML_MALFORMED)`` if it is no feed."""
    parser = _make_parser(("end",), None)
    for chunk in chunks:
        _feed(parser, chunk)
    root = _close(parser)
    why = shapes.explain_missing(root)
    if why:
        raise Refused(Fault.XML_MALFORMED, why=why)
    return root


def _feed(parser: "etree.XMLPullParser", chunk: bytes) -> str:
    """Parses a chunk. Returns the first error with its line and column; the jobs before it can still be read."""
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return _explain(parser) or str(error.msg)[:200]
    return _explain(parser)


def _close(parser: "etree.XMLPullParser") -> Element:
    try:
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise Refused(Fault.XML_MALFORMED, why=_explain(parser) or str(error.msg)[:200]) from error


def _explain(parser: "etree.XMLPullParser") -> str:
    """The first fatal error. The message of the exception is that of a later one, often without a place."""
    for entry in parser.feed_error_log:
        if entry.level >= etree.ErrorLevels.FATAL:
            return f"{entry.message.strip()[:160]}, line {entry.line}, column {entry.column}"
    return ""


def _make_parser(events: Sequence[Literal["start", "end"]], tag: str | None) -> "etree.XMLPullParser":
    return etree.XMLPullParser(
        events=events,
        tag=tag,
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _read_header(element: Element, shape: str) -> FeedHeader:
    """Reads the elements before an element and its ancestors; those in a document without a job."""
    texts: dict[str, str] = {}
    for node in element if not shape else ():
        texts.setdefault(normalize_name(str(node.tag)), (node.text or "").strip()[:500])
    while element is not None and shape:
        for node in element.itersiblings(preceding=True):
            texts.setdefault(normalize_name(str(node.tag)), (node.text or "").strip()[:500])
        element = cast("Element", element.getparent())
    count = texts.get("expectedjobcount", "")
    is_full = texts.get("isfullfeed", "").lower() not in {"false", "0", "no"}
    return FeedHeader(
        publisher=texts.get("publisher", ""),
        publisher_url=texts.get("publisherurl", ""),
        last_build_date=texts.get("lastbuilddate", ""),
        expected_job_count=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None,
        shape=shape,
        is_complete=is_full and shape not in shapes.PARTIAL,
    )
