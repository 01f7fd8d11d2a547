"""What says who somebody is stays in the house: it is replaced before a language model reads what was said, and before
a customer's question is kept as an example."""

import re
import unicodedata
from collections.abc import Callable

from conversations.models import Conversation

# Between the parts of a number, as people and their keyboards write it; other blanks are made one of these before.
_BETWEEN = r"[ .\-‐–—]"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŻŹĆА-ЯЁ][\w'’-]+"
_NAME = rf"{_CAPITAL}(?:\s+{_CAPITAL}){{0,2}}"
# Behind a street, where there is one: "10115 Berlin", "London", "Springfield, IL 62704".
_TOWN = (
    rf"(?:,?\s+(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:\s[A-Z]{{2}})?\s+{_CAPITAL}"
    rf"|,\s*{_CAPITAL}(?:,?\s+[A-Z]{{2}}\s+\d{{5}})?)?"
)
_ORDER = (
    r"(?:orders?|invoice|booking|reservation|reference|ref|ticket|tracking|parcel|shipment|customer|client|contract|case"
    r"|policy|member(?:ship)?|serial|rma|(?:bestell|auftrag|rechnung|kunden|buchung|sendung|vertrag)\w*"
    r"|commande|facture|réservation|colis|pedido|factura|reserva|ordine|fattura|prenotazione|spedizione|encomenda|fatura"
    r"|bestelling|factuur|klant\w*|zamówieni\w*|faktur\w*|rezerwacj\w*|заказ\w*|сч[её]т\w*|брон\w*)"
)
_OPENS = (
    r"pass ?(?:word|code|phrase)|pin(?: ?code)?|passwor[dt]|kennwort|mot de passe|contraseña|senha|wachtwoord|hasł[oa]"
    r"|парол\w*"
)
_IS = r"(?:is|was|are|ist|war|lautet|est|es|è|é|jest|это)"
# Each letter and digit of what a shop gives a number: "AB-2026-00012".
_CODE = r"[A-Z0-9]+(?:-[A-Z0-9]+)*"
# What is hidden is the group of an expression that has one, else all that it finds.
_PATTERNS = (
    # What opens a door: a key as those who give them out write it.
    (re.compile(r"\b(?:sk|pk|rk|pbt|ghp|gho|xox[abp]|AKIA|eyJ)[-_A-Za-z0-9.]{16,}"), "[key]"),
    # Behind "is" only what is no common word: "my password is wrong".
    (
        re.compile(
            rf"(?<!\w)(?:{_OPENS})\b\s*(?:[:=]\s*(\S{{4,}})\s*$"
            rf"|(?:{_IS}\b\s*:?|[:=])\s*(?=\S*\d|\S*[!@#$%^&*_+=]\w)(\S{{4,}}))",
            re.IGNORECASE | re.MULTILINE,
        ),
        "[password]",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (
        re.compile(rf"\b[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[A-Z0-9]{{4}}){{2,7}}(?:{_BETWEEN}?[A-Z0-9]{{1,4}})?\b"),
        "[account]",
    ),
    # In small letters only with as many digits as tell it from words.
    (
        re.compile(
            rf"\b[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[A-Z0-9]{{4}})?(?:{_BETWEEN}?\d{{4}}){{2,6}}(?:{_BETWEEN}?[A-Z0-9]{{1,4}})?\b",
            re.IGNORECASE,
        ),
        "[account]",
    ),
    # "order no. 998877", "#1234", "订单号 12345"
    (
        re.compile(
            rf"(?:\b{_ORDER}\s*(?:no|nr|id|num(?:ber|mer|éro|ero)?|code|n[º°])?(?:\s+{_IS}\b)?[\s.:#№]*"
            r"|#\s?|(?:订单号?|注文番号)\s*:?\s*)"
            rf"(?<!\w)(?=(?:[A-Z]|-)*\d(?:[A-Z-]{{0,3}}\d){{3}})({_CODE})(?!\w)",
            re.IGNORECASE,
        ),
        "[number]",
    ),
    (re.compile(rf"(?<![\d+])(?<!\d\.)\d(?:{_BETWEEN}?\d){{12,18}}(?!\d)"), "[card]"),
    # Longer than any telephone's.
    (re.compile(rf"\+\d(?:{_BETWEEN}?\d){{15,18}}(?!\d)"), "[card]"),
    # A date is none.
    (
        re.compile(
            r"(?<![\w.])(?<![A-Z]-)(?!\d{4}-\d\d-\d\d(?!\d)|\d\d?[./-]\d\d?[./-](?:19|20)\d\d(?!\d))"
            r"\+?\(?\d(?:[ ()./\-‐–—]{0,2}\d){7,14}(?!\w)"
        ),
        "[phone]",
    ),
    # What else has six digits, but for an amount and for years.
    (
        re.compile(
            rf"(?<![\w.,€$£-])(?!\d{{4}}-\d\d-\d\d\b|20\d\d-20\d\d\b)(?=[A-Z]{{0,6}}-?\d(?:[A-Z-]{{0,3}}\d){{5}})({_CODE})"
            r"(?![\w.,]*\d)(?!\w|\s?(?:[€$£]|eur|usd|gbp|chf|mah|km|kg|kwh)\b)",
            re.IGNORECASE,
        ),
        "[number]",
    ),
    # Streets: "12 Baker Street, London", "Hauptstr. 5, 10115 Berlin", "12 rue de Rivoli", "Calle Mayor 3".
    (
        re.compile(
            rf"\b\d{{1,5}}[A-Za-z]?\s+(?:{_CAPITAL}\s+){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard"
            rf"|Blvd|Court|Square|Way|Close|Place|Terrace|Crescent)\b\.?{_TOWN}"
        ),
        "[address]",
    ),
    (re.compile(r"\b\d{1,5}[a-z]?\s+\w+\s+(?:street|avenue|boulevard|road|lane)\b", re.IGNORECASE), "[address]"),
    (
        re.compile(
            rf"\b(?:{_CAPITAL}[\s-]+)?(?:[^\W\d_]{{3,}})?"
            rf"(?:(?:(?i:straße|strasse)|[Ss]tr\.)|(?<=\w{{3}})(?:str|weg|platz|allee|gasse|straat|laan))"
            rf"\s*\d{{1,4}}(?:\s?[a-z]\b)?{_TOWN}"
        ),
        "[address]",
    ),
    (
        re.compile(
            rf"\b\d{{1,4}}(?:\s?bis)?,?\s+(?i:rue|avenue|boulevard|place|chemin|allée|quai)\s+"
            rf"(?:(?:de|du|des|la|le|les|l'|d')\s*){{0,3}}{_NAME}{_TOWN}"
        ),
        "[address]",
    ),
    (
        re.compile(
            rf"\b(?:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|ul\.|ulica|ул\.|улица|проспект)\s+"
            rf"(?:(?:de|del|della|di|da|do|dos|la|los)\s+){{0,2}}{_NAME},?\s*(?:n[º°.]\s*)?\d{{1,4}}\b{_TOWN}"
        ),
        "[address]",
    ),
    (re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"), "[address]"),
    # Names that are said to be some.
    (
        re.compile(
            rf"\b(?i:my name is|my name's|i am called|mein name ist|ich heiße|ich heisse|mon nom est|je m['’]appelle"
            rf"|me llamo|mi nombre es|mi chiamo|il mio nome è|chamo-me|me chamo|o?\s?meu nome é|mijn naam is|ik heet"
            rf"|nazywam się|mam na imię|меня зовут)\s+({_NAME}|[^\W\d_]{{2,}}(?=\s*(?:[,.!;]|$)))"
        ),
        "[name]",
    ),
    (
        re.compile(
            rf"\b(?i:i am|i['’]m|this is|here is|ich bin|hier ist|je suis|ici|soy|sono|sou|ik ben|jestem|это)\s+"
            rf"({_CAPITAL}\s+{_CAPITAL})"
        ),
        "[name]",
    ),
    (
        re.compile(
            rf"\b(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Mme|Madame|Monsieur|Sra?|Señora?|Signora?|Pani?)\b\.?\s+"
            rf"({_CAPITAL}(?:\s+{_CAPITAL})?)"
        ),
        "[name]",
    ),
    (
        re.compile(
            rf"\b(?i:regards|sincerely|cheers|yours|grüße[n]?|gruß|cordialement|saludos|saluti|atenciosamente"
            rf"|groet(?:en|jes)?|pozdrawiam|с уважением)[,.!]?\s+({_NAME})\s*$"
        ),
        "[name]",
    ),
)
_LEAST_NAME = 3


def redacted(text: str, *, names: tuple[str, ...] = ()) -> str:
    """names: of people, whole or in parts; as they are written, since many are common words in small letters."""
    return _replaced(text, names, lambda _hidden, placeholder: placeholder)


def redacted_question(conversation: Conversation, question: str, *, most: int) -> str:
    """What a customer asked, as it may be kept: without what says who that was."""
    name = conversation.customer.name if conversation.customer else ""
    return redacted(" ".join(question.split()), names=(name,))[:most]


def masked(text: str, *, names: tuple[str, ...] = ()) -> tuple[str, dict[str, str]]:
    """As `redacted`, so that it can be put back: the text, and what each placeholder of it stands for."""
    hidden: dict[str, str] = {}

    def hide(word: str, placeholder: str) -> str:
        mark = f"{placeholder[:-1]} {len(hidden) + 1}]"
        hidden[mark] = word
        return mark

    return _replaced(text, names, hide), hidden


def put_back(text: str, hidden: dict[str, str]) -> str:
    for mark, word in hidden.items():
        text = text.replace(mark, word)
    return text


def _replaced(text: str, names: tuple[str, ...], put: Callable[[str, str], str]) -> str:
    """put: what stands for the words, given them and the placeholder of their kind."""
    parts = sorted({part for name in names for part in name.split() if len(part) >= _LEAST_NAME})
    known = [(re.compile(rf"\b{re.escape(part)}\b"), "[name]") for part in parts]
    text = unicodedata.normalize("NFKC", text)  # full-width letters and blanks that do not break are common ones then
    for pattern, placeholder in (*_PATTERNS, *known):

        def instead(found: re.Match[str], kind: str = placeholder) -> str:
            return _around(found, put(found[found.lastindex or 0], kind))

        text = pattern.sub(instead, text)
    return text


def _around(found: re.Match[str], instead: str) -> str:
    """What was found, with `instead` for what of it is hidden."""
    start, end = found.span(found.lastindex or 0)
    whole, first = found.group(), found.start()
    return whole[: start - first] + instead + whole[end - first :]
