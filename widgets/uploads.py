"""Files of visitors: into their own conversations alone, or one that begins with them, and not too many."""

import re
from typing import Any
from uuid import UUID

from corsheaders.signals import check_request_enabled
from django.core.files.uploadedfile import UploadedFile
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from conversations.models import Attachment
from conversations.services.uploads import store_upload
from foundation import throttles
from foundation.errors import Forbidden, NotFound
from foundation.ids import parse_id
from widgets.models import Visitor, Widget
from widgets.receiving import require_verified, web_channel
from widgets.selectors import allowed_origin, conversations_of

_ADDRESS = re.compile(r"/api/v1/widget/([^/]+)/upload/?")


def keep_visitors_upload(
    *, widget: Widget, visitor: Visitor | None, conversation_id: UUID | None, file: "UploadedFile[bytes]"
) -> Attachment:
    """As `store_upload`. visitor: None for a stranger. conversation_id: None where one begins with it.

    Raises NotFound (not the visitor's conversation), Forbidden (switched off, or for verified visitors only), TooFast,
    too.
    """
    assert file.file is not None
    conversation = None
    if conversation_id is None:
        require_verified(business_id=widget.business_id, widget=widget, visitor=visitor)
        channel = web_channel(widget.business_id)
    else:
        conversation = conversations_of(visitor).filter(pk=conversation_id).first() if visitor else None
        if conversation is None:
            raise NotFound
        channel = conversation.channel
    if channel and not channel.is_active:
        raise Forbidden(_("This chat is switched off."))
    size = file.size or 0
    if visitor:
        throttles.count("VISITOR_UPLOAD", visitor.pk)
        throttles.count("VISITOR_UPLOAD_BYTES", visitor.pk, amount=size)
    throttles.count_address("VISITOR_UPLOAD_EACH")
    throttles.count_address("VISITOR_UPLOAD_EACH_BYTES", amount=size)
    throttles.count("VISITOR_UPLOAD_ALL_BYTES", widget.business_id, amount=size)
    return store_upload(
        conversation=conversation,
        business_id=widget.business_id,
        name=file.name or "",
        file=file.file,
        size=size,
    )


@receiver(check_request_enabled)
def may_upload_from(request: HttpRequest, **_signal: Any) -> bool:
    """CORS: pages of the widget's own domains may send visitors' files. Source: promises 4, "CORS"."""
    match = _ADDRESS.fullmatch(request.path)
    widget_id = parse_id(match.group(1)) if match else None
    widget = Widget.objects.filter(pk=widget_id).first() if widget_id else None
    return widget is not None and allowed_origin(request.headers.get("Origin", ""), business_id=widget.business_id)
