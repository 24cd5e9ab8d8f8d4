"""Owns the networks of short addresses that were seen before, looked up a column at a time: candidates come back.

An address of sixteen characters, which any of IPv4 is, is two numbers of eight bytes. They are compared as they are, so
that nothing is taken for another address. Pure. Does not own what the network of an address is (``columns``).
"""

import numpy as np

from jobmeter.database.arrays import Column

CHARACTERS_MAX = 16
PLACE_BITS = 18
# Each address has one place, where the last one stays. No address at all is zeros, and so is its network.
_FIRST, _SECOND = (np.zeros(1 << PLACE_BITS, dtype=np.uint64) for _ in range(2))
_NETWORKS = np.zeros(1 << PLACE_BITS, dtype=np.int64)
# Odd numbers without a pattern: the highest bits of a product depend on all bits of what is multiplied.
_SPREAD_FIRST, _SPREAD_SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def find_networks(first: Column, second: Column) -> tuple[Column, Column]:
    """The networks of addresses of these bytes, and which of them are known."""
    places = _find_places(first, second)
    return _NETWORKS[places], (_FIRST[places] == first) & (_SECOND[places] == second)


def remember_networks(first: Column, second: Column, *, networks: Column) -> None:
    places = _find_places(first, second)
    # Of several rows with one place numpy keeps the last in each of the columns: they stay those of one address.
    _FIRST[places], _SECOND[places], _NETWORKS[places] = first, second, networks


def _find_places(first: Column, second: Column) -> Column:
    spread = (first * _SPREAD_FIRST) ^ (second * _SPREAD_SECOND)
    return (spread >> np.uint64(64 - PLACE_BITS)).astype(np.int64)
