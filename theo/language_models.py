"""The language model of a workspace: which one it is, and asking it within its budget. Source: theo.md 6.

Whoever asks has something else to say when this fails: without a model, at the end of the month's tokens, while a
provider that failed again and again is left alone, and when too many are being asked already.
"""

import logging
import threading
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from businesses import audit
from businesses.models import Business, Role
from foundation.mail import send_mail
from foundation.prepared import Given, prepared
from foundation.sealed import CannotUnseal, unseal
from theo.models import LanguageModel
from theo.port import Completion, Endpoint, OnText, Prompt, ProviderFailed, ProviderKind, estimated_tokens
from theo.providers import PROVIDERS

logger = logging.getLogger(__name__)

# A call's question and answer together, in tokens; what is longer is cut by whoever asks.
MOST_TOKENS = 4_000
# So many failures in a row, and nothing is asked for a while.
MOST_FAILURES, OFF_FOR = 5, timedelta(seconds=60)
LONGEST_WAIT = 3.0
# For one answer in all, where no request waits.
MOST_SECONDS = 20.0
# At once, of one process: each holds a thread, and what all threads wait for stops the house.
AT_ONCE = 8
_places = threading.BoundedSemaphore(AT_ONCE)


def language_model_of(business_id: UUID) -> LanguageModel:
    """As it is set, else as it is by default (not stored)."""
    return _own().one(business=business_id) or LanguageModel(business_id=business_id)


@prepared
def _own() -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(business_id=Given("business"))


def installations() -> Endpoint | None:
    """What the operator set for all workspaces that want it (THEO_MODEL_...)."""
    if not settings.THEO_MODEL:
        return None
    return Endpoint(
        kind=ProviderKind(settings.THEO_MODEL_PROVIDER),
        base_url=settings.THEO_MODEL_URL,
        model=settings.THEO_MODEL,
        key=settings.THEO_MODEL_KEY,
        inside=True,
    )


def endpoint_of(row: LanguageModel) -> Endpoint | None:
    """None: there is no model, or its key does not open any more."""
    if row.provider == LanguageModel.INSTALLATION:
        return installations()
    if not row.is_own:
        return None
    try:
        key = unseal(row.sealed_key, context=key_context(row)) if row.sealed_key else ""
    except CannotUnseal:
        return None
    return Endpoint(kind=ProviderKind(row.provider), base_url=row.base_url, model=row.model, key=key)


def key_context(row: LanguageModel) -> str:
    """A key opens for the address that it was given for: who may change the address learns nothing of the key."""
    return f"theo.languagemodel:{row.business_id}:{row.provider}:{row.base_url}"


def is_there(business_id: UUID) -> bool:
    """Whether there is a model to ask, within its budget or not: what only it can do is hidden where there is none."""
    return endpoint_of(language_model_of(business_id)) is not None


def allowance(row: LanguageModel) -> int:
    """Tokens a month."""
    most: int = settings.THEO_MODEL_TOKENS
    if row.monthly_tokens is None:
        return most
    return row.monthly_tokens if row.is_own else min(row.monthly_tokens, most)


def used(row: LanguageModel) -> int:
    """Tokens of this month."""
    return row.used_tokens if row.month == _month() else 0


def seconds_in_all() -> float:
    """What somebody who asks in a request may wait for: MOST_SECONDS, and less than a request may take."""
    return min(MOST_SECONDS, max(1.0, settings.REQUEST_SECONDS - 3.0))


def ask(business_id: UUID, prompt: Prompt, *, seconds: float, on_text: OnText | None = None) -> Completion:
    """Raises ProviderFailed. Not inside a transaction: a model takes its time."""
    row = language_model_of(business_id)
    endpoint = endpoint_of(row)
    if endpoint is None:
        lost = _("The stored key does not open any more. Enter it again.")
        raise ProviderFailed(lost if row.is_own else _("There is no language model."), passes=False)
    if row.off_until and row.off_until > timezone.now():
        raise ProviderFailed(_("The language model failed several times and is left alone for a minute."), passes=True)
    reserved = estimated_tokens(prompt.system + prompt.data) + prompt.max_tokens
    if reserved > MOST_TOKENS:
        raise ProviderFailed(_("That is too long for the language model."), passes=False)
    if not _places.acquire(blocking=False):
        raise ProviderFailed(_("The language model has too much to do. Try again."), passes=True)
    try:
        _reserve(row, reserved)
        spent = reserved - prompt.max_tokens  # of what fails: the provider may have read it all the same
        try:
            found = _asked(endpoint, prompt, seconds, on_text)
            spent = found.tokens
        except ProviderFailed as failure:
            logger.warning("The language model of workspace %s failed: %s", business_id, failure.detail)
            _failed(row)
            raise
        finally:
            _of(row).update(used_tokens=F("used_tokens") + spent - reserved)
        _of(row).exclude(failures=0, off_until=None).update(failures=0, off_until=None)
        return found
    finally:
        _places.release()


def _asked(endpoint: Endpoint, prompt: Prompt, seconds: float, on_text: OnText | None) -> Completion:
    """With one more try for what may pass."""
    until = time.monotonic() + seconds
    provider = PROVIDERS[endpoint.kind]
    if not connection.in_atomic_block:
        connection.close()  # others may have it meanwhile
    try:
        return provider.complete(endpoint, prompt, seconds=seconds, on_text=on_text)
    except ProviderFailed as failure:
        wait = failure.retry_after or 0.2
        left = until - time.monotonic() - wait
        if not failure.passes or wait > LONGEST_WAIT or left < 1:
            raise
        time.sleep(wait)
    return provider.complete(endpoint, prompt, seconds=left, on_text=on_text)


def _reserve(row: LanguageModel, tokens: int) -> None:
    """Count before asking, so that many at once do not go over it. Raises ProviderFailed."""
    LanguageModel.objects.get_or_create(business_id=row.business_id)
    month = _month()
    _of(row).exclude(month=month).update(month=month, used_tokens=0)
    if _of(row).filter(used_tokens__lte=allowance(row) - tokens).update(used_tokens=F("used_tokens") + tokens):
        return
    if _of(row).exclude(told_month=month).update(told_month=month):
        _tell_owner(row.business_id)
    raise ProviderFailed(_("The language model's tokens of this month are used up."), passes=False)


def _tell_owner(business_id: UUID) -> None:
    business = Business.objects.get(pk=business_id)
    audit.record("assistant.tokens_used_up", business_id=business_id, actor=None, target=business)
    for owner in business.memberships.filter(role=Role.OWNER, is_active=True).select_related("user"):
        send_mail(
            "theo/mail/tokens_used_up",
            to=owner.user.email,
            workspace=business.name,
            link=f"{settings.PUBLIC_BASE_URL}/settings/theo/",
        )


def _failed(row: LanguageModel) -> None:
    _of(row).update(failures=F("failures") + 1)
    _of(row).filter(failures__gte=MOST_FAILURES).update(failures=0, off_until=timezone.now() + OFF_FOR)


def _of(row: LanguageModel) -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(business_id=row.business_id)


def _month() -> str:
    return timezone.now().strftime("%Y-%m")
