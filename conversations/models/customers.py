"""Who writes in."""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from foundation.ids import new_id

# Who has neither name nor address; the number tells strangers apart.
STRANGER = _("Visitor %(number)s")


class Customer(models.Model):
    """Who writes in. Name, e-mail and external id are claims until `verified`, which proves the external id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="customers")
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    external_id = models.CharField(_("id in your system"), max_length=200, blank=True)
    verified = models.BooleanField(_("verified"), default=False)
    # The address that the site's token named (widgets/identity.py). `email` may have become another one since.
    proven_email = models.CharField(max_length=254, blank=True, default="", db_default="", editable=False)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    # The team's own facts: names to texts, numbers and truth values (services/customers.py).
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # When the customer last wrote, to a few minutes (services/sightings.py).
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    # What the team should know of them, in its own words.
    notes = models.TextField(_("notes"), blank=True)
    # Where the chat was open last, and with what: the browser's word, shown and nothing else (services/visits.py).
    page = models.CharField(_("page"), max_length=500, blank=True)
    browser = models.CharField(_("browser"), max_length=300, blank=True)
    page_at = models.DateTimeField(_("on the page"), null=True, blank=True)
    # Nothing that the customer writes is taken since then (services/blocking.py).
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)
    # Is the same person, an agent says (services/merging_customers.py). It goes along when that one is deleted.
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, editable=False, db_index=False, related_name="merged"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessScoped["Customer"].as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(fields=["business", "-created_at"], name="customer_newest"),
            models.Index(fields=["business", "-last_seen_at", "-id"], name="customer_last_seen"),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="customer_merged"),
        ]
        constraints = [
            # Whoever is proven to be somebody is that customer, however many browsers prove it at once.
            models.UniqueConstraint(
                fields=["business", "external_id"],
                condition=models.Q(verified=True) & ~models.Q(external_id=""),
                name="customer_verified_once",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def person_id(self) -> UUID:
        """Of the customer that this one is shown as."""
        return self.merged_into_id or self.pk

    @property
    def has_proven_email(self) -> bool:
        return bool(self.email) and self.email.lower() == self.proven_email.lower()

    @property
    def display_name(self) -> str:
        """What to call the person."""
        return self.name or self.email or STRANGER % {"number": self.id.hex[-4:].upper()}
