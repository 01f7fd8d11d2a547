"""Awkward mails after shapes that real programs write, each beside what has to be read from it.

A case is its name, its bytes, and the facts of `Mail` that it is there for. `files` stands for (name, type, inline) of
each file. Names and addresses are invented.
"""

import base64
from typing import Any

from channels_app.adapters.email.noise import Kind

Case = tuple[str, bytes, dict[str, Any]]

OURS = "pb.0190f3a2-7c1e-7b6a-9c55-0a4f2f6f1c11@acme.example"
MARK = "0190f3a2-7c1e-7b6a-9c55-0a4f2f6f1c11.0a1b2c3d4e5f6071"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n0000")


def mail(
    fields: bytes, body: bytes = b"Hello", *, base: bytes = b"From: Cleo <cleo@example.net>\nTo: help@acme.example\n"
) -> bytes:
    return (base + fields.strip(b"\n") + b"\n\n" + body).replace(b"\n", b"\r\n")


def plain(content_type: bytes, body: bytes, more: bytes = b"") -> bytes:
    return mail(b"Content-Type: " + content_type + b"\n" + more, body)


def parts(kind: bytes, *each: bytes) -> bytes:
    body = b"".join(b"--B1\n" + one.strip(b"\n") + b"\n" for one in each) + b"--B1--\n"
    return mail(b"MIME-Version: 1.0\nContent-Type: multipart/" + kind + b"; boundary=B1", body)


TEXT = b"Content-Type: text/plain; charset=utf-8\n\nSee this."
PICTURE = b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n"

CHARSETS: list[Case] = [
    ("utf-8 as declared", plain(b"text/plain; charset=utf-8", "Grüße".encode()), {"text": "Grüße"}),
    ("utf-8 that says it is latin-1", plain(b"text/plain; charset=iso-8859-1", "Grüße".encode()), {"text": "Grüße"}),
    (
        "latin-1 that says it is utf-8",
        plain(b"text/plain; charset=utf-8", "Grüße".encode("latin-1")),
        {"text": "Grüße"},
    ),
    ("windows quotes as latin-1", plain(b"text/plain; charset=iso-8859-1", b"\x93hi\x94 \x80 5"), {"text": "“hi” € 5"}),
    ("no charset at all", mail(b"Subject: x", "naïve".encode("cp1252")), {"text": "naïve"}),
    ("a charset nobody knows", plain(b"text/plain; charset=x-klingon", "ça va".encode()), {"text": "ça va"}),
    ("a charset that unescapes", plain(b"text/plain; charset=unicode_escape", rb"a\ud800b"), {"text": r"a\ud800b"}),
    ("japanese in shifts", plain(b"text/plain; charset=ISO-2022-JP", "注文".encode("iso-2022-jp")), {"text": "注文"}),
    ("chinese as gb2312", plain(b"text/plain; charset=gb2312", "订单號".encode("gb18030")), {"text": "订单號"}),
    ("russian in koi8-r", plain(b'text/plain; charset="koi8-r"', "Привет".encode("koi8-r")), {"text": "Привет"}),
    (
        "hebrew, logical order",
        plain(b"text/plain; charset=iso-8859-8-i", "שלום".encode("iso-8859-8")),
        {"text": "שלום"},
    ),
    (
        "utf-16 with a mark",
        plain(
            b"text/plain; charset=utf-16\nContent-Transfer-Encoding: base64", base64.b64encode("hé".encode("utf-16"))
        ),
        {"text": "hé"},
    ),
    ("a NUL in the middle", plain(b"text/plain", b"a\0b"), {"text": "ab"}),
    (
        "quoted-printable, broken at the end",
        plain(b"text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", b"caf=C3=A9 =E2=82=AC=\n!="),
        {"text": "café €!"},
    ),
    (
        "base64 without its padding",
        plain(b"text/plain\nContent-Transfer-Encoding: base64", b"SGVsbG8"),
        {"text": "Hello"},
    ),
    ("an encoding nobody knows", plain(b"text/plain\nContent-Transfer-Encoding: x-rot", b"Hello"), {"text": "Hello"}),
    (
        "lines only cut to be short",
        plain(b"text/plain; format=flowed", b"one \ntwo\nthree"),
        {"text": "one two\nthree"},
    ),
]

