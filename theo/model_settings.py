"""Which language model a workspace uses: the one place that changes it. Source: design.md 10, `/ai/settings`."""

import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from foundation import throttles
from foundation.errors import Unprocessable
from foundation.http import OutboundRefused, check_url, leads_inside
from foundation.rows import one_at_a_time
from foundation.sealed import seal
from theo.language_models import ask, key_context, language_model_of, seconds_in_all
from theo.models import LanguageModel
from theo.port import Prompt, ProviderFailed, ProviderKind

MAX_BASE_URL, MAX_MODEL, MAX_KEY, MOST_MONTHLY = 300, 100, 500, 10**12
MODEL_FIELDS = ("provider", "base_url", "model", "api_key", "monthly_tokens")
USUAL = {ProviderKind.OPENAI: "https://api.openai.com/v1", ProviderKind.ANTHROPIC: "https://api.anthropic.com/v1"}

_VISIBLE = re.compile(r"[!-~]*")


def check_place(base_url: str) -> None:
    """That it leads to the open internet, as far as its name says now: one that nobody knows may be known later.

    Asks the name's server, so it comes before the transaction that changes anything. Raises Unprocessable.
    """
    try:
        is_inside = bool(base_url) and leads_inside(base_url)
    except OutboundRefused:
        return  # `change_language_model` says what is wrong with it
    if is_inside:
        words = _(
            "This address leads into a private network, where Theo does not go. Whoever runs PingBack can allow its "
            "host (OUTBOUND_ALLOW)."
        )
        raise Unprocessable(words, field="base_url")


@transaction.atomic
def change_language_model(*, actor: User, **changes: Any) -> LanguageModel:
    """changes: any of MODEL_FIELDS; api_key "" takes it away. Managers only. Raises Forbidden, Unprocessable.

    base_url: one that `check_place` let pass. With another provider or address the key is forgotten unless it comes
    along: it was not given for that.
    """
    membership = require(actor, Action.MANAGE_ASSISTANT)
    one_at_a_time("language model", membership.business_id)
    row = language_model_of(membership.business_id)
    key = changes.pop("api_key", None)
    before = {name: getattr(row, name) for name in MODEL_FIELDS if name != "api_key"}
    for name, value in changes.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    if not row.is_own and changes.get("base_url"):
        words = _("Only a model of your own has an address: choose its provider as well.")
        raise Unprocessable(words, field="base_url")
    _check(row, key)
    changed = [name for name, value in before.items() if value != getattr(row, name)]
    if key is None and row.sealed_key and {"provider", "base_url"} & set(changed):
        key = ""
    if key is not None and (key or row.sealed_key):
        row.sealed_key = seal(key, context=key_context(row)) if key and row.is_own else ""
        changed.append("api_key")
    if changed:
        row.failures, row.off_until = 0, None
        fields = [*before, "sealed_key", "failures", "off_until"]
        LanguageModel.objects.get_or_create(business_id=row.business_id)
        row.save(update_fields=fields)
        audit.record(
            "assistant.model_changed",
            business_id=row.business_id,
            actor=actor,
            target=membership.business,
            fields=changed,
        )
    return row


def _check(row: LanguageModel, key: str | None) -> None:
    """Raises Unprocessable. What belongs to no model of their own is emptied."""
    if row.provider not in dict(LanguageModel.PROVIDERS):
        raise Unprocessable(_("Choose one from the list."), field="provider")
    if row.monthly_tokens is not None and not 0 <= row.monthly_tokens <= MOST_MONTHLY:
        raise Unprocessable(_("A number of tokens, or nothing."), field="monthly_tokens")
    if not row.is_own:
        row.base_url = row.model = ""
        return
    if not row.model or len(row.model) > MAX_MODEL or not _VISIBLE.fullmatch(row.model):
        raise Unprocessable(_("The model's name, as its provider writes it."), field="model")
    row.base_url = row.base_url.rstrip("/") or USUAL[ProviderKind(row.provider)]
    try:
        parts = check_url(row.base_url)
    except OutboundRefused as error:
        words = _("An address that begins with https:// and lies on the open internet, like %(usual)s.")
        raise Unprocessable(words % {"usual": USUAL[ProviderKind(row.provider)]}, field="base_url") from error
    if len(row.base_url) > MAX_BASE_URL or not _VISIBLE.fullmatch(row.base_url) or parts.query or parts.fragment:
        raise Unprocessable(_("An address without ? and #."), field="base_url")
    if key and (len(key) > MAX_KEY or not _VISIBLE.fullmatch(key)):
        raise Unprocessable(_("A key has no spaces and only plain letters, digits and signs."), field="api_key")


def flaw_of_language_model(*, actor: User) -> str:
    """Ask it for a word: what is wrong, in words; "" = nothing. Managers only. Raises Forbidden, TooFast."""
    membership = require(actor, Action.MANAGE_ASSISTANT)
    throttles.count("THEO_TEST", membership.business_id)
    LanguageModel.objects.filter(business_id=membership.business_id).update(failures=0, off_until=None)
    prompt = Prompt(system="You are being tested.", data='Reply with the one word "yes".', max_tokens=200)
    try:
        said = ask(membership.business_id, prompt, seconds=seconds_in_all())
    except ProviderFailed as failure:
        return failure.detail
    return "" if said.text.strip() else _("The language model answers, but says nothing.")
