"""Owns the form in which answers are kept for repeats: found by a hash, sealed under the sender's own key.

Does not own when an answer is kept (``flow``).
"""

import hashlib
import secrets

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobmeter.request_control.model import Request, StoredResponse

NONCE_BYTES = 12


def hash_claim(request: Request) -> bytes:
    """What the request is found by. It gives away neither its key nor what the answer is sealed with."""
    return _hash(request, b"repeat-claim")


def hash_body(request: Request) -> bytes:
    return hashlib.sha256(request.body).digest()


def seal_response(answer: StoredResponse, request: Request) -> bytes:
    """The headers and body of ``answer``, to be opened only by who sends the same key again.

    Answers hold new secrets at times, and nobody else's copy of the database should.
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
