"""Every mail of ours: the text says what the HTML says, and nothing in it comes from elsewhere."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils.html import strip_tags

from foundation.mail import send_mail
from tests.house.conftest import ROOT
from widgets.languages import LANGUAGES

MAILS = sorted(
    str(path.parent.relative_to(ROOT / "templates")) for path in Path(ROOT, "templates").rglob("subject.txt")
)
LINK = re.compile(r"https?://[^\s\"'<>]+")


class Whatever(dict[str, Any]):
    """A context in which every name has a value: an address or a number for what is named like one, else a word.

    says: what mails to visitors say, in a language of the chat.
    """

    def __contains__(self, name: object) -> bool:
        return name not in {"block", "forloop", "True", "False", "None"}

    def __missing__(self, name: str) -> str | int | dict[str, str]:
        if name == "says":
            return LANGUAGES["en"].written(business="<Acme> & Co", site="https://pingback.test/", zone="UTC")
        if name in {"left", "count", "more", "days"}:
            return 2
        if any(part in name for part in ("address", "link", "url")):
            return "https://pingback.test/a-link?x=1"
        return f"<{name}> & Co"


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Callable[[str], Any]:
    from django.template import Context

    def sent(template: str) -> EmailMultiAlternatives:
        original = Context.__init__

        def with_whatever(self: Any, dict_: Any = None, *args: Any, **kwargs: Any) -> None:
            original(self, dict_, *args, **kwargs)
            self.dicts.insert(1, Whatever())

        monkeypatch.setattr(Context, "__init__", with_whatever)
        with django_capture_on_commit_callbacks(execute=True):
            send_mail(template, to="ada@example.com")
        message = mail.outbox[-1]
        assert isinstance(message, EmailMultiAlternatives)
        return message

    return sent


@pytest.mark.django_db
@pytest.mark.parametrize("template", MAILS)
def test_text_and_html_of_a_mail_hold_the_same_link(template: str, send: Callable[[str], Any]) -> None:
    message = send(template)
    [html] = [part.content for part in message.alternatives]

    links = set(LINK.findall(message.body))
    assert links
    assert set(LINK.findall(html.replace("&amp;", "&"))) == links
    assert all(link.startswith((settings.PUBLIC_BASE_URL, "https://pingback.test/")) for link in links)
    assert "\n" not in message.subject
    assert 10 < len(message.subject) < 100
    assert "&amp;" not in message.subject + message.body
    assert not re.search(r"<\w+> & Co", html)
    assert "<img" not in html
    assert "<script" not in html
    assert strip_tags(html).strip()


def test_every_mail_has_its_three_parts() -> None:
    assert len(MAILS) >= 5
    for folder in MAILS:
        assert {path.name for path in Path(ROOT, "templates", folder).iterdir()} == {
            "subject.txt",
            "body.txt",
            "body.html",
        }
