"""The 24 token attacks (A1 to A5, A14): whatever is not a living token of ours opens nothing."""

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone
from jwt.utils import base64url_decode, base64url_encode

from accounts import tickets
from accounts.models import AuthSession, User
from accounts.refresh import GRACE, refresh
from accounts.services import end_session, open_session
from accounts.tokens import BadToken, issue_access_token
from businesses.models import Business
from tests import builders
from widgets import keys
from widgets.models import Visitor

pytestmark = pytest.mark.django_db
Attack = Callable[[AuthSession], str]


def made(session: AuthSession, *, key: Any = None, algorithm: str = "HS256", headers: Any = None, **claims: Any) -> str:
    """A token like ours but for what is given; a claim of ... is left out."""
    now = int(time.time())
    payload = {
        "typ": "access",
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "jti": session.jti,
        "iat": now,
        "exp": now + 3600,
        "aud": "pingback-api",
        "iss": "pingback",
    } | claims
    payload = {name: value for name, value in payload.items() if value is not ...}
    return jwt.encode(payload, key or settings.JWT_KEY, algorithm, headers={"kid": "1"} | (headers or {}))


def unsigned(session: AuthSession, algorithm: str) -> str:
    head = base64url_encode(f'{{"alg":"{algorithm}","typ":"JWT","kid":"1"}}'.encode()).decode()
    return f"{head}.{made(session).split('.')[1]}."


def by_rsa(session: AuthSession) -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made(session, key=private, algorithm="RS256")


def relabelled(session: AuthSession) -> str:
    """HS256 with our secret, called RS256."""
    _head, body, signature = made(session).split(".")
    head = base64url_encode(b'{"alg":"RS256","typ":"JWT","kid":"1"}').decode()
    return f"{head}.{body}.{signature}"


def with_own_key(session: AuthSession) -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made(session, key=pem, algorithm="RS256", headers={"jwk": numbers})


def flipped(session: AuthSession) -> str:
    raw = made(session)
    middle = len(raw) // 2
    return raw[:middle] + ("A" if raw[middle] != "A" else "B") + raw[middle + 1 :]


def with_claims_twice(session: AuthSession) -> str:
    """The good claims behind ones that a reader may take in their stead."""
    head, body, _signature = made(session).split(".")
    twice = b'{"exp":1,"sub":"somebody",' + base64url_decode(body)[1:]
    return signed(f"{head}.{base64url_encode(twice).decode()}")


def signed(head_and_body: str) -> str:
    signature = hmac.new(settings.JWT_KEY.encode(), head_and_body.encode(), sha256).digest()
    return f"{head_and_body}.{base64url_encode(signature).decode()}"


def of_its_widget(session: AuthSession) -> str:
    """What a shop's server signs for its customers, even when it knew our key."""
    return jwt.encode({"sub": str(session.user_id), "aud": "widget", "exp": int(time.time()) + 60}, settings.JWT_KEY)


def after_the_grace(session: AuthSession) -> str:
    raw = made(session)
    refresh(session, jti=session.jti)
    AuthSession.objects.update(refreshed_at=timezone.now() - GRACE - timedelta(seconds=1))
    return raw


def of_gone(session: AuthSession) -> str:
    raw = made(session)
    end_session(session.pk)
    return raw


def of_deleted(session: AuthSession) -> str:
    raw = made(session)
    session.user.delete()
    return raw


def of_disabled(session: AuthSession) -> str:
    User.objects.filter(pk=session.user_id).update(is_active=False)
    return made(session)


ATTACKS: dict[str, Attack] = {
    **{f"alg {name}": lambda session, name=name: unsigned(session, name) for name in ("none", "None", "NONE", "nOnE")},
    "RS256 by another key": by_rsa,
    "RS256 header over our secret": relabelled,
    "its own key in the header": with_own_key,
    "jku": lambda session: made(session, key="k" * 40, headers={"jku": "https://evil.example/keys"}),
    "x5u": lambda session: made(session, key="k" * 40, headers={"x5u": "https://evil.example/cert"}),
    "unknown kid": lambda session: made(session, headers={"kid": "2"}),
    "kid with a path": lambda session: made(session, headers={"kid": "../../dev/null"}),
    "kid with SQL": lambda session: made(session, headers={"kid": "1' OR '1'='1"}),
    "empty signature": lambda session: made(session).rpartition(".")[0] + ".",
    "truncated": lambda session: made(session)[:-5],
    "one bit": flipped,
    "signed with SECRET_KEY": lambda session: made(session, key=settings.SECRET_KEY),
    "no exp": lambda session: made(session, exp=...),
    "exp a text": lambda session: made(session, exp="soon"),
    "exp a number in a text": lambda session: made(session, exp=str(int(time.time()) + 3600)),
    "exp a float": lambda session: made(session, exp=time.time() + 3600.5),
    "exp huge": lambda session: made(session, exp=10**400),
    "nbf ahead": lambda session: made(session, nbf=int(time.time()) + 3600),
    "iat a day ahead": lambda session: made(session, iat=int(time.time()) + 86_400),
    "wrong aud": lambda session: made(session, aud="pingback-socket"),
    "wrong iss": lambda session: made(session, iss="elsewhere"),
    "socket ticket": tickets.issue_ticket,
    "identity token": of_its_widget,
    "of a deleted user": of_deleted,
    "of a disabled user": of_disabled,
    "logged out": of_gone,
    "sid of another user": lambda session: made(session, sid=str(open_session(user=builders.person("Eve")).pk)),
    "100 kB": lambda session: made(session, extra="x" * 100_000),
    "a jti that never was": lambda session: made(session, jti="0" * 32),
    "old jti after the grace": after_the_grace,
    "claims twice": with_claims_twice,
    "typ of another kind": lambda session: made(session, typ="refresh"),
    "no typ": lambda session: made(session, typ=...),
    "no jti": lambda session: made(session, jti=...),
    "no sid": lambda session: made(session, sid=...),
    "sid with SQL": lambda session: made(session, sid="1 OR 1=1"),
    "sid a list": lambda session: made(session, sid=["x"]),
    "no sub": lambda session: made(session, sub=...),
    "sub of somebody else": lambda session: made(session, sub="somebody else"),
    "no aud": lambda session: made(session, aud=...),
    "no iss": lambda session: made(session, iss=...),
    "nothing": lambda session: "",
    "no token at all": lambda session: "a.b.c",
}


