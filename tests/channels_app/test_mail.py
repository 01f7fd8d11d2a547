"""Mails both ways: handed over by each mail service, answered through a real SMTP server."""

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import files
from channels_app.adapters.email import EmailAdapter, reading
from channels_app.models import Channel, Delivery
from channels_app.parts import TRIES_FOR_COPIES
from channels_app.services import update_channel
from conversations.models import ChannelType, Conversation, Message, MessageStatus, SenderType
from conversations.services.messages import Draft, post_messages, send_reply
from conversations.services.uploads import store_upload
from tests import builders
from tests.channels_app.mailing import Server, comes, config, mail, send_all, words


def test_a_mail_is_answered_and_the_answer_to_that_joins(email: Channel, ada: User, smtp: tuple[Server, int]) -> None:
    assert comes(mail(Message_ID="<1@example.net>")) == 200
    assert comes(mail(Message_ID="<1@example.net>")) == 200  # the same, once more
    first = Message.objects.get()
    assert first.content == "Order 1009\n\nWhere is it?"

    Business.objects.update(time_zone="Asia/Kathmandu")
    builders.answers(ada, first.conversation, "It left today.")
    send_all()

    (out,) = smtp[0].mails
    assert out["To"] == "cleo@example.net"
    assert out["Subject"] == "Re: Order 1009"
    assert out["In-Reply-To"] == "<1@example.net>"
    assert out["From"] == "Acme Help <help@acme.example>"
    assert "Auto-Submitted" not in out
    at = first.created_at.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert words(out).startswith(f"It left today.\n\nOn {at:%a, %-d %b %Y, %H:%M}, ")
    assert words(out).endswith("Cleo wrote:\n> Order 1009\n>\n> Where is it?")
    assert "<blockquote" in words(out, "html")

    quoted = (
        "Thanks!\r\n\r\nOn Wed, Jan 7, 2026 at 9:14 AM Acme Help <help@acme.example> wrote:\r\n> It left today.\r\n"
    )
    by_token = mail(quoted, to=out["Reply-To"].addresses[0].addr_spec, Message_ID="<2@example.net>")
    by_reference = mail("And when?", Message_ID="<3@example.net>", In_Reply_To=str(out["Message-ID"]))
    assert comes(by_token) == comes(by_reference) == 200
    texts = list(Message.objects.order_by("seq").values_list("conversation", "content"))
    assert texts[2:] == [(first.conversation_id, "Thanks!"), (first.conversation_id, "And when?")]


