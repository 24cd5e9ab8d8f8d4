"""Owns what the tests of the XML API share. Does not own any expectation."""

import pytest

from tests.board import Board
from tests.xml.partner import XmlPartner


@pytest.fixture
def partner(board: Board) -> XmlPartner:
    return XmlPartner(board)
