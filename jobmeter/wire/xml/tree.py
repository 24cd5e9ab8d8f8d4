"""Owns the tree of values that documents are written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Items:
    """A list; ``name`` is the name of its rows in XML."""

    name: str
    rows: tuple["Tree", ...]


Leaf: TypeAlias = str | int | bool
Tree: TypeAlias = Mapping[str, "Leaf | Tree | Items"]
