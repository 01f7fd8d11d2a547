"""Things for tests, made through the services that make them in life."""

from __future__ import annotations

from typing import Any

import pyotp
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.factors import second_factor
from accounts.models import Authenticator, User
from accounts.services import open_session, register
from accounts.tokens import issue_access_token
from businesses.models import Business, Membership, Role
from businesses.services import create_business
from conversations.models import ChannelType, Conversation, Customer, Message, SenderType
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages, send_reply
from conversations.services.opening import open_conversation
from widgets.models import Widget
from widgets.receiving import Received, receive_client_message
from widgets.services import create_widget

PASSWORD = "tidewater-lane-9"


def person(name: str) -> User:
    return register(email=f"{name.lower()}@example.com", full_name=name, password=PASSWORD)


def workspace(owner: User, name: str = "Acme") -> Business:
    return create_business(owner=owner, name=name).business


def member(business: Business, user: User, role: Role = Role.AGENT) -> Membership:
    return Membership.objects.create(business=business, user=user, role=role)


def with_app(user: User) -> tuple[str, list[str]]:
    """The person has an authenticator app now. Its secret and the recovery codes; the code of now is unused again."""
    secret = second_factor.start_app(user)
    codes = second_factor.confirm_app(user, code_of(secret))
    Authenticator.objects.filter(user=user).update(last_step=0)
    return secret, codes


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows, so many steps of 30 seconds from now."""
    return str(pyotp.TOTP(secret).at(int(timezone.now().timestamp()) + 30 * steps))


def token(user: User) -> str:
    user.refresh_from_db(fields=["password", "is_active"])  # the session is of today's password
    return issue_access_token(open_session(user=user))


def browser(user: User) -> Client:
    """Signed in on our pages."""
    client = Client()
    client.force_login(user)
    return client


def api(user: User | None = None) -> APIClient:
    """A REST client with the user's token, speaking JSON."""
    client = APIClient()
    if user:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token(user)}")
    client.default_format = "json"
    return client


def downloaded(answer: Any) -> bytes:
    """What is written while it is sent, all of it."""

    async def gathered() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(gathered)()


def customer(business: Business, name: str = "Cleo", **fields: Any) -> Customer:
    return Customer.objects.create(business=business, name=name, **fields)


def conversation(
    business: Business, *, content: str = "Hello?", type: ChannelType = ChannelType.WIDGET, **fields: Any
) -> Conversation:
    """Opened by Cleo, with her first message."""
    cleo = fields.pop("customer", None) or customer(business)
    opened = open_conversation(business_id=business.pk, channel_type=type, customer=cleo, content=content, **fields)
    return opened.conversation


def says(conversation: Conversation, content: str, **fields: Any) -> Message:
    """Cleo writes."""
    draft = Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=content, **fields)
    return post_messages([draft])[0].message


def answers(agent: User, conversation: Conversation, content: str) -> Message:
    return send_reply(conversation=conversation, author=agent, content=content).message


def widget(owner: User, domain: str = "acme.com", **fields: Any) -> Widget:
    return create_widget(actor=owner, domain=domain, **fields)


def visitor_writes(business: Business, content: str = "Hello?", **fields: Any) -> Received:
    return receive_client_message(business_id=business.pk, content=content, **fields)


def public_url(path: str) -> str:
    return settings.PUBLIC_BASE_URL + path
