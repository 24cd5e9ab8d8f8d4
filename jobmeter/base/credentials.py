"""Owns random names: secrets and their hashes, access tokens, client ids, the ids of requests.

Does not own whose they are, nor the sealing of secrets that must be read again (``sealing``).
"""

import hashlib
import hmac
import secrets


def make_secret() -> str:
    """A new client secret or key: 192 random bits, URL-safe."""
    return secrets.token_urlsafe(24)


def make_access_token() -> str:
    """A new opaque access token, in the look of the protocol's own (spec 2.2)."""
    return "AQV" + secrets.token_urlsafe(48)


def make_client_id() -> str:
    """A new client id: fourteen characters of the look that partners know."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(14))


def make_request_id() -> str:
    """A name for one request, in the look of the protocol's own."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> bytes:
    """What is kept of a secret. Its 128 or more random bits make a slow hash needless."""
    return hashlib.sha256(secret.encode()).digest()


def same_secret(given: str, kept_hash: bytes) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(hash_secret(given), kept_hash)
