"""Owns the networks of addresses that were seen before, looked up a column at a time: candidates come back.

An address of forty characters, which any is as it is usually written, is five numbers of eight bytes. They are compared as they
are, so that nothing is taken for another address. Pure. Does not own what the network of an address is (``columns``).
"""

import numpy as np

from jobmeter.database.arrays import Column

CHARACTERS_MAX = 40
WORDS = CHARACTERS_MAX // 8
PLACE_BITS = 18
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


class KnownNetworks:
    """A table of ``2 ** place_bits`` places for addresses, each a row of ``WORDS`` numbers, with their networks.

    Each address has a place, and the one beside it for when another address comes to its own: the last two of a pair of places
    stay. No address at all is zeros, and so is its network.
    """

    def __init__(self, place_bits: int) -> None:
        self._shift = np.uint64(64 - place_bits)
        self._addresses = np.zeros((1 << place_bits, WORDS), dtype=np.uint64)
        self._networks = np.zeros(1 << place_bits, dtype=np.int64)

    def find(self, addresses: Column) -> tuple[Column, Column]:
        """Their networks, and which of them are known."""
        places = self._find_places(addresses)
        networks, are_known = self._look(places, addresses)
        others = np.flatnonzero(~are_known)
        if len(others):
            networks[others], are_known[others] = self._look(places[others] ^ 1, addresses[others])
        return networks, are_known

    def remember(self, addresses: Column, *, networks: Column) -> None:
        """Addresses that are not known."""
        places = self._find_places(addresses)
        moved = places[self._addresses[places, 0] != 0]
        self._addresses[moved ^ 1], self._networks[moved ^ 1] = self._addresses[moved], self._networks[moved]
        # Of several rows with one place numpy keeps the last in both tables: they stay those of one address.
        self._addresses[places], self._networks[places] = addresses, networks

    def _look(self, places: Column, addresses: Column) -> tuple[Column, Column]:
        # Whole rows first, and then a column at a time: half the time of comparing places in the table.
        found = self._addresses.take(places, axis=0)
        are_known = np.ones(len(places), dtype=bool)
        for word in range(WORDS):
            are_known &= found[:, word] == addresses[:, word]
        return self._networks[places], are_known

    def _find_places(self, addresses: Column) -> Column:
        spread: Column = addresses @ _SPREAD
        return (spread >> self._shift).astype(np.int64)


SEEN = KnownNetworks(PLACE_BITS)