def test_an_answer_is_one_mail_with_all_of_its_files_in_words_and_in_html(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    conversation = Conversation.objects.get()
    text = "Read <b>this</b>:\nhttps://acme.example/?a=1&b=2."
    attached(ada, conversation, text, sizes=[10, 20, 30])
    send_all()

    (out,) = smtp[0].mails
    assert [part.get_filename() for part in out.iter_attachments()] == ["0.txt", "1.txt", "2.txt"]
    assert [len(part.get_content()) for part in out.iter_attachments()] == [10, 20, 30]
    assert words(out).splitlines()[: len(text.splitlines())] == text.splitlines()
    link = '<a href="https://acme.example/?a=1&amp;b=2">https://acme.example/?a=1&amp;b=2</a>.'
    assert f"Read &lt;b&gt;this&lt;/b&gt;:<br>\n{link}" in words(out, "html")
    assert "src=" not in words(out, "html")
    assert Message.objects.last().status == MessageStatus.SENT  # type: ignore[union-attr]


def test_files_that_are_too_much_for_one_mail_go_in_as_few_as_it_takes(
    email: Channel, ada: User, smtp: tuple[Server, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmailAdapter, "capabilities", replace(EmailAdapter.capabilities, together=15_000))
    comes(mail(Message_ID="<1@example.net>"))
    attached(ada, Conversation.objects.get(), "Three big ones.", sizes=[8_000, 6_000, 8_000])
    send_all()
    send_all()

    names = [[part.get_filename() for part in out.iter_attachments()] for out in smtp[0].mails]
    assert names == [["0.txt", "1.txt"], ["2.txt"]]
    assert len({str(out["Message-ID"]) for out in smtp[0].mails}) == 2


def test_a_persons_answer_goes_to_everybody_who_got_the_mail_and_to_no_address_of_ours(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    to = "help@acme.example, Help <help+old@acme.example>, dora@example.net"
    comes(mail(Message_ID="<1@example.net>", to=to, Cc="noreply@example.net, Eve <eve@example.org>, cleo@example.net"))
    conversation = Conversation.objects.get()
    page = Client()
    page.force_login(ada)
    assert "Copies to dora@example.net, eve@example.org" in page.get(f"/inbox/{conversation.pk}/").content.decode()

    builders.answers(ada, conversation, "It left today.")
    send_all()
    (out,) = smtp[0].mails
    assert (out["To"], out["Cc"]) == ("cleo@example.net", "dora@example.net, eve@example.org")
    assert smtp[0].recipients == ["cleo@example.net", "dora@example.net", "eve@example.org"]

    comes(mail("Just me.", Message_ID="<2@example.net>", In_Reply_To=str(out["Message-ID"])))
    builders.answers(ada, conversation, "Fine.")
    send_all()
    assert smtp[0].mails[1]["Cc"] is None


def test_who_gets_copies_is_told_over_the_api(email: Channel, ada: User) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="Eve <eve@example.org>"))
    path = f"/api/v1/conversations/{Conversation.objects.get().pk}/limits"

    told = builders.api(ada).get(path).json()

    assert (told["copies"], told["max_text"], told["window_hours"]) == (["eve@example.org"], 100_000, None)


def test_a_copy_that_is_wanted_later_holds_the_mail_back_and_then_is_told_as_left_out(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="eve@example.org"))
    conversation = Conversation.objects.get()
    answer = builders.answers(ada, conversation, "It left today.")
    smtp[0].later = {"eve@example.org"}

    for _try in range(TRIES_FOR_COPIES):
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        Channel.objects.update(held_until=None)
        send_all()
    assert smtp[0].mails == []
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Channel.objects.update(held_until=None)
    send_all()

    assert smtp[0].recipients == ["cleo@example.net"]
    answer.refresh_from_db()
    assert answer.status == MessageStatus.SENT
    page = Client()
    page.force_login(ada)
    thread = page.get(f"/inbox/{conversation.pk}/").content.decode()
    assert "The mail server took no copy for eve@example.org" in thread


def test_a_mail_that_comes_late_says_when_it_was_sent_and_one_of_a_machine_that_it_is(
    email: Channel, ada: User
) -> None:
    hours_ago = timezone.now() - timedelta(hours=3)
    comes(mail(Message_ID="<1@example.net>", Date=format_datetime(hours_ago), Auto_Submitted="auto-generated"))
    conversation = Conversation.objects.get()

    told = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}/messages").json()["results"][0]
    assert (told["sent_at"], told["automated"]) == (hours_ago.strftime("%Y-%m-%dT%H:%M:%SZ"), True)
    page = Client()
    page.force_login(ada)
    thread = page.get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'<time datetime="{hours_ago:%Y-%m-%dT%H:%M:%S}+00:00"' in thread
    assert "Automatic</span>" in thread


def test_a_machines_answer_goes_to_the_customer_alone(email: Channel, smtp: tuple[Server, int]) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="dora@example.net"))
    draft = Draft(
        conversation_id=Conversation.objects.get().pk, sender_type=SenderType.AGENT, content="Hello.", ai_sources=[]
    )
    post_messages([draft])
    send_all()

    assert smtp[0].mails[0]["Cc"] is None


def test_a_copy_that_the_server_refuses_keeps_the_answer_from_nobody_else(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="gone@example.net, dora@example.net"))
    smtp[0].unknown = {"gone@example.net"}
    message = builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()

    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert smtp[0].recipients == ["cleo@example.net", "dora@example.net"]


