"""Several questions in one message, and one question that means the sentence before it."""

import pytest

from theo.parts import asked_in, parts_of
from theo.phrases import goes_on


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("请问运费是多少？你们接受支付宝吗？", ["请问运费是多少？", "你们接受支付宝吗？"]),
        ("你们这里可以退货吗，运费是谁付的", ["你们这里可以退货吗？"]),
        ("送料はいくらですか？また、返品はできますか？", ["送料はいくらですか？", "また、返品はできますか？"]),
        ("返品はできますか。送料はいくらですか。", ["返品はできますか？", "送料はいくらですか？"]),
        ("返品の方法は？どうすればいいですか？", ["返品の方法は？"]),
        ("你们接受支付宝付款吗？请问该怎么办？", ["你们接受支付宝付款吗？"]),
    ],
)
def test_where_words_are_not_written_apart_questions_are_told_apart_as_well(message: str, questions: list[str]) -> None:
    assert asked_in(message) == questions
    assert len(parts_of(message)) == 2


@pytest.mark.parametrize(
    "message",
    [
        "I forgot my password. How do I reset it?",
        "My order arrived broken. Can I send it back to you?",
        "I have a day pass. Does it include the sauna?",
        "Ich habe mein Passwort vergessen. Wie setze ich es zurück?",
        "J'ai perdu ma carte bleue. Comment puis-je la bloquer?",
        "Olvidé mi contraseña. ¿Cómo puedo restablecerla?",
        "Ho dimenticato la password. Come posso reimpostarla?",
        "Esqueci a minha senha. Como posso redefini-la?",
        "Ik ben mijn wachtwoord vergeten. Hoe kan ik het resetten?",
        "Zapomniałem hasła. Jak mogę je zresetować?",
        "Я забыл пароль. Как его сбросить?",
        "שכחתי את הסיסמה. איך אני מאפס אותה?",
        "نسيت كلمة المرور. كيف يمكنني إعادة تعيينها؟",
        "パスワードを忘れました。どうやってリセットしますか？",
        "我忘记密码了。怎么重置？",
    ],
)
def test_a_question_that_means_the_sentence_before_it_is_asked_together_with_that(message: str) -> None:
    assert parts_of(message) == []
    assert parts_of(f"{message} Do you have a jacuzzi?") == [message, "Do you have a jacuzzi?"]


@pytest.mark.parametrize(
    "message",
    [
        "I want to cancel my membership. Is it possible to bring a guest?",
        "Ich möchte kündigen. Kann ich das Abo verschenken?",
        "How much is a membership? Can I pause it?",
        "昨日注文しました。駐車場はありますか？",
        "我的包裹还没有到。你们接受支付宝吗？",
    ],
)
def test_a_question_of_its_own_stays_one(message: str) -> None:
    assert len(parts_of(message)) == 2


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("多久能到？", True),
        ("いつ届きますか？", True),
        ("你们接受支付宝吗？", False),
        ("返品の方法を知りたいです", False),
    ],
)
def test_a_short_sentence_is_told_by_its_letters_where_words_are_not_written_apart(text: str, does: bool) -> None:
    assert goes_on(text) == does
