"""Owns the head of the chain, which is kept outside the database."""

import re
from dataclasses import dataclass
from typing import Self

_TEXT = re.compile(r"([1-9][0-9]{0,17})-([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The number of a round of seals, and a digest over everything that was sealed up to it."""

    round_number: int
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ``ValueError``."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(
                "a head is a round and a digest, such as 17-3fa9... (64 digits); see jobmeter db head"
            )
        return cls(round_number=int(match[1]), digest=match[2])

    def __str__(self) -> str:
        return f"{self.round_number}-{self.digest}"
