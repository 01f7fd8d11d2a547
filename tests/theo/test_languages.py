"""In which language a customer writes, and that Theo has all its words in each of the chat's."""

import re
import unicodedata
from pathlib import Path

import pytest

from theo.engine.language import language_of
from theo.phrases import goes_on, is_small_talk
from theo.redacting import masked, put_back, redacted
from theo.speaking import ENGLISH, language_for, languages

CHATS = Path(__file__).parents[2] / "frontend" / "widget" / "languages"


def test_theo_has_the_same_words_in_every_language_of_the_chat() -> None:
    assert set(languages()) == {file.stem for file in CHATS.glob("*.json")}
    for told in languages().values():
        assert told.keys() == languages()[ENGLISH].keys()
        assert all(word.strip() for word in told.values())
        assert "{when}" in told["open_again"]
        assert "{zone}" in told["open_again"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my order?", "en"),
        ("Wie lange dauert der Versand?", "de"),
        ("Wie lange dauert die Lieferung?", "de"),
        ("Moyens de paiement", "fr"),
        ("Dois-je payer les frais de retour ?", "fr"),
        ("Quisiera devolver algo", "es"),
        ("Voglio rendere la merce", "it"),
        ("Gostaria de devolver uma coisa", "pt"),
        ("is sauna included", "en"),
        ("Comment annuler mon abonnement ?", "fr"),
        ("¿Cómo puedo cancelar?", "es"),
        ("Come posso disdire?", "it"),
        ("Wat zijn jullie openingstijden?", "nl"),
        ("Ile kosztuje wysyłka?", "pl"),
        ("Onde está o meu pedido?", "pt"),
        ("Как отменить подписку?", "ru"),
        ("كيف يمكنني الإلغاء؟", "ar"),
        ("איך אפשר לבטל?", "he"),
        ("返品はできますか？", "ja"),
        ("怎么退货？", "zh"),
        ("Як скасувати підписку?", ""),
        ("Üyeliğimi nasıl iptal ederim?", ""),
        ("asdf", ""),
        ("😀", ""),
        ("", ""),
    ],
)
def test_a_language_is_told_by_its_letters_and_commonest_words(text: str, code: str) -> None:
    assert language_of(text) == code


def test_a_word_or_two_are_read_with_what_was_said_before_and_else_as_english() -> None:
    assert language_for(["Paris?", "Est-ce que vous livrez à Lyon ?"]) == "fr"
    assert language_for(["asdf"]) == "en"
    assert language_for(["mallory w token"]) == "en"
    assert language_for([]) == "en"


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("And how long does it take?", True),
        ("Und wie lange dauert das?", True),
        ("¿Y cuánto cuesta?", True),
        ("Wie lange dauert das denn?", True),
        ("Wie viel kostet es pro Monat?", True),
        ("Combien de temps faut-il ?", True),
        ("Hoeveel kost dat per maand?", True),
        ("Wie lange dauert der Versand?", False),
        ("Combien coûte la livraison ?", False),
        ("¿Cuánto cuesta el envío?", False),
        ("Quanto costa la spedizione?", False),
        ("Hoe lang duurt de levering?", False),
        ("Ile kosztuje dostawa do Polski?", False),
        ("Сколько стоит доставка в Москву?", False),
        ("in Spain?", True),
        ("How long does it take to arrive?", True),
        ("How much does it cost?", True),
        ("Which cards do you accept in your shop?", False),
        ("How long does coffee keep?", False),
    ],
)
def test_what_goes_on_from_before_begins_so_or_is_short(text: str, does: bool) -> None:
    assert goes_on(text) == does


@pytest.mark.parametrize(
    "words",
    [
        "Hello!",
        "Vielen Dank",
        "¡Hola!",
        "Здравствуйте!",
        "Спасибо большое",
        "مرحبا",
        "شكرا جزيلا",
        "שלום",
        "תודה רבה",
        "こんにちは。",
        "ありがとうございます",
        "你好",
        "谢谢您！",
        "My parcel arrived, thank you!",
        "The parcel has arrived. It is great.",
        "We love your coffee!",
    ],
)
def test_a_greeting_and_thanks_are_known_and_no_question(words: str) -> None:
    assert is_small_talk(words)
    assert not is_small_talk(f"{words} iPhone?")


