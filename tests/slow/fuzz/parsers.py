"""Owns the parsers that are fuzzed: how each is called with bytes, what it may raise, and inputs to begin with.

Does not own how inputs are changed (``guided``).
"""

import asyncio
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobmeter.base.faults import Refused
from jobmeter.base.readers.countries import read_country
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.network import is_local, read_address
from jobmeter.base.readers.percents import read_percent
from jobmeter.base.readers.times import (
    read_day,
    read_instant,
    read_instant_ms,
    read_moment,
    read_month,
    read_span_ms,
)
from jobmeter.base.readers.web_url import check_url, to_ascii_url
from jobmeter.http.bodies import decode_form, decode_json, decode_records, expand_body
from jobmeter.metering.intake.agents import match_agents
from jobmeter.metering.intake.event_shapes import read_shaped
from jobmeter.metering.intake.shaped import make_shaped_columns
from jobmeter.partners.oauth1.model import SignedRequest
from jobmeter.partners.oauth1.rules import is_signed_by, read_signature
from jobmeter.wire.events import decode_events, find_flaws
from jobmeter.wire.links import read_link_token
from jobmeter.wire.restli.keys import decode_path_key, split_path
from jobmeter.wire.restli.projection import apply_mask, parse_mask
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, decode_text
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from jobmeter.wire.restli.values import parse_urn, read_date_range
from jobmeter.wire.restli.versions import expand_version
from jobmeter.wire.xml.feed.stream import read_feed
from jobmeter.wire.xml.html import clean_markup, is_clean, plain_text
from jobmeter.wire.xml.job.keys import read_job_key
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.job.selectors import parse_selector
from jobmeter.wire.xml.reader import read_document
from tests.support.paths import FIXTURES
from tests.support.xml_partner import POSTER, job_xml

BYTES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Parser:
    """``parse`` receives bytes as they come from outside; ``documented`` are all exceptions that may leave it."""

    name: str
    parse: Callable[[bytes], Any]
    documented: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]


def text_of(sent: bytes) -> str:
    """As a field of a body is text."""
    return sent.decode("utf-8", "replace")


def header_of(sent: bytes) -> str:
    """As the server hands on the value of a header."""
    return sent.decode("latin-1")


# -- Rest.li


def parse_query(sent: bytes) -> None:
    """In both protocols, and what routes read of it."""
    raw = decode_text(sent)
    for protocol in Protocol:
        try:
            found = decode_query(raw, protocol, colon_lists=True)
        except RestliSyntaxError:
            continue
        read_date_range(found.get("dateRange"))
        mask = parse_mask(str(found.get("fields", "")))
        apply_mask(mask, {"a": [{"b": 1}] * 3, "paging": {"total": 3}})


def parse_projection(sent: bytes) -> None:
    apply_mask(parse_mask(decode_text(sent)), {"a": [{"b": 1, "c": [1, 2, 3]}] * 3, "d": 1})


def parse_path(sent: bytes) -> None:
    for segment in split_path(decode_text(sent)):
        parse_urn(decode_path_key(segment))


def parse_tunnel(sent: bytes) -> None:
    """The first line is the content type, the rest the body; a form and multipart."""
    first, _, body = sent.partition(b"\n")
    opened = open_tunnel(Message("POST", "q=a", header_of(first), body), "GET")
    decode_query(opened.query, Protocol.V2)


def parse_versions(sent: bytes) -> None:
    expand_version(header_of(sent))


# -- XML


def parse_xml(sent: bytes) -> None:
    read_job(read_document(sent, content_type="text/xml", bytes_max=BYTES_MAX), DocumentKind.POST)


def parse_xml_json(sent: bytes) -> None:
    read_job(read_document(sent, content_type="application/json", bytes_max=BYTES_MAX), DocumentKind.EDIT)


def parse_feed(sent: bytes) -> None:
    for _ in read_feed(io.BytesIO(sent), jobs_max=50):
        pass


def parse_job_key(sent: bytes) -> None:
    parse_selector(read_job_key(header_of(sent)).selector or ":(id)")


