"""Files that callers send: one a request, as multipart, on the disk before anybody looks at them."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import BaseParser, DataAndFiles

from foundation.errors import Unprocessable
from foundation.text import is_clean


class CountedFile(TemporaryFileUploadHandler):
    """Django's handler for big files, for all of them, with a last byte (settings.FILE_UPLOAD_HANDLERS)."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > settings.UPLOAD_BYTES:
            self.file.close()
            raise RequestDataTooBig
        return super().receive_data_chunk(raw_data, start)


class UploadParser(BaseParser):
    """multipart/form-data, for operations that take a file and for no others."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        assert parser_context is not None
        request = parser_context["request"]
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            data, files = MultiPartParser(
                meta,
                stream,  # type: ignore[arg-type]
                request.upload_handlers,
                "utf-8",
            ).parse()
        except MultiPartParserError as error:
            raise ValidationError([ErrorDetail("Not valid multipart/form-data.", code="multipart_invalid")]) from error
        if not all(is_clean(text) for values in data.lists() for text in (values[0], *values[1])):
            raise ValidationError([ErrorDetail("A text holds a character that cannot be stored.", code="value_error")])
        return DataAndFiles(data, files)


def one_file(files: "MultiValueDict[str, UploadedFile[bytes]]") -> "UploadedFile[bytes]":
    """The one under `file`. Raises Unprocessable."""
    found = files.getlist("file")
    if len(found) != 1:
        raise Unprocessable(_("Send one file."), field="file", kind="missing")
    return found[0]
