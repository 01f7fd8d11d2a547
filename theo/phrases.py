"""Who needs a person, whatever the articles say: who asks for one, and who complains, threatens or is in danger.

By expressions in the main languages, and by what the words mean where a model is there. Source: theo.md 5.
"""

import re
from collections.abc import Mapping
from threading import Lock

import numpy as np

from conversations.models import HandoffReason
from theo.engine.embedders import Embedder, Vectors, embedders
from theo.engine.language import is_english

# What is longer says more than that, and is no wish alone.
MOST_LETTERS = 600

_PERSON = re.compile(
    r"\b(?:speak|talk|chat|connect|transfer|forward|put me through)\b[^.?!]{0,40}\b(?:human|person|agent"
    r"|someone|somebody|representative|advisor|operator|manager|staff)\b"
    r"|\b(?:real|live|actual) (?:human|person|agent)\b"
    r"|^\W*(?:no\W+)?(?:agent|human|operator|representative|manager)\W*$"
    r"|\b(?:please )?(?:call (?:me|mi)|contact me|give me a call)\b|\bcall ?back\b|\b(?:need|want|arrange|get) a call\b"
    r"|\bmit (?:einem|einer|jemandem|nem|ner)\b[^.?!]{0,30}\b(?:mensch\w*|person|mitarbeiter\w*|berater\w*)\b"
    r"|\b(?:parler|discuter)\b[^.?!]{0,30}\b(?:humain|personne|quelqu.un|conseiller|agent|responsable)\b"
    r"|\b(?:hablar|contactar)\b[^.?!]{0,30}\b(?:persona|humano|agente|alguien|operador)\b"
    r"|\b(?:falar)\b[^.?!]{0,30}\b(?:pessoa|humano|atendente|algu[eé]m)\b"
    r"|\b(?:parlare)\b[^.?!]{0,30}\b(?:persona|umano|operatore|qualcuno)\b"
    r"|\b(?:met|spreken)\b[^.?!]{0,30}\b(?:een mens|een persoon|medewerker|iemand)\b"
    r"|\bporozmawia\w*\b[^.?!]{0,30}\b(?:człowiekiem|osobą|konsultantem|kimś)\b"
    r"|\b(?:поговорить|связаться|соедините)\b[^.?!]{0,30}\b(?:человеком|оператором|менеджером|сотрудником)\b"
    r"|(?:担当者|オペレーター|人)と(?:話|はな)|人工(?:客服|服务)|转人工"
    r"|לדבר עם (?:נציג|אדם|מישהו)|(?:التحدث|أتحدث|التكلم) (?:إلى|مع) (?:شخص|موظف|إنسان)",
    re.IGNORECASE,
)
_COMPLEX = re.compile(
    r"\b(?:formal complaint|file a complaint|lawyer|attorney|solicitor|lawsuit|sue you|legal action|take you to court"
    r"|small claims|ombudsman|trading standards|scammers?|unacceptable|disgusting|ripped off"
    r"|got injured|was injured|in (?:a )?hospital"
    r"|allergic reaction|caught fire|electric shock|(?:third|fourth|fifth) time i|told you (?:already|twice)"
    r"|still no (?:answer|reply|response)|nobody (?:answers|replies|responds)|worst (?:service|experience|company))\b"
    r"|\b(?:beschwer\w*|rechtsanwalt\w*|anwalt|betrüger\w*|unverschämt\w*|verbraucherschutz|anzeige erstatten)\b"
    r"|\b(?:porter plainte|avocat|arnaque|inacceptable|scandaleux)\b|\b(?:queja|abogado|estafa|inaceptable)\b"
    r"|\b(?:avvocato|truffa|inaccettabile)\b|\b(?:advogado|inaceit[aá]vel)\b"
    r"|\b(?:klacht|advocaat|oplichting|onacceptabel)\b",
    re.IGNORECASE,
)

