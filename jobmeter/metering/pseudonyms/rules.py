"""Owns the permutation of 63-bit numbers by which a day's visitors and networks are stored, and its inverse. Pure.

A permutation and not a hash: two visitors never become one, and settlement, which compares a day with the day before, can read
a number of the one as that of the other while both salts are there.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from jobmeter.database.arrays import Column

# A Feistel network of halves of 31 and 32 bits, whose round function is AES-256 under the salt.
ROUNDS = range(6)
_HIGH_MASK, _HALF = np.uint32((1 << 31) - 1), np.uint64(32)
_WORDS = 4  # of 32 bits in a block of AES


def hide(numbers: Column, salt: bytes | None) -> Column:
    """Returns the numbers as they are stored on the day of the salt: 0, which represents nobody, stays 0.

    Without a salt they are stored as they are.
    """
    return numbers if salt is None else _walk(numbers, salt, ROUNDS)


def reveal(numbers: Column, salt: bytes | None) -> Column:
    """The inverse of ``hide``."""
    return numbers if salt is None else _walk(numbers, salt, reversed(ROUNDS))


def _walk(numbers: Column, salt: bytes, rounds: Iterable[int]) -> Column:
    order = tuple(rounds)
    found = _permute(numbers, salt, order)
    # What would become 0 takes the number that 0 would have, so that it is still a permutation.
    of_zero = _permute(np.zeros(1, dtype=np.int64), salt, order)[0]
    found[found == 0] = of_zero
    found[numbers == 0] = 0
    return found


def _permute(numbers: Column, salt: bytes, order: tuple[int, ...]) -> Column:
    encryptor, whole = _open_cipher(salt), numbers.astype(np.uint64)
    high, low = (whole >> _HALF).astype(np.uint32), whole.astype(np.uint32)
    blocks = np.zeros((len(numbers), _WORDS), dtype=np.uint32)
    for number in order:
        is_high = number % 2 == 0
        blocks[:, 0], blocks[:, 1] = low if is_high else high, number
        mixed = np.frombuffer(encryptor.update(blocks.tobytes()), dtype=np.uint32)[::_WORDS]
        if is_high:
            high ^= mixed & _HIGH_MASK
        else:
            low ^= mixed
    return ((high.astype(np.uint64) << _HALF) | low).astype(np.int64)


@lru_cache(maxsize=16)
def _open_cipher(salt: bytes) -> CipherContext:
    # Block by block, as a function of each: what ECB shows of a text, that equal blocks are equal, is what is wanted.
    return Cipher(algorithms.AES(salt), modes.ECB()).encryptor()  # noqa: S305