HEADERS: list[Case] = [
    (
        "a subject in two words, split inside a character",
        mail(b"Subject: =?UTF-8?B?4oI=?=\n =?UTF-8?B?rCA1?="),
        {"subject": "€ 5"},
    ),
    (
        "a subject in Q with underscores",
        mail(b"Subject: =?iso-8859-1?Q?Gr=FC=DFe_an_alle?="),
        {"subject": "Grüße an alle"},
    ),
    ("a raw utf-8 subject", mail("Subject: Où est ma commande ?".encode()), {"subject": "Où est ma commande ?"}),
    ("a raw latin-1 subject", mail("Subject: Où".encode("latin-1")), {"subject": "Où"}),
    ("an encoded subject with bad base64", mail(b"Subject: =?utf-8?B?!!!?= ok"), {"subject": "ok"}),
    ("a subject with a language", mail(b"Subject: =?utf-8*en?Q?hi?="), {"subject": "hi"}),
    ("a folded subject", mail(b"Subject: one\n\ttwo\n three"), {"subject": "one two three"}),
    (
        "a line break hidden in a subject",
        mail(b"Subject: =?utf-8?Q?a=0D=0ABcc:_x@y.example?="),
        {"subject": "a Bcc: x@y.example"},
    ),
    ("no subject", mail(b"X-A: 1"), {"subject": ""}),
    (
        "a comma inside an encoded name",
        mail(b"X-A: 1", base=b"From: =?utf-8?Q?Marsh=2C_Cleo?= <cleo@example.net>\n"),
        {"sender.name": "Marsh, Cleo", "sender.email": "cleo@example.net"},
    ),
    (
        "a comma in a bare name",
        mail(b"X-A: 1", base=b"From: Marsh, Cleo <cleo@example.net>\n"),
        {"sender.email": "cleo@example.net"},
    ),
    (
        "an address as a name",
        mail(b"X-A: 1", base=b'From: "boss@bank.example" <mallory@evil.example>\n'),
        {"sender.email": "mallory@evil.example", "sender.name": "boss@bank.example"},
    ),
    ("an address in capitals", mail(b"X-A: 1", base=b"From: CLEO@Example.NET\n"), {"sender.email": "cleo@example.net"}),
    (
        "two From fields",
        mail(b"X-A: 1", base=b"From: a@one.example\nFrom: b@two.example\n"),
        {"sender.email": "a@one.example"},
    ),
    ("no From at all", mail(b"Return-Path: <cleo@example.net>", base=b""), {"sender.email": "cleo@example.net"}),
    (
        "an empty group as To",
        mail(b"To: undisclosed-recipients:;\nDelivered-To: help@acme.example", base=b"From: c@example.net\n"),
        {"to": (), "recipients": ("help@acme.example",)},
    ),
    (
        "several in Cc",
        mail(b"Cc: Ann <ann@example.net>, bob@example.net,\n bad address, Ann <ANN@example.net>"),
        {"cc.emails": ["ann@example.net", "bob@example.net"]},
    ),
    (
        "Reply-To elsewhere",
        mail(b"Reply-To: Desk <desk@other.example>"),
        {"reply_to.email": "desk@other.example", "sender.email": "cleo@example.net"},
    ),
    ("Message-ID without brackets", mail(b"Message-ID: abc@host.example"), {"message_id": "abc@host.example"}),
    (
        "Message-ID folded onto its own line",
        mail(b"Message-ID:\n <abc@host.example>"),
        {"message_id": "abc@host.example"},
    ),
    ("Message-ID that is no address", mail(b"Message-ID: <[weird id]@@>"), {"message_id": ""}),
    ("no Message-ID", mail(b"Date: Thu, 1 Jan 2026 00:00:00 +0000"), {"message_id": "", "dedup_key^": "raw:"}),
    (
        "references, newest first",
        mail(b"In-Reply-To: <3@x.example>\nReferences: <1@x.example>\n <2@x.example> <3@x.example>"),
        {"references": ("3@x.example", "2@x.example", "1@x.example")},
    ),
    (
        "references glued together",
        mail(b"References: <1@x.example><2@x.example>"),
        {"references": ("2@x.example", "1@x.example")},
    ),
    (
        "In-Reply-To with words around it",
        mail(b'In-Reply-To: Your message of "Mon" <1@x.example>'),
        {"references": ("1@x.example",)},
    ),
    (
        "a thousand references",
        mail(b"References: " + b" ".join(b"<%d@x.example>" % n for n in range(1000))),
        {"references#": 50},
    ),
    (
        "a date in another zone",
        mail(b"Date: Thu, 1 Jan 2026 02:00:00 +0200 (EET)"),
        {"sent_at.iso": "2026-01-01T00:00:00+00:00"},
    ),
    ("a date that is none", mail(b"Date: yesterday, about noon"), {"sent_at": None}),
    (
        "a date without a zone",
        mail(b"Date: Thu, 1 Jan 2026 00:00:00 -0000"),
        {"sent_at.iso": "2026-01-01T00:00:00+00:00"},
    ),
]

