"""Tidewater Coffee: a workspace worth looking at, made through the services that make real ones.

Only the clock is bent afterwards, so that the conversations lie in the days behind us.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from itertools import cycle

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import register
from businesses.models import AgentStatus, Business, Membership, Role
from businesses.services import create_business
from channels_app.models import Channel, Delivery, DeliveryState
from channels_app.services import create_channel
from conversations.models import (
    WEB,
    ChannelType,
    Conversation,
    Customer,
    Message,
    MessageStatus,
    Rating,
    ReadMark,
    SenderType,
    Status,
)
from conversations.services import handling
from conversations.services.messages import Draft, post_messages, send_reply
from conversations.services.opening import open_conversation
from conversations.services.rating import rate_conversation
from pingback.demo_talks import TALKS, Talk
from widgets.services import create_widget

TEAM = (
    ("Mira Okafor", "mira@tidewater.example", Role.OWNER),
    ("Jonas Lindqvist", "jonas@tidewater.example", Role.ADMIN),
    ("Priya Raman", "priya@tidewater.example", Role.AGENT),
)
DOMAIN = "tidewater.example"
# Between two messages of one conversation.
PAUSE = timedelta(minutes=3)

CONFIGS: dict[ChannelType, dict[str, object]] = {
    ChannelType.EMAIL: {
        "address": "help@tidewater.example",
        "from_name": "Tidewater Coffee",
        "smtp_host": "smtp.tidewater.example",
    },
    ChannelType.WHATSAPP: {"phone_number_id": "106540352242922", "access_token": "demo-whatsapp-token"},
    ChannelType.TELEGRAM: {"bot_token": "110201543:demo-telegram-token"},
    ChannelType.INSTAGRAM: {"page_id": "17841405822304914", "access_token": "demo-instagram-token"},
    ChannelType.X: {
        "api_key": "demo-x-key-000",
        "api_secret": "demo-x-secret-000",
        "access_token": "demo-x-token-000",
        "access_token_secret": "demo-x-token-secret-000",
    },
    ChannelType.SMS: {
        "phone_number": "+441174960142",
        "account_sid": "AC00000000000000000000000000000000",
        "auth_token": "demo-twilio-token",
    },
    ChannelType.WEBCHAT: {},
}


RATINGS = [(5, "Quick, and by somebody who drinks coffee."), (4, ""), (5, ""), (2, "It took two tries."), (5, "")]


def fill() -> str:
    """Make it all unless it is there; returns how to sign in."""
    if not User.objects.filter(email=TEAM[0][1]).exists():
        with transaction.atomic():
            _make()
    return "\n".join(
        [
            "Tidewater Coffee is ready.",
            f"  Sign in:  {settings.PUBLIC_BASE_URL}/login as {TEAM[0][1]}",
            f"  Password: {password()}  (also for {TEAM[1][1]} and {TEAM[2][1]})",
            f"  The shop: {settings.PUBLIC_BASE_URL}/demo/, with the chat at its corner",
        ]
    )


def password() -> str:
    """The same on every run and on no other install: a known default is an open door."""
    digest = hmac.new(settings.SECRET_KEY.encode(), b"demo", hashlib.sha256).hexdigest()
    return f"tidewater-{digest[:10]}"


def _make() -> None:
    team = [register(email=email, full_name=name, password=password()) for name, email, _role in TEAM]
    business = create_business(
        owner=team[0], name="Tidewater Coffee", website="tidewater.example", industry="Coffee", team_size="2-10"
    ).business
    for user, (_name, _email, role) in zip(team[1:], TEAM[1:], strict=True):
        Membership.objects.create(business=business, user=user, role=role)
    Membership.objects.filter(business=business).update(status=AgentStatus.LIVE)
    create_widget(
        actor=team[0],
        domain=DOMAIN,
        name="Tidewater Coffee",
        welcome_heading="Hello, how can we help?",
        welcome_tagline="Ask the people who roast. We usually answer in minutes.",
        primary_color="#0F5F59",
    )
    for channel_type, config in CONFIGS.items():
        create_channel(actor=team[0], type=channel_type, config=config)
    channels = {channel.type: channel for channel in Channel.objects.filter(business=business)}
    people: dict[str, Customer] = {}
    agents = dict(zip(("mira", "jonas", "priya"), team, strict=True))
    for talk in sorted(TALKS, key=lambda talk: -talk.minutes_ago):
        _play(talk, business, channels[talk.channel], agents, people)
    _rate(business)
    _send_all(business)
    opened = timezone.now() - timedelta(days=40)
    Business.objects.filter(pk=business.pk).update(created_at=opened)
    Membership.objects.filter(business=business).update(invited_at=opened)
    Channel.objects.filter(business=business).update(created_at=opened)


def _play(
    talk: Talk, business: Business, channel: Channel, agents: dict[str, User], people: dict[str, Customer]
) -> None:
    """One conversation, word for word."""
    known = people.get(talk.name)
    customer = known or Customer(business=business, name=talk.name, email=talk.email)
    people[talk.name] = customer
    (_who, first), *rest = talk.lines
    conversation = open_conversation(
        business_id=business.pk,
        channel_type=ChannelType(talk.channel),
        channel=channel,
        customer=customer,
        new_customer=known is None,
        content=first,
    ).conversation
    for who, text in rest:
        if who == "":
            draft = Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=text)
            post_messages([draft])
        else:
            send_reply(conversation=conversation, author=agents[who], content=text)
    conversation = Conversation.objects.get(pk=conversation.pk)
    if talk.agent and conversation.assignee is None:
        conversation.assignee = agents[talk.agent]
        conversation.save(update_fields=["assignee"])
    _move(conversation, talk)
    change = {
        Status.PENDING: handling.park_conversation,
        Status.RESOLVED: handling.resolve_conversation,
        Status.CLOSED: handling.close_conversation,
    }.get(talk.status)
    if change:
        change(conversation=conversation, actor=agents[talk.agent or "mira"])
    _place(conversation, customer, talk, agents)


def _move(conversation: Conversation, talk: Talk) -> None:
    """Its messages lie `PAUSE` apart, the last one `minutes_ago`."""
    for message in conversation.messages.all():
        Message.objects.filter(pk=message.pk).update(created_at=_at(talk, conversation.last_seq - message.seq))


def _place(conversation: Conversation, customer: Customer, talk: Talk, agents: dict[str, User]) -> None:
    started, ended = _at(talk, conversation.last_seq - 1), _at(talk, 0)
    ours = conversation.messages.filter(sender_type=SenderType.AGENT)
    answered = ours.values_list("created_at", flat=True).first()
    read_to = (ours.values_list("seq", flat=True).last() or 0) if talk.unread else conversation.last_seq
    done = {Status.RESOLVED: "resolved_at", Status.CLOSED: "closed_at"}.get(talk.status)
    times: dict[str, datetime | None] = {"created_at": started, "updated_at": ended, "first_response_at": answered}
    Conversation.objects.filter(pk=conversation.pk).update(**times, **({done: ended} if done else {}))
    Customer.objects.filter(pk=customer.pk, created_at__gt=started).update(created_at=started - timedelta(days=1))
    for user in agents.values():
        ReadMark.objects.update_or_create(conversation=conversation, user=user, defaults={"seq": read_to})


def _rate(business: Business) -> None:
    """What customers thought of it, as far as they said."""
    over = Conversation.objects.filter(business=business, channel_type__in=WEB, status=Status.RESOLVED)
    over = over.exclude(first_response_at=None)
    for conversation, (score, comment) in zip(over.order_by("updated_at"), cycle(RATINGS), strict=False):
        rating = rate_conversation(conversation=conversation, score=score, comment=comment)
        Rating.objects.filter(pk=rating.pk).update(rated_at=conversation.updated_at)


def _send_all(business: Business) -> None:
    """What our people wrote has arrived: no provider is asked in a demo."""
    Delivery.objects.filter(business=business).update(state=DeliveryState.SENT, finished_at=timezone.now())
    ours = Message.objects.filter(conversation__business=business, sender_type=SenderType.AGENT)
    ours.exclude(status=MessageStatus.SENT).update(status=MessageStatus.DELIVERED)


def _at(talk: Talk, steps_back: int) -> datetime:
    return timezone.now() - timedelta(minutes=talk.minutes_ago) - steps_back * PAUSE
