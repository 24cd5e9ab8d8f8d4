"""The stream of a feed: encodings, limits, constant memory; malicious streams are refused early."""

import resource
import subprocess
import sys
import time

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.feed.stream import read_feed
from tests.unit.wire.xml.feed.feed_samples import feed, job, jobs_of, refusal_of


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", Fault.XML_MALFORMED),
        (b"<!-- only -->", Fault.XML_MALFORMED),
        (b"no xml", Fault.XML_MALFORMED),
        (b"<source>", Fault.XML_MALFORMED),
        (b"<stock><chair/></stock>", Fault.XML_MALFORMED),
        (b"<source><advert/></source>", Fault.XML_MALFORMED),
        (b"<!DOCTYPE html><html><body/></html>", Fault.XML_MALFORMED),
        (b"<html><body/></html>", Fault.XML_MALFORMED),
        (b'{"jobs": [', Fault.XML_MALFORMED),
        (b"\x1f\x8bnothing", Fault.XML_MALFORMED),
        (b"PK\x03\x04nothing", Fault.XML_MALFORMED),
        (feed(job())[:-10], Fault.XML_MALFORMED),
        (feed("<job><title>&nbsp;</title></job>"), Fault.XML_MALFORMED),
        (feed("<job><title>\xff</title></job>").replace("\xff".encode(), b"\xff"), Fault.XML_MALFORMED),
        (b"<!DOCTYPE source><source/>", Fault.XML_FORBIDDEN),
        (b'<!DOCTYPE s [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><source>&b;</source>', Fault.XML_FORBIDDEN),
        (b'<?xml version="1.0"?><!DOCTYPE s SYSTEM "file:///etc/passwd"><source/>', Fault.XML_FORBIDDEN),
        (b"<!--" + b" " * 5_000 + b"--><!DOCTYPE s><source/>", Fault.XML_FORBIDDEN),
        (b'<?xml version="1.0" encoding="UTF-7"?><source/>', Fault.XML_ENCODING),
        (b"\xff\xfe\0\0<source/>", Fault.XML_ENCODING),
        ("<!DOCTYPE s><source/>".encode("utf-16-le"), Fault.XML_MALFORMED),
        (b"<!--" + b" " * 70_000, Fault.XML_TOO_LARGE),
    ],
)
def test_other_documents_are_refused(body, fault):
    assert refusal_of(body) is fault


def test_limits_of_jobs_and_bytes():
    body = feed(*(job(partnerJobId=str(n)) for n in range(3)))
    assert len(jobs_of(body, jobs_max=3)) == 3
    assert refusal_of(body, jobs_max=2) is Fault.XML_TOO_LARGE
    assert refusal_of(feed(job(extra="x" * 100_000)), job_bytes_max=50_000) is Fault.XML_TOO_LARGE


class Endless:
    """A stream of a gigabyte that repeats one piece after an opening, without keeping it in memory."""

    def __init__(self, opening, piece):
        self.left = 2**30
        self.opening = opening
        self.block = piece * (4_096 // len(piece))

    def read(self, size):
        chunk, self.opening = self.opening or self.block, b""
        self.left -= len(chunk)
        return chunk if self.left > 0 else b""


@pytest.mark.parametrize(
    ("opening", "piece"),
    [
        (b"<source>", b"<a>"),
        (b"<source><job>", b"<a/>"),
        (b"<source><job><title>", b"x"),
        (b"<source><job><title><![CDATA[", b"x"),
        (b"<source>", b"<x/>"),
        (b"<source><job ", b"a"),
        (b"<source><!--", b" "),
        (b"", b" "),
        (b"<source", b" "),
    ],
)
def test_an_endless_stream_is_refused_early(opening, piece):
    stream = Endless(opening, piece)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(Refused) as caught:
        list(read_feed(stream))
    assert caught.value.fault in {Fault.XML_TOO_LARGE, Fault.XML_MALFORMED}
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - kilobytes < 60_000
    assert stream.left > 2**30 - 4_000_000


PEAK = """
import resource, sys
from jobmeter.wire.xml.feed.stream import read_feed

text, count = sys.argv[1], int(sys.argv[2])
pieces = iter([b"<source>", *(text.replace("J-1", f"J-{n}").encode() for n in range(count)), b"</source>"])

class Stream:
    def read(self, size):
        return next(pieces, b"")

assert sum(type(item).__name__ == "FeedJob" for item in read_feed(Stream())) == count
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_feed():
    # given two feeds, one ten times as long as the other
    text = job(title="x" * 150, description="y" * 1_500)
    # when each is read by a separate process that knows all jobs of the feed
    kilobytes = [
        int(
            subprocess.run(
                [sys.executable, "-c", PEAK, text, str(count)], capture_output=True, check=True
            ).stdout
        )
        - count * len(text) // 1_000
        for count in (1_000, 10_000)
    ]
    # then the long one needs only a little more memory, for the ids
    assert kilobytes[1] - kilobytes[0] < 6_000
