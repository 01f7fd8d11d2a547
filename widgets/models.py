"""The chat widget of a site, and the visitors who write through it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import Conversation, Customer
from foundation.ids import new_id
from widgets.options import option_of, options_of


class Widget(models.Model):
    """How the chat looks on one domain. Everything here is public: visitors' browsers read it."""

    DEFAULTS: ClassVar[dict[str, str]] = {
        "name": "PingBack Support",
        "welcome_heading": "Hi there!",
        "welcome_tagline": "Ask us anything. We usually reply in minutes.",
        "primary_color": "#7650FF",
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="widgets")
    domain = models.CharField(_("domain"), max_length=253, help_text=_("Like acme.com; www.acme.com is included."))
    allow_subdomains = models.BooleanField(_("also on subdomains"), default=False)
    name = models.CharField(_("name"), max_length=200, default=DEFAULTS["name"])
    welcome_heading = models.CharField(_("heading"), max_length=200, default=DEFAULTS["welcome_heading"])
    welcome_tagline = models.CharField(_("tagline"), max_length=200, blank=True, default=DEFAULTS["welcome_tagline"])
    primary_color = models.CharField(_("colour"), max_length=7, default=DEFAULTS["primary_color"])
    show_online_badge = models.BooleanField(_("show who is online"), default=True)
    logo_url = models.CharField(_("logo address"), max_length=2048, blank=True)
    config = models.JSONField(_("further settings"), default=dict, blank=True)
    # The page of its domains that asked for it last (widgets/sightings.py).
    seen_host = models.CharField(_("seen on"), max_length=253, blank=True, editable=False)
    seen_at = models.DateTimeField(_("seen"), null=True, editable=False)
    # The page of another site that asked for it last, and shows nothing.
    refused_origin = models.CharField(_("put on"), max_length=300, blank=True, editable=False)
    refused_at = models.DateTimeField(_("put there"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = BusinessScoped["Widget"].as_manager()

    class Meta:
        verbose_name = _("widget")
        verbose_name_plural = _("widgets")
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["business", "domain"], name="widget_once_per_domain")]
        indexes = [models.Index(fields=["domain"], name="widget_domain")]

    def __str__(self) -> str:
        return self.domain

    @property
    def options(self) -> dict[str, Any]:
        """Every option, with the default where nothing was chosen."""
        return options_of(self.config)

    @property
    def is_for_verified_only(self) -> bool:
        return bool(option_of(self.config, "verified_only"))

    @property
    def embed_code(self) -> str:
        """One tag, without inline script."""
        return f'<script async src="{settings.PUBLIC_BASE_URL}/widget.js" data-widget-id="{self.pk}"></script>'


class IdentitySecret(models.Model):
    """What a site's server signs its visitors' identity with; see `widgets.identity`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    widget = models.ForeignKey(Widget, models.CASCADE, related_name="identity_secrets")
    sealed = models.TextField(editable=False)
    ending = models.CharField(_("ends in"), max_length=4)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("identity secret")
        verbose_name_plural = _("identity secrets")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"…{self.ending}"


class MailedAnswers(models.Model):
    """How far the team's answers in a conversation went out by mail to a visitor who had left (widgets/away.py)."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="mailed_answers")
    up_to_seq = models.PositiveIntegerField(default=0)
    mailed_at = models.DateTimeField(_("mailed"), null=True)

    class Meta:
        verbose_name = _("mailed answers")
        verbose_name_plural = _("mailed answers")

    def __str__(self) -> str:
        return f"mailed to {self.up_to_seq}"


class Unsubscribed(models.Model):
    """An address that wants no answers of a workspace by mail. email: lower case."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="unsubscribed")
    email = models.CharField(_("e-mail"), max_length=254)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("unsubscribed address")
        verbose_name_plural = _("unsubscribed addresses")
        constraints = [models.UniqueConstraint(fields=["business", "email"], name="unsubscribed_once")]

    def __str__(self) -> str:
        return self.email


FIRST_GENERATION = 1


class Visitor(models.Model):
    """A browser that has written, known by its visitor key. Its conversations are its customer's on the web.

    generation: a key of an older generation is void. language: of its chat, as `widgets.languages` names it; "" = not
    known.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="visitors")
    widget = models.ForeignKey(Widget, models.SET_NULL, null=True, blank=True, related_name="visitors")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="visitors")
    generation = models.PositiveIntegerField(default=FIRST_GENERATION)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessScoped["Visitor"].as_manager()

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")

    def __str__(self) -> str:
        return str(self.customer)