def parse_markup(sent: bytes) -> None:
    cleaned = clean_markup(text_of(sent))
    assert is_clean(cleaned), cleaned
    plain_text(cleaned)


# -- events


def parse_events(media: str) -> Callable[[bytes], None]:
    def parse(sent: bytes) -> None:
        for piece in decode_events(sent, media):
            find_flaws(piece)
        for shaped in read_shaped(sent, media):
            if shaped is not None:
                make_shaped_columns(shaped)

    return parse


def parse_binary_event(sent: bytes) -> None:
    """The first line is the event's source, the second its time, the rest its data."""
    source, _, rest = sent.partition(b"\n")
    time, _, data = rest.partition(b"\n")
    attributes = {
        "specversion": "1.0",
        "id": "1",
        "source": header_of(source),
        "type": "view",
        "time": header_of(time),
    }
    for piece in decode_events(data, "application/json", attributes):
        find_flaws(piece)


# -- the edge


def parse_oauth(sent: bytes) -> None:
    """The first line is the query of the URL, the rest the header."""
    query, _, header = sent.partition(b"\n")
    request = SignedRequest(
        method="GET",
        urls=("http://board.example/v1/jobs",),
        query=header_of(query),
        authorization=header_of(header),
    )
    is_signed_by("secret", read_signature(request), request)


def parse_form(sent: bytes) -> None:
    decode_form(sent, fields_max=20)


def parse_json(sent: bytes) -> None:
    decode_records(sent)
    decode_json(sent)


def parse_compressed(sent: bytes) -> None:
    """The first byte chooses the encoding."""
    encoding = ("gzip", "zstd", "x-gzip")[sent[0] % 3] if sent else "gzip"
    asyncio.run(expand_body(sent[1:], encoding, bytes_max=BYTES_MAX))


def parse_agent(sent: bytes) -> None:
    match_agents([text_of(sent)[:512]], judges_browsers=True)


def parse_address(sent: bytes) -> None:
    text = text_of(sent)
    read_address(text)
    is_local(text)
    check_email(text)
    check_url(text)
    to_ascii_url(text)
    read_country(text)


def parse_time(sent: bytes) -> None:
    text = text_of(sent)
    for read in (
        read_day,
        read_month,
        read_instant,
        read_instant_ms,
        read_moment,
        read_span_ms,
        read_percent,
    ):
        read(text)


def parse_link(sent: bytes) -> None:
    read_link_token(header_of(sent), purpose="apply", key="k" * 32)


FEEDS = tuple(path.read_bytes()[:3_000] for path in sorted((FIXTURES / "feeds").rglob("*.xml"))[:20])
JOB = job_xml("a-1", 7, poster=POSTER).encode()
EVENT = b'{"source":"board","id":"1","type":"view","job":4249600162,"time":1764439200000,"visitor":"v","address":"192.0.2.1","userAgent":"Mozilla/5.0"}'
CLOUD = b'{"specversion":"1.0","id":"1","source":"/b","type":"io.board.applyClick","subject":"7","time":"2026-03-02T00:00:00Z","data":{"visitor":"v"}}'
OAUTH = (
    b'a=1&b=%20\nOAuth realm="x", oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1764439200", '
    b'oauth_nonce="n", oauth_version="1.0", oauth_signature="c2ln%3D"'
)
QUERIES = (
    b"ids=List(urn%3Ali%3Ajob%3A1,b)&dateRange=(start:(year:2026,month:1,day:1),end:(year:2026,month:2,day:1))&fields=a,b:(c)",
    b"ids[0]=a&ids[1]=b&dateRange.start.year=2026&dateRange.start.month=1&q=dateRange&start=0&count=10",
    b"q=x&a=List((b:c,d:List()),'')&a.b[0].c=1",
)
AGENTS = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    b"curl/8.5.0",
)
MULTIPART = (
    b'multipart/mixed; boundary="b"\n--b\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nids=List(a)\r\n'
    b'--b\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--b--\r\n'
)

