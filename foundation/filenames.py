"""Names of files as people see them. On the disk a file is called by its id alone."""

import re
import unicodedata

MAX_NAME = 150


def shown_name(name: str) -> str:
    """The last part of what a client calls its file, without what is not seen or means a place; "" when none is left.

    The end stays when a name is too long: it says what the file is.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(
        character for character in last if unicodedata.category(character)[0] not in "CZ" or character == " "
    )
    tidy = re.sub(r" +", " ", re.sub(r'[<>:"|?*%]', "_", seen)).lstrip(". ").rstrip(". ")
    if len(tidy) <= MAX_NAME:
        return tidy
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > 10:
        return tidy[:MAX_NAME].rstrip(". ")
    return f"{stem[: MAX_NAME - len(extension) - 1].rstrip('. ')}.{extension}"
