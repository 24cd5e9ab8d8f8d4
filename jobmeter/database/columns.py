"""Owns the columnar type: named numpy columns of equal length, each with its type in the database.

Does not own what the columns mean: rooms derive their own classes, whose fields are the parameters of statements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Self, TypeVar, get_type_hints

import numpy as np

from jobmeter.base.days import DAY_MS
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.database.arrays import (
    BigintArray,
    Column,
    DateArray,
    FixedArray,
    IntegerArray,
    PackedArray,
    SmallintArray,
    TextArray,
    UuidArray,
    pack_copy,
)

Smallint = Annotated[Column, SmallintArray]
Integer = Annotated[Column, IntegerArray]
Bigint = Annotated[Column, BigintArray]
Date = Annotated[Column, DateArray]  # days since 1970
Uuid = Annotated[Column, UuidArray]
Text = Annotated[Column, TextArray]
Local = Column  # never sent to the database

SHARD_BITS = (SHARD_COUNT - 1).bit_length()


Wider = TypeVar("Wider", bound="Columns")


def shards_of(job_ids: Column) -> Column:
    """The shard of each job of a column."""
    return job_ids % SHARD_COUNT


def order_by_shard(job_ids: Column) -> Column:
    """Row numbers in the order of shard and job; those of one job are in any order."""
    # The shard, which is the remainder, before the rest: one number, which numpy sorts several times faster than two.
    return np.argsort((shards_of(job_ids) << 63 - SHARD_BITS) | job_ids // SHARD_COUNT)


def list_different(numbers: Column) -> Column:
    """The different numbers of a column, in order."""
    # numpy's own `unique` takes several times as long for some thousand.
    ordered = np.sort(numbers)
    different: Column = ordered[np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))]
    return different


def list_day_numbers(times_ms: Column) -> list[int]:
    """The days of some times in order, as numbers since 1970."""
    if len(times_ms) == 0:
        return []
    first, last = int(times_ms.min()) // DAY_MS, int(times_ms.max()) // DAY_MS
    return [first] if first == last else list_different(times_ms // DAY_MS).tolist()


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of equal length. A derived class annotates each field with the column's type in the database.

    In memory all integers have 64 bits, whatever their type in the database.
    """

    def __len__(self) -> int:
        return len(getattr(self, next(iter(layout_of(type(self))))))

    @classmethod
    def empty(cls) -> Self:
        return cls(**{name: np.zeros(0, dtype=np.int64) for name in layout_of(cls)})

    def select(self, rows: Column) -> Self:
        """The rows at the indexes ``rows``, or those whose flag in ``rows`` is true."""
        return type(self)(**{name: getattr(self, name)[rows] for name in layout_of(type(self))})

    def concat(self, other: Self) -> Self:
        """The rows of ``self``, then those of ``other``."""
        return self.concat_all((self, other))

    @classmethod
    def concat_all(cls, parts: Sequence[Self]) -> Self:
        """The rows of all ``parts``, of which there is at least one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in layout_of(cls)}
        )

    def extend(self, kind: type[Wider], **more: Column) -> Wider:
        """The same rows as a derived class, which has ``more`` columns."""
        return kind(**{name: getattr(self, name) for name in layout_of(type(self))}, **more)

    def parameters(self) -> dict[str, PackedArray]:
        """The columns as parameters of a statement. Only those that the statement uses are packed."""
        types = layout_of(type(self))
        return {name: array(getattr(self, name)) for name, array in types.items() if array is not None}

    def copy_body(self) -> bytes:
        """The input of ``COPY ... WITH (FORMAT binary)``, with the columns in the order of the fields."""
        return pack_copy([array(getattr(self, name)) for name, array in _fixed_layout_of(type(self))])

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From one row with a packed column (``string_agg(int8send(...), '')``) per field; ``NULL`` is an empty one."""
        return cls(**{name: array.from_wire(row[name]) for name, array in _fixed_layout_of(cls)})


_LAYOUTS: dict[type, dict[str, type[PackedArray] | None]] = {}


def layout_of(kind: type[Columns]) -> dict[str, type[PackedArray] | None]:
    """The fields of a class in order, with their types in the database; ``None`` for those that are never sent."""
    if kind not in _LAYOUTS:
        hints = get_type_hints(kind, include_extras=True)
        marks = {field.name: getattr(hints[field.name], "__metadata__", (None,)) for field in fields(kind)}
        _LAYOUTS[kind] = {name: mark[0] for name, mark in marks.items()}
    return _LAYOUTS[kind]


def _fixed_layout_of(kind: type[Columns]) -> Iterator[tuple[str, type[FixedArray]]]:
    """The same for a class that is copied or read as a whole, so that every field needs a type of fixed size."""
    for name, array in layout_of(kind).items():
        assert array is not None, f"{name} is never sent"
        assert issubclass(array, FixedArray), f"{name} has elements of many sizes"
        yield name, array
