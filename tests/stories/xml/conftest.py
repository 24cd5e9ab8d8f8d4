"""Owns the fixtures of the XML API tests. Does not own any expectation."""

import pytest

from tests.support.sandbox_client import SandboxClient
from tests.support.xml_partner import XmlPartner


@pytest.fixture
def partner(sandbox_client: SandboxClient) -> XmlPartner:
    return XmlPartner(sandbox_client)
