"""What a channel carries of an answer, told before anything of it is out."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from channels_app.adapters import ADAPTERS
from channels_app.models import NEWEST_HEARD, Thread
from conversations.attachments import Facts
from conversations.models import ChannelType, Conversation
from foundation.errors import Unprocessable


def is_public(conversation: Conversation) -> bool:
    """Whether everybody can read what is answered."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter is None or not adapter.capabilities.max_public:
        return False
    threads = Thread.objects.filter(conversation=conversation, channel=conversation.channel_id)
    address = threads.order_by(NEWEST_HEARD).values_list("address", flat=True).first()
    return adapter.is_public(address or "")


def check_limits(conversation: Conversation, *, content: str, attachments: Sequence[Facts]) -> None:
    """Raises Unprocessable for files that the channel does not carry, and for a public answer that is too long: what
    everybody read of it cannot be taken back when the rest fails. The core's word (settings.ANSWER_CHECK)."""
    adapter = ADAPTERS.get(ChannelType(conversation.channel_type))
    if adapter is None:
        return
    can = adapter.capabilities
    for facts in attachments:
        if can.file_types and facts["content_type"] not in can.file_types:
            raise _not_carried(facts, kinds_in_words(can.file_types), kind="attachment_type")
        is_image = facts["content_type"].startswith("image/")
        most = can.max_image_bytes if is_image and can.max_image_bytes else can.max_file_bytes
        if most and facts["size"] > most:
            raise _not_carried(facts, size_in_words(most), kind="attachment_too_big")
    if can.max_public and (count := adapter.length_in_public(content)) > can.max_public and is_public(conversation):
        text = _("A public answer has at most %(most)d characters; this one would count %(count)d.")
        raise Unprocessable(text % {"most": can.max_public, "count": count}, field="content", kind="string_too_long")


def _not_carried(facts: Facts, reason: str, *, kind: str) -> Unprocessable:
    return Unprocessable(f"{facts['filename']}: {reason}", field="attachments", kind=kind)


def kinds_in_words(file_types: Sequence[str]) -> str:
    kinds = ", ".join(each.rpartition("/")[2].upper() for each in file_types)
    return _("this channel carries %(kinds)s only.") % {"kinds": kinds}


def size_in_words(most: int) -> str:
    return _("this channel carries at most %(most)d MB a file.") % {"most": most // 1024**2}
