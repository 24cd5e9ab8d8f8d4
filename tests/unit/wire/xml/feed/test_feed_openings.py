"""What comes before the root and around the bytes of a feed; and documents that break off on the way."""

import gzip
import io
import zipfile

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.feed.opening import open_feed
from jobmeter.wire.xml.feed.stream import FeedJob, read_feed
from tests.unit.wire.xml.feed.feed_samples import feed, job, one_job

TITLE = "Schlosser für Öl"
BODY = f"<source>{job(title=TITLE)}</source>"


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, BODY)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (BODY.encode(), ""),
        (f'<?xml version="1.0"?>{BODY}'.encode(), ""),
        (f'<?xml version="1.0" encoding="UTF-8"?>\n{BODY}'.encode("utf-8-sig"), ""),
        (f'\n\n  <?xml version="1.0" encoding="UTF-8"?>{BODY}'.encode(), ""),
        (f'<!-- made by hand -->\n<?xml version="1.0"?>{BODY}'.encode(), ""),
        (f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="a.xsl"?><!-- x -->{BODY}'.encode(), ""),
        (f'<?xml version="1.0" encoding="ISO-8859-1"?>{BODY}'.encode("latin-1"), ""),
        (f'<?xml version="1.0" encoding="windows-1252"?>{BODY}'.encode("cp1252"), ""),
        (BODY.encode("latin-1"), "iso-8859-1"),
        (f'<?xml version="1.0"?>{BODY}'.encode("latin-1"), "ISO-8859-1"),
        (BODY.encode(), "unheard-of"),
        (f'<?xml version="1.0" encoding="utf-16"?>{BODY}'.encode(), ""),
        (f'<?xml version="1.0" encoding="UTF-16"?>{BODY}'.encode("utf-16"), ""),
        (BODY.encode("utf-8-sig"), "iso-8859-1"),
        (gzip.compress(BODY.encode()), ""),
        (gzip.compress(f'\n<?xml version="1.0" encoding="ISO-8859-1"?>{BODY}'.encode("latin-1")), ""),
        (zipped("jobs.xml"), ""),
    ],
)  # fmt: skip
def test_a_feed_is_read_whatever_comes_before_its_root(body, charset):
    found = one_job(body, charset=charset)
    assert isinstance(found, FeedJob)
    assert found.title == TITLE


def test_an_archive_has_one_file():
    with pytest.raises(Refused, match="2 files"):
        open_feed(io.BytesIO(zipped("a.xml", "b.xml")))


def test_unpacked_bytes_are_limited():
    with pytest.raises(Refused) as caught:
        open_feed(io.BytesIO(gzip.compress(b"<source>" + b" " * 100_000)), bytes_max=1_000)
    assert caught.value.fault is Fault.XML_TOO_LARGE


def test_a_document_type_is_refused_with_advice():
    with pytest.raises(Refused, match="remove the line that begins with <!DOCTYPE"):
        one_job(b"<!DOCTYPE source SYSTEM 'a.dtd'><source/>")


def test_a_web_page_is_not_taken_for_a_feed():
    for body in (b"<!DOCTYPE html>\n<html/>", b"<html><body>busy</body></html>"):
        with pytest.raises(Refused, match="a web page came in place of a feed"):
            one_job(body)


def test_a_document_without_known_jobs_says_what_it_has():
    with pytest.raises(
        Refused, match="below <source> there are <advert> elements; jobs are read from source/job"
    ):
        one_job(b"<source><publisher>a</publisher><advert/></source>")


class Chunks(io.BytesIO):
    """A file that is read in pieces of at most ``chunk_bytes``."""

    chunk_bytes = 1

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or self.chunk_bytes, self.chunk_bytes))


def read_until_break(body: bytes, chunk_bytes: int) -> tuple[list[FeedJob], Refused]:
    file = Chunks(body)
    file.chunk_bytes = chunk_bytes
    found: list[FeedJob] = []
    try:
        # Extended item by item, so that those before the break are kept.
        found.extend(item for item in read_feed(file) if isinstance(item, FeedJob))
    except Refused as refused:
        return found, refused
    raise AssertionError("the feed was read to its end")


BREAKS = [
    ("<job><title>a&nbsp;b</title></job>", "Entity 'nbsp' not defined, line 61, column "),
    ("<job><title>a & b</title></job>", "xmlParseEntityRef: no name, line 61, column "),
    (
        "<job><title>a</name></job>",
        "Opening and ending tag mismatch: title line 61 and name, line 61, column ",
    ),
    ("<job><title>\x0b</title></job>", "PCDATA invalid Char value 11, line 61, column "),
    ("<job><title", "line 61, column "),
    ("", "Premature end of data in tag source"),
]


@pytest.mark.parametrize(("broken", "why"), BREAKS)
@pytest.mark.parametrize("chunk_bytes", [100, 5_000, 1_000_000])
def test_what_came_before_a_break_is_read_and_the_cause_is_named(broken, why, chunk_bytes):
    """In chunks of any size: an error must not hide the jobs that the same chunk completed."""
    lines = [job(partnerJobId=str(number)) + "\n" for number in range(100)]
    after = "".join(lines[61:]) + "</source>" if broken.endswith("</job>") else ""
    body = ("<source>" + "".join(lines[:60]) + broken + after).encode()

    found, refused = read_until_break(body, chunk_bytes)
    assert refused.fault is Fault.XML_MALFORMED
    assert len(found) == 60
    assert why in refused.message


def test_a_line_is_counted_as_in_the_file():
    text = '\n\n<?xml version="1.0"\n encoding="UTF-8"?>\n<source>\n<job>&nbsp;</job></source>'
    with pytest.raises(Refused, match="Entity 'nbsp' not defined, line 6, column 12"):
        one_job(text.encode())


def test_broken_compression_keeps_what_was_read():
    body = gzip.compress(feed(*(job(partnerJobId=str(number)) for number in range(2_000))))
    found, refused = read_until_break(body[:-30], 16_384)
    assert "its compression is broken" in refused.message
    assert len(found) > 1_000
