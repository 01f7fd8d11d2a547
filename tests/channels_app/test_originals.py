"""What a mail was beside its words: folded quotes, who else got it, and the mail as its sender made it."""

from typing import Any

from django.test import Client

from accounts.models import User
from channels_app import files
from channels_app.models import Channel
from conversations.models import MailOriginal, Message
from tests import builders
from tests.channels_app.mailing import comes, mail

PICTURE = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HTML = (
    b'<p onclick="x()">See <b>this</b></p><script>x()</script><img src="cid:p@x">'
    b'<img src="https://tracker.example/p.gif"><a href="https://acme.example/">here</a>'
)
DRAWN = (
    b"From: cleo@example.net\r\nTo: help@acme.example, bob@example.net\r\nCc: zoe@example.net\r\nSubject: Broken\r\n"
    b'Message-ID: <d@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HTML + b"\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: inline; filename="p.png"\r\n\r\n' + PICTURE + b"\r\n--b--\r\n"
)


def original(user: User, message: Message, **asked: str) -> Any:
    browser = Client()
    browser.force_login(user)
    return browser.get(f"/inbox/{message.conversation_id}/messages/{message.pk}/original/", asked)


def thread(user: User, message: Message) -> str:
    browser = Client()
    browser.force_login(user)
    return str(browser.get(f"/inbox/{message.conversation_id}/").content.decode())


def test_the_original_runs_nothing_and_fetches_nothing_from_elsewhere(email: Channel, ada: User) -> None:
    assert comes(DRAWN) == 200
    for media in files.claim(most=10):
        files.fetch(media)
    message = Message.objects.get()

    answer = original(ada, message)

    page = answer.content.decode()
    assert "<b>this</b>" in page
    assert not [bad for bad in ("script", "onclick", "tracker.example") if bad in page]
    assert f'src="/files/{message.attachments[0]["id"]}/p.png?s=' in page
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'; img-src http://testserver/files/;" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_pictures_from_elsewhere_are_shown_to_who_asks_for_them(email: Channel, ada: User) -> None:
    comes(DRAWN)
    comes(mail(Message_ID="<2@example.net>"))
    message = Message.objects.get(mail__html__contains="tracker")
    page = original(ada, message).request["PATH_INFO"]
    assert thread(ada, message).count("Show pictures") == 1
    assert f'href="{page}?far=1" target="{page}"' in thread(ada, message)

    answer = original(ada, message, far="1")

    assert 'src="https://tracker.example/p.gif"' in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "img-src http://testserver/files/ https: http:; " in policy
    assert policy.startswith("sandbox allow-popups")
    assert "script" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "tracker.example" not in original(ada, message, far="0").content.decode()


def test_the_thread_shows_who_else_got_it(email: Channel, ada: User) -> None:
    comes(DRAWN)
    page = thread(ada, Message.objects.get())

    assert "bob@example.net" in page
    assert "zoe@example.net" in page
    assert "<dt>Subject</dt>" not in page  # it stands in the words already


def test_quotes_are_folded_and_a_new_subject_is_said(email: Channel, ada: User) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    quoting = "Thanks!\r\n\r\nOn Wed, 1 Jan 2026 at 10:00, Acme <help@acme.example> wrote:\r\n> It left today.\r\n"
    for number, subject in ((2, "Re[2]: Odp: Order 1009"), (3, "Another thing")):
        raw = mail(quoting, Message_ID=f"<{number}@example.net>", In_Reply_To=f"<{number - 1}@example.net>")
        comes(raw.replace(b"Subject: Order 1009", f"Subject: {subject}".encode()))

    assert list(Message.objects.order_by("seq").values_list("content", flat=True))[1:] == ["Thanks!", "Thanks!"]
    assert list(MailOriginal.objects.order_by("message__seq").values_list("subject", flat=True)) == [
        "Order 1009",
        "",
        "Another thing",
    ]
    page = thread(ada, Message.objects.first())  # type: ignore[arg-type]
    assert page.count("Show quoted text") == page.count("Hide quoted text") == 2
    assert page.count("mail-frame-short") == page.count("Hide original") == 3
    assert page.count("<dt>Subject</dt>") == 1
    assert "It left today." in original(ada, Message.objects.get(seq=2)).content.decode()


def test_other_workspaces_and_other_conversations_have_no_such_page(
    email: Channel,
    ada: User,
    mallory: User,
) -> None:
    comes(DRAWN)
    message = Message.objects.get()
    plain = builders.says(message.conversation, "Not by mail.")

    assert original(mallory, message).status_code == 404
    assert original(ada, plain).status_code == 404
    message.conversation_id = message.pk
    assert original(ada, message).status_code == 404
