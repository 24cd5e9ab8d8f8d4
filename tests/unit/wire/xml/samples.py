"""Owns the sample documents for the tests of the XML layer."""

import pytest

from jobmeter.base.faults import Refused
from jobmeter.wire.xml.job.fields import JobDocument
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.reader import read_document

POST = """\
<?xml version="1.0" encoding="UTF-8"?>
<job>
  <partner-job-id>ACME-1001</partner-job-id>
  <contract-id>4711</contract-id>
  <company><id>99</id><name>Acme &amp; Sons</name></company>
  <position>
    <title>Fitter</title>
    <description><![CDATA[<p>Fit <b>pumps</b>.</p>]]></description>
    <location><country><code>gb</code></country><postal-code>LS1 4AP</postal-code><name>Leeds</name></location>
    <job-functions><job-function><code>mnfc</code></job-function></job-functions>
    <industries><industry><code>55</code></industry><industry><code>53</code></industry></industries>
    <job-type><code>F</code></job-type>
    <experience-level><code>2</code></experience-level>
  </position>
  <salary>30,000 a year</salary>
  <poster><display>true</display><role><code>R</code></role><email-address>jo@acme.example</email-address></poster>
  <how-to-apply><application-url>https://acme.example/jobs/1001</application-url></how-to-apply>
</job>
"""


def read_post(text: str) -> JobDocument:
    return read_job(read_document(text.encode()), DocumentKind.POST)


def read_edit(text: str) -> JobDocument:
    return read_job(read_document(text.encode()), DocumentKind.EDIT)


def flaws_of(text: str, purpose: DocumentKind = DocumentKind.EDIT) -> list[str]:
    with pytest.raises(Refused) as caught:
        read_job(read_document(text.encode()), purpose)
    return caught.value.message.split("; ")
