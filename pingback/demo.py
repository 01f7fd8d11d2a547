"""Tidewater Coffee: a workspace worth looking at, made through the services that make real ones.

Only the clock is bent afterwards, so that the conversations lie in the days behind us.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.services import register
from businesses.models import AgentStatus, Business, Membership
from businesses.services import create_business
from businesses.teams import create_team
from channels_app import identity
from channels_app.adapters.events import ContactRef
from channels_app.models import Channel, Delivery, DeliveryState, Thread
from channels_app.services import create_channel
from conversations.models import (
    WEB,
    Activity,
    ActivityKind,
    ChannelType,
    Conversation,
    Customer,
    HandoffReason,
    Message,
    MessageStatus,
    Note,
    Rating,
    ReadMark,
    Receipts,
    SenderType,
    Status,
)
from conversations.saved_views.services import create_view
from conversations.search.models import SearchEntry
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.canned_responses import create_response
from conversations.services.customers import change_customer
from conversations.services.handoffs import flag_for_person
from conversations.services.macros import create_macro
from conversations.services.message_drafts import Draft
from conversations.services.messages import post_messages, send_reply
from conversations.services.notes import mentions_in, write_note
from conversations.services.opening import open_conversation
from conversations.services.priorities import set_priority
from conversations.services.rating import rate_conversation
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import create_tag, set_tags
from conversations.services.unsent import message_failed
from pingback import demo_house as house
from pingback.demo_questions import QUESTIONS
from pingback.demo_talks import TALKS, Talk
from theo.answering import Answer, Source, asked
from theo.articles import create_article
from theo.assistants import change_assistant
from theo.handoffs import keep_handoff, look_over
from theo.help_centre import set_open
from theo.indexing import index_article
from theo.markdown import plain
from theo.models import Article, ArticleStatus, Assistant, Mode, Reply
from theo.outcomes import remember
from theo.unanswered import note_unanswered
from widgets.services import create_widget
from workflows.models import Notification

# Between two messages of one conversation, and between a message and what stands behind it.
PAUSE, MOMENT = timedelta(minutes=3), timedelta(seconds=20)
RATINGS = [(5, "Quick, and by somebody who drinks coffee."), (4, ""), (5, ""), (2, "It took two tries."), (5, "")]
# By the name of the customer: what the team knows of them.
KNOWN: dict[str, dict[str, str | int]] = {
    "Amara Nwosu": {"City": "Bristol", "Orders": 14, "Plan": "2 × 250 g, monthly"},
    "Ingrid Solheim": {"Company": "Solheim Arkitekter AS", "Orders": 31, "VAT": "NO 918 203 114"},
    "Sofia Marchetti": {"Company": "Tre Caffè", "City": "Bologna", "Orders": 0},
    "Tomás Herrera": {"Plan": "2 × 250 g, monthly", "Orders": 6},
    "Daniel Osei": {"Plan": "1 kg, monthly", "Orders": 9},
}
SURE = cycle([0.88, 0.93, 0.86, 0.91, 0.84])


def fill(configs: Mapping[ChannelType, dict[str, Any]] = house.CONFIGS) -> str:
    """Make it all unless it is there; returns how to sign in. configs: what its channels connect with, by their type."""
    if not User.objects.filter(email=house.TEAM[0][1]).exists():
        with transaction.atomic():
            business = _make(house.CONFIGS | dict(configs))
        _see_customers(business)
        _look_over(business)
    return "\n".join(
        [
            "Tidewater Coffee is ready.",
            f"  Sign in:  {settings.PUBLIC_BASE_URL}/login as {house.TEAM[0][1]}",
            f"  Password: {password()}  (also for {house.TEAM[1][1]} and {house.TEAM[2][1]})",
            f"  The shop: {settings.PUBLIC_BASE_URL}/demo/, with the chat at its corner",
        ]
    )


def password() -> str:
    """The same on every run and on no other install: a known default is an open door."""
    digest = hmac.new(settings.SECRET_KEY.encode(), b"demo", hashlib.sha256).hexdigest()
    return f"tidewater-{digest[:10]}"


def _make(configs: Mapping[ChannelType, dict[str, Any]]) -> Business:
    team = [register(email=email, full_name=name, password=password()) for name, email, _role in house.TEAM]
    owner = team[0]
    business = create_business(
        owner=owner, name="Tidewater Coffee", website=house.DOMAIN, industry="Coffee", team_size="2-10"
    ).business
    for user, (_name, _email, role) in zip(team[1:], house.TEAM[1:], strict=True):
        Membership.objects.create(business=business, user=user, role=role)
    Membership.objects.filter(business=business).update(status=AgentStatus.LIVE)
    agents = {user.get_short_name().lower(): user for user in team}
    create_widget(
        actor=owner,
        domain=house.DOMAIN,
        name="Tidewater Coffee",
        welcome_heading="Hello, how can we help?",
        welcome_tagline="Ask the people who roast. We usually answer in minutes.",
        primary_color="#0F5F59",
    )
    for channel_type, config in configs.items():
        create_channel(actor=owner, type=channel_type, config=config)
    _furnish(business, agents)
    channels = {channel.type: channel for channel in Channel.objects.filter(business=business)}
    people: dict[str, Customer] = {}
    for talk in sorted((*TALKS, *QUESTIONS), key=lambda talk: -talk.minutes_ago):
        _play(talk, business, channels[talk.channel], agents, people)
    _rate(business)
    _send_all(business, but=people["Ruth Adeyemi"])
    _recognize(channels, people["Ruth Adeyemi"])
    _reach(business)
    opened = timezone.now() - timedelta(days=40)
    Business.objects.filter(pk=business.pk).update(created_at=opened)
    Membership.objects.filter(business=business).update(invited_at=opened)
    for channel in channels.values():
        said = Message.objects.filter(conversation__channel=channel).values_list("sender_type").order_by()
        times = dict(said.annotate(Max("created_at")))
        heard, sent = times.get(SenderType.CUSTOMER), times.get(SenderType.AGENT)
        Channel.objects.filter(pk=channel.pk).update(created_at=opened, last_event_at=heard, last_sent_at=sent)
    # What is here is told as it is: Theo answers what is written from now on.
    Assistant.objects.filter(business=business).update(auto_since=timezone.now())
    _index(business)
    return business


def _furnish(business: Business, agents: dict[str, User]) -> None:
    """What a team makes for itself: teams, words, articles."""
    owner, members = agents["mira"], dict(Membership.objects.filter(business=business).values_list("user_id", "pk"))
    teams = {
        name: create_team(actor=owner, name=name, member_ids=[members[agents[who].pk] for who in people])
        for name, people in house.TEAMS.items()
    }
    tags = {
        name: create_tag(business=business, name=name, color=color, actor=owner) for name, color in house.TAGS.items()
    }
    for shortcut, content in house.REPLIES.items():
        create_response(business=business, author=owner, shortcut=shortcut, content=content, shared=True)
    for name, content, assign, names, priority, status in house.MACROS:
        kind, _sep, team = assign.partition(":")
        whom = f"team:{teams[team].pk}" if team else kind
        actions = {"content": content, "assign": whom, "tags": names, "priority": priority, "status": status}
        create_macro(business=business, author=owner, name=name, **actions)
    for name, conditions in house.VIEWS:
        asked = [
            {**each, "value": str(tags[str(each["value"])].pk)} if each["field"] == "tag" else each
            for each in conditions
        ]
        create_view(actor=owner, name=name, filter={"all": asked}, shared=True)
    for title, (words, content) in house.ARTICLES.items():
        create_article(business=business, title=title, content=content, tags=words)
    for days, article in enumerate(Article.objects.filter(business=business).order_by("-created_at")):
        written = timezone.now() - timedelta(days=2 * days + 1)
        Article.objects.filter(pk=article.pk).update(created_at=written, updated_at=written)
    create_article(business=business, title=house.DRAFT[0], content=house.DRAFT[1], status=ArticleStatus.DRAFT)
    set_open(actor=owner, is_public=True)
    change_assistant(actor=owner, mode=Mode.AUTO, auto_run=True)


def _play(
    talk: Talk, business: Business, channel: Channel, agents: dict[str, User], people: dict[str, Customer]
) -> None:
    """One conversation, word for word."""
    known = people.get(talk.name)
    customer = known or Customer(business=business, name=talk.name, email=talk.email)
    people[talk.name] = customer
    if not customer.phone and talk.channel in {ChannelType.WHATSAPP, ChannelType.SMS}:
        customer.phone = f"+44 7700 900{100 + len(people)}"  # numbers that are nobody's
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
        _say(Conversation.objects.get(pk=conversation.pk), who, text, agents)
    actor = agents[talk.agent or "mira"]
    if talk.agent and not Conversation.objects.filter(pk=conversation.pk, assignee=actor).exists():
        assign_conversation(conversation=conversation, actor=actor, agent_id=actor.pk)
    if talk.team:
        team = business.teams.get(name=talk.team)
        assign_conversation(conversation=conversation, actor=actor, team_id=team.pk)
    if talk.tags:
        set_tags(conversation=conversation, names=talk.tags, actor=actor)
    if talk.priority:
        set_priority(conversation=conversation, priority=talk.priority, actor=actor)
    if talk.name in KNOWN and known is None:
        change_customer(customer=customer, attributes=KNOWN[talk.name])
    change = {
        Status.PENDING: handling.park_conversation,
        Status.RESOLVED: handling.resolve_conversation,
        Status.CLOSED: handling.close_conversation,
    }.get(talk.status)
    if change:
        change(conversation=conversation, actor=actor)
    if talk.snoozed:
        until = timezone.now() + timedelta(hours=talk.snoozed)
        snooze_conversation(conversation=conversation, until=until, actor=actor)
    _place(Conversation.objects.get(pk=conversation.pk), customer, talk, agents)


def _say(conversation: Conversation, who: str, text: str, agents: dict[str, User]) -> None:
    """One line of a talk, as `Talk.lines` has it."""
    kind, _space, name = who.partition(" ")
    if who == "":
        post_messages([Draft(conversation_id=conversation.pk, sender_type=SenderType.CUSTOMER, content=text)])
    elif who == "theo":
        _answer(conversation, Article.objects.get(business_id=conversation.business_id, title=text))
    elif who == "handoff":
        _hand_over(conversation, HandoffReason(text))
    elif kind == "note":
        mentions = mentions_in(text, business_id=conversation.business_id)
        write_note(conversation=conversation, author=agents[name], content=text, mentions=mentions)
    else:
        send_reply(conversation=conversation, author=agents[who], content=text)


def _answer(conversation: Conversation, article: Article) -> None:
    """What Theo says by itself, and that it was said."""
    found = Answer(
        question=conversation.last_message.content if conversation.last_message else "",
        up_to_seq=conversation.last_seq,
        reply=plain(article.content),
        confidence=next(SURE),
        mode=Mode.AUTO,
        sources=[Source(id=article.pk, title=article.title)],
        took_ms=40,
    )
    draft = Draft(
        conversation_id=conversation.pk,
        sender_type=SenderType.AGENT,
        content=found.reply or "",
        ai_sources=[{"id": str(article.pk), "title": article.title}],
    )
    remember(conversation=conversation, found=found, message=post_messages([draft])[0].message)


def _hand_over(conversation: Conversation, reason: HandoffReason) -> None:
    flag_for_person(conversation=conversation, reason=reason)
    if reason == HandoffReason.LOW_CONFIDENCE:
        heard = asked(conversation)
        found = Answer(
            question=heard.question,
            up_to_seq=heard.up_to_seq,
            reply=None,
            confidence=0,
            mode=Mode.AUTO,
            unknown=(heard.question,),
        )
        note_unanswered(conversation=conversation, found=found)


def _place(conversation: Conversation, customer: Customer, talk: Talk, agents: dict[str, User]) -> None:
    """Put everything where it was: the messages lie `PAUSE` apart, the last one `minutes_ago`."""
    ended = timezone.now() - timedelta(minutes=talk.minutes_ago)
    at = {seq: ended - (conversation.last_seq - seq) * PAUSE for seq in range(1, conversation.last_seq + 1)}
    said = list(conversation.messages.all())
    for message in said:
        Message.objects.filter(pk=message.pk).update(created_at=at[message.seq])
    ours = [message.seq for message in said if message.sender_type == SenderType.AGENT]
    by_people = [message.seq for message in said if message.sender]
    theirs = [message.seq for message in said if message.seq > max(by_people, default=0)]
    # Whoever answered first has tagged it, too.
    early = {ActivityKind.TAGGED, ActivityKind.PRIORITY} if by_people else set()
    conversation.activities.filter(kind__in=early).update(after_seq=min(by_people, default=0))
    behind: list[Activity | Note] = [*conversation.activities.all(), *conversation.notes.all()]
    for step, row in enumerate(sorted(behind, key=lambda row: row.created_at), start=1):
        row.created_at = at[row.after_seq] + step * MOMENT
        row.save(update_fields=["created_at"])
    conversation.notes.update(updated_at=F("created_at"))
    Reply.objects.filter(conversation=conversation).update(created_at=ended)
    Notification.objects.filter(conversation=conversation).update(created_at=ended, push_due_at=None)
    if talk.minutes_ago > 60:
        Notification.objects.filter(conversation=conversation).update(read_at=ended)
    times: dict[str, datetime | None] = {
        "created_at": at[1],
        "updated_at": ended,
        "first_response_at": at[by_people[0]] if by_people else None,
        "waiting_since": at[theirs[0]] if conversation.waiting_since and theirs else None,
        "handoff_at": ended if conversation.handoff_at else None,
        "resolved_at": ended if conversation.resolved_at else None,
        "closed_at": ended if conversation.closed_at else None,
    }
    Conversation.objects.filter(pk=conversation.pk).update(**times)
    Customer.objects.filter(pk=customer.pk, created_at__gt=at[1]).update(
        created_at=at[1] - timedelta(days=3 * (len(talk.name) % 9))
    )
    read_to = max(ours, default=0) if talk.unread else conversation.last_seq
    for user in agents.values():
        ReadMark.objects.update_or_create(conversation=conversation, user=user, defaults={"seq": read_to})
    if ours:  # whoever wrote again has read what was written before
        seq = max([each for each in ours if each < conversation.last_seq] or ours)
        marks = {"customer_delivered_seq": ours[-1], "customer_delivered_at": ended}
        marks |= {"customer_read_seq": seq, "customer_read_at": ended}
        Receipts.objects.update_or_create(conversation=conversation, defaults=marks)


def _recognize(channels: dict[str, Channel], customer: Customer) -> None:
    """Two channels know her by her telephone."""
    key = f"tel:{customer.phone.replace(' ', '')}"
    for kind in (ChannelType.WHATSAPP, ChannelType.SMS):
        proven = (key,) if kind == ChannelType.WHATSAPP else ()
        ref = ContactRef(keys=(key,), proven=proven, handle=customer.phone)
        identity.note(channels[kind], ref, customer.pk)


def _reach(business: Business) -> None:
    """Where they are at the providers, so that what one answers goes out."""
    wrote = Max("messages__created_at", filter=Q(messages__sender_type=SenderType.CUSTOMER))
    talks = business.conversations.select_related("customer").annotate(wrote_at=wrote)
    for number, talk in enumerate(talks.order_by("created_at"), start=1001):
        phone = "".join(filter(str.isdigit, talk.customer.phone if talk.customer else ""))
        addresses: dict[str, str] = {
            ChannelType.WHATSAPP: phone,
            ChannelType.SMS: f"+{phone}",
            ChannelType.TELEGRAM: f"{number}",
            ChannelType.INSTAGRAM: f"{number}",
            ChannelType.X: f"dm:{number}",
        }
        address = addresses.get(talk.channel_type)
        if talk.channel and address:
            heard_at = talk.wrote_at  # type: ignore[attr-defined]
            Thread.objects.create(
                channel=talk.channel, conversation=talk, key=str(talk.pk), address=address, last_heard_at=heard_at
            )


def _index(business: Business) -> None:
    """The search learned of them just now, and is asked for what was said before a day."""
    for kind, model in {"message": Message, "note": Note, "customer": Customer, "article": Article}.items():
        made_at = model._default_manager.filter(pk=OuterRef("object_id")).values("created_at")
        SearchEntry.objects.filter(business_id=business.pk, kind=kind).update(at=Subquery(made_at))


def _see_customers(business: Business) -> None:
    """When they last wrote: after the commit, which saw all of them just now."""
    wrote = Q(conversations__messages__sender_type=SenderType.CUSTOMER)
    customers = Customer.objects.filter(business=business)
    for customer in customers.annotate(wrote_at=Max("conversations__messages__created_at", filter=wrote)):
        customers.filter(pk=customer.pk).update(last_seen_at=customer.wrote_at)


def _rate(business: Business) -> None:
    """What customers thought of it, as far as they said."""
    over = Conversation.objects.filter(business=business, channel_type__in=WEB, status=Status.RESOLVED)
    over = over.exclude(first_response_at=None)
    for conversation, (score, comment) in zip(over.order_by("updated_at"), cycle(RATINGS), strict=False):
        rating = rate_conversation(conversation=conversation, score=score, comment=comment)
        Rating.objects.filter(pk=rating.pk).update(rated_at=conversation.updated_at)


def _send_all(business: Business, *, but: Customer) -> None:
    """What our people wrote has arrived, all but the last message to her: no provider is asked in a demo."""
    Delivery.objects.filter(business=business).update(state=DeliveryState.SENT, finished_at=timezone.now())
    ours = Message.objects.filter(conversation__business=business, sender_type=SenderType.AGENT)
    ours.filter(status=MessageStatus.QUEUED).update(status=MessageStatus.SENT)
    lost = ours.filter(conversation__customer=but).latest("created_at")
    reason = "Not sent: the phone was off for too long."
    Delivery.objects.filter(message=lost).update(state=DeliveryState.FAILED, last_error=reason)
    message_failed(message_id=lost.pk, reason=reason)
    Notification.objects.filter(conversation=lost.conversation_id).update(push_due_at=None)


def _look_over(business: Business) -> None:
    """What Theo had found where it asked for a person: after the commit, when it has read the articles."""
    for article in Article.objects.filter(business=business, status=ArticleStatus.PUBLISHED):
        index_article(article)
    for conversation in Conversation.objects.filter(business=business, handoff_at__isnull=False):
        if looked := look_over(conversation):
            keep_handoff(conversation, looked)
