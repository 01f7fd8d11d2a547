"""Passkeys (WebAuthn): a key pair of a device, which shows itself to our site alone.

A passkey is a second factor beside the password. It also signs in without one: it has asked its owner for a finger,
a face or a PIN, so it is two factors by itself. Browsers bind it to a host name: there are none for an IP address,
but a loopback installation has some when it is called `localhost`.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import events
from accounts.factors import second_factor
from accounts.factors.models import Passkey
from accounts.fresh import require_fresh
from accounts.models import User
from foundation.errors import Invalid, NotFound, NotSignedIn, Unprocessable
from foundation.text import is_clean

MAX_NAME, MAX_PASSKEYS = 60, 20
# Longer than what any browser sends.
MAX_CREDENTIAL = 20_000
# What the library raises for an answer that is not good, whatever is wrong with it.
BAD = (WebAuthnException, InvalidSignature, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys belong. rp_id: the host. origin: what the browser must say it was on."""

    rp_id: str
    origin: str


def site_of(host: str) -> Site | None:
    """Our site as the browser that asks knows it; None where passkeys cannot work.

    host: of the request, with its port; one of ALLOWED_HOSTS.
    """
    public = urlsplit(settings.PUBLIC_BASE_URL)
    asked = urlsplit(f"//{host}").hostname
    if not _is_address(settings.PUBLIC_HOST):
        # Browsers offer them over https alone, and on localhost.
        if asked != settings.PUBLIC_HOST or (public.scheme != "https" and settings.PUBLIC_HOST != "localhost"):
            return None
        usual = 443 if public.scheme == "https" else 80
        port = f":{public.port}" if public.port not in (None, usual) else ""
        return Site(settings.PUBLIC_HOST, f"{public.scheme}://{settings.PUBLIC_HOST}{port}")
    if ipaddress.ip_address(settings.PUBLIC_HOST).is_loopback and asked == "localhost":
        return Site("localhost", f"http://{host}")
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# Adding ------------------------------------------------------------------------------------------------------


