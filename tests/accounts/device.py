"""A device that holds passkeys, in software: what it signs is real, and so is what it gets wrong when told to."""

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as b64

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0

    def create(
        self, challenge: str, *, rp_id: str = "localhost", origin: str = "http://localhost", flags: int = 5
    ) -> str:
        point = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(key)
        data = self._data(rp_id, flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge, origin)
        return self._answer(clientDataJSON=b64(client), attestationObject=b64(attestation), transports=["internal"])

    def get(
        self,
        challenge: str,
        *,
        rp_id: str = "localhost",
        origin: str = "http://localhost",
        flags: int = 5,
        count: int | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        handle: bytes | None = None,
    ) -> str:
        self.count += 1
        data = self._data(rp_id, flags, self.count if count is None else count)
        client = self._client("webauthn.get", challenge, origin)
        signature = (key or self.key).sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        extra = {"userHandle": b64(handle)} if handle else {}
        return self._answer(clientDataJSON=b64(client), authenticatorData=b64(data), signature=b64(signature), **extra)

    def _data(self, rp_id: str, flags: int, count: int = 0) -> bytes:
        return sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _client(self, type: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": type, "challenge": challenge, "origin": origin}).encode()

    def _answer(self, **response: Any) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response})
