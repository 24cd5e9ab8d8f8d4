"""Owns the value of the check: the result of one law."""

from dataclasses import dataclass

from jobmeter.integrity.findings.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck(Finding):
    """One law, in words, and the result of its check."""

    law: str
