"""What a language model wrote is believed only as far as code can check it. Source: theo.md 6; attacks H1.

The model has read text of strangers, and may do what that says. So each claim has to stand in what it cites: numbers,
links and addresses letter by letter, everything else by most of its words; and it says nothing that only a person may.
"""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

from theo.engine.language import is_english, language_of
from theo.engine.lexical import words
from theo.engine.passages import sentences_of

MAX_REPLY = 4_000
LEAST_QUOTE = 8
# Of the words that carry meaning: so many stand in the cited articles or in the question.
SUPPORTED = 0.6
ECHO_WORDS = 8

_LINK = re.compile(r"(?:\w+://|www\.)[^\s<>\"')\]]+|\b(?:[\w-]+\.)+[^\W\d_]{2,24}\b(?:/[^\s<>\"')\]]*)?", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety"
    r"|hundred|thousand|million|half|twice|free|guarantee\w*|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf"
    r"|vierzehn|zwanzig|dreißig|hundert|tausend|kostenlos|gratis|gratuit\w*|deux|trois|quatre|cinq|dix|trente|cent|mille"
    r"|dos|tres|cuatro|cinco|diez|treinta|cien)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|no|never|cannot|can't|without|nor|none|neither|unable|nicht|kein\w*|nie|ohne|ne|pas|jamais|sans|sin|nunca"
    r"|non|senza|niet|geen|nie|não|sem)\b|n['’]t\b",
    re.IGNORECASE,
)
# What only a person can do, or promise.
_PROMISE = re.compile(
    r"\b(?:i|we)(?:['’](?:ve|ll|m|re)| have| will| am| are| can| just)*(?: now| already| just| gladly)*"
    r" (?:refund|cancel|issu|process|compensat|reimburs|credit|replac|updat|chang|schedul|book|delet|upgrad|waiv)\w*"
    r"|\b(?:has|have|will) (?:now |already )?be(?:en)? (?:refunded|cancell?ed|issued|credited|reimbursed|waived)\b"
    r"|\byour (?:\w+ ){1,3}(?:is|was|are|were) (?:now |already )?"
    r"(?:cancell?ed|refunded|issued|credited|changed|deleted)\b"
    r"|\b(?:ich|wir) (?:habe|haben|werde|werden)\b[^.?!]{0,60}\b(?:erstatte\w*|storni\w*|gutgeschr\w*)\b"
    r"|\b(?:j['’]ai|nous avons|je vais|nous allons)\b[^.?!]{0,60}\b(?:rembours\w*|annul\w*)\b"
    r"|\b(?:he|hemos|voy a|vamos a)\b[^.?!]{0,60}\b(?:reembols\w*|cancel\w*)\b",
    re.IGNORECASE,
)
# In English only what has a name is written so inside a sentence.
_NAME = re.compile(r"(?<=[a-z0-9,;'’] )[A-Z][\w'’]{2,}")
_WORD = re.compile(r"[\w'’]+")
_LEAST_WORDS = 2
_MARKUP = re.compile(r"!\[|\]\(|\]:\s|<[a-z/!][^>]*>|javascript:|data:", re.IGNORECASE)
# Letters that nobody sees, or that turn others around.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def holds_quote(article: str, quote: str) -> bool:
    """Whether these words stand in the article, one after the other, however they are spaced."""
    wanted = _flat(quote)
    return len(wanted) >= LEAST_QUOTE and wanted in _flat(article)


def flaw_in(reply: str, *, articles: Sequence[str], question: str, system: str, own_site: str) -> str | None:
    """What is wrong with a reply, for the log; None: nothing that code can see.

    articles: the cited ones. own_site: the workspace's own address, "" = none.
    """
    known = _flat("\n".join(articles))
    heard = f"{known}\n{_flat(question)}"
    said = _flat(reply)
    if not said or len(reply) > MAX_REPLY:
        return "length"
    if _HIDDEN.search(reply):
        return "hidden letters"
    if _MARKUP.search(reply):
        return "markup"
    if any(not _may_link(link, known, own_site) for link in _links(reply)):
        return "a link of no cited article"
    if any(address not in known for address in _MAIL.findall(said)):
        return "an address of no cited article"
    if set(_NUMBER.findall(said)) - set(_NUMBER.findall(heard)):
        return "a number of no cited article"
    if set(_NUMBER_WORD.findall(said)) - set(_NUMBER_WORD.findall(heard)):
        return "a quantity of no cited article"
    if (found := _PROMISE.search(said)) and found.group() not in known:
        return "a promise"
    if _echoes(said, _flat(system)):
        return "our own rules"
    theirs = [(set(words(one)), bool(_NOT.search(one))) for article in articles for one in sentences_of(article)]
    if any(_turns_around(sentence, theirs) for sentence in sentences_of(reply)):
        return "yes and no"
    if is_english(reply) and {name.lower() for name in _NAME.findall(reply)} - set(_WORD.findall(heard)):
        return "a name of no cited article"
    if len(said.split()) >= 4 and is_english(reply) != is_english(question):
        return "another language"
    if (spoken := language_of(reply)) and (asked := language_of(question)) and spoken != asked:
        return "another language"
    return None


def unsupported(text: str, heard: str) -> bool:
    """Whether it has letters that nobody sees, or a number, link or address that was not there."""
    said, known = _flat(text), _flat(heard)
    if not said or len(text) > MAX_REPLY or _HIDDEN.search(text):
        return True
    links = [*_links(text), *_MAIL.findall(said)]
    return bool(set(_NUMBER.findall(said)) - set(_NUMBER.findall(known))) or any(
        not _may_link(link, known, "") for link in links
    )


def is_supported(reply: str, articles: Sequence[str], question: str) -> bool:
    """Whether most of what it says stands in the articles or in the question; never so across languages."""
    carried = words(reply)
    heard = set(words(" ".join([*articles, question])))
    return bool(carried) and sum(word in heard for word in carried) >= SUPPORTED * len(carried)


def _flat(text: str) -> str:
    """However its letters are written: there is more than one "@"."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).lower()


def _links(text: str) -> list[str]:
    """However its letters are written."""
    return _LINK.findall(_MAIL.sub(" ", unicodedata.normalize("NFKC", text)))


def _turns_around(sentence: str, theirs: Sequence[tuple[set[str], bool]]) -> bool:
    """Whether it says yes where the likest sentence of the articles says no, or the other way round.

    theirs: the words of each, and whether it says no.
    """
    said = set(words(sentence))
    if len(said) < _LEAST_WORDS:
        return False
    likest, says_no = 0.0, set[bool]()
    for there, is_no in theirs:
        likeness = 2 * len(said & there) / (len(said) + len(there) or 1)
        if likeness >= likest:
            says_no = (says_no if likeness == likest else set()) | {is_no}
            likest = likeness
    return likest > 0 and bool(_NOT.search(sentence)) not in says_no


def _may_link(link: str, known: str, own_site: str) -> bool:
    link = link.lower().rstrip(".,;:!?")
    if re.search(rf"(?<![\w.-]){re.escape(link)}(?![\w/?#=&%-])", known):
        return True
    host = urlsplit(link if "://" in link else f"https://{link}").hostname
    own = urlsplit(own_site if "://" in own_site else f"https://{own_site}").hostname
    return bool(own) and host is not None and host.removeprefix("www.") == (own or "").lower().removeprefix("www.")


def _echoes(said: str, system: str) -> bool:
    spoken, rules = re.findall(r"\w+", said), " ".join(re.findall(r"\w+", system))
    return any(" ".join(spoken[n : n + ECHO_WORDS]) in rules for n in range(len(spoken) - ECHO_WORDS + 1))
