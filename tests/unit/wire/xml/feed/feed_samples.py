"""Owns the sample feed for the tests of feeds."""

import io

import pytest

from jobmeter.base.faults import Refused
from jobmeter.wire.xml.feed.stream import FeedHeader, FeedNotes, read_feed

FIELDS = {
    "partnerJobId": "J-1",
    "company": "Acme &amp; Sons",
    "title": "<![CDATA[Fitter]]>",
    "description": f"<![CDATA[<p class='x'>{'Fit pumps. ' * 20}</p><h1>Now</h1>]]>",
    "applyUrl": "https://acme.example/jobs/1?a=1&amp;b=2",
    "companyId": "99",
    "location": "Leeds, United Kingdom",
    "workplaceTypes": "Hybrid",
    "industryCodes": "<industryCode>55</industryCode><industryCode>53</industryCode>",
    "jobFunctions": "<jobFunction><![CDATA[mnfc]]></jobFunction>",
    "experienceLevel": "ENTRY_LEVEL",
    "jobtype": "FULL_TIME",
    "salaries": (
        "<salary><highEnd><amount>60000.50</amount><currencyCode>GBP</currencyCode></highEnd>"
        "<lowEnd><amount>50000</amount><currencyCode>GBP</currencyCode></lowEnd>"
        "<period>YEARLY</period><type>BASE_SALARY</type></salary>"
    ),
    "listDate": "03/19/2026",
    "expirationDate": "2026-04-09",
    "posterEmail": "jo@acme.example",
}


def job(**changes):
    fields = {**FIELDS, **changes}
    return "<job>" + "".join(f"<{n}>{v}</{n}>" for n, v in fields.items() if v is not None) + "</job>"


def feed(*jobs, header="<publisher>Acme</publisher>"):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<source>{header}{"".join(jobs)}</source>'.encode()


def read(body, **options):
    return list(read_feed(io.BytesIO(body), **options))


def jobs_of(body, **options):
    return [item for item in read(body, **options) if not isinstance(item, FeedHeader | FeedNotes)]


def one_job(body, **options):
    (found,) = jobs_of(body, **options)
    return found


def refusal_of(body, **options):
    with pytest.raises(Refused) as caught:
        read(body, **options)
    return caught.value.fault
