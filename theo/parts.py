"""The questions of one message: "How do I pay, and how long is a gift card valid?" has two. Source: theo.md 5."""

import re
from functools import cache

from theo.engine.language import joined_letters, language_of
from theo.engine.lexical import words
from theo.phrases import goes_on

MOST_PARTS = 4
# What has fewer words is none of its own; or letters, where short words are written in one, or all of them are.
LEAST_WORDS, LEAST_LETTERS, LEAST_JOINED = 3, 6, 5

_MARKS, _SAID = "?？؟", frozenset(".!;。！；\n")
# What joins two questions, by language: of one letter it is another word elsewhere ("how can I pay").
_JOINS = {
    "en": "and also|and|also",
    "de": "und",
    "fr": "et",
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "pl": "i",
    "ru": "и",
    "he": "וגם",
}
# Where words are not written apart: what a question begins with that comes beside another one, and what ends one that
# has no mark: "返品できますか。", "能退货吗，".
_BESIDE = "另外|此外|顺便问一下|以及|それと|それから|あと|ちなみに"
_ALSO = re.compile(rf"^(?:{_BESIDE}|还有|また|そして)[，、,\s]*")
_ASKING = re.compile("(?:[吗嗎]|(?<=[すん])か)$")
# Means what was just said, by language; not "is it possible to", nor "ich das Abo". Japanese and Chinese leave out what
# was just said: a question without a particle, or of a few letters.
_BACK = {
    "en": r"\b(?:it|this|that|them|these|those)"
    r"(?=\W*$| (?:back|again|now|today|online|off|on|in|out|up|to|from|with|for)\b)"
    r"|^\W*(?:do|does|did|is|are|was|were|will|would|can|could|should|has|have) (?:it|they|this|that|these|those)\b"
    r"(?! (?:possible|okay|ok|true|allowed|necessary|better|cost|take)\b)",
    "de": r"\b(?:ich|wir|man) (?:es|ihn|sie|diese[nrs]?)\b|\b(?:ich|wir|man) (?-i:das(?: [a-zäöüß]+)?)\W*$",
    "fr": r"\b(?:je|on|comment) (?:l['’]|l[ae]s? )\w+(?:er|ir|re)\b",
    "es": r"\w(?:ar|er|ir)l[oa]s?\b|\b(?:cómo|puedo|podría) l[oa]s? \w+\W*$",
    "it": r"\w(?:ar|er|ir)l[oaie]\b",
    "pt": r"\w-l?[oa]s?\b",
    "nl": r"\b(?:ik|we|wij) (?:het|hem|ze|dat|deze)(?: \w+)?\W*$",
    "pl": r"\b(?:go|ją|je|ich)\b|\bto \w+ć\W*$",
    "ru": r"\b(?:его|её|ее|их|это)\b",
    "he": r"\b(?:אותו|אותה|אותם|אותן|את זה)\b",
    "ar": r"\w{2}ها\W*$",
    "ja": r"^[^はがをの]*$|^(?:それ|これ|その|この)(?!と|から)",
    "zh": r"^.{1,5}$|[它这那]",
}
# Asks for the answer to what was asked beside it.
_SAME = re.compile(
    r"^\W*(?:(?:so|please|hi|hello|bitte|also) )*(?:"
    r"(?:can|could|would|will) (?:you|anyone|anybody|someone|somebody) (?:please )?"
    r"(?:help|assist|advise|explain|tell me|let me know|look into)\b.{0,30}"
    r"|(?:do|does|would) (?:you|anyone|anybody) (?:know|have any idea)\b.{0,20}"
    r"|what (?:can|should|do|must|shall) (?:i|we) do\b.{0,20}|what (?:are my options|now|next)"
    r"|(?:any|some) (?:help|ideas?|advice|suggestions?)\b.{0,20}"
    r"|(?:how|where) (?:do|can|should) i (?:do|get|find) (?:that|this|it)"
    r"|(?:können|könnten) (?:sie|ihr) mir .{0,20}helfen|kann(?:st du)? mir .{0,20}helfen"
    r"|was (?:soll|kann|muss) ich .{0,10}(?:tun|machen)|wissen sie .{0,20}"
    r"|(?:pouvez-vous|peux-tu|pourriez-vous) m.aider.{0,20}|que (?:dois|puis)-je faire.{0,10}"
    r"|(?:me )?(?:puede|pueden|podrían|podría)s? ayudar(?:me)?.{0,20}|qué (?:hago|puedo hacer|debo hacer).{0,10}"
    r"|(?:potete|può|puoi|potreste) aiutarmi.{0,20}|(?:che )?cosa (?:devo|posso) fare.{0,10}"
    r"|(?:podem|pode|poderiam) (?:me )?ajudar(?:-me)?.{0,20}|o que (?:devo|posso) fazer.{0,10}"
    r"|(?:kunnen jullie|kunt u|kun je) (?:me|mij) .{0,20}helpen|wat (?:moet|kan) ik .{0,10}doen"
    r"|(?:czy )?(?:możecie|może|mógłby|mogłaby) .{0,10}pomóc.{0,20}|co (?:mam|mogę|powinienem) .{0,10}zrobić"
    r"|(?:вы )?(?:можете|поможете|могли бы) .{0,20}(?:мне|помочь)|что (?:мне )?делать.{0,10}"
    r"|(?:请问)?(?:我)?(?:该|应该)?怎么办呢?|(?:你们)?(?:可以|能)帮(?:帮)?(?:我|忙)一?下?吗"
    r"|どう(?:すれば|したら)(?:いい|よい|良い)(?:です|でしょう)か|教えて(?:ください|もらえますか|いただけますか)"
    r")\W*$",
    re.IGNORECASE,
)


