"""Owns the sealing of secrets that must be read again: AES-GCM under a key that the database does not hold.

Does not own which secrets are sealed. Decision 0003.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_PURPOSE = b"jobmeter-seal"


def list_keys(setting: str) -> list[bytes]:
    """The keys of ``JOBMETER_SECRET_KEY``, parted by commas: the first seals, each of them opens."""
    texts = [text.strip() for text in setting.split(",")]
    return [
        hashlib.blake2b(text.encode(), digest_size=32, person=_PURPOSE).digest() for text in texts if text
    ]


def seal(secret: str, *, setting: str, owner: str) -> bytes:
    """``secret`` so that it opens only with the key, and only as ``owner``'s."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(list_keys(setting)[0]).encrypt(nonce, secret.encode(), owner.encode())


def unseal(sealed: bytes, *, setting: str, owner: str) -> str | None:
    """The secret, or ``None`` when no key of the setting opens it."""
    nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in list_keys(setting):
        try:
            return AESGCM(key).decrypt(nonce, text, owner.encode()).decode()
        except InvalidTag:
            continue
    return None
