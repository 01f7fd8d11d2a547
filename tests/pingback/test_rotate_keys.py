"""`manage.py rotate_keys`: a new field key, without a secret entered again."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.factors import totp
from accounts.models import User
from businesses.models import AuditEntry, Business
from channels_app import credentials
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.models import ChannelType
from foundation.sealed import unseal
from tests import builders
from theo.language_models import key_context
from theo.model_settings import change_language_model
from widgets import identity

NEW = "n" * 40


@pytest.fixture
def channel(ada: User, acme: Business) -> Channel:
    return create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": "110201543:tidewater"})


def test_after_it_nothing_needs_the_old_key_any_more(
    ada: User, acme: Business, channel: Channel, settings: Any, capsys: Any
) -> None:
    secret, _codes = builders.with_app(ada)
    row, plain = identity.add_secret(actor=ada, widget=builders.widget(ada))
    model = change_language_model(actor=ada, provider="anthropic", model="claude", api_key="tidewater-model")
    settings.FIELD_KEYS = [NEW, *settings.FIELD_KEYS]

    call_command("rotate_keys")

    assert "4 rows were sealed anew.\nNothing needs" in capsys.readouterr().out
    settings.FIELD_KEYS = [NEW]
    for each in (channel, row, model):
        each.refresh_from_db()
    assert credentials.reveal(channel)["bot_token"] == "110201543:tidewater"
    assert unseal(row.sealed, context=identity.context_of(row)) == plain
    assert unseal(model.sealed_key, context=key_context(model)) == "tidewater-model"
    assert totp.use(ada, builders.code_of(secret))
    assert AuditEntry.objects.get(action="keys.rotated").data == {"rows": 4}
    call_command("rotate_keys")
    assert capsys.readouterr().out.startswith("0 rows")


def test_what_no_key_opens_is_told_and_stays_as_it_is(channel: Channel, settings: Any) -> None:
    before = Channel.objects.get().credentials
    settings.FIELD_KEYS = [NEW]

    with pytest.raises(CommandError, match="1 rows do not open"):
        call_command("rotate_keys")

    assert Channel.objects.get().credentials == before
