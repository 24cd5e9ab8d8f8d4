"""Owns the verbs of writing tables: as text while they are read, each one piece of the response; as a complete file."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from functools import partial
from pathlib import Path

from jobmeter.exports.formats import text
from jobmeter.exports.formats.writers import open_writer
from jobmeter.exports.model import Column, ExportFormat, Table


async def stream_text(
    tables: AsyncIterator[Table],
    columns: Sequence[Column],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    has_header: bool,
) -> AsyncGenerator[bytes, None]:
    """Yields the bytes of each table, which is written in a thread while the next one is read."""
    is_csv = file_format is ExportFormat.CSV
    write = text.write_csv if is_csv else text.write_json_lines
    header = text.write_csv_header(columns) if is_csv and has_header else b""
    loop, written = asyncio.get_running_loop(), None
    async for table in tables:
        following = loop.run_in_executor(None, partial(write, columns, table, zone=zone))
        if written is not None:
            yield header + await written
            header = b""
        written = following
    if written is not None:
        yield header + await written
    elif header:
        yield header


async def write_file(
    tables: AsyncIterator[Table],
    columns: Sequence[Column],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    target: Path,
    check: Callable[[], None],
) -> None:
    """Writes a file in a thread of its own; ``check`` is called after each table. Raises ``Refused(EXTRA_MISSING)``, and what it raises.

    One thread: each thread that the libraries are called in keeps memory of its own.
    """
    thread, loop = ThreadPoolExecutor(1, thread_name_prefix="file of an export"), asyncio.get_running_loop()
    try:
        writer = await loop.run_in_executor(thread, open_writer, file_format, target, columns, zone)
        try:
            async for table in tables:
                await loop.run_in_executor(thread, writer.add, table)
                await loop.run_in_executor(thread, check)
            await loop.run_in_executor(thread, writer.finish)
        finally:
            await loop.run_in_executor(thread, writer.close)  # after the step in which a caller was cancelled
    finally:
        thread.shutdown(wait=False)
