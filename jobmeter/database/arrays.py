"""Owns packed parameters: numpy columns sent to PostgreSQL as binary arrays and binary COPY rows, with no Python
object for each value.

Does not own what the columns mean, or which of them belong together (``columns``).
"""

import struct
from abc import ABC, abstractmethod
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
class PackedArray(ABC):
    """A one-dimensional array, packed into PostgreSQL's binary form only when a statement that names it is sent."""

    values: Column | Sequence[Any]
    OIDS: ClassVar[tuple[int, int]]  # of an element, and of the array

    @abstractmethod
    def pack(self) -> bytes:
        """The array as the database reads it."""


class FixedArray(PackedArray):
    """Elements of one size."""

    WIRE: ClassVar[str]  # an element as the database sends and takes it, in numpy's words
    ORIGIN: ClassVar[int] = 0  # where the database begins to count

    def wire_values(self) -> Column:
        """What is packed; numpy brings it into the type of ``WIRE`` as it writes it."""
        values = np.asarray(self.values)
        return values - self.ORIGIN if self.ORIGIN else values

    @classmethod
    def from_wire(cls, sent: bytes | None) -> Column:
        """A column of which the database sent the elements one after the other; ``None`` is an empty one."""
        return np.frombuffer(sent or b"", dtype=cls.WIRE).astype(np.int64) + cls.ORIGIN

    def pack(self) -> bytes:
        # Each element is preceded by its size; numpy lays both out for all of them at once.
        rows = np.empty(len(self.values), dtype=[("size", ">i4"), ("value", self.WIRE)])
        rows["size"] = rows.dtype["value"].itemsize
        rows["value"] = self.wire_values()
        return _pack_header(self.OIDS[0], len(rows)) + rows.tobytes()


class SmallintArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (21, 1005)
    WIRE: ClassVar[str] = ">i2"


class IntegerArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (23, 1007)
    WIRE: ClassVar[str] = ">i4"


class BigintArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (20, 1016)
    WIRE: ClassVar[str] = ">i8"


class DateArray(FixedArray):
    """Days are counted since 1970."""

    OIDS: ClassVar[tuple[int, int]] = (1082, 1182)
    WIRE: ClassVar[str] = ">i4"
    ORIGIN: ClassVar[int] = DATE_EPOCH_DAYS


class UuidArray(FixedArray):
    """Strings of 16 bytes, which are sent and never read back."""

    OIDS: ClassVar[tuple[int, int]] = (2950, 2951)
    WIRE: ClassVar[str] = "V16"


class TextArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (25, 1009)

    def pack(self) -> bytes:
        return _pack_varied([value.encode() for value in self.values], self.OIDS[0])


class ByteaArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (17, 1001)

    def pack(self) -> bytes:
        return _pack_varied(self.values, self.OIDS[0])


def pack_smallints(values: Column) -> SmallintArray:
    return SmallintArray(values)


def pack_bigints(values: Column) -> BigintArray:
    return BigintArray(values)


def pack_byteas(values: Sequence[bytes]) -> ByteaArray:
    return ByteaArray(values)


def _pack_header(element_oid: int, length: int) -> bytes:
    """One dimension, no nulls, which begins at 1."""
    return struct.pack("!iiiii", 1, 0, element_oid, length, 1)


def _pack_varied(values: Column | Sequence[bytes], element_oid: int) -> bytes:
    header = _pack_header(element_oid, len(values))
    return header + b"".join([struct.pack("!i", len(value)) + value for value in values])


def pack_copy(columns: Sequence[FixedArray]) -> bytes:
    """The body of ``COPY ... WITH (FORMAT binary)``: columns of one length, none of them null."""
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for number, column in enumerate(columns):
        fields += [(f"size{number}", ">i4"), (f"value{number}", column.WIRE)]
    # A row is its number of fields, and each field its size and its bytes: one structured array of all rows.
    rows = np.empty(len(columns[0].values), dtype=fields)
    rows["count"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"size{number}"] = rows.dtype[f"value{number}"].itemsize
        rows[f"value{number}"] = column.wire_values()
    return COPY_HEADER + rows.tobytes() + COPY_TRAILER


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer:
        return obj.pack()


def register_packed_arrays(connection: AsyncConnection[Any]) -> None:
    """Teaches ``connection`` to send the packed classes."""
    for packed in (SmallintArray, IntegerArray, BigintArray, DateArray, UuidArray, TextArray, ByteaArray):
        dumper = type(f"{packed.__name__}Dumper", (_PackedDumper,), {"oid": packed.OIDS[1]})
        connection.adapters.register_dumper(packed, dumper)