def attached(ada: User, conversation: Conversation, text: str, *, sizes: list[int]) -> None:
    ids = [
        store_upload(conversation=conversation, name=f"{n}.txt", file=BytesIO(b"x" * size), size=size, uploader=ada).pk
        for n, size in enumerate(sizes)
    ]
    send_reply(conversation=conversation, author=ada, content=text, attachments=ids)


def test_what_a_first_mail_forwards_is_shown(email: Channel) -> None:
    forwarded = "Is this real?\r\n\r\n---------- Forwarded message ---------\r\nFrom: x@y.example\r\n\r\nYou won."
    comes(mail(forwarded, Message_ID="<1@example.net>"))
    assert Message.objects.get().content.endswith("You won.")


def test_a_stranger_who_knows_token_and_ids_gets_a_conversation_of_their_own(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    (out,) = smtp[0].mails

    to = out["Reply-To"].addresses[0].addr_spec
    comes(mail(sender="mallory@evil.example", to=to, Message_ID="<9@evil.example>", References="<1@example.net>"))
    comes(mail("Still me.", to=to, Message_ID="<2@example.net>", References="<9@evil.example> <1@example.net>"))

    assert sorted(Conversation.objects.values_list("customer__email", "last_seq")) == [
        ("cleo@example.net", 3),
        ("mallory@evil.example", 1),
    ]


def test_a_form_that_writes_in_our_name_is_from_whom_it_says_to_answer(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    form = {"sender": "Website <help@acme.example>", "Reply_To": "Cleo <cleo@example.net>"}
    comes(mail("I want to buy a hundred.", Message_ID="<1@acme.example>", **form))

    first = Message.objects.get()
    assert (first.content, first.automated) == ("Order 1009\n\nI want to buy a hundred.", True)
    builders.answers(ada, first.conversation, "Gladly.")
    send_all()
    (out,) = smtp[0].mails
    assert out["To"] == "cleo@example.net"
    comes(mail("When?", Message_ID="<2@example.net>", In_Reply_To=str(out["Message-ID"])))
    assert list(Conversation.objects.values_list("customer__email", "last_seq")) == [("cleo@example.net", 3)]


def test_our_own_mail_is_dropped_when_it_comes_back_and_one_of_another_installation_is_not(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>"))
    builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    ours = smtp[0].mails[0]
    ours["Delivered-To"] = "help@acme.example"
    ours.replace_header("Message-ID", "<another@relay.example>")

    assert comes(ours.as_bytes()) == 200
    assert Message.objects.count() == 2

    theirs = {
        "Message_ID": "<pb.0190f3a2-7c1e-7b6a-9c55-0a4f2f6f1c11@beta.example>",
        "X_PingBack_Channel": "0190f3a2-7c1e-7b6a-9c55-0a4f2f6f1c11.1f6f4e5d3c2b1a0a",
    }
    comes(mail("We at Beta need help.", sender="help@beta.example", **theirs))
    assert Message.objects.get(conversation__customer__email="help@beta.example").automated is False


def test_what_follows_a_first_mail_of_ours_joins_it_at_the_customers(
    email: Channel, ada: User, acme: Business, smtp: tuple[Server, int]
) -> None:
    conversation = builders.conversation(acme, type=ChannelType.EMAIL, channel=email)
    conversation.customer.email = "cleo@example.net"
    conversation.customer.save()
    for text in ("Your order left.", "It is late.", "It is there."):
        builders.answers(ada, conversation, text)
        send_all()

    first, second, third = smtp[0].mails
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert str(third["References"]).split() == [first["Message-ID"], second["Message-ID"]]


@pytest.mark.parametrize(("lost", "is_sent"), [("dora@example.net", True), ("cleo@example.net", False)])
def test_a_copy_that_comes_back_is_told_as_left_out_and_fails_nothing(
    email: Channel, ada: User, smtp: tuple[Server, int], lost: str, is_sent: bool
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="dora@example.net"))
    answer = builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()
    report = (
        "--b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {lost}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {smtp[0].mails[0]['Message-ID']}\r\n\r\n--b--\r\n"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    comes(mail(report, sender="MAILER-DAEMON@mx.example.net", Content_Type=kind, Return_Path="<>"))

    answer.refresh_from_db()
    assert answer.status == (MessageStatus.SENT if is_sent else MessageStatus.FAILED)
    page = Client()
    page.force_login(ada)
    thread = page.get(f"/inbox/{answer.conversation_id}/").content.decode()
    assert ("took no copy for dora@example.net" in thread) is is_sent


def test_a_mail_is_taken_apart_once_for_all_of_its_files(email: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = (f"--b\r\nContent-Disposition: attachment; filename={n}.csv\r\n\r\n{n},2\r\n" for n in range(20))
    body = "--b\r\n\r\nHere.\r\n" + "".join(parts) + "--b--\r\n"
    comes(mail(body, Content_Type="multipart/mixed; boundary=b", Message_ID="<1@example.net>"))
    taken_apart = 0

    def counted(raw: bytes) -> Any:
        nonlocal taken_apart
        taken_apart += 1
        return whole(raw)

    whole = reading._taken_apart
    monkeypatch.setattr(reading, "_taken_apart", counted)
    for media in files.claim(most=1):
        files.fetch(media)

    assert [file["filename"] for file in Message.objects.get().attachments] == [f"{n}.csv" for n in range(20)]
    assert taken_apart == 1


def test_where_the_server_knows_no_addresses_with_a_sign_answers_come_to_the_plain_one(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    update_channel(actor=ada, channel=email, config=config(smtp[1]) | {"reply_sign": False})
    comes(mail(Message_ID="<1@example.net>"))
    builders.answers(ada, Conversation.objects.get(), "It left today.")
    send_all()

    (out,) = smtp[0].mails
    assert out["Reply-To"] is None
    comes(mail("Thanks!", Message_ID="<2@example.net>", In_Reply_To=str(out["Message-ID"])))
    assert Conversation.objects.get().last_seq == 3


def test_where_answers_go_that_do_not_go_to_the_customer_is_shown(email: Channel, ada: User) -> None:
    comes(mail(sender="form@site.example", Reply_To="dora@example.net", Message_ID="<1@site.example>"))
    conversation = Conversation.objects.get()

    page = Client()
    page.force_login(ada)
    assert "Answers go to dora@example.net" in page.get(f"/inbox/{conversation.pk}/").content.decode()
    told = builders.api(ada).get(f"/api/v1/conversations/{conversation.pk}/limits").json()
    assert told["goes_to"] == "dora@example.net"

    comes(mail(Message_ID="<2@example.net>", Reply_To="Cleo <cleo@example.net>"))
    other = Conversation.objects.exclude(pk=conversation.pk).get()
    assert "Answers go to" not in page.get(f"/inbox/{other.pk}/").content.decode()


def test_who_joins_a_conversation_leads_its_answers_to_nobody_who_is_unknown_there(
    email: Channel, ada: User, smtp: tuple[Server, int]
) -> None:
    comes(mail(Message_ID="<1@example.net>", Cc="dora@example.net"))
    conversation = Conversation.objects.get()
    builders.answers(ada, conversation, "Hello.")
    send_all()
    token = smtp[0].mails[0]["Reply-To"].addresses[0].addr_spec

    wanted = ["mallory@evil.example", "dora@example.net", "cleo@example.net"]
    for number, reply_to in enumerate(wanted, start=2):
        cc = {"Cc": "dora@example.net"} if reply_to == "mallory@evil.example" else {}
        comes(mail("Which address?", to=token, Reply_To=reply_to, Message_ID=f"<{number}@example.net>", **cc))
        builders.answers(ada, conversation, "1 Main Street.")
        send_all()

    assert Conversation.objects.count() == 1
    assert [out["To"] for out in smtp[0].mails[1:]] == ["cleo@example.net", "dora@example.net", "cleo@example.net"]


def test_a_mail_that_nobody_vouches_for_is_refused_and_one_for_nobody_is_dropped(email: Channel) -> None:
    assert comes(mail(), secret="guessed") == 400
    assert comes(mail(to="else@other.example")) == 200
    assert not Message.objects.exists()
