"""Owns what these stories share: a second partner in the sandbox, and its tokens.

Does not own any expectation.
"""

import pytest

from tests.support.sandbox_client import add_partner


@pytest.fixture
def neighbour(sandbox_client, database_url):
    """Another partner with its own customer in the same installation."""
    return add_partner(sandbox_client, database_url)
