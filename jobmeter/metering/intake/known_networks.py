"""Owns the networks of addresses that were seen before, looked up a column at a time: candidates come back.

An address of forty characters, which any is as it is usually written, is five numbers of eight bytes. They are compared as they
are, so that nothing is taken for another address. Pure. Does not own what the network of an address is (``columns``).
"""

import numpy as np

from jobmeter.database.arrays import Column

CHARACTERS_MAX = 40
WORDS = CHARACTERS_MAX // 8
PLACE_BITS = 18
# Each address has a place, and the one beside it for when another address comes there: the last two of a place stay, unless
# its neighbour needs the room. No address at all is zeros, and so is its network.
_ADDRESSES = np.zeros((1 << PLACE_BITS, WORDS), dtype=np.uint64)
_NETWORKS = np.zeros(1 << PLACE_BITS, dtype=np.int64)
# Odd numbers without a pattern: the highest bits of a product depend on all bits of what is multiplied.
_SPREAD = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xFF51AFD7ED558CCD,
    ],
    dtype=np.uint64,
)


def find_networks(addresses: Column) -> tuple[Column, Column]:
    """The networks of addresses, a row of ``WORDS`` numbers each, and which of them are known."""
    places = _find_places(addresses)
    networks, are_known = _look(places, addresses)
    others = np.flatnonzero(~are_known)
    if len(others):
        networks[others], are_known[others] = _look(places[others] ^ 1, addresses[others])
    return networks, are_known


def remember_networks(addresses: Column, *, networks: Column) -> None:
    places = _find_places(addresses)
    moved = places[_ADDRESSES[places, 0] != 0]
    _ADDRESSES[moved ^ 1], _NETWORKS[moved ^ 1] = _ADDRESSES[moved], _NETWORKS[moved]
    # Of several rows with one place numpy keeps the last in both tables: they stay those of one address.
    _ADDRESSES[places], _NETWORKS[places] = addresses, networks


def _look(places: Column, addresses: Column) -> tuple[Column, Column]:
    are_known = np.ones(len(places), dtype=bool)
    for word in range(WORDS):
        are_known &= _ADDRESSES[places, word] == addresses[:, word]
    return _NETWORKS[places], are_known


def _find_places(addresses: Column) -> Column:
    spread: Column = addresses @ _SPREAD
    return (spread >> np.uint64(64 - PLACE_BITS)).astype(np.int64)