QUOTES: list[Case] = [
    (
        "gmail's quote",
        mail(
            b"Subject: Re",
            b"Thanks!\n\nOn Wed, Jan 7, 2026 at 9:14 AM Acme Help <help@acme.example>\nwrote:\n\n> It left today.\n",
        ),
        {"text": "Thanks!", "quoted^": "On Wed"},
    ),
    (
        "outlook's quote",
        mail(
            b"Subject: Re",
            b"Thanks!\n\n________________________________\nFrom: Acme Help <help@acme.example>\nSent: Wednesday, January 7, 2026 9:14 AM\nTo: Cleo\nSubject: Order\n\nIt left today.\n",
        ),
        {"text": "Thanks!"},
    ),
    (
        "a german quote",
        mail(
            b"Subject: Re",
            b"Danke!\n\nAm 07.01.2026 um 09:14 schrieb Acme Help <help@acme.example>:\n> Heute verschickt.\n",
        ),
        {"text": "Danke!", "quoted^": "Am 07"},
    ),
    (
        "a french quote",
        mail(
            b"Subject: Re",
            "Merci !\n\nLe mer. 7 janv. 2026 à 09:14, Acme <help@acme.example> a écrit :\n> Parti.\n".encode(),
        ),
        {"text": "Merci !"},
    ),
    (
        "answers between the lines stay",
        mail(b"Subject: Re", b"> Which size?\nMedium.\n> Which colour?\nRed."),
        {"text": "> Which size?\nMedium.\n> Which colour?\nRed.", "quoted": ""},
    ),
    (
        "nothing but a quote is shown",
        mail(b"Subject: Re", b"> Which size?\n> Which colour?"),
        {"text": "> Which size?\n> Which colour?", "quoted": ""},
    ),
    (
        "a signature after two dashes",
        mail(b"Subject: Hi", b"Where is it?\n\n-- \nCleo Marsh\n+44 20 7946 0000"),
        {"text": "Where is it?", "quoted^": "--"},
    ),
    ("a telephone's signature", mail(b"Subject: Hi", b"Where is it?\n\nSent from my iPhone"), {"text": "Where is it?"}),
    (
        "a list with dashes is no signature",
        mail(b"Subject: Hi", b"I need:\n- one\n- two"),
        {"text": "I need:\n- one\n- two", "quoted": ""},
    ),
    (
        "gmail's quote as html alone",
        plain(
            b"text/html; charset=utf-8",
            b'<div dir="ltr">Thanks!</div><br><div class="gmail_quote"><div>On Wed, Jan 7, 2026 at 9:14 AM Acme &lt;help@acme.example&gt; wrote:<br></div><blockquote>It left.</blockquote></div>',
        ),
        {"text": "Thanks!", "quoted^": "On Wed"},
    ),
]

BODIES: list[Case] = [
    (
        "text and html of the same",
        parts(b"alternative", TEXT, b"Content-Type: text/html\n\n<p>See <b>this</b>.</p>"),
        {"text": "See this.", "html": "<p>See <b>this</b>.</p>"},
    ),
    (
        "an empty text beside the html",
        parts(
            b"alternative",
            b"Content-Type: text/plain\n\n  \n",
            b"Content-Type: text/html\n\n<p>Hi</p><ul><li>one<li>two</ul>",
        ),
        {"text": "Hi\n\n- one\n- two"},
    ),
    (
        "script, form and event handlers",
        plain(
            b"text/html",
            b'<form action=//evil><p onclick="x()">Hi<script>alert(1)</script><style>p{}</style></p><a href="javascript:x()">go</a>',
        ),
        {"text": "Hi\n\ngo", "html~": ("script", "onclick", "form", "javascript")},
    ),
    (
        "a style that loads",
        plain(
            b"text/html",
            b'<p style="color:red;background:url(//t.example/a)">Hi</p><link rel=stylesheet href=//t.example>',
        ),
        {"html~": ("url(", "t.example")},
    ),
    (
        "a link whose words are not where it goes",
        plain(b"text/html", b'<a href="https://evil.example/x">our bank</a>'),
        {"text": "our bank (https://evil.example/x)"},
    ),
    (
        "empty, with a file",
        parts(b"mixed", PICTURE + b"\n" + PNG),
        {"text": "", "files": [("a.png", "image/png", False)]},
    ),
    (
        "apple: text, picture, text",
        parts(
            b"mixed",
            TEXT,
            b"Content-Disposition: inline; filename=b.png\n" + PICTURE + b"\n" + PNG,
            b"Content-Type: text/plain\n\nAnd that.",
        ),
        {"text": "See this.\nAnd that.", "files": [("b.png", "image/png", False)]},
    ),
    ("html that never ends", plain(b"text/html", b"<div><p>Hi <b>there"), {"text": "Hi there"}),
    ("tags nested ten thousand deep", plain(b"text/html", b"<div>" * 20_000 + b"deep"), {"text": ""}),
]

