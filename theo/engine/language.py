"""In which language something is written, by its letters and its commonest words; MiniLM reads English alone.

Source: theo.md 3 and 4.
"""

import re

from theo.engine.wordpiece import encode

# The commonest words of English that questions are made of.
COMMON = frozenset(
    re.findall(
        r"[\w']+",
        "a about after again all also am an and any are as ask at back be because been before being but buy "
        "by call can  can't cancel card change could day days did do does doesn't don't for from get give go "
        "good got had has have  hello help hey hi how i i'd i'm i've if in into is isn't it it's just know "
        "let like long make many may me money  month more much my need new no not now of off on one only open "
        "or order other our out over pay please price put  return same see send should show so some still "
        "take tell than thank thanks that the their them then there they  thing this time to today too up us "
        "use using want was we what what's when where which who why will with won't work  would yes you your",
    )
)
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|')*")
# Pieces a word. "Share warranty information" has 1.3, what is not English 1.7 and more.
WHOLE_WORDS = 1.4


def is_english(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    if letters and sum(not letter.isascii() for letter in letters) > len(letters) / 5:
        return False
    if code := language_of(text):
        return code == "en"
    words = _WORD.findall(text.lower())
    if len(words) < 3:  # a word or two tell nothing but by their letters
        return all(letter.isascii() for letter in letters)
    # A third, not half: what a shop sells is not among the common words.
    if sum(word in COMMON for word in words) * 3 >= len(words):
        return True
    # English words are whole pieces of MiniLM's vocabulary; those of other languages fall apart.
    return sum(len(encode(word)) - 2 for word in words) <= WHOLE_WORDS * len(words)


# Words that sentences of one language are full of, and those of its neighbours are not; some are what customers write
# about. None of another language's is a word of English that an English question has.
_TELLING = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the a an is are was do does did can could how what when where which who why i my your you it's "
        "i'm don't have has been with this that for from and not please hello hi thanks would will should "
        "much many there any to of in at on want need price cost available between or if about",
        "de": "guten tag morgen abend vielen dank der das den dem des ein eine einen einem einer ist sind ich wir "
        "sie mein meine meinen nicht kein keine und oder mit für auf von zu wie wann wo wer warum kann können "
        "habe haben wird bitte danke hallo auch noch bei nach gibt es mich mir ihr ihre die etwas möchte "
        "hätte würde geht mehr lange dauert welche welcher welches dieser dieses zurück ihnen ihren unser "
        "unsere uns schon nur wenn dass zum zur im vom muss soll darf kommt bekomme brauche zahlung lieferung "
        "bestellung rücksendung rechnung paket konto versand",
        "fr": "le la les un une des du est sont je vous nous mon ma mes votre vos ne pas ou avec sur dans comment "
        "quand où qui quel quelle quels quelles combien peut puis puis-je est-ce avez ai ce cette il bonjour "
        "merci au aux d'un j'ai c'est que avez-vous pour de voudrais veux dois dois-je quelque chose suis ces "
        "si et en paiement moyens livraison commande retour remboursement garantie facture colis compte "
        "besoin pouvez-vous passez-moi pendant êtes-vous se",
        "es": "buenos buenas días tardes muchas el la los las he un una es son yo usted mi mis su sus no y con para "
        "por sobre cómo como cuándo cuando dónde donde qué que cuál cuánto cuánta cuesta puedo puede tengo "
        "tiene hay está están hola gracias del al se lo quiero desde de en quisiera necesito algo llegó este "
        "esta cuenta si pero ya lleva tarda pago envío pedido devolución devolver garantía factura paquete "
        "cuántos gastos perdí recibí talla permiso unos",
        "it": "il la lo gli ho costa un una è sono io lei mio mia miei non e con per su come quando dove chi quale "
        "quanto posso può ha avete c'è della dello degli nel alla che ciao grazie buongiorno vorrei mi si di "
        "devo voglio le questo questa ci ricevo dei delle dal dalla nella sul sulla qualcosa quali siete "
        "pagamento spedizione ordine reso rimborso garanzia fattura pacco bisogno due quante usare vostro "
        "vostra vostri senza soldi del persone qualcuno",
        "pt": "bom boa dia tarde muito o os um uma é são eu você meu minha não e com para por sobre como quando "
        "onde quem qual quanto posso pode tenho tem há está estão olá obrigado obrigada do da dos das no na "
        "ao que quero vocês de gostaria preciso algo coisa isto esta este pagamento entrega encomenda "
        "devolução reembolso garantia fatura conta demora leva quantos dias podem quantas pessoas encontrei",
        "nl": "de het een zijn ik u jullie mijn uw niet geen voor op van naar hoe wanneer waar wie welke waarom wat "
        "kunnen heb heeft hebben wordt alstublieft bedankt hallo ook nog bij je dit moet iets mij wil krijg "
        "mag graag dat die dan meer gaat hoeveel lang duurt moeten levering bestelling betaling bezorging "
        "pakket factuur retour drie derde al niemand apparaat",
        "pl": "jest są pani mój moja moje nie z od w się czy jak kiedy gdzie kto który która ile mogę można mam "
        "proszę dziękuję dzień dobry dla po jakie chcę chciałbym chciałabym coś muszę moją mojego tego ale "
        "trwa jaka jaki na u płatność płatności dostawa zamówienie zamówienia zwrot zwrócić gwarancja faktura "
        "paczka wasz wasza mnie nikt pieniądze",
    }.items()
}
# Letters that only one of these languages has.
_LETTERS = {"de": "ß", "es": "ñ¿¡", "pl": "łąęśżźćń", "pt": "ãõ", "fr": "œ"}
# A language that is written with the same letters and is none of ours.
_OTHERS = {"ru": "іїєґўјљњћђџ", "ar": "پچژگڤٹ"}
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ar", re.compile("[\u0620-\u06ff]")),
)
_JOINED = re.compile("[\u3041-\u30ff\u3400-\u9fff]")


def joined_letters(text: str) -> int:
    """How many of its letters are of Japanese or Chinese, where words are not written apart."""
    return len(_JOINED.findall(text))


def language_of(text: str) -> str:
    """Its code ("de"), "" when that cannot be told. One of the chat's languages (frontend/widget/languages), or Korean,
    which the chat does not speak."""
    text = text.lower()
    letters = sum(letter.isalpha() for letter in text)
    for code, script in _SCRIPTS:
        if len(script.findall(text)) * 3 > letters:
            return "" if any(letter in text for letter in _OTHERS.get(code, "")) else code
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.replace("’", "'"))
    points = {code: sum(word in telling for word in words) for code, telling in _TELLING.items()}
    for code, own in _LETTERS.items():
        points[code] += any(letter in text for letter in own)
    best, second, *_rest = sorted(points.values(), reverse=True)
    if best == second or best * 8 < len(words):
        return ""
    return max(points, key=lambda code: points[code])
