"""Making widgets, changing them, and taking them away."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from channels_app.services import provision_widget_channel
from foundation.errors import Invalid, Unprocessable
from foundation.web import web_address
from widgets.domains import normal_domain
from widgets.models import Visitor, Widget
from widgets.options import checked, with_options

MAX_CONFIG = 16_000
VISITORS_AT_ONCE = 1000
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@transaction.atomic
def create_widget(*, actor: User, options: Mapping[str, Any] | None = None, **fields: Any) -> Widget:
    """A widget for a domain, and the workspace's default channel if it has none. Owner only.

    fields: those of the contract; `domain` is required, None means "the default". options: single ones, as
    `with_options` of widgets/options.py takes them.
    Raises Invalid (the domain has one), Forbidden, Unprocessable.
    Source: contract/quickstart.txt, step 4; contract/api.md 8.
    """
    business = require(actor, Action.MANAGE_WIDGETS).business
    widget = Widget(business=business)
    if options:
        fields["config"] = with_options({}, options)
    fill(widget, {name: value for name, value in fields.items() if value is not None})
    _save(widget)
    audit.record("widget.created", business_id=business.pk, actor=actor, target=widget)
    provision_widget_channel(actor=actor, business=business, widget_id=widget.pk)
    return widget


@transaction.atomic
def update_widget(*, actor: User, widget: Widget, options: Mapping[str, Any] | None = None, **fields: Any) -> Widget:
    """Change what is given; what is not keeps its value, whoever changes that meanwhile, and None empties `logo_url`.
    `config` is the whole of it, `options` single ones as `with_options` of widgets/options.py takes them. Owner only.
    Returns it as it is now."""
    require(actor, Action.MANAGE_WIDGETS)
    widget = Widget.objects.select_for_update().select_related("business").get(pk=widget.pk)
    if options:
        fields["config"] = with_options(widget.config, options)
    before = {name: getattr(widget, name) for name in fields}
    fill(widget, {name: value for name, value in fields.items() if value is not None or name == "logo_url"})
    _save(widget, update_fields=[*fields, "updated_at"])
    if changed := [name for name, value in before.items() if value != getattr(widget, name)]:
        audit.record("widget.changed", business_id=widget.business_id, actor=actor, target=widget, fields=changed)
    return widget


def delete_widget(*, actor: User, widget: Widget) -> None:
    """Its site has no chat any more, at once. Conversations and the workspace's web channel stay. Owner only; safe to
    repeat."""
    require(actor, Action.MANAGE_WIDGETS)
    visitors = Visitor.objects.filter(widget=widget.pk).order_by("pk").values_list("pk", flat=True)
    while some := list(visitors[:VISITORS_AT_ONCE]):  # a shop has had more of them than one statement can free
        Visitor.objects.filter(pk__in=some).update(widget=None)
    _delete(actor, widget)


@transaction.atomic
def _delete(actor: User, widget: Widget) -> None:
    doomed = Widget.objects.select_for_update().filter(pk=widget.pk).first()
    if doomed:
        audit.record("widget.deleted", business_id=doomed.business_id, actor=actor, target=doomed)
        doomed.delete()


def fill(widget: Widget, fields: dict[str, Any]) -> None:
    """Put checked fields into the row (not saved). Raises Unprocessable."""
    if "domain" in fields:
        widget.domain = normal_domain(fields["domain"])
    if "primary_color" in fields:
        if not _COLOUR.fullmatch(fields["primary_color"]):
            raise Unprocessable(_("Write a colour like #7650FF."), field="primary_color", kind="colour")
        widget.primary_color = fields["primary_color"]
    if "logo_url" in fields:
        widget.logo_url = _https(fields["logo_url"] or "")
    if "config" in fields:
        if len(json.dumps(fields["config"])) > MAX_CONFIG:
            text = _("At most %(most)d characters of JSON.") % {"most": MAX_CONFIG}
            raise Unprocessable(text, field="config", kind="too_long")
        widget.config = checked(fields["config"])
    for name in ("name", "welcome_heading", "welcome_tagline", "show_online_badge", "allow_subdomains"):
        if name in fields:
            setattr(widget, name, fields[name])


def _https(url: str) -> str:
    """Only shown, never fetched by us, and never anything but https."""
    address = web_address(url) if url else None
    if url and (address is None or not url.lower().startswith("https://")):
        raise Unprocessable(_("Write an address that starts with https://."), field="logo_url", kind="url")
    return url


def _save(widget: Widget, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            widget.save(update_fields=update_fields)
    except IntegrityError as error:
        text = _("%(domain)s already has a widget.") % {"domain": widget.domain}
        raise Invalid(text) from error
