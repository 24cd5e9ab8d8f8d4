"""Owns the shapes of feeds: below which elements the jobs are, and which feeds list all jobs. Pure."""

from collections.abc import Sequence
from typing import Final

from lxml import etree

from jobmeter.wire.xml.feed.names import normalize_name

SHAPES: Final = (
    "source/job",
    "jobs/job",
    "jobslist/job",
    "joblist/job",
    "source/jobs/job",
    "listing/entry",
    "source/listing/entry",
    "feed/postings/posting",
    "items/item",
    "rss/channel/item",
    "workzag-jobs/position",
    "positions/position",
    "vacancies/vacancy",
    "ads/ad",
    "trovit/ad",
    "PositionOpenings/PositionOpening",
    "Envelope/PositionOpening",
    "PositionOpening",
    "feed/entry",
)
"""The paths of a job as they are published; names are compared as those of a job's elements are."""

# They show the newest jobs or one page of them, so that a job that is not there may still be open.
PARTIAL: Final = frozenset({"rss/channel/item", "feed/entry"})
DEPTH_MAX: Final = 3
_JOB = "job"
_BY_STEPS: Final = {tuple(map(normalize_name, shape.split("/"))): shape for shape in SHAPES}
HEADER_NAMES: Final = frozenset(
    map(
        normalize_name,
        (
            "publisher", "publisherUrl", "lastBuildDate", "expectedJobCount", "feed_date", "ctime", "title", "link",
            "description", "language", "channel", "jobs", "postings", "listing", "generator", "isfullfeed",
            "copyright", "updated", "id", "author", "image", "ttl", "pubDate", "jobcount", "total",
        ),
    )
)  # fmt: skip


def find_shape(steps: Sequence[str]) -> str:
    """Returns the shape of a path of folded names, empty if it is none; any root may hold ``job`` elements."""
    shape = _BY_STEPS.get(tuple(steps))
    if shape:
        return shape
    is_job = steps[-1] == _JOB and (len(steps) == 2 or (len(steps) == 3 and steps[1] == "jobs"))
    return "/".join(steps) if is_job else ""


def list_steps(element: etree._Element | None) -> tuple[str, ...]:
    """Returns the folded names from the root to an element; those of an element deeper than any job are cut short."""
    steps: list[str] = []
    while element is not None and len(steps) <= DEPTH_MAX:
        steps.append(normalize_name(str(element.tag)))
        element = element.getparent()
    return tuple(reversed(steps))


def explain_missing(root: etree._Element) -> str:
    """Returns why a document without a job is no feed; empty if it is a feed that lists none."""
    name = normalize_name(str(root.tag))
    if name == "html":
        return "a web page came in place of a feed"
    others = dict.fromkeys(
        str(child.tag).rpartition("}")[2]
        for child in root
        if normalize_name(str(child.tag)) not in HEADER_NAMES
    )
    is_known = any(steps[0] == name for steps in _BY_STEPS)
    if is_known and not others:
        return ""
    found = ", ".join(f"<{tag[:40]}>" for tag in list(others)[:3]) or "no"
    where = str(root.tag).rpartition("}")[2][:40]
    return f"no job was found: below <{where}> there are {found} elements; jobs are read from {', '.join(SHAPES[:6])} and others"
