"""Owns how long intake works on a batch before it lets other requests run.

Does not own the work: reading fifty thousand events takes a few tenths of a second in all, seconds for unusual ones.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

SLICE_SECONDS = 0.004
ROWS_FIRST = 50
ROWS_MAX = 500

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_slices(items: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> AsyncIterator[Result]:
    """Yields the result of ``work`` for successive slices. Their size follows from how long the last one took."""
    start, rows = 0, ROWS_FIRST
    while start < len(items):
        begun_at = time.perf_counter()
        result = work(items[start : start + rows])
        seconds = max(time.perf_counter() - begun_at, 1e-6)
        yield result
        start += rows
        rows = max(1, min(int(rows * SLICE_SECONDS / seconds), 2 * rows, ROWS_MAX))
        if start < len(items):
            await asyncio.sleep(0)
