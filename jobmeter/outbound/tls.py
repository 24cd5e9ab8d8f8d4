"""Owns the certificates by which servers that a partner chose are verified.

Does not own which addresses may be reached (``addresses``).
"""

import ssl
from functools import lru_cache


@lru_cache(maxsize=1)
def open_tls() -> ssl.SSLContext:
    """Returns the context of all requests of this process: reading the certificates of all authorities takes longer than most."""
    return ssl.create_default_context()
