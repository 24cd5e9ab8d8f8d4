"""A document as nested values, before it is text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Items:
    """A list; ``name`` is what XML calls each of its rows."""

    name: str
    rows: tuple["Tree", ...]


Leaf: TypeAlias = str | int | bool
Tree: TypeAlias = Mapping[str, "Leaf | Tree | Items"]
