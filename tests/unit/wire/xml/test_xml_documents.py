"""Parsing documents: what is accepted, what is refused, and that refusing takes little time and memory."""

import json
import resource
import time

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.reader import Node, hyphenate, read_document

XML = "text/xml; charset=UTF-8"


def refusal_of(body, content_type="text/xml"):
    with pytest.raises(Refused) as caught:
        read_document(body, content_type=content_type)
    return caught.value.fault


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<job><salary>é</salary></job>".encode(), XML),
        ("<job><salary>é</salary></job>".encode(), ""),
        ('<?xml version="1.0"?><job><salary>é</salary></job>'.encode(), "application/xml"),
        ("\ufeff<job><salary>é</salary></job>".encode(), 'text/xml; charset="utf-8"'),
        (
            "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<job><salary>é</salary></job>".encode(),
            XML,
        ),
        (
            '<?xml version="1.0" encoding="ISO-8859-1"?><job><salary>é</salary></job>'.encode("latin-1"),
            "text/xml",
        ),
        ("<job><salary>é</salary></job>".encode("latin-1"), "text/xml;charset=iso-8859-1"),
        ('<?xml version="1.0" encoding="UTF-16"?><job><salary>é</salary></job>'.encode("utf-16"), "text/xml"),
        ("<job><salary>é</salary></job>".encode("utf-16"), "text/xml; charset=utf-16"),
        ("<!-- a --><job><!-- b --><salary> <![CDATA[é]]>\n</salary></job><!-- c -->".encode(), XML),
        (b"<job><salary>&#233;</salary></job>", XML),
        (b'<job a="1" b="2"><salary c="3">&#xe9;</salary></job>', XML),
        ('{"salary": "é", "_total": 1}'.encode(), "application/json"),
    ],
)
def test_a_document_is_parsed(body, content_type):
    assert read_document(body, content_type=content_type) == Node("job", "", (Node("salary", "é"),))


@pytest.mark.parametrize(
    ("body", "content_type", "fault"),
    [
        (b"<job/>", "text/plain", Fault.XML_MEDIA),
        (b"<job/>", "application/x-www-form-urlencoded", Fault.XML_MEDIA),
        (b"", XML, Fault.XML_MALFORMED),
        (b"   ", XML, Fault.XML_MALFORMED),
        (b"<", XML, Fault.XML_MALFORMED),
        (b"<!-- <job/>", XML, Fault.XML_MALFORMED),
        (b"text", XML, Fault.XML_MALFORMED),
        (b"<job>", XML, Fault.XML_MALFORMED),
        (b"<job><title>Fitt", XML, Fault.XML_MALFORMED),
        (b"<job></jo>", XML, Fault.XML_MALFORMED),
        (b"<job/><job/>", XML, Fault.XML_MALFORMED),
        (b"<job>&unknown;</job>", XML, Fault.XML_MALFORMED),
        (b"<job>\x00</job>", XML, Fault.XML_MALFORMED),
        (b"<job>\x08</job>", XML, Fault.XML_MALFORMED),
        (b'<?xml version="2.0"?><job/>', XML, Fault.XML_MALFORMED),
        (b"<!DOCTYPE job><job/>", XML, Fault.XML_FORBIDDEN),
        (b'<?xml version="1.0"?> <!-- x --> <!DOCTYPE job><job/>', XML, Fault.XML_FORBIDDEN),
        (b'<!DOCTYPE job SYSTEM "http://127.0.0.1/x.dtd"><job/>', XML, Fault.XML_FORBIDDEN),
        (b'<!DOCTYPE job [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><job/>', XML, Fault.XML_FORBIDDEN),
        (b'<!DOCTYPE job [<!ENTITY f SYSTEM "file:///etc/passwd">]><job>&f;</job>', XML, Fault.XML_FORBIDDEN),
        ("<!DOCTYPE job><job/>".encode("utf-16"), "text/xml", Fault.XML_FORBIDDEN),
        (b"<?php x?><job/>", XML, Fault.XML_FORBIDDEN),
        (b"<job><?x y?></job>", XML, Fault.XML_FORBIDDEN),
        (b"<job/><?x y?>", XML, Fault.XML_FORBIDDEN),
        (b'<job xmlns="urn:x"><salary xmlns="urn:y"/></job>', XML, Fault.XML_FORBIDDEN),
        (b'<job xmlns="urn:x"><salary xmlns=""/></job>', XML, Fault.XML_FORBIDDEN),
        (b'<job><salary xmlns="urn:y"/></job>', XML, Fault.XML_FORBIDDEN),
        (
            b'<job><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></job>',
            XML,
            Fault.XML_FORBIDDEN,
        ),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-job/+AD4-', "text/xml", Fault.XML_ENCODING),
        (b"+ADw-job/+AD4-", "text/xml; charset=utf-7", Fault.XML_ENCODING),
        (b'<?xml version="1.0" encoding="ebcdic-cp-us"?><job/>', "text/xml", Fault.XML_ENCODING),
        (b'<?xml version="1.0" encoding="UTF-16"?><job/>', "text/xml", Fault.XML_ENCODING),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><job/>', XML, Fault.XML_ENCODING),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><job/>', "text/xml", Fault.XML_ENCODING),
        (b"\xef\xbb\xbf<job/>", "text/xml; charset=iso-8859-1", Fault.XML_ENCODING),
        ("<job/>".encode("utf-32"), "text/xml", Fault.XML_ENCODING),
        ("<job/>".encode("utf-16-le"), "text/xml", Fault.XML_MALFORMED),
        (b"<job>\xff\xfe\xfd</job>", XML, Fault.XML_ENCODING),
        (b"\xff\xfe<", "text/xml", Fault.XML_ENCODING),
        (b"[]", "application/json", Fault.XML_MALFORMED),
        (b'"job"', "application/json", Fault.XML_MALFORMED),
        (b'{"title": ', "application/json", Fault.XML_MALFORMED),
        (b'{"title": "\xff"}', "application/json", Fault.XML_MALFORMED),
    ],
)
def test_a_document_is_refused(body, content_type, fault):
    assert refusal_of(body, content_type) is fault


