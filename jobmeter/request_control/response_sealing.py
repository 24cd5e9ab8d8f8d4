"""Owns the format of stored responses: found by a hash, sealed under the sender's key and the server's secret key.

Does not own when a response is stored (``flow``).
"""

import hashlib
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobmeter.database.sealing import list_keys
from jobmeter.request_control.model import Request, StoredResponse

NONCE_BYTES = 12


def hash_claim(request: Request) -> bytes:
    """Returns the hash that identifies the request. It reveals neither its key nor the key of the sealed response."""
    return _hash(request, b"repeat-claim")


def hash_body(request: Request) -> bytes:
    return hashlib.sha256(request.body).digest()


def seal_response(answer: StoredResponse, request: Request, *, secret_key: str) -> bytes:
    """Seals the headers and body of ``answer``; opening them takes the sender's key and the server's secret key.

    Responses may contain new secrets. A copy of the database reveals none of them, even to a caller who guesses the
    ``Idempotency-Key``, which need not be random.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    content = msgspec.msgpack.encode((answer.headers, answer.body))
    return nonce + AESGCM(_list_seals(request, secret_key)[0]).encrypt(nonce, content, None)


def open_response(sealed: bytes, request: Request, *, status: int, secret_key: str) -> StoredResponse | None:
    """Returns ``None`` if the server no longer has the secret key under which the response was sealed."""
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in _list_seals(request, secret_key):
        try:
            opened = AESGCM(key).decrypt(nonce, content, None)
        except InvalidTag:
            continue
        headers, body = msgspec.msgpack.decode(opened, type=tuple[dict[str, str], bytes])
        return StoredResponse(status, headers, body)
    return None


def _list_seals(request: Request, secret_key: str) -> list[bytes]:
    """Returns a key for each secret key of the server: the first seals, all of them open.

    The last one is without a secret key: a server that has none seals with it, and releases up to 0.2.0 always did.
    """
    own = _hash(request, b"repeat-seal")
    keys = [hashlib.blake2b(own, digest_size=32, key=key).digest() for key in list_keys(secret_key)]
    return [*keys, own]


def _hash(request: Request, purpose: bytes) -> bytes:
    text = f"{request.sender}\x1f{request.method}\x1f{request.path}\x1f{request.key}"
    return hashlib.blake2b(text.encode(), digest_size=32, person=purpose).digest()
