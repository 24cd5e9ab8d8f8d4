"""The parser returns a result for any bytes, or refuses them, in bounded time."""

import time

import numpy as np
import pytest

from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, decode_text

STRINGS = 1_000_000
SECONDS_MAX_EACH = 1.0
GRAMMAR = b"(),:'%&=List0aZ .[]\xc3\xa9\x00/?"
PROTOCOLS = (Protocol.V1, Protocol.V2)


def feed(count: int, seed: int) -> tuple[int, int]:
    """Returns how many of ``count`` random strings were parsed and how many were refused."""
    rng = np.random.default_rng(seed)
    read = refused = 0
    alphabet = np.frombuffer(GRAMMAR, dtype=np.uint8)
    for number in range(count):
        length = int(rng.integers(0, 60))
        raw = rng.choice(alphabet, length) if number % 2 else rng.integers(0, 256, length, dtype=np.uint8)
        began = time.perf_counter()
        try:
            decode_query(decode_text(raw.tobytes()), PROTOCOLS[number % 4 // 2])
            read += 1
        except RestliSyntaxError:
            refused += 1
        assert time.perf_counter() - began < SECONDS_MAX_EACH, raw.tobytes()
    return read, refused


def test_twenty_thousand_random_strings() -> None:
    read, refused = feed(20_000, 1)
    assert read > 500
    assert refused > 500


@pytest.mark.slow
def test_a_million_random_strings() -> None:
    read, refused = feed(STRINGS, 2)
    assert read + refused == STRINGS


@pytest.mark.parametrize("opening", ["ids=List(", "a=(b:", "a=(b:List((c:"])
def test_depth_is_bounded_and_time_is_linear(opening: str) -> None:
    times = []
    for length in (20_000, 200_000):
        began = time.perf_counter()
        with pytest.raises(RestliSyntaxError):
            decode_query(opening * (length // len(opening)), Protocol.V2)
        times.append(time.perf_counter() - began)
    assert times[1] < 1.0