def laughs():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    return f'<?xml version="1.0"?><!DOCTYPE job [<!ENTITY l0 "ha">{levels}]><job>&l29;</job>'.encode()


def blow_up():
    return f'<!DOCTYPE job [<!ENTITY a "{"x" * 100_000}">]><job>{"&a;" * 30_000}</job>'.encode()


MALICIOUS = {
    "billion laughs": (laughs(), "text/xml", Fault.XML_FORBIDDEN),
    "quadratic blow-up": (blow_up(), "text/xml", Fault.XML_FORBIDDEN),
    "deep": (b"<a>" * 80_000, "text/xml", Fault.XML_TOO_LARGE),
    "too deep for us": (b"<a>" * 40 + b"</a>" * 40, "text/xml", Fault.XML_TOO_LARGE),
    "wide": (b"<job>" + b"<a/>" * 60_000 + b"</job>", "text/xml", Fault.XML_TOO_LARGE),
    "long text": (b"<job>" + b"x" * 200_000 + b"</job>", "text/xml", Fault.XML_TOO_LARGE),
    "too long": (b"<job>" + b" " * 300_000 + b"</job>", "text/xml", Fault.XML_TOO_LARGE),
    "attributes": (
        b"<job " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"><a></job>",
        "text/xml",
        Fault.XML_MALFORMED,
    ),
    "comments": (b"<!-- -->" * 30_000 + b"<!DOCTYPE x>", "text/xml", Fault.XML_FORBIDDEN),
    "open comments": (b"<!--" * 60_000, "text/xml", Fault.XML_MALFORMED),
    "declaration": (b"<?xml " + b" " * 200_000, "text/xml", Fault.XML_MALFORMED),
    "deep JSON": (b'{"a":' * 40_000, "application/json", Fault.XML_MALFORMED),
    "deeper JSON": (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", Fault.XML_TOO_LARGE),
    "deep arrays": (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "application/json", Fault.XML_TOO_LARGE),
    "wide JSON": (b'{"a":[' + b",".join([b"1"] * 60_000) + b"]}", "application/json", Fault.XML_TOO_LARGE),
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious_documents_are_refused_in_bounded_time_and_memory(name):
    body, content_type, fault = MALICIOUS[name]
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    assert refusal_of(body, content_type) is fault
    assert time.process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - kilobytes < 50_000


def test_an_error_does_not_reveal_the_content_of_a_file(tmp_path):
    # given a file that a document refers to
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    for body in (
        f'<!DOCTYPE job [<!ENTITY f SYSTEM "{secret.as_uri()}">]><job>&f;</job>',
        f'<!DOCTYPE job SYSTEM "{secret.as_uri()}"><job/>',
    ):
        # when it is parsed / then it is refused, and the error contains nothing of the file
        with pytest.raises(Refused) as caught:
            read_document(body.encode())
        assert "hidden" not in caught.value.message


def test_the_json_form_gives_the_same_tree():
    twin = {
        "partnerJobId": "A-1",
        "contractId": 4711,
        "company": {"id": 99, "description": None},
        "position": {
            "jobFunctions": {"_total": 1, "values": [{"code": "it"}]},
            "industries": [{"code": "4"}, {"code": "6"}],
        },
        "poster": {"display": True},
        "renewal": {},
    }
    text = (
        "<job><partner-job-id>A-1</partner-job-id><contract-id>4711</contract-id>"
        "<company><id>99</id><description/></company><position>"
        "<job-functions><job-function><code>it</code></job-function></job-functions>"
        "<industries><industry><code>4</code></industry><industry><code>6</code></industry></industries>"
        "</position><poster><display>true</display></poster><renewal/></job>"
    )
    assert read_document(json.dumps(twin).encode(), content_type="application/json") == read_document(
        text.encode()
    )


@pytest.mark.parametrize(
    ("camel", "hyphens"), [("id", "id"), ("partnerJobId", "partner-job-id"), ("skills-x", "skills-x")]
)
def test_names_are_hyphenated(camel, hyphens):
    assert hyphenate(camel) == hyphens


@pytest.mark.parametrize(
    "body",
    [
        b'\n \r\n<?xml version="1.0" encoding="UTF-8"?>\n<job><salary>1</salary></job>',
        b'\xef\xbb\xbf\n<?xml version="1.0"?><job><salary>1</salary></job>',
        '\n<?xml version="1.0"?><job><salary>1</salary></job>'.encode("utf-16"),
        b'<job xmlns="urn:x"><salary>1</salary></job>',
        b'<x:job xmlns:x="urn:x"><x:salary>1</x:salary></x:job>',
        b'\xef\xbb\xbf{"salary": "1"}',
    ],
)
def test_what_class_libraries_and_templates_add_is_passed_over(body):
    media = "application/json" if b"{" in body else "text/xml"
    assert read_document(body, content_type=media) == Node("job", "", (Node("salary", "1"),))
