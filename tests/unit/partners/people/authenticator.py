"""Owns an authenticator in software, as far as its signatures go. Does not own any expectation."""

import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def encode(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pack_bytes(data):
    """A string of bytes in CBOR."""
    return struct.pack("!BH", 0x59, len(data)) + data


@dataclass(frozen=True)
class Authenticator:
    """With one key pair. ``origin`` is the address of the page, which the browser reports."""

    origin: str
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = b"the id of one credential"

    def create(self, options, *, count=0):
        """What ``navigator.credentials.create`` returns, as JSON."""
        wanted = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public_key = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        named = struct.pack("!16xH", len(self.credential_id)) + self.credential_id + public_key
        data = self._make_data(wanted["rp"]["id"], self.flags | HAS_KEY, count) + named
        attested = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + pack_bytes(data)
        return self._answer("webauthn.create", wanted["challenge"], attestationObject=encode(attested))

    def get(self, options, *, count=0):
        """What ``navigator.credentials.get`` returns, as JSON."""
        wanted = json.loads(options)
        data = self._make_data(wanted["rpId"], self.flags, count)
        client = self._make_client_data("webauthn.get", wanted["challenge"])
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            "webauthn.get",
            wanted["challenge"],
            authenticatorData=encode(data),
            signature=encode(signature),
        )

    @staticmethod
    def _make_data(name, flags, count):
        return sha256(name.encode()).digest() + struct.pack("!BI", flags, count)

    def _make_client_data(self, kind, challenge):
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, kind, challenge, **response):
        client = encode(self._make_client_data(kind, challenge))
        return json.dumps(
            {
                "id": encode(self.credential_id),
                "rawId": encode(self.credential_id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {"clientDataJSON": client} | response,
            }
        )
