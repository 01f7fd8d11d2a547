"""A message in as many parts as its channel takes, and no word of it lost."""

from io import BytesIO

import pytest

from accounts.models import User
from channels_app.models import Channel, Delivery
from conversations.models import ChannelType, MessageStatus
from conversations.services.messages import send_reply
from conversations.services.uploads import store_upload
from tests import corpus
from tests.channels_app.cases import Case
from tests.channels_app.test_changing import of
from tests.channels_app.test_contract import case, channel, fake, work, writes  # noqa: F401
from tests.fakes.server import Fake

pytestmark = [pytest.mark.django_db(transaction=True), of(ChannelType.WHATSAPP)]


@pytest.mark.parametrize(
    ("name", "content", "kinds"),
    [("label.png", corpus.picture(), ["image"]), ("hold.mp3", corpus.MP3, ["audio", "text"])],
)
def test_words_beside_a_file_go_below_it_or_after_one_that_takes_none(
    ada: User,
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Fake,  # noqa: F811
    name: str,
    content: bytes,
    kinds: list[str],
) -> None:
    thread = writes(case, channel, "Hello?")
    file = store_upload(conversation=thread, name=name, file=BytesIO(content), size=len(content), uploader=ada)
    message = send_reply(conversation=thread, author=ada, content="It is this one.", attachments=[file.pk]).message

    while Delivery.objects.filter(state="queued").exists():
        work()

    assert [call.fields["type"] for call in fake.sent] == kinds
    assert "It is this one." in str(fake.sent[-1].fields)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
