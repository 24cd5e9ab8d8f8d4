"""Owns packed parameters: numpy columns sent to PostgreSQL as binary arrays and binary COPY rows, with no Python
object for each value.

Does not own what the columns mean.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from psycopg import AsyncConnection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

Column = npt.NDArray[Any]

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
COPY_TRAILER = struct.pack("!h", -1)
DATE_EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000-01-01, we from 1970-01-01


@dataclass(frozen=True, slots=True)
class PackedArray:
    """A one-dimensional array in PostgreSQL's binary form."""

    data: bytes


class SmallintArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (21, 1005)


class IntegerArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (23, 1007)


class BigintArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (20, 1016)


class DateArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (1082, 1182)


class UuidArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (2950, 2951)


class TextArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (25, 1009)


class ByteaArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (17, 1001)


def pack_smallints(values: Column) -> SmallintArray:
    return SmallintArray(_pack(values.astype(">i2"), SmallintArray.OIDS[0]))


def pack_integers(values: Column) -> IntegerArray:
    return IntegerArray(_pack(values.astype(">i4"), IntegerArray.OIDS[0]))


def pack_bigints(values: Column) -> BigintArray:
    return BigintArray(_pack(values.astype(">i8"), BigintArray.OIDS[0]))


def pack_dates(days_since_1970: Column) -> DateArray:
    return DateArray(_pack((days_since_1970 - DATE_EPOCH_DAYS).astype(">i4"), DateArray.OIDS[0]))


def pack_uuids(values: Column) -> UuidArray:
    """``values`` is an array of 16-byte strings (dtype ``V16``)."""
    return UuidArray(_pack(values.astype("V16"), UuidArray.OIDS[0]))


def pack_texts(values: Sequence[str]) -> TextArray:
    """Raises ``UnicodeEncodeError`` for a text that is no Unicode."""
    return TextArray(_pack_varied([value.encode() for value in values], TextArray.OIDS[0]))


def pack_byteas(values: Sequence[bytes]) -> ByteaArray:
    return ByteaArray(_pack_varied(values, ByteaArray.OIDS[0]))


def _pack_varied(values: Sequence[bytes], element_oid: int) -> bytes:
    header = struct.pack("!iiiii", 1, 0, element_oid, len(values), 1)
    return header + b"".join([struct.pack("!i", len(value)) + value for value in values])


def _pack(values: Column, element_oid: int) -> bytes:
    header = struct.pack("!iiiii", 1, 0, element_oid, len(values), 1)
    rows = np.empty(len(values), dtype=[("size", ">i4"), ("value", values.dtype)])
    rows["size"] = values.dtype.itemsize
    rows["value"] = values
    return header + rows.tobytes()


def pack_copy(columns: list[Column]) -> bytes:
    """The body of ``COPY ... WITH (FORMAT binary)``: big-endian columns of one length, none of them null."""
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for number, column in enumerate(columns):
        fields += [(f"size{number}", ">i4"), (f"value{number}", column.dtype.str)]
    rows = np.empty(len(columns[0]), dtype=fields)
    rows["count"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"size{number}"] = column.dtype.itemsize
        rows[f"value{number}"] = column
    return COPY_HEADER + rows.tobytes() + COPY_TRAILER


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer:
        return obj.data


def register_packed_arrays(connection: AsyncConnection[Any]) -> None:
    """Teaches ``connection`` to send the packed classes."""
    for packed in (SmallintArray, IntegerArray, BigintArray, DateArray, UuidArray, TextArray, ByteaArray):
        dumper = type(f"{packed.__name__}Dumper", (_PackedDumper,), {"oid": packed.OIDS[1]})
        connection.adapters.register_dumper(packed, dumper)