PARSERS = (
    Parser("restli_query", parse_query, (RestliSyntaxError,), QUERIES),
    Parser(
        "restli_projection",
        parse_projection,
        (RestliSyntaxError,),
        (b"a,-b,c:(d,$*:(e))", b"a:($start:1,$count:2,b)", b"-a"),
    ),
    Parser(
        "restli_path",
        parse_path,
        (RestliSyntaxError,),
        (b"/urn%3Ali%3Acontract%3A5/a", b"urn:li:jobPosting:1"),
    ),
    Parser(
        "restli_tunnel",
        parse_tunnel,
        (RestliSyntaxError,),
        (b"application/x-www-form-urlencoded\nids=List(a)", MULTIPART),
    ),
    Parser("restli_version", parse_versions, (RestliSyntaxError,), (b"202504", b"202504.01", b"")),
    Parser("xml_job", parse_xml, (Refused,), (JOB, b"<job/>", b"<job><contract-id>1</contract-id></job>")),
    Parser(
        "xml_job_json",
        parse_xml_json,
        (Refused,),
        (b'{"contractId":1,"position":{"title":"a","location":{"name":"b"}}}', b"[]"),
    ),
    Parser(
        "xml_feed",
        parse_feed,
        (Refused,),
        (
            *FEEDS,
            b'{"jobs":[{"id":1,"title":"a","url":"https://a.example"}]}',
            gzip.compress(FEEDS[0], mtime=0),
        ),
    ),
    Parser(
        "xml_job_key",
        parse_job_key,
        (Refused,),
        (b"partner-job-id=a%2F1:(id,position:(title))", b"id=5", b"7:(a)"),
    ),
    Parser(
        "html",
        parse_markup,
        (),
        (b"<p>a <b>b</b><ul><li>c</ul>&amp;", b"<script>x</script><a href='javascript:y'>z</a>"),
    ),
    Parser(
        "events_json",
        parse_events("application/json"),
        (Refused,),
        (b"[" + EVENT + b"," + EVENT + b"]", b'[{"a":1}]'),
    ),
    Parser("events_ndjson", parse_events("application/x-ndjson"), (Refused,), (EVENT + b"\n" + EVENT, EVENT)),
    Parser(
        "events_cloud",
        parse_events("application/cloudevents+json"),
        (Refused,),
        (CLOUD, CLOUD.replace(b'"data"', b'"data_base64"')),
    ),
    Parser(
        "events_cloud_batch",
        parse_events("application/cloudevents-batch+json"),
        (Refused,),
        (b"[" + CLOUD + b"]",),
    ),
    Parser(
        "events_binary",
        parse_binary_event,
        (Refused,),
        (b"/b\n2026-03-02T00:00:00Z\n" + b'{"job":7,"visitor":"v"}',),
    ),
    Parser("oauth1_header", parse_oauth, (Refused,), (OAUTH, b"\nOAuth", b"\nBearer x")),
    Parser("form", parse_form, (Refused,), (b"a=1&b=%20+c&d=%C3%A9", b"a=1&a=2")),
    Parser(
        "json",
        parse_json,
        (Refused,),
        (b'{"elements":[{"a":1.5,"b":null,"c":"\\u00e9"}]}', b"[[[]]]", b'"\\ud83d\\ude00"'),
    ),
    Parser(
        "compressed",
        parse_compressed,
        (Refused,),
        (b"\0" + gzip.compress(EVENT, mtime=0), b"\1(\xb5/\xfd\x04\x00\x19\x00\x00abc"),
    ),
    Parser("user_agent", parse_agent, (), AGENTS),
    Parser(
        "address",
        parse_address,
        (),
        (
            b"192.0.2.1:80",
            b"[2001:db8::1]:80",
            b"a.b+c@example.com",
            b"https://m\xc3\xbcller.example:443/a?b",
            b"fe80::1%eth0",
            b"DE",
        ),
    ),
    Parser(
        "time",
        parse_time,
        (),
        (
            b"2026-03-02T10:11:12.5+01:00",
            b"2026-03",
            b"2026-03-02",
            b"3d",
            b"12h30m",
            b"12.5",
            b"20260302T101112Z",
        ),
    ),
    Parser("apply_link", parse_link, (), (b"AAAA.BBBB", b"x" * 40)),
)
