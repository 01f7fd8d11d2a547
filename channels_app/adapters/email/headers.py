"""Header fields as people and threads need them, whatever the sender's program made of the rules.

Addresses are split before their names are decoded: a comma inside an encoded name divides nothing.
"""

import base64
import binascii
import codecs
import hashlib
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from foundation.text import storable

MAX_FIELD = 16_000
MAX_IDS = 50
MAX_ADDRESSES = 100
MAX_ADDRESS = 254
MAX_NAME = 200
MAX_SUBJECT = 300
MAX_ID = 998

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_ADDRESS = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,189}")
_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|antw|odp|ynt|rif|res|fwd?|wg|tr|rv|enc)(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+", re.I
)
# What a name stands for in practice: supersets, or nothing that is written so anywhere.
_CALLED = {
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "utf8mb4": "utf-8",
}
# Text that looks like ASCII until it is decoded, so that trying UTF-8 first would show its escapes.
_SHIFTED = ("iso-2022", "iso2022", "hz", "utf-7", "utf_7", "utf-16", "utf_16", "utf-32", "utf_32")
_NO_CHARSETS = {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """email: in lower case, at most 254 characters. name: "" when there is none."""

    email: str
    name: str = ""


def text_of(data: bytes, charset: str = "") -> str:
    """Those bytes as text that can be stored; never raises, whatever the charset is called."""
    declared = _codec(charset)
    tries = ["utf-8", declared, "cp1252"]
    if declared.startswith(_SHIFTED):
        tries = [declared, "utf-8", "cp1252"]
    for name in tries:
        if not name:
            continue
        try:
            return tidy(data.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return tidy(data.decode("cp1252", "replace"))


def tidy(text: str) -> str:
    """Without NUL and lone surrogates, which no database takes; line ends as we know them."""
    return storable(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def field(mail: "Message[str, str]", name: str) -> str:
    """The first field of that name, unfolded, its encoded words not yet decoded; "" when there is none."""
    return next(fields(mail, name), "")


def fields(mail: "Message[str, str]", name: str) -> Iterator[str]:
    for key, value in mail.raw_items():
        if key.lower() == name:
            yield _plain(str(value)[:MAX_FIELD])


def decoded(value: str, *, most: int) -> str:
    """One line for people: encoded words decoded, also where a character is split between two of them."""
    parts: list[str] = []
    run: list[tuple[str, bytes]] = []
    at = 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        if between.strip() or not run:
            parts += [_joined(run), between]
            run = []
        data = _word_bytes(word[2], word[3])
        charset = word[1].partition("*")[0].lower()
        if run and run[-1][0] == charset:
            run[-1] = (charset, run[-1][1] + data)
        else:
            run.append((charset, data))
        at = word.end()
    parts += [_joined(run), value[at:]]
    return shown("".join(parts), most=most)


def shown(text: str, *, most: int) -> str:
    """In one line, without characters that are not seen."""
    line = "".join(c if c.isprintable() else " " for c in tidy(text))
    return " ".join(line.split())[:most]


def subject_of(mail: "Message[str, str]") -> str:
    return decoded(field(mail, "subject"), most=MAX_SUBJECT)


def topic_of(subject: str) -> str:
    """A subject without the marks of answering and forwarding in front of it."""
    return _PREFIX.sub("", subject).strip()


def addresses(mail: "Message[str, str]", *names: str) -> tuple[Address, ...]:
    """Of all fields of those names, each address once."""
    values = [value for name in names for value in fields(mail, name)]
    return addresses_in(values)


def addresses_in(values: Iterable[str]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for value in values:
        try:
            pairs = getaddresses([value])
        except (ValueError, IndexError, TypeError, RecursionError):
            pairs = []
        good = [(name, address) for name, address in pairs if _ADDRESS.fullmatch(address)]
        if not good:  # an unquoted name with a comma or an at sign in it, two addresses in one pair of brackets
            good = [("", address) for address in _ADDRESS.findall(value)]
        for name, address in good:
            email = shown(address, most=MAX_ADDRESS + 1).lower()
            if len(email) <= MAX_ADDRESS and len(found) < MAX_ADDRESSES:
                title = decoded(name, most=MAX_NAME).strip("\"' ")
                found.setdefault(email, Address(email=email, name="" if title.lower() == email else title))
    return tuple(found.values())


def ids(mail: "Message[str, str]", name: str) -> tuple[str, ...]:
    """Message ids without their brackets, in the order of the field; at most MAX_IDS, the first and the newest."""
    found = list(dict.fromkeys(one for value in fields(mail, name) for one in ids_in(value)))
    return tuple(found if len(found) <= MAX_IDS else [found[0], *found[1 - MAX_IDS :]])


def key_of_id(message_id: str) -> str:
    """The journal's, of a mail with this id: the same whichever way it comes."""
    return f"mid:{hashlib.sha256(message_id.encode()).hexdigest()}"


def ids_in(value: str) -> list[str]:
    found = _ID.findall(value)
    if not found and "@" in value and len(value.split()) == 1:  # written without brackets
        found = [value.strip("<> \t")[:MAX_ID]]
    return [shown(one, most=MAX_ID) for one in found]


def parameter(part: "Message[str, str]", name: str, header: str = "content-type") -> str:
    """One parameter of a field, RFC 2231 and 2047 both decoded."""
    # The field as we read it: of one with bytes above ASCII, the library keeps only marks that something was there.
    alone: Message[str, str] = Message()
    alone[header] = field(part, header)
    try:
        value = alone.get_param(name, "", header)
    except (ValueError, TypeError, IndexError, LookupError):
        return ""
    if isinstance(value, tuple):
        charset, _language, text = value
        return tidy(text_of(text.encode("latin-1", "replace"), charset or ""))
    return decoded(_plain(str(value or "")), most=1000)


def _plain(value: str) -> str:
    unfolded = re.sub(r"\r?\n[ \t]*", " ", value)
    return text_of(unfolded.encode("utf-8", "surrogateescape")).strip()


def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    name = _CALLED.get(name, name)
    if not name:
        return ""
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    return "" if known.name in _NO_CHARSETS else known.name


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b"=20"), header=True)
    try:
        return base64.b64decode(data.rstrip(b"=") + b"==="[: -len(data.rstrip(b"=")) % 4])
    except (binascii.Error, ValueError):
        return data


def _joined(run: list[tuple[str, bytes]]) -> str:
    return "".join(text_of(data, charset) for charset, data in run)
