"""Owns visits that an intake filter recognizes by their attributes: from elsewhere, by staff, by declared crawlers.

Does not own the other traffic (``generator``), or whether a filter matches.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobmeter.sandbox.traffic.ground_truth import Label

# The same people every day, whatever the seed, so that they can be excluded by name before traffic is played.
STAFF = 12
COUNTRIES = ("US", "GB", "DE", "FR", "IN", "BR", "AU", "NG")


class SpecialVisitShares(NamedTuple):
    """The shares of genuine visits that become special visits."""

    elsewhere: float
    staff: float
    declared_crawler: float


Words = NDArray[np.uint64]


def mix(words: Words) -> Words:
    """Mixes 64-bit words evenly (the finalizer of SplitMix64)."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def name_visitor(token: int) -> str:
    return f"v-{token:016x}"


def list_staff() -> list[str]:
    """Returns the names of the customers' staff in events, which are to be excluded before traffic is played."""
    return [name_visitor(token) for token in _staff_tokens(np.arange(STAFF)).tolist()]


def choose_special_visits(
    is_eligible: NDArray[np.bool_],
    has_market: NDArray[np.bool_],
    shares: SpecialVisitShares,
    rng: np.random.Generator,
) -> dict[Label, NDArray[np.int64]]:
    """Decides which eligible visits become which. A job for all countries has no visits from elsewhere."""
    kind = rng.random(len(is_eligible))
    first, second = shares.elsewhere, shares.elsewhere + shares.staff
    return {
        Label.ELSEWHERE: np.flatnonzero(is_eligible & has_market & (kind < first)),
        Label.STAFF: np.flatnonzero(is_eligible & (first <= kind) & (kind < second)),
        Label.DECLARED_CRAWLER: np.flatnonzero(
            is_eligible & (second <= kind) & (kind < second + shares.declared_crawler)
        ),
    }


def sample_staff(count: int, rng: np.random.Generator) -> Words:
    """Returns the tokens of ``count`` visits by staff."""
    return _staff_tokens(rng.integers(0, STAFF, count))


def choose_country(market: str | None, label: Label, word: int) -> str | None:
    """Returns a visitor's country: the job's market or, for visits from elsewhere, another; any for all countries."""
    if market is None:
        return None
    if label is not Label.ELSEWHERE:
        return market or COUNTRIES[word % len(COUNTRIES)]
    others: Sequence[str] = [country for country in COUNTRIES if country != market]
    return others[word % len(others)]


def _staff_tokens(numbers: NDArray[np.int64]) -> Words:
    return mix(mix(numbers.astype(np.uint64)) ^ np.uint64(0x57AFF))
