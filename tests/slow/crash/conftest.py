"""Owns the installation that the crash tests kill: its own database and server processes. Does not own any expectation."""

import pytest

from jobmeter.sandbox import seed as sandbox_seed
from tests.slow.crash.installation import Installation


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path, sandbox_seed.make_keys())
    yield made
    made.stop()
