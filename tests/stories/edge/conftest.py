"""Owns what the stories of the edge share: another partner beside the sandbox's own, and its tokens.

Does not own any expectation.
"""

import pytest

from tests.support.sandbox_client import add_partner


@pytest.fixture
def neighbour(sandbox_client, database_url):
    """Another partner with a customer of its own in the same installation."""
    return add_partner(sandbox_client, database_url)