@pytest.mark.parametrize(
    "words",
    [
        "My parcel arrived damaged",
        "The kettle works only at night",
        "My parcel never arrived",
        "The wrong item arrived",
        "My machine barely works",
        "Our order arrived well?",
        "I love your coffee, is it fair trade?",
        "Is it good?",
    ],
)
def test_what_is_said_beside_is_read(words: str) -> None:
    assert not is_small_talk(words)


def test_a_key_that_somebody_wrote_is_kept_from_everybody() -> None:
    said = redacted("My key is sk-proj-abcdefghijklmnop1234 and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx")
    assert said == "My key is [key] and [key]"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hi! My password is hunter2-XYZ. Why?", "Hi! My password is [password] Why?"),
        ("Passwort: Sonnenschein", "Passwort: [password]"),
        ("mot de passe : s3same!", "mot de passe : [password]"),
        ("My password is wrong, and the passcode was never sent", None),
        ("Password: how do I get a new one?", None),
        ("My order is TW-48123", "My order is [number]"),
        ("Die Bestellung lautet AB-48123", "Die Bestellung lautet [number]"),
        ("Is ISO-9001 there, and is the order here?", None),
    ],
)
def test_what_opens_an_account_and_the_number_of_an_order_are_kept_too(text: str, kept: str | None) -> None:
    assert redacted(text) == (kept or text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("iban de89370400440532013000", "iban [account]"),
        ("de89 3704 0044 0532 0130 00!", "[account]!"),
        ("NL91–ABNA–0417–1643–00", "[account]"),
        ("4111\u00a01111\u00a01111\u00a01111", "[card]"),
        ("4111–1111–1111–1111", "[card]"),
        ("4111.1111.1111.1111", "[card]"),
        ("Card4111111111111111", "Card[card]"),
        ("４１１１ １１１１ １１１１ １１１１", "[card]"),
        ("0171–1234567", "[phone]"),
        ("+4917112345678", "[phone]"),
        ("+4111111111111111", "[card]"),
        ("+1 4111 1111 1111 1111", "+1 [card]"),
        ("+49\u00a0171\u202f1234567", "[phone]"),
        ("cleo＠example.com", "[e-mail]"),
        ("py39 with this and that, on 2026-11-27, 3 for 19.99", "py39 with this and that, on 2026-11-27, 3 for 19.99"),
        ("Order AB12345678 of room 12", "Order [number] of room 12"),
        ("Where is order no. 99887, #1234 or INV-2026-00012?", "Where is order no. [number], #[number] or [number]?"),
        ("Bestellnummer: 4711-22, Rechnung Nr. 20881", "Bestellnummer: [number], Rechnung Nr. [number]"),
        ("pedido 55321 y factura 9921", "pedido [number] y factura [number]"),
        ("Is it free over 100000 EUR, from 27.11.2026 on?", "Is it free over 100000 EUR, from 27.11.2026 on?"),
        ("I live at 12 Baker Street, London.", "I live at [address]."),
        ("send it to 12 baker street please", "send it to [address] please"),
        ("Ich wohne in der Hauptstr. 5, 10115 Berlin", "Ich wohne in der [address]"),
        ("an die Lange Straße 12a", "an die [address]"),
        ("J'habite 12 rue de Rivoli, 75001 Paris", "J'habite [address]"),
        ("Vivo en Calle Mayor 3", "Vivo en [address]"),
        ("NW1 6XE is my code", "[address] is my code"),
        ("I have 2 items on the way, 3 of them in the street", "I have 2 items on the way, 3 of them in the street"),
        ("Der Weg 2 und das Angebot", "Der Weg 2 und das Angebot"),
        ("My name is Bob Miller, and I pay by card", "My name is [name], and I pay by card"),
        ("my name is bob, hello", "my name is [name], hello"),
        ("My name is not on the invoice", "My name is not on the invoice"),
        ("Hi, I am Bob Miller. I am German.", "Hi, I am [name]. I am German."),
        ("Ich heiße Jörg Müller", "Ich heiße [name]"),
        ("Je m’appelle Zoé", "Je m’appelle [name]"),
        ("Меня зовут Анна", "Меня зовут [name]"),
        ("Is Mrs. Miller there?", "Is Mrs. [name] there?"),
        ("Thank you. Kind regards, Bob Miller", "Thank you. Kind regards, [name]"),
    ],
)
def test_what_says_who_somebody_is_is_hidden_however_it_is_written(text: str, kept: str) -> None:
    assert redacted(text) == kept
    hidden, words = masked(text)
    assert re.sub(r" \d+\]", "]", hidden) == kept
    assert put_back(hidden, words) == unicodedata.normalize("NFKC", text)
