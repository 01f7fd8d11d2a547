"""What waits while a channel gets other credentials: nothing of it is tried with what nobody checked."""

import pytest

from accounts.models import User
from channels_app import connecting
from channels_app.health import health_of
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState
from channels_app.services import pause_channel, update_channel
from conversations.models import ChannelType
from tests import builders
from tests.channels_app.cases import Case
from tests.channels_app.test_changing import of
from tests.channels_app.test_contract import case, channel, fake, work, writes  # noqa: F401
from tests.fakes.telegram import TOKEN, Telegram

pytestmark = [pytest.mark.django_db(transaction=True), of(ChannelType.TELEGRAM)]
ANOTHER = "6000000002:AAanotherBotsTokenThatIsLongEnough000"


@pytest.fixture
def waiting(ada: User, case: Case, channel: Channel, fake: Telegram) -> Delivery:  # noqa: F811
    """An answer of a bot whose token was withdrawn."""
    thread = writes(case, channel, "Hello?")
    fake.token = f"{TOKEN}new"
    builders.answers(ada, thread, "It left today.")
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, Channel.objects.get().state) == (DeliveryState.QUEUED, ChannelState.ERROR)
    fake.calls.clear()
    return delivery


def reconnect(ada: User, token: str) -> None:
    channel = update_channel(actor=ada, channel=Channel.objects.get(), config={"bot_token": token})  # noqa: F811
    work()
    connecting.connect(channel)
    work()


def test_what_waits_is_tried_with_no_token_that_was_not_checked(
    ada: User,
    waiting: Delivery,
    fake: Telegram,  # noqa: F811
) -> None:
    reconnect(ada, ANOTHER)  # which is refused
    assert not fake.sent
    assert (Channel.objects.get().state, Delivery.objects.get().state) == (ChannelState.ERROR, DeliveryState.QUEUED)

    reconnect(ada, fake.token)
    assert len(fake.sent) == 1
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_what_waits_for_one_bot_does_not_go_out_by_another_one_unless_the_owner_says_so(
    ada: User,
    waiting: Delivery,
    fake: Telegram,  # noqa: F811
) -> None:
    fake.tokens.add(ANOTHER)
    reconnect(ada, ANOTHER)
    assert not fake.sent
    changed = Channel.objects.get()
    assert (changed.state, bool(changed.paused_at)) == (ChannelState.CONNECTED, True)
    page = builders.browser(ada).get(f"/inbox/{waiting.conversation_id}/").content.decode()
    assert "as it has another account now" in page
    reconnect(ada, ANOTHER)  # saved once more
    assert "as it has another account now" in health_of(Channel.objects.get()).words

    reconnect(ada, fake.token)
    pause_channel(actor=ada, channel=changed, paused=False)
    work()
    assert [f"bot{fake.token}" in call.path for call in fake.sent] == [True]
    assert "is_another" not in Channel.objects.get().setup