_SMALL_TALK = re.compile(
    r"\b(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|thank you|thanks?|thx|cheers|so much|very much"
    r"|a lot|ok|okay|great|perfect|nice|cool|super|yes|bye|goodbye"
    r"|hallo|guten (?:morgen|tag|abend)|vielen|danke|dank|schön|sehr|tschüss|goedemorgen|goedendag|bedankt|dank je"
    r"|bonjour|salut|bonsoir|merci|beaucoup|hola|buenos días|buenas tardes|muchas|gracias|ciao|buongiorno|grazie|mille"
    r"|olá|oi|bom dia|obrigad[oa]|dzień dobry|dziękuję|cześć)\b",
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
    r"(?:and|but|or|so|then|what about|how about|how long|how much|it|its|that|this|these|those|they|them"
    r"|does (?:it|that|this)"
    r"|is (?:it|that|this)|are (?:they|these|those)|can (?:it|they)|why|when|since when|until when"
    r"|und|aber|oder|wie lange|wie viel|und wenn|das|dies\w*|geht das|ist (?:das|es)"
    r"|et|mais|combien|cela|ça|est-ce que c.est|y|pero|cuánto|cuanto|eso|esto|e|ma|quanto|questo|mas|isso|isto"
    r"|en|maar|hoe lang|hoeveel|dat|dit|a|ale|ile|to|и|а|но|сколько|это)\b"
    r"|^\W*(?:那|这|它|それ|これ|では|وكم|وهل|وماذا|ו)",
    re.IGNORECASE,
)
# As many words, and fewer, hardly are a question of their own.
_FEW_WORDS = 3

ASKING = (
    "please let me talk to a person",
    "I want to speak to a human",
    "connect me with an agent",
    "can someone call me",
    "transfer me to customer support",
    "I need a real person",
    "let me chat with a representative",
    "is there anybody I can talk to",
    "stop the bot and get me a human",
    "put me through to your manager",
    "I would like to talk to someone from your team",
    "can a member of staff help me",
)
COMPLAINING = (
    "this is a formal complaint about your company",
    "I will take legal action against you",
    "this is the third time I write and nobody helps me",
    "I am very angry and want compensation",
    "your product hurt me and I had to see a doctor",
    "I have several different problems and nothing works",
    "I will report you to the authorities",
)
# Of cosines; in other languages only e5 reads, whose cosines lie close together.
ASKS_FROM, COMPLAINS_FROM, ABROAD_FROM = 0.60, 0.55, 0.92

_prototypes: dict[tuple[str, str], Vectors] = {}
_lock = Lock()


def needs_person(question: str) -> HandoffReason | None:
    """Why somebody should take this over before anything is looked for; None = Theo may look."""
    if said := said_needs_person(question):
        return said
    models = embedders()
    if len(question) > MOST_LETTERS or not question.strip():
        return None
    if "minilm" in models and is_english(question):
        if _likeness(models, "minilm", ASKING, question) >= ASKS_FROM:
            return HandoffReason.USER_REQUESTED
        if _likeness(models, "minilm", COMPLAINING, question) >= COMPLAINS_FROM:
            return HandoffReason.COMPLEX_ISSUE
    elif "e5" in models and _likeness(models, "e5", ASKING, question) >= ABROAD_FROM:
        return HandoffReason.USER_REQUESTED
    return None


def is_small_talk(question: str) -> bool:
    """A greeting, thanks, a yes or a picture of a thumb, and nothing beside: nobody waits for an answer."""
    return not _WORD.search(_SMALL_TALK.sub("", question))


def is_thanks(question: str) -> bool:
    """Of small talk, whether it is the end of one."""
    return bool(_THANKS.search(question))


def goes_on(question: str) -> bool:
    """Whether it may only be understood with what was asked before: "and how long does it take?"."""
    return bool(_GOES_ON.search(question)) or len(question.split()) <= _FEW_WORDS


def said_needs_person(question: str) -> HandoffReason | None:
    """By the words alone, which costs nothing: for the look at every new message."""
    if _PERSON.search(question):
        return HandoffReason.USER_REQUESTED
    return HandoffReason.COMPLEX_ISSUE if _COMPLEX.search(question) else None


def _likeness(models: Mapping[str, Embedder], kind: str, prototypes: tuple[str, ...], question: str) -> float:
    with _lock:
        if (kind, prototypes[0]) not in _prototypes:
            _prototypes[kind, prototypes[0]] = models[kind].questions(prototypes)
    return float(np.max(_prototypes[kind, prototypes[0]] @ models[kind].questions([question])[0]))
