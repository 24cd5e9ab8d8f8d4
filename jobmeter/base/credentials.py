"""Owns random identifiers: secrets and their hashes, access tokens, client ids, request ids.

Does not own who they belong to, nor the encryption of secrets that must be readable again (``sealing``).
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

SHOWN_CHARACTERS = 4
USE_RECORDED_EVERY = timedelta(hours=1)
LOGIN_CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def make_secret() -> str:
    """Returns a new client secret or key: 192 random bits, URL-safe."""
    return secrets.token_urlsafe(24)


def make_access_token() -> str:
    """Returns a new opaque access token in the protocol's format (spec 2.2)."""
    return "AQV" + secrets.token_urlsafe(48)


def make_session_token() -> str:
    """Returns a new token of a log-in, a session or a browser: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def make_login_code() -> str:
    """Returns a new code that a person types: eight characters, none of which looks like another."""
    return "".join(secrets.choice(LOGIN_CODE_ALPHABET) for _ in range(8))


def make_client_id() -> str:
    """Returns a new client id: fourteen characters, in the format that partners know."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(14))


def last_four_of(secret: str) -> str:
    """Returns the last characters, by which a person recognizes a secret; too few to guess the others from."""
    return secret[-SHOWN_CHARACTERS:]


def make_request_id() -> str:
    """Returns a request id in the protocol's format."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> bytes:
    """Returns the hash under which a secret is stored. With 128 or more random bits, a slow hash is unnecessary."""
    return hashlib.sha256(secret.encode()).digest()


def same_secret(given: str, kept_hash: bytes) -> bool:
    """Compares a secret with its stored hash, in constant time."""
    return hmac.compare_digest(hash_secret(given), kept_hash)
