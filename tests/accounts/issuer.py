"""An OpenID Connect issuer of our own: keys over real HTTP, and tokens as wrong as a test wants them."""

import http.server
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "pingback-tests.apps.googleusercontent.com"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.published = ["first"]
        self.fetches = 0
        self.status = 200
        self.cache_control = "public, max-age=3600"
        self.chooses = True

    def document(self) -> bytes:
        keys = [
            {**RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True), "kid": name, "alg": "RS256", "use": "sig"}
            for name in self.published
        ]
        return json.dumps({"keys": keys}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What Google says of Greta. A claim of ... is left out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": "110248495921238986420",
            "email": "greta@example.com",
            "email_verified": True,
            "name": "Greta Garbo",
            "picture": "https://lh3.googleusercontent.com/a/greta=s96-c",
            "jti": secrets.token_hex(8),
            "iat": now,
            "exp": now + 3600,
        } | changes
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, *, key: str = "first", kid: str | None = None, **changes: Any) -> str:
        return jwt.encode(self.claims(**changes), rsa_key(key), "RS256", headers={"kid": kid or key})

    def token_by_public_key(self) -> str:
        """The public key taken for an HMAC secret; PyJWT itself refuses to write that, so by hand."""
        import hmac

        pem = rsa_key("first").public_key()
        secret = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        encode = jwt.utils.base64url_encode
        head = encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "first"}).encode())
        signed = head + b"." + encode(json.dumps(self.claims()).encode())
        return (signed + b"." + encode(hmac.digest(secret, signed, "sha256"))).decode()


@contextmanager
def running() -> Iterator[Issuer]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/keys"):
                issuer.fetches += 1
                self._answer(issuer.status, issuer.document(), "application/json")
            else:
                self._send_back({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})

        def _send_back(self, asked: dict[str, str]) -> None:
            """As if the person had chosen an account, or none."""
            fragment = {"state": asked["state"], "error": "access_denied"}
            if issuer.chooses:
                fragment = {"state": asked["state"], "id_token": issuer.token(nonce=asked["nonce"])}
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}#{urlencode(fragment)}")
            self.end_headers()

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", issuer.cache_control)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Tests print what they need."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield issuer
        server.shutdown()
