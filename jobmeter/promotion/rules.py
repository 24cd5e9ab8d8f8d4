"""Owns the decisions of delivery: what changed between two looks. Pure."""

from jobmeter.promotion.model import PromotionState


def is_feed_change(known: PromotionState | None, seen: PromotionState) -> bool:
    """Whether the feed tells it: a job never promoted was never followed."""
    if known is None:
        return seen.is_promoted
    return (known.is_promoted, known.reason) != (seen.is_promoted, seen.reason)


def is_status_change(known: PromotionState | None, seen: PromotionState) -> bool:
    """Whether a notice tells it. A job that is on its way to be listed has no news yet."""
    if known is None:
        return seen.listing != "IN_PROGRESS"
    return (known.is_promoted, known.reason, known.listing) != (
        seen.is_promoted,
        seen.reason,
        seen.listing,
    )