def status_with(raw: str, **headers: Any) -> int:
    return int(builders.api().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {raw}", **headers).status_code)


def test_what_is_made_like_ours_passes_so_that_the_table_proves_something(ada: User) -> None:
    assert status_with(made(open_session(user=ada))) == 200


@pytest.mark.parametrize("name", ATTACKS)
def test_A1_no_forged_or_dead_token_opens_anything(ada: User, name: str) -> None:
    raw = ATTACKS[name](open_session(user=ada))
    answer = builders.api().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {raw}")
    assert (answer.status_code, set(answer.json()), answer["WWW-Authenticate"]) == (401, {"detail"}, "Bearer")


def test_A3_a_token_is_over_a_second_after_its_end(ada: User) -> None:
    session = open_session(user=ada)
    assert status_with(made(session, exp=int(time.time()) - 1)) == 401
    assert status_with(made(session, exp=int(time.time()) + 30)) == 200


def test_a_session_from_before_tokens_had_names_lives_on_and_gets_one_when_it_asks(ada: User) -> None:
    session = open_session(user=ada)
    raw = made(session, jti="f" * 32)
    AuthSession.objects.update(jti="")
    assert status_with(raw) == 200

    answer = builders.api().post("/api/v1/auth/refresh", HTTP_AUTHORIZATION=f"Bearer {raw}")

    assert status_with(answer.json()["access_token"]) == status_with(raw) == 200
    assert AuthSession.objects.get().previous_jti == "f" * 32


def test_A1_only_the_header_counts_and_only_one(ada: User) -> None:
    raw = builders.token(ada)
    assert builders.api().get("/api/v1/auth/me", {"access_token": raw, "token": raw}).status_code == 401
    assert status_with(f"{raw}, Bearer {raw}") == 401
    assert status_with(f"{raw},{raw}") == 401


def test_A2_a_visitor_key_is_no_token(ada: User, acme: Business) -> None:
    assert status_with(builders.visitor_writes(acme).visitor_key) == 401


def test_A14_each_key_opens_its_own_door_alone(ada: User, acme: Business, monkeypatch: Any) -> None:
    """Everything that we sign, signed with each of the keys: only its own is taken."""
    session, visitor = open_session(user=ada), Visitor.objects.get(pk=builders.visitor_writes(acme).visitor.pk)
    names = ("SECRET_KEY", "JWT_KEY", "TICKET_KEY", "VISITOR_KEY", "FIELD_KEY")
    real = {name: getattr(settings, name) for name in names}
    forged: dict[str, dict[str, str]] = {}
    for leaked in names:
        with monkeypatch.context() as patched:
            patched.setattr(settings, "TICKET_KEY", real[leaked])
            patched.setattr(settings, "VISITOR_KEYS", [real[leaked]])
            forged[leaked] = {
                "token": made(session, key=real[leaked]),
                "ticket": tickets.issue_ticket(session),
                "visitor key": keys.issue(visitor),
            }

    for leaked, things in forged.items():
        assert (status_with(things["token"]) == 200) is (leaked == "JWT_KEY")
        assert redeems(things["ticket"]) is (leaked == "TICKET_KEY")
        found = keys.visitor_from_key(things["visitor key"], business_id=acme.pk)
        assert (found is not None) is (leaked == "VISITOR_KEY")
        for raw in (things["ticket"], things["visitor key"]):
            assert status_with(raw) == 401
        assert not redeems(things["token"])


def redeems(raw: str) -> bool:
    try:
        return tickets.use_up(tickets.read_ticket(raw))
    except BadToken:
        return False


def test_A4_A5_a_token_ends_with_its_session_and_its_person_at_the_next_request(ada: User) -> None:
    first, second = open_session(user=ada), open_session(user=ada)
    end_session(first.pk)
    assert [status_with(issue_access_token(each)) for each in (first, second)] == [401, 200]
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert status_with(issue_access_token(second)) == 401
