"""Who needs a person is told in every language of the chat, and who asks about the same things is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from theo.needs import said_needs_person, sentences, tells_trouble
from theo.phrases import needs_person
from theo.speaking import languages

# By language, sentences that none of ours was made from, by why somebody should come; "harmless": nobody should.
TABLES = {file.stem: json.loads(file.read_text("utf-8")) for file in Path(__file__).with_name("needs").glob("*.json")}
KINDS = ("user_requested", "complex_issue")


def test_there_is_a_table_for_each_language_of_the_chat_and_for_korean() -> None:
    assert TABLES.keys() == {*languages(), "ko"}
    for table in TABLES.values():
        assert all(len(table[kind]) >= 8 for kind in KINDS)
        assert len(table["harmless"]) >= 24


@pytest.mark.parametrize("code", sorted(TABLES))
def test_without_a_model_words_tell_who_needs_a_person(code: str) -> None:
    table = TABLES[code]
    for kind in KINDS:
        missed = [said for said in table[kind] if said_needs_person(said) != kind]
        assert len(missed) <= 1, missed
    assert [said for said in table["harmless"] if said_needs_person(said)] == []
    assert [said for said in sentences(code, "harmless") if said_needs_person(said)] == []


@pytest.mark.parametrize(
    "said",
    [
        "The gift card never arrived",
        "My grinder came broken",
        "My invoice is wrong",
        "I visited you and the shop was closed!",
        "I was charged for delivery although it should be free",
        "Der Gutschein ist nie angekommen",
        "Meine Mühle ist kaputt",
        "Ma carte cadeau n’est jamais arrivée",
        "La tarjeta no funciona",
        "La macchina è rotta",
        "O meu pacote não chegou",
        "Het pakket is niet aangekomen",
        "Paczka nie dotarła",
        "Посылка так и не пришла",
        "الطرد لم يصل",
        "החבילה לא הגיעה",
        "荷物が届いていません",
        "商品坏了",
        "택배가 아직 안 왔어요",
        "Why has my parcel not been shipped yet?",
        "My grinder won't turn on",
        "I didn't get a confirmation",
        "The coffee was not fresh",
        "I get an error when I pay",
        "Mein Paket ist noch nicht da",
        "Ich habe keine Bestätigung bekommen",
        "Das Gerät geht nicht an.",
        "Je n’ai pas encore été remboursé",
        "No me ha llegado el pedido",
        "Non ho ancora ricevuto il pacco",
        "Ik heb mijn bestelling nog niet ontvangen",
    ],
)
def test_in_every_language_it_is_told_when_something_is_not_as_it_should_be(said: str) -> None:
    assert tells_trouble(said)


@pytest.mark.parametrize(
    "asked",
    [
        "I don't know how a gift card works",
        "Don't you have decaf?",
        "Is it too late to cancel?",
        "I cannot find the button to cancel",
        "What if I do not like it?",
        "Can I order if I have not got an account?",
        "I have not ordered yet. Do you ship to Spain?",
        "Which coffee is not too acidic?",
        "How do I get an error log?",
        "Why don't you ship to Spain?",
        "Wie lange dauert der Versand?",
        "Warum ist der Versand nicht kostenlos?",
        "Geht das nicht auch per Rechnung?",
        "¿A qué hora es la partida del tren?",
        "¿No es gratis el envío?",
        "Il caffè non è troppo forte?",
        "Comment annuler mon abonnement ?",
        "¿Cuánto cuesta el envío?",
        "配送にはどのくらいかかりますか",
        "怎么退货？",
        "배송은 얼마나 걸리나요?",
    ],
)
def test_who_asks_how_something_works_tells_of_no_trouble(asked: str) -> None:
    assert not tells_trouble(asked)


@pytest.mark.parametrize("engine", ["full", "e5"])
@pytest.mark.timeout(600)
def test_with_a_model_nobody_who_needs_a_person_is_missed_and_hardly_anybody_else_flagged(
    settings: Any, engine: str
) -> None:
    settings.THEO_ENGINE = engine
    # Both read other languages alike.
    tables = [TABLES["en"]] if engine == "full" else list(TABLES.values())
    missed = [said for table in tables for kind in KINDS for said in table[kind] if needs_person(said) is None]
    flagged = [said for table in tables for said in table["harmless"] if needs_person(said)]
    assert missed == []
    assert len(flagged) <= sum(len(table["harmless"]) for table in tables) * 0.01, flagged


def test_a_long_message_is_looked_through_in_no_time() -> None:
    for part in ("speak to ", "ich möchte mit einem ", " ", "beschwer", "поговорить с ", "我要投"):
        assert said_needs_person(part * (10_000 // len(part))) is None
        assert not tells_trouble(part * (10_000 // len(part)))
