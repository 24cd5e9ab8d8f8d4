"""Owns the encryption of secrets that must be readable again: AES-GCM under a key that is not in the database.

Does not own which secrets are encrypted (decision 3).
"""

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobmeter.base.lists import list_parts

NONCE_BYTES = 12
_PURPOSE = b"jobmeter-seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """How many secrets were sealed again, were sealed with the newest key already, and are sealed with none that is known."""

    sealed_again: int = 0
    current: int = 0
    unreadable: int = 0

    def __add__(self, other: "Resealing") -> "Resealing":
        return Resealing(
            sealed_again=self.sealed_again + other.sealed_again,
            current=self.current + other.current,
            unreadable=self.unreadable + other.unreadable,
        )


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


def reseal(sealed: bytes, *, setting: str, owner: str) -> bytes | None:
    """Returns the secret encrypted under the first key, which is ``sealed`` itself if it is already, or ``None`` as ``unseal``."""
    newest = list_parts(setting)[0]
    if unseal(sealed, setting=newest, owner=owner) is not None:
        return sealed
    secret = unseal(sealed, setting=setting, owner=owner)
    return None if secret is None else seal(secret, setting=newest, owner=owner)


def count_resealing(sealed: bytes, replacement: bytes | None) -> Resealing:
    """Counts what ``reseal`` returned for one secret."""
    if replacement is None:
        return Resealing(unreadable=1)
    return Resealing(current=1) if replacement == sealed else Resealing(sealed_again=1)
