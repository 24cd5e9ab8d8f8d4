"""Owns the encryption of secrets that must be readable again: AES-GCM under a key that is not in the database.

Does not own which secrets are encrypted (decision 3).
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobmeter.base.lists import list_parts

NONCE_BYTES = 12
_PURPOSE = b"jobmeter-seal"


def list_keys(setting: str) -> list[bytes]:
    """Returns the comma-separated keys of ``JOBMETER_SECRET_KEY``: the first encrypts, all of them decrypt."""
    return [
        hashlib.blake2b(text.encode(), digest_size=32, person=_PURPOSE).digest()
        for text in list_parts(setting)
    ]


def seal(secret: str, *, setting: str, owner: str) -> bytes:
    """Encrypts ``secret`` under the first key, bound to ``owner``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(list_keys(setting)[0]).encrypt(nonce, secret.encode(), owner.encode())


def unseal(sealed: bytes, *, setting: str, owner: str) -> str | None:
    """Returns the secret, or ``None`` if no key of the setting decrypts it for ``owner``."""
    nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in list_keys(setting):
        try:
            return AESGCM(key).decrypt(nonce, text, owner.encode()).decode()
        except InvalidTag:
            continue
    return None