def parts_of(question: str) -> list[str]:
    """Those that can be understood alone, at most MOST_PARTS, what has a question mark first; none when it is one."""
    alone = sorted(filter(_is_long, _pieces(question)), key=lambda part: part[-1] not in _MARKS)
    return alone[:MOST_PARTS] if len(alone) > 1 else []


def asked_in(question: str) -> list[str]:
    """What has a question mark, and is neither about something said before nor the same as what is asked beside it."""
    return [part for part in _pieces(question) if part[-1] in _MARKS and _is_long(part) and _is_new(part)]


def _pieces(text: str) -> list[str]:
    """Sentences and questions, these with a mark. A question that means the sentence before it stays with that."""
    ends = [(end.start(), end.end(), end.group()) for end in _end(_joins(text)).finditer(text)]
    found, begins, start, is_said = list[str](), 0, 0, False
    for stop, after, end in [*ends, (len(text), len(text), "")]:
        if piece := text[start:stop].strip():
            mark = next((letter for letter in end if letter in _MARKS), "") or ("？" if _ASKING.search(piece) else "")
            if mark and is_said and _means_before(piece):
                found.pop()
            else:
                begins = start
            found.append(text[begins:stop].strip() + mark)
            is_said = not mark and end.strip()[:1] in _SAID
        start = after
    return found


@cache
def _end(joins: str) -> re.Pattern[str]:
    return re.compile(
        rf"[.?!;。？！؟；\n]+|,?\s+(?:{joins})\s+(?=\w+\s+\w+\s+\w+)|،?\s+و(?=\w+\s+\w+\s+\w+)"
        rf"|(?:(?<=[吗嗎])|(?<=[すん]か))[，、,]|[，、,](?={_BESIDE})",
        re.IGNORECASE,
    )


def _means_before(piece: str) -> bool:
    language = language_of(piece)
    return language in _BACK and bool(re.search(_BACK[language], piece, re.IGNORECASE))


def _joins(text: str) -> str:
    return _JOINS.get(language_of(text), _JOINS["en"])


def _is_new(part: str) -> bool:
    part = re.sub(rf"^(?:{_joins(part)})\s+", "", part, flags=re.IGNORECASE)
    part = _ALSO.sub("", part)
    return bool(words(part)) and not goes_on(part) and not _SAME.match(part)


def _is_long(part: str) -> bool:
    least = LEAST_JOINED if joined_letters(part) else LEAST_LETTERS
    return len(part.split()) >= LEAST_WORDS or (not part.isascii() and len(part) >= least)
