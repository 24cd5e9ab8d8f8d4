"""Owns the flaws of a feed's jobs, and the row in which the report lists those of one job. Pure."""

from typing import Final

import msgspec

FLAWS_MAX: Final = 20


class FeedFlaw(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with a field: an error refuses the job, a warning leaves the field out."""

    path: str
    found: str
    why: str
    is_error: bool

    def to_text(self) -> str:
        path = self.path.removeprefix("job/")
        return f"{path}: {self.found!r} {self.why}" if self.found else f"{path} {self.why}"


class FeedError(msgspec.Struct, frozen=True, gc=False):
    """A job that cannot be posted, with all its flaws and warnings; ``partner_job_id`` is empty if it could not be read."""

    index: int
    partner_job_id: str
    path: str
    why: str
    title: str = ""
    flaws: tuple[FeedFlaw, ...] = ()

    @property
    def is_error(self) -> bool:
        return not self.flaws or any(flaw.is_error for flaw in self.flaws)


def make_report_row(index: int, *, partner_job_id: str, title: str, flaws: tuple[FeedFlaw, ...]) -> FeedError:
    """Returns the row of the report for a job with flaws; the first error, if there is one, names its path."""
    ordered = sorted(flaws, key=lambda flaw: not flaw.is_error)[:FLAWS_MAX]
    first = ordered[0]
    if len(ordered) == 1:
        why = f"{first.found!r} {first.why}" if first.found else first.why
    else:
        errors = sum(flaw.is_error for flaw in ordered)
        counts = [f"{errors} flaws"] if errors else []
        counts += [f"{len(ordered) - errors} warnings"] if len(ordered) > errors else []
        why = f"{', '.join(counts)}. " + "; ".join(flaw.to_text() for flaw in ordered)
    return FeedError(
        index=index,
        partner_job_id=partner_job_id,
        path=first.path,
        why=why[:4_000],
        title=title[:200],
        flaws=tuple(ordered),
    )
