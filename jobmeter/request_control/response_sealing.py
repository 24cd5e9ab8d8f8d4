"""Owns the format of stored responses: found by a hash, sealed under a key that only the sender has.

Does not own when a response is stored (``flow``).
"""

import hashlib
import secrets

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobmeter.request_control.model import Request, StoredResponse

NONCE_BYTES = 12


def hash_claim(request: Request) -> bytes:
    """Returns the hash that identifies the request. It reveals neither its key nor the key of the sealed response."""
    return _hash(request, b"repeat-claim")


def hash_body(request: Request) -> bytes:
    return hashlib.sha256(request.body).digest()


def seal_response(answer: StoredResponse, request: Request) -> bytes:
    """Seals the headers and body of ``answer``; only a sender of the same key can open them.

    Responses may contain new secrets, which must not be readable in a copy of the database.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    content = msgspec.msgpack.encode((answer.headers, answer.body))
    return nonce + AESGCM(_hash(request, b"repeat-seal")).encrypt(nonce, content, None)


def open_response(sealed: bytes, request: Request, *, status: int) -> StoredResponse:
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    opened = AESGCM(_hash(request, b"repeat-seal")).decrypt(nonce, content, None)
    headers, body = msgspec.msgpack.decode(opened, type=tuple[dict[str, str], bytes])
    return StoredResponse(status, headers, body)


def _hash(request: Request, purpose: bytes) -> bytes:
    text = f"{request.sender}\x1f{request.method}\x1f{request.path}\x1f{request.key}"
    return hashlib.blake2b(text.encode(), digest_size=32, person=purpose).digest()
