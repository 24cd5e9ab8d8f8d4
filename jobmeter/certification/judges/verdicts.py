"""Owns how judges write their findings. Pure."""

from collections.abc import Iterable
from typing import Protocol

from jobmeter.certification.model import Finding, Verdict

EVIDENCE_MAX = 12


class Numbered(Protocol):
    @property
    def number(self) -> int: ...


def shown(why: str, proof: Iterable[Numbered], *, remarks: Iterable[str] = ()) -> Finding:
    return _find(Verdict.SHOWN, why, proof, remarks)


def wrong(why: str, proof: Iterable[Numbered], *, remarks: Iterable[str] = ()) -> Finding:
    return _find(Verdict.WRONG, why, proof, remarks)


def missing(why: str, *, remarks: Iterable[str] = ()) -> Finding:
    return _find(Verdict.NOT_SHOWN, why, (), remarks)


def _find(verdict: Verdict, why: str, proof: Iterable[Numbered], remarks: Iterable[str]) -> Finding:
    numbers = list(dict.fromkeys(one.number for one in proof))[:EVIDENCE_MAX]
    return Finding(verdict=verdict, why=why, evidence=tuple(sorted(numbers)), remarks=tuple(remarks))
