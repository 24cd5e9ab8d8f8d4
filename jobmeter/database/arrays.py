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
_CODES = {2: "h", 4: "i", 8: "q"}  # of whole numbers, by their size
DATE_EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000-01-01, we from 1970-01-01


@dataclass(frozen=True, slots=True)
class PackedArray(ABC):
    """A one-dimensional array, packed into PostgreSQL's binary format when a statement that uses it is sent."""

    values: Column | Sequence[Any]
    OIDS: ClassVar[tuple[int, int]]  # of an element, and of the array

    @abstractmethod
    def pack(self) -> bytes:
        """The array in PostgreSQL's binary format."""


def sized(wire: str) -> np.dtype[Any]:
    """The layout of an array element: its size, then its value. ``wire`` is the numpy type of the value."""
    return np.dtype([("size", ">i4"), ("value", wire)])


class FixedArray(PackedArray):
    """Elements of one size."""

    ELEMENT: ClassVar[np.dtype[Any]]
    ORIGIN: ClassVar[int] = 0  # the value that the database stores as 0

    def wire_values(self) -> Column:
        """The values to pack, before numpy converts them to the type on the wire."""
        values = np.asarray(self.values)
        return values - self.ORIGIN if self.ORIGIN else values

    @classmethod
    def from_wire(cls, sent: bytes | None) -> Column:
        """A column whose elements the database sent as concatenated bytes; ``None`` is an empty column."""
        return np.frombuffer(sent or b"", dtype=cls.ELEMENT["value"]).astype(np.int64) + cls.ORIGIN

    def pack(self) -> bytes:
        code = _CODES.get(self.ELEMENT.itemsize - 4)
        if code is not None and isinstance(self.values, list):
            return self._pack_few(self.values, code)
        # One structured array: numpy writes the sizes and the values of all elements at once.
        elements = np.empty(len(self.values), dtype=self.ELEMENT)
        elements["size"] = self.ELEMENT.itemsize - 4
        elements["value"] = self.wire_values()
        return b"".join((_pack_header(self.OIDS[0], len(elements)), elements.view(np.uint8).data))

    def _pack_few(self, values: Sequence[int], code: str) -> bytes:
        """A few numbers: to numpy they would cost more than to Python."""
        elements = [self.ELEMENT.itemsize - 4] * (2 * len(values))
        elements[1::2] = [value - self.ORIGIN for value in values] if self.ORIGIN else values
        return _pack_header(self.OIDS[0], len(values)) + struct.pack(
            f"!{f'i{code}' * len(values)}", *elements
        )


class SmallintArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (21, 1005)
    ELEMENT: ClassVar[np.dtype[Any]] = sized(">i2")


class IntegerArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (23, 1007)
    ELEMENT: ClassVar[np.dtype[Any]] = sized(">i4")


class BigintArray(FixedArray):
    OIDS: ClassVar[tuple[int, int]] = (20, 1016)
    ELEMENT: ClassVar[np.dtype[Any]] = sized(">i8")


class DateArray(FixedArray):
    """Days are counted since 1970."""

    OIDS: ClassVar[tuple[int, int]] = (1082, 1182)
    ELEMENT: ClassVar[np.dtype[Any]] = sized(">i4")
    ORIGIN: ClassVar[int] = DATE_EPOCH_DAYS


class UuidArray(FixedArray):
    """Strings of 16 bytes; sent only, ``from_wire`` does not support them."""

    OIDS: ClassVar[tuple[int, int]] = (2950, 2951)
    ELEMENT: ClassVar[np.dtype[Any]] = sized("V16")


class TextArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (25, 1009)

    def pack(self) -> bytes:
        return _pack_varied([value.encode() for value in self.values], self.OIDS[0])


class ByteaArray(PackedArray):
    OIDS: ClassVar[tuple[int, int]] = (17, 1001)

    def pack(self) -> bytes:
        return _pack_varied(self.values, self.OIDS[0])


def _pack_header(element_oid: int, length: int) -> bytes:
    """One dimension, no nulls, lower bound 1."""
    return struct.pack("!iiiii", 1, 0, element_oid, length, 1)


def _pack_varied(values: Column | Sequence[bytes], element_oid: int) -> bytes:
    header = _pack_header(element_oid, len(values))
    return header + b"".join([struct.pack("!i", len(value)) + value for value in values])


def pack_copy(columns: Sequence[FixedArray]) -> bytes:
    """The body of ``COPY ... WITH (FORMAT binary)``: columns of one length, none of them null."""
    fields: list[tuple[str, Any]] = [("count", ">i2")]
    fields += [(f"field{number}", column.ELEMENT) for number, column in enumerate(columns)]
    # One structured array of all rows: a row is its number of fields, then the size and the bytes of each field.
    rows = np.empty(len(columns[0].values), dtype=fields)
    rows["count"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"field{number}"]["size"] = column.ELEMENT.itemsize - 4
        rows[f"field{number}"]["value"] = column.wire_values()
    # `join` reads the array's memory directly: another copy of a large batch would cost as much as packing it.
    return b"".join((COPY_HEADER, rows.view(np.uint8).data, COPY_TRAILER))


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer:
        return obj.pack()


def register_packed_arrays(connection: AsyncConnection[Any]) -> None:
    """Teaches ``connection`` to send the packed classes."""
    for packed in (SmallintArray, IntegerArray, BigintArray, DateArray, UuidArray, TextArray, ByteaArray):
        dumper = type(f"{packed.__name__}Dumper", (_PackedDumper,), {"oid": packed.OIDS[1]})
        connection.adapters.register_dumper(packed, dumper)