def creation_options(user: User, site: Site, challenge: bytes) -> dict[str, Any]:
    """For `navigator.credentials.create`, in JSON's terms.

    Raises NotFresh; Invalid for somebody who has MAX_PASSKEYS.
    """
    require_fresh(user)
    known = Passkey.objects.filter(user=user, rp_id=site.rp_id)
    if Passkey.objects.filter(user=user).count() >= MAX_PASSKEYS:
        raise Invalid(_("You have %(most)d passkeys. Remove one first.") % {"most": MAX_PASSKEYS})
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name="PingBack",
        user_id=user.pk.bytes,
        user_name=user.email,
        user_display_name=user.full_name,
        challenge=challenge,
        exclude_credentials=[_descriptor(passkey) for passkey in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return options_to_json_dict(options)


def add(user: User, site: Site, *, challenge: bytes, credential: str, name: str) -> list[str]:
    """Store what the browser made. Returns recovery codes to show once; none when there are some already.

    challenge: what `creation_options` was given. credential: the browser's answer, as JSON.
    name: what the person calls it, at most MAX_NAME characters; "" = "Passkey".
    Raises NotFresh, Unprocessable for a name that cannot be stored, Invalid for an answer that is not good or a
    passkey that is known.
    """
    require_fresh(user)
    if len(name) > MAX_NAME or not is_clean(name):
        raise Unprocessable(_("Write a name of %(most)d characters at most.") % {"most": MAX_NAME}, field="name")
    try:
        made = webauthn.verify_registration_response(
            credential=_answer(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        transports = webauthn.helpers.parse_registration_credential_json(credential).response.transports or []
    except BAD as error:
        raise Invalid(_("This passkey could not be added. Try again.")) from error
    passkey = Passkey(
        user=user,
        name=name.strip() or _("Passkey"),
        rp_id=site.rp_id,
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=[transport.value for transport in transports],
    )
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            passkey.save(force_insert=True)
            return second_factor.added(user, second_factor.called(passkey))
    except IntegrityError as error:
        raise Invalid(_("This passkey is known already.")) from error


# Using -------------------------------------------------------------------------------------------------------


def request_options(site: Site, challenge: bytes, *, user: User | None = None) -> dict[str, Any]:
    """For `navigator.credentials.get`, in JSON's terms.

    user: whose passkey is asked for, as a second step; None = whoever's, to sign in without a password.
    """
    known = Passkey.objects.filter(user=user, rp_id=site.rp_id) if user else []
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        allow_credentials=[_descriptor(passkey) for passkey in known],
        user_verification=_verification(user),
    )
    return options_to_json_dict(options)


def use(site: Site, *, challenge: bytes, credential: str, user: User | None = None) -> User:
    """Whose passkey answered. Opens no session: `accounts.door` is next.

    challenge, user: what `request_options` was given. credential: the browser's answer, as JSON.
    Raises NotSignedIn, with the same words whatever is wrong: unknown, another person's, for another challenge, site
    or origin, a signature that is not right, or a count that shows a copied key.
    """
    refused = NotSignedIn(_("This passkey was not accepted."))
    try:
        answer = webauthn.helpers.parse_authentication_credential_json(_answer(credential))
    except BAD as error:
        raise refused from error
    passkey = Passkey.objects.filter(credential_id=bytes_to_base64url(answer.raw_id), rp_id=site.rp_id).first()
    if passkey is None or (user and passkey.user_id != user.pk):
        raise refused
    handle = answer.response.user_handle
    with transaction.atomic():
        found = Passkey.objects.select_for_update().select_related("user").filter(pk=passkey.pk).first()
        ours = found is not None and handle in (None, b"", found.user.pk.bytes)
        good = found is not None and ours and _answers(found, site, challenge, answer, user)
    if found is None:
        raise refused
    if not good:
        events.tell("second_factor.failed", user=found.user)
        raise refused
    return found.user


def _answers(passkey: Passkey, site: Site, challenge: bytes, answer: Any, user: User | None) -> bool:
    """With the row locked: of one answer that comes twice at once, a counting key's second one is refused."""
    try:
        proof = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=user is None,
        )
    except BAD:
        return False
    passkey.sign_count, passkey.last_used_at = proof.new_sign_count, timezone.now()
    passkey.save(update_fields=["sign_count", "last_used_at"])
    return True


# Keeping -----------------------------------------------------------------------------------------------------


def own(user: User, passkey_id: UUID) -> Passkey:
    """Raises NotFound for another person's as for one that is nobody's."""
    found = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if found is None:
        raise NotFound
    return found


def rename(passkey: Passkey, *, name: str) -> None:
    """Raises Unprocessable for a name that is empty or too long."""
    if not name.strip():
        raise Unprocessable(_("Write a name."), field="name")
    if len(name.strip()) > MAX_NAME:
        raise Unprocessable(_("Write a name of %(most)d characters at most.") % {"most": MAX_NAME}, field="name")
    passkey.name = name.strip()
    passkey.save(update_fields=["name"])


def remove(user: User, passkey: Passkey, *, code: str = "", password: str = "") -> None:
    """With a proof, as for every factor. Raises Invalid, TooFast."""
    second_factor.prove(user, code=code, password=password)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if Passkey.objects.filter(user=user, pk=passkey.pk).delete()[0]:
            second_factor.removed(user, second_factor.called(passkey))


def _answer(credential: str) -> str:
    if len(credential) > MAX_CREDENTIAL:
        raise ValueError("too long")
    return credential


def _verification(user: User | None) -> UserVerificationRequirement:
    """Beside a password, having the device is enough; alone it must ask for a finger, a face or a PIN."""
    return UserVerificationRequirement.PREFERRED if user else UserVerificationRequirement.REQUIRED


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    known = {transport.value for transport in AuthenticatorTransport}
    transports = [AuthenticatorTransport(name) for name in passkey.transports if name in known]
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id), transports=transports or None)
