"""Owns the parsing of a job feed as a stream: constant memory, one result per job, limited size and nesting.

Does not own fetching the feed, nor creating, updating or closing jobs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Final, TypeAlias, cast

import msgspec
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import FEED_JOB_BYTES_MAX, FEED_JOBS_MAX, FEED_PROLOG_BYTES_MAX
from jobmeter.base.readers.text import trim_text
from jobmeter.wire.xml.encodings import read_stream_encoding
from jobmeter.wire.xml.feed.job import (
    FeedJob,
    FeedRules,
    FieldFlaw,
    compute_fingerprint,
    make_job,
    read_lists,
    read_raw,
)

CHUNK_BYTES: Final = 16_384  # larger chunks do not fit the processor's cache and are a tenth slower
NOTHING_KNOWN: Mapping[str, bytes] = MappingProxyType({})
DEFAULT_RULES: Final = FeedRules()


@dataclass(frozen=True, slots=True)
class FeedHeader:
    """The elements before the first job; absent texts are empty, an absent count is ``None``."""

    publisher: str
    publisher_url: str
    last_build_date: str
    expected_job_count: int | None


class FeedSame(msgspec.Struct, frozen=True, gc=False):
    """A job that has not changed since its known fingerprint was computed."""

    index: int
    partner_job_id: str


class FeedError(msgspec.Struct, frozen=True, gc=False):
    """A job that cannot be posted; ``partner_job_id`` is empty if it could not be read."""

    index: int
    partner_job_id: str
    path: str
    why: str


FeedItem: TypeAlias = FeedHeader | FeedJob | FeedSame | FeedError


def read_feed(
    file: BinaryIO,
    *,
    known: Mapping[str, bytes] = NOTHING_KNOWN,
    rules: FeedRules = DEFAULT_RULES,
    jobs_max: int = FEED_JOBS_MAX,
    job_bytes_max: int = FEED_JOB_BYTES_MAX,
) -> Iterator[FeedItem]:
    """Yields the header, then one item per ``<job>`` in order, each as soon as it has been read (xml spec 13).

    ``known`` maps partner job ids to fingerprints; a job whose fingerprint is unchanged is not parsed further. An
    invalid job does not end the stream. If the stream is not a feed, raises ``Refused``, possibly after some jobs
    were yielded: XML_ENCODING, XML_FORBIDDEN, XML_MALFORMED, XML_TOO_LARGE.
    """
    reader = _JobReader(known, rules)
    header: FeedHeader | None = None
    count = 0
    for root, jobs in _read_batches(file, job_bytes_max):
        if header is None:
            header = _read_header(root)
            yield header
        count += len(jobs)
        if count > jobs_max:
            raise Refused(Fault.XML_TOO_LARGE, what=f"a feed may have at most {jobs_max} jobs")
        for index, job in enumerate(jobs, start=count - len(jobs)):
            yield reader.read_job(job, index)


class _JobReader:
    """Reads jobs and keeps the ids that it has seen, because each may occur only once."""

    def __init__(self, known: Mapping[str, bytes], rules: FeedRules) -> None:
        self._known = known
        self._rules = rules
        self._seen: set[str] = set()

    def read_job(self, job: etree._Element, index: int) -> FeedItem:
        try:
            raw = read_raw(job)
            partner_job_id = raw["partnerJobId"]
            if partner_job_id in self._seen:
                raise FieldFlaw("partnerJobId", "occurs more than once in the feed")
            if partner_job_id:
                self._seen.add(partner_job_id)
            fingerprint = compute_fingerprint(raw)
            if self._known.get(partner_job_id) == fingerprint:
                return FeedSame(index, partner_job_id)
            return make_job(read_lists(job, raw), fingerprint, index=index, rules=self._rules)
        except FieldFlaw as flaw:
            named = trim_text(job.findtext("partnerJobId") or "")
            return FeedError(index=index, partner_job_id=named[:100], path=flaw.path, why=flaw.why)


def _read_batches(
    file: BinaryIO, job_bytes_max: int
) -> Iterator[tuple[etree._Element, list[etree._Element]]]:
    """Yields the root and the jobs that each chunk completes; removes them from the tree when the next are requested.

    Deleting everything before the last complete job is safe, because the parser only works on what follows it.
    """
    encoding, chunk = _read_opening(file)
    parser = _make_parser(encoding)
    root: etree._Element | None = None
    bytes_since_job = 0
    try:
        while chunk:
            parser.feed(chunk)
            # Only `end` events are requested, so every event has an element.
            events = cast("Iterator[tuple[str, etree._Element]]", parser.read_events())  # noqa: SLF001
            found = [element for _, element in events]
            if root is None and found:
                root = _check_root(found[0].getroottree().getroot())
            jobs = [job for job in found if job.getparent() is root]
            bytes_since_job = len(chunk) if jobs else bytes_since_job + len(chunk)
            if bytes_since_job > job_bytes_max:
                raise Refused(
                    Fault.XML_TOO_LARGE, what=f"a job of a feed may have at most {job_bytes_max} bytes"
                )
            if root is not None and jobs:
                yield root, jobs
                del root[: root.index(jobs[-1])]
            chunk = file.read(CHUNK_BYTES)
        root = _check_root(parser.close())
    except etree.XMLSyntaxError as error:
        raise Refused(Fault.XML_MALFORMED, why=str(error.msg)[:200]) from error
    yield root, []


def _make_parser(encoding: str) -> "etree.XMLPullParser":
    return etree.XMLPullParser(
        events=("end",),
        tag="job",
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _read_opening(file: BinaryIO) -> tuple[str, bytes]:
    """Returns the encoding and the first bytes for the parser, after which no document type can follow."""
    opening = b""
    for size in (4_096, FEED_PROLOG_BYTES_MAX):
        while len(opening) < size and (chunk := file.read(size - len(opening))):
            opening += chunk
        found = read_stream_encoding(opening)
        if found is not None:
            encoding, start = found
            return encoding, opening[start:]
        if len(opening) < size:
            raise Refused(Fault.XML_MALFORMED, why="it has no root element")
    raise Refused(
        Fault.XML_TOO_LARGE, what=f"its root element must begin within {FEED_PROLOG_BYTES_MAX} bytes"
    )


def _check_root(root: etree._Element) -> etree._Element:
    if root.tag != "source":
        raise Refused(Fault.XML_MALFORMED, why=f"its root element is {str(root.tag)[:40]}, not source")
    return root


def _read_header(root: etree._Element) -> FeedHeader:
    texts: dict[str, str] = {}
    for child in root:
        if child.tag == "job":
            break
        texts.setdefault(str(child.tag), (child.text or "").strip()[:500])
    count = texts.get("expectedJobCount", "")
    return FeedHeader(
        publisher=texts.get("publisher", ""),
        # The documentation spells the name in two ways (xml spec 13).
        publisher_url=texts.get("publisherUrl") or texts.get("publisherURL", ""),
        last_build_date=texts.get("lastBuildDate", ""),
        expected_job_count=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None,
    )
