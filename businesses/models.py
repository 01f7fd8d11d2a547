"""Workspaces, who works in them, what they may use, and what happened in them."""

import zoneinfo
from datetime import datetime, timedelta
from typing import Any, Never

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from businesses.querysets import BusinessScoped, OnlyAdded
from foundation.ids import new_id


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    AGENT = "agent", _("Agent")


class AgentStatus(models.TextChoices):
    LIVE = "live", _("Live")
    AWAY = "away", _("Away")
    OFFLINE = "offline", _("Offline")


class ReplyTime(models.TextChoices):
    """How soon visitors are told that somebody answers."""

    MEASURED = "measured", _("As it was lately")
    MINUTES = "minutes", _("In a few minutes")
    HOUR = "hour", _("Within an hour")
    HOURS = "hours", _("Within a few hours")
    DAY = "day", _("Within a day")
    UNSAID = "unsaid", _("Do not say")


class Plan(models.Model):
    """What a workspace may use. The operator changes the numbers in Django admin; empty means no limit."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    max_agents = models.PositiveIntegerField(_("agents besides the owner"), null=True, blank=True)
    max_channels = models.PositiveIntegerField(_("channels"), null=True, blank=True)
    max_kb_articles = models.PositiveIntegerField(_("knowledge articles"), null=True, blank=True)
    max_messages_per_month = models.PositiveIntegerField(_("messages a month"), null=True, blank=True)
    all_channel_types = models.BooleanField(_("channels other than the web widget"), default=True)
    theo_auto = models.BooleanField(_("Theo may answer by itself"), default=True)
    is_default = models.BooleanField(_("for new workspaces"), default=False)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="plan_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MonthlyUsage(models.Model):
    """What a workspace has used of a plan's monthly allowance; see `businesses.plans.count_messages`."""

    business = models.ForeignKey("Business", models.CASCADE, related_name="usage")
    month = models.DateField(_("first day of the month"))
    agent_messages = models.PositiveIntegerField(_("messages of agents"), default=0)

    class Meta:
        verbose_name = _("monthly usage")
        verbose_name_plural = _("monthly usage")
        constraints = [models.UniqueConstraint(fields=["business", "month"], name="usage_once_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.agent_messages}"


def known_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Choose a time zone from the list."))


class Business(models.Model):
    """A workspace: the tenant. `feed_seq` is the number of its newest feed row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200)
    website = models.CharField(_("website"), max_length=2048, blank=True)
    industry = models.CharField(_("industry"), max_length=200, blank=True)
    team_size = models.CharField(_("team size"), max_length=200, blank=True)
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="businesses", verbose_name=_("plan"))
    assign_on_reply = models.BooleanField(_("the first to answer takes the conversation"), default=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[known_time_zone])
    # businesses/hours.py says its shape; None = always open.
    hours = models.JSONField(_("business hours"), null=True, blank=True, default=None)
    reply_time = models.CharField(_("reply time"), max_length=10, choices=ReplyTime, default=ReplyTime.MEASURED)
    second_factor_required = models.BooleanField(_("everybody needs a second factor"), default=False)
    feed_seq = models.PositiveBigIntegerField(_("feed position"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one workspace.

    `status` is what others see. It follows `chosen_status`, but for a person whose last socket is gone for a while:
    then it is offline, until the person is back (`businesses.status`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.AGENT)
    status = models.CharField(_("status"), max_length=10, choices=AgentStatus, default=AgentStatus.OFFLINE)
    chosen_status = models.CharField(
        _("chosen status"), max_length=10, choices=AgentStatus, default=AgentStatus.LIVE, editable=False
    )
    # When a socket of theirs was last known to be open; None = none that we wait for.
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    invited_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = BusinessScoped["Membership"].as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["business", "user"], name="membership_once"),
            models.UniqueConstraint(fields=["business"], condition=models.Q(role="owner"), name="membership_one_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.business}"


class Team(models.Model):
    """A group of agents that conversations can be assigned to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=200)
    members = models.ManyToManyField(Membership, blank=True, related_name="teams", verbose_name=_("members"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = BusinessScoped["Team"].as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [models.UniqueConstraint("business", Lower("name"), name="team_name_once")]

    def __str__(self) -> str:
        return self.name


def invitation_end() -> datetime:
    return timezone.now() + Invitation.GOOD_FOR


class Invitation(models.Model):
    """A mail to somebody who may join; gone once it is accepted or withdrawn.

    The link's token is known to the mail only; here is its digest, and a new link replaces the old one.
    """

    GOOD_FOR = timedelta(days=7)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.AGENT)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("ends"), default=invitation_end)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Moves with each new link: the list shows who was asked last first.
    updated_at = models.DateTimeField(_("sent"), auto_now=True)

    objects = BusinessScoped["Invitation"].as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [models.UniqueConstraint(fields=["business", "email"], name="invitation_once")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_late(self) -> bool:
        return self.expires_at <= timezone.now()


class FeedEvent(models.Model):
    """What happened in a workspace, numbered from 1 without gaps.

    Refers to rows by id and holds no words of people, so that erasing a customer does not touch the log.
    """

    # The constraint's index begins with it.
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="feed")
    seq = models.PositiveBigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=40)
    conversation_id = models.UUIDField(_("conversation"), null=True)
    message_id = models.UUIDField(_("message"), null=True)
    actor_id = models.UUIDField(_("who did it"), null=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    objects = BusinessScoped["FeedEvent"].as_manager()

    # The row that it is about, for whoever publishes it right after the commit; not stored.
    subject: models.Model | None = None

    class Meta:
        verbose_name = _("feed event")
        verbose_name_plural = _("feed events")
        constraints = [models.UniqueConstraint(fields=["business", "seq"], name="feed_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class ApiToken(models.Model):
    """A program's key to one workspace, in the name of one member; see `businesses.api_tokens`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    scopes = models.JSONField(_("may"), default=list)
    prefix = models.CharField(_("begins with"), max_length=16, unique=True)
    # SHA-256 of the whole token: who reads this table opens nothing with it.
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class AuditEntry(models.Model):
    """Who did what; see `businesses.audit`. Plain ids and names, so that a row outlives whatever it speaks of.

    Rows are added and never changed or deleted, but for the purge of old ones.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # None: an account that belongs to no workspace, for operators only.
    business_id = models.UUIDField(_("workspace"), null=True)
    action = models.CharField(_("what"), max_length=60)
    actor_id = models.UUIDField(_("who"), null=True)
    actor_name = models.CharField(_("who"), max_length=254, blank=True)
    session_id = models.UUIDField(_("session"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser or program"), max_length=300, blank=True)
    target_type = models.CharField(_("kind of thing"), max_length=40, blank=True)
    target_id = models.CharField(_("id of the thing"), max_length=60, blank=True)
    target_name = models.CharField(_("thing"), max_length=200, blank=True)
    data = models.JSONField(_("facts"), default=dict)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    objects = OnlyAdded["AuditEntry"].as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["business_id", "-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["created_at"], name="audit_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(OnlyAdded.REFUSAL)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError(OnlyAdded.REFUSAL)