FILES: list[Case] = [
    (
        "a picture that the html shows",
        parts(
            b"related",
            b'Content-Type: text/html\n\n<p>Logo <img src="cid:logo@1"></p>',
            b"Content-ID: <logo@1>\n" + PICTURE + b"\n" + PNG,
        ),
        {"files": [("a.png", "image/png", True)]},
    ),
    (
        "inline, and the html does not show it",
        parts(
            b"related",
            b"Content-Type: text/html\n\n<p>Hi</p>",
            b"Content-Disposition: inline\nContent-ID: <x@1>\n" + PICTURE + b"\n" + PNG,
        ),
        {"files": [("a.png", "image/png", False)]},
    ),
    (
        "a name in RFC 2231 pieces",
        parts(
            b"mixed",
            TEXT,
            b"Content-Type: application/pdf\nContent-Disposition: attachment; filename*0*=UTF-8''R%C3%A9;\n filename*1=sum.pdf\n\n%PDF",
        ),
        {"files": [("Résum.pdf", "application/pdf", False)]},
    ),
    (
        "a name in RFC 2047 where none may be",
        parts(b"mixed", TEXT, b'Content-Type: application/pdf; name="=?utf-8?B?UsOpc3Vtw6kucGRm?="\n\n%PDF'),
        {"files": [("Résumé.pdf", "application/pdf", False)]},
    ),
    (
        "a name that climbs",
        parts(b"mixed", TEXT, b'Content-Disposition: attachment; filename="../../etc/passwd"\n\nx'),
        {"files": [("passwd", "text/plain", False)]},
    ),
    (
        "a name with a right-to-left mark",
        parts(
            b"mixed",
            TEXT,
            'Content-Disposition: attachment; filename="a\u202egnp.exe"\nContent-Type: application/x-a\n\nx'.encode(),
        ),
        {"files": [("a gnp.exe", "application/x-a", False)]},
    ),
    (
        "a file without a name",
        parts(b"mixed", TEXT, b"Content-Type: application/pdf\n\n%PDF"),
        {"files": [("attachment-1.pdf", "application/pdf", False)]},
    ),
    (
        "an invitation",
        parts(b"mixed", TEXT, b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"),
        {"files": [("attachment-1.ics", "text/calendar", False)]},
    ),
    (
        "a mail forwarded as a file",
        parts(b"mixed", TEXT, b"Content-Type: message/rfc822\n\nFrom: x@y.example\nSubject: inner\n\ninner words"),
        {"text": "See this.", "files": [("attachment-1.eml", "message/rfc822", False)]},
    ),
    (
        "outlook's winmail.dat",
        parts(b"mixed", TEXT, b"Content-Type: application/ms-tnef; name=winmail.dat\n\nx"),
        {"tnef": True, "files": [("winmail.dat", "application/ms-tnef", False)]},
    ),
    (
        "signed with pgp",
        parts(
            b"signed; protocol=application/pgp-signature",
            TEXT,
            b"Content-Type: application/pgp-signature\n\n-----BEGIN",
        ),
        {"text": "See this.", "files": []},
    ),
    (
        "encrypted",
        parts(
            b"encrypted",
            b"Content-Type: application/pgp-encrypted\n\nVersion: 1",
            b"Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN",
        ),
        {"encrypted": True, "text": ""},
    ),
    (
        "a multipart whose boundary never comes",
        mail(b"Content-Type: multipart/mixed; boundary=ZZ", b"just words"),
        {"text": "just words"},
    ),
]


def report(fields: bytes, returned: bytes = b"Message-ID: <" + OURS.encode() + b">") -> bytes:
    return mail(
        b"Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=R",
        b"--R\nContent-Type: text/plain\n\nIt could not be delivered.\n--R\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example.net\n\n"
        + fields
        + b"\n\n--R\nContent-Type: text/rfc822-headers\n\n"
        + returned
        + b"\n\n--R--\n",
        base=b"From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nTo: help@acme.example\n",
    )


NOISE: list[Case] = [
    ("a person", mail(b"Subject: Hi"), {"kind": Kind.PERSON}),
    ("out of office, by the rules", mail(b"Auto-Submitted: auto-replied"), {"kind": Kind.AUTO_REPLY}),
    ("auto-submitted, and says no", mail(b"Auto-Submitted: no"), {"kind": Kind.PERSON}),
    ("from exchange, asking for no answer", mail(b"X-Auto-Response-Suppress: DR, OOF"), {"kind": Kind.SYSTEM}),
    ("a form on a website", mail(b"Auto-Submitted: auto-generated"), {"kind": Kind.SYSTEM}),
    ("an old vacation program", mail(b"Precedence: auto_reply"), {"kind": Kind.AUTO_REPLY}),
    ("x-autoreply", mail(b"X-Autoreply: yes"), {"kind": Kind.AUTO_REPLY}),
    ("a newsletter", mail(b"List-Unsubscribe: <https://n.example/u>\nPrecedence: bulk"), {"kind": Kind.BULK}),
    ("a mailing list", mail(b"List-Id: <dev.example.org>"), {"kind": Kind.BULK}),
    ("from no-reply", mail(b"Subject: x", base=b"From: No-Reply <no-reply+7@shop.example>\n"), {"kind": Kind.SYSTEM}),
    (
        "from an address that only begins like one",
        mail(b"Subject: x", base=b"From: norepledge@shop.example\n"),
        {"kind": Kind.PERSON},
    ),
    ("our own mail coming back", mail(b"X-PingBack-Channel: " + MARK.encode()), {"kind": Kind.LOOP}),
    ("a mail of another installation", mail(b"X-PingBack-Channel: 1.1f6f4e5d3c2b1a0a"), {"kind": Kind.PERSON}),
    ("with an id like ours", mail(b"Message-ID: <" + OURS.encode() + b">"), {"kind": Kind.PERSON}),
    ("a form that writes in our name", mail(b"X-A: 1", base=b"From: help@acme.example\n"), {"kind": Kind.SYSTEM}),
    (
        "a bounce for good",
        report(
            b"Final-Recipient: rfc822; cleo@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 No such user"
        ),
        {
            "kind": Kind.BOUNCE,
            "bounce.permanent": True,
            "bounce.status": "5.1.1",
            "bounce.recipient": "cleo@example.net",
            "bounce.reason": "550 5.1.1 No such user",
            "bounce.message_ids": (OURS,),
        },
    ),
    (
        "a bounce that only says late",
        report(b"Final-Recipient: rfc822; cleo@example.net\nAction: delayed\nStatus: 4.4.1"),
        {"kind": Kind.BOUNCE, "bounce.permanent": False},
    ),
    (
        "qmail's bounce, in words",
        mail(
            b"Return-Path: <>\nSubject: failure notice",
            b"Hi. This is the qmail-send program.\n<cleo@example.net>:\n550 no mailbox\n\nMessage-ID: <"
            + OURS.encode()
            + b">",
            base=b"From: MAILER-DAEMON@mx.example.net\n",
        ),
        {"kind": Kind.BOUNCE, "bounce.permanent": True, "bounce.message_ids": (OURS,)},
    ),
    (
        "a receipt that it was read",
        mail(
            b"Content-Type: multipart/report; report-type=disposition-notification; boundary=R", b"--R\n\nread\n--R--"
        ),
        {"kind": Kind.RECEIPT},
    ),
    (
        "the server says it is forged",
        mail(b"Authentication-Results: mx.acme.example; spf=fail; dmarc=fail header.from=example.net"),
        {"failed_checks": True},
    ),
    (
        "forwarded: spf fails, the signature holds",
        mail(b"Authentication-Results: mx; spf=softfail; dkim=pass"),
        {"failed_checks": False},
    ),
]

CASES: list[Case] = [*CHARSETS, *HEADERS, *QUOTES, *BODIES, *FILES, *NOISE]
