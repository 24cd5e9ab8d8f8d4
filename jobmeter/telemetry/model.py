"""Owns how requests are named to those who watch: by the table of endpoints, never by what a caller sent. Pure."""

UNKNOWN = "(none)"
# A caller may send any verb; as a label of a metric, each would be kept for ever.
VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def known_verb(method: str) -> str:
    """Returns the verb of a request without an endpoint, or ``UNKNOWN``."""
    return method if method in VERBS else UNKNOWN
