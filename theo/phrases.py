"""Who needs a person, whatever the articles say: who asks for one, and who complains, threatens or is in danger.

By expressions in the main languages, and by what the words mean where a model is there. Source: theo.md 5.
"""

import re
from pathlib import Path
from threading import Lock

import numpy as np

from conversations.models import HandoffReason
from theo.engine.embedders import Embedder, Vectors, embedders, read_question
from theo.engine.language import is_english, joined_letters, language_of
from theo.engine.lexical import words
from theo.needs import KINDS, said_needs_person, sentences, stored_as

# What is longer says more than that, and is no wish alone.
MOST_LETTERS = 600

_SMALL_TALK = re.compile(
    r"\b(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|thank you|thanks?|thx|cheers|so much|very much"
    r"|a lot|ok|okay|great|perfect|nice|cool|super|yes|bye|goodbye"
    r"|(?:my|the|our) (?:parcel|package|order|delivery|shipment) (?:has )?(?:just |finally )?arrived"
    r"(?: (?:today|safely|well|now|fine))*(?!\s*\?)"
    r"|(?:it|that|this|everything)(?:'s| is| was| works) (?:so |very |really |all )?(?:great|good|perfect|lovely|fine)"
    r"|(?:i|we) (?:really |just |so )?(?:love|loved|like|adore) (?:it|your (?:\w+ ?){1,2}|the (?:\w+ ?){1,2})(?=\W*$)"
    r"|hallo|guten (?:morgen|tag|abend)|vielen|danke|dank|schön|sehr|tschüss|goedemorgen|goedendag|bedankt|dank je"
    r"|bonjour|salut|bonsoir|merci|beaucoup|hola|buenos días|buenas tardes|muchas|gracias|ciao|buongiorno|grazie|mille"
    r"|olá|oi|bom dia|obrigad[oa]|dzień dobry|dziękuję|cześć"
    r"|здравствуйте|привет|добрый (?:день|вечер)|доброе утро|спасибо|большое|до свидания"
    r"|مرحبا|أهلا|السلام عليكم|صباح الخير|مساء الخير|شكرا|جزيلا|שלום|היי|בוקר טוב|ערב טוב|תודה|רבה)\b"
    r"|こんにちは|こんばんは|おはよう(?:ございます)?|(?:どうも)?ありがとう(?:ございます|ございました)?|你好|您好|早上好|晚上好|谢谢[你您]?|謝謝|再见",
    re.IGNORECASE,
)
# Said while one waits or tries whether anything works; and what stands for what says who somebody is.
_SAYS_NOTHING = re.compile(
    r"\[[a-z-]+\]"
    r"|\b(?:(?:are you|is|are) (?:there )?(?:(?:any|some)(?:one|body) )?(?:still )?(?:here|there|around|online|awake)"
    r"|any(?:one|body) (?:still )?(?:here|there|around|home)|hello there|still (?:waiting|here|there|nothing)"
    r"|any (?:news|updates?|progress)|just (?:testing|a test)|test(?:ing|s|123)?|sorry|never ?mind|forget it|i see"
    r"|i(?:'ll| will) wait|(?:one|a) (?:moment|second|minute)|got it|understood|a?ha+(?:ha)*h?|lo+l|hm+|oh|all right"
    r"|noch da|ist da (?:wer|jemand)|jemand da|gibt es (?:schon )?(?:etwas )?neues|verstanden|alles klar|egal"
    r"|il y a quelqu'un|des nouvelles|hay alguien|alguna novedad|c'è qualcuno|novità|tem alguém|is er iemand"
    r"|jest tu ktoś|есть кто|тест|ау)\b"
    r"|有人吗|在吗|誰かいますか|テスト",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")
_THANKS = re.compile(
    r"\b(?:thank|thx|cheers|danke|dank|bedankt|merci|gracias|grazie|obrigad[oa]|dziękuję|спасибо)"
    r"|شكرا|תודה|ありがとう|谢谢|謝謝",
    re.IGNORECASE,
)
# What points back to something that was said before.
_GOES_ON = re.compile(
    r"^\W*(?:(?:ok|okay|well|great|thanks?|thank you|hm+|yes|no|ja|nein|danke|oui|non|merci|sí|gracias|sì|grazie)\W+)*"
    r"(?:and|but|or|so|then|what about|how about|it|its|that|this|these|those|they|them"
    r"|does (?:it|that|this)"
    r"|is (?:it|that|this)|are (?:they|these|those)|can (?:it|they)"
    r"|und|aber|oder|und wenn|das|dies\w*|geht das|ist (?:das|es)"
    r"|et|mais|cela|ça|est-ce que c.est|y|pero|eso|esto|e|ma|questo|mas|isso|isto"
    r"|en|maar|dat|dit|a|ale|to|и|а|но|это)\b"
    r"|^\W*(?:وكم|وهل|وماذا|ו)"
    r"|^\W*(?:那|这|它|但|可是|而且|还有|如果|多久|多少|为什么|什么时候"
    r"|それ|これ|その|この|では|でも|あと|また|もし|いつ|いくら|どのくらい|どれくらい|なぜ|どうして)",
    re.IGNORECASE,
)
# Begins a question about something said before, and about what it names itself: "how long does coffee keep?".
_ASKS_ON = re.compile(
    r"^\W*(?:(?:ok|okay|well|great|thanks?|thank you|hm+)\W+)*(?:how long|how much|why|when|since when|until when)\b",
    re.IGNORECASE,
)
_MEANS_BEFORE = re.compile(r"\b(?:it|its|that|this|these|those|they|them)\b", re.IGNORECASE)
# So many words that carry meaning name something.
_NAMING_WORDS = 3
# The same in other languages, where such a question has one word more at most, or means something before.
_ASKS_ON_ABROAD = re.compile(
    r"^\W*(?:(?:ok|okay|danke|merci|gracias|grazie|obrigad[oa]|bedankt|dziękuję|спасибо)\W+)*"
    r"(?:wie lange|wie ?viel\w*|combien(?: de temps)?|cu[aá]nt[oa]s?(?: tiempo)?|quant[oaie]s?(?: tempo)?"
    r"|hoe ?lang|hoeveel(?: tijd)?|ile(?: czasu)?|jak długo|сколько(?: времени)?|как долго)\b"
    r"(?:\W+[\w-]+)?(?:\W*$"
    r"|.*\b(?:es|(?-i:(?:das|dies\w*)(?! [A-ZÄÖÜ]))|ça|cela|eso|esto|questo|isso|isto|het|dat|dit|to|это)\b)",
    re.IGNORECASE | re.DOTALL,
)
# As many words, and fewer, hardly are a question of their own; nor so many letters, where words are not written apart.
_FEW_WORDS, _FEW_LETTERS = 3, 5

# Of cosines, which lie closer together by E5; and how much likelier it is that than to need nobody.
ASKS_FROM, COMPLAINS_FROM, OVER_HARMLESS = 0.60, 0.55, 0.02
E5_FROM, E5_OVER_HARMLESS = 0.87, 0.005

READ = Path(__file__).with_name("needs.npz")
_prototypes: dict[tuple[str, str, str], Vectors] = {}
_lock = Lock()


def needs_person(question: str) -> HandoffReason | None:
    """Why somebody should take this over before anything is looked for; None = Theo may look."""
    if said := said_needs_person(question):
        return said
    models = embedders()
    if len(question) > MOST_LETTERS or not question.strip():
        return None
    if "minilm" in models and is_english(question):
        asks, complains, harmless = _likeness(models["minilm"], question, "en")
        if asks >= ASKS_FROM:
            return HandoffReason.USER_REQUESTED
        does = complains >= max(COMPLAINS_FROM, harmless + OVER_HARMLESS)
        return HandoffReason.COMPLEX_ISSUE if does else None
    if "e5" not in models:
        return None
    asks, complains, harmless = _likeness(models["e5"], question, language_of(question))
    if max(asks, complains) < max(E5_FROM, harmless + E5_OVER_HARMLESS):
        return None
    return HandoffReason.USER_REQUESTED if asks > complains else HandoffReason.COMPLEX_ISSUE


def is_small_talk(question: str) -> bool:
    """A greeting, thanks, a yes or a picture of a thumb, and nothing beside: nobody waits for an answer."""
    return not _WORD.search(_SMALL_TALK.sub("", question))


def is_something(question: str) -> bool:
    """Whether it holds a word that an article could be about: "anyone there?" and "xxxxxx" do not."""
    said = words(_SMALL_TALK.sub(" ", _SAYS_NOTHING.sub(" ", question)))
    return any(len(set(word)) > (2 if word.isascii() else 1) and not word.isdigit() for word in said)


def is_thanks(question: str) -> bool:
    """Of small talk, whether it is the end of one."""
    return bool(_THANKS.search(question))


def goes_on(question: str) -> bool:
    """Whether it may only be understood with what was asked before: "and how long does it take?"."""
    is_short = len(question.split()) <= _FEW_WORDS and joined_letters(question) <= _FEW_LETTERS
    if is_short or _GOES_ON.search(question) or _ASKS_ON_ABROAD.search(question):
        return True
    names_none = len(words(question)) < _NAMING_WORDS or bool(_MEANS_BEFORE.search(question))
    return bool(_ASKS_ON.search(question)) and names_none


def _likeness(model: Embedder, question: str, language: str) -> list[float]:
    """To the likest of the sentences of each of KINDS."""
    asked = read_question(model, question)
    return [float(np.max(_read(model, language, kind) @ asked)) for kind in KINDS]


def _read(model: Embedder, language: str, kind: str) -> Vectors:
    """As they are stored: a model would take a second for those of one language, while a customer waits."""
    with _lock:
        if (model.name, language, kind) not in _prototypes:
            name = stored_as(model.name, language, kind)
            with np.load(READ) as stored:
                known = stored[name].astype(np.float32) if name in stored else None
            read = known if known is not None else model.questions(sentences(language, kind))
            _prototypes[model.name, language, kind] = read
        return _prototypes[model.name, language, kind]
