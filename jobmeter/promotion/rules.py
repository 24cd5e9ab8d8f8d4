"""Owns the decisions of promotion: what changed between two checks. Pure."""

from jobmeter.promotion.model import PromotionState


def is_feed_change(known: PromotionState | None, seen: PromotionState) -> bool:
    """Whether the feed reports it: a job that was never promoted has no followers."""
    if known is None:
        return seen.is_promoted
    return (known.is_promoted, known.reason) != (seen.is_promoted, seen.reason)


def is_status_change(known: PromotionState | None, seen: PromotionState) -> bool:
    """Whether a notification reports it. A job that is not listed yet has nothing to report."""
    if known is None:
        return seen.listing != "IN_PROGRESS"
    return (known.is_promoted, known.reason, known.listing) != (
        seen.is_promoted,
        seen.reason,
        seen.listing,
    )
