"""What WhatsApp's messages of every kind say, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app.adapters import json
from channels_app.adapters.json import dict_of, dicts, inner, text_of

FILES = ("image", "video", "audio", "document", "sticker")
# Of a form or an order.
_MOST_LINES = 100


def words_of(message: Mapping[str, Any]) -> str:
    """Its text; what is neither text nor file, in words; and which ad they came by, when they did."""
    return "\n".join(filter(None, [_text(message), _from_ad(message)]))


def _text(message: Mapping[str, Any]) -> str:
    kind = str(message.get("type", ""))
    about = inner(message, kind)
    if kind == "text":
        return str(about.get("body", ""))
    if kind in FILES:
        return str(about.get("caption", ""))
    if kind == "button":
        return str(about.get("text") or about.get("payload") or "")
    if kind == "interactive":
        chosen = inner(about, "button_reply") or inner(about, "list_reply") or inner(about, "nfm_reply")
        said = str(chosen.get("title") or chosen.get("body") or chosen.get("name") or _("(Pressed a button)"))
        return "\n".join([said, *_filled_in(text_of(chosen, "response_json"))])
    if kind == "location":
        named = " ".join(str(about[part]) for part in ("name", "address") if about.get(part))
        place = f"{about.get('latitude')}, {about.get('longitude')}"
        return _("Place: %(place)s") % {"place": f"{named} ({place})" if named else place}
    if kind == "contacts":
        cards = dicts(message.get("contacts"))
        return "\n".join(_("Contact: %(who)s") % {"who": ", ".join(_card(card))} for card in cards)
    if kind == "order":
        items = dicts(about.get("product_items"))
        order = ngettext("(An order of %(count)d product)", "(An order of %(count)d products)", len(items))
        ordered = map(_ordered, items[:_MOST_LINES])
        return "\n".join(filter(None, [text_of(about, "text"), order % {"count": len(items)}, *ordered]))
    return _("(A kind of message that PingBack cannot show)")


def _filled_in(form: str) -> Iterator[str]:
    """A line for each answer that somebody gave in a form of the business's (a Flow)."""
    try:
        answers = dict_of(json.read(form.encode()))
    except ValueError:
        return
    for name, value in list(answers.items())[:_MOST_LINES]:
        said = [_answer(each) for each in (value if isinstance(value, list) else [value]) if each not in (None, "")]
        if said and name != "flow_token":
            yield f"{name}: {', '.join(said)}"


def _answer(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):  # what was chosen of a list has its id beside its title
        return text_of(value, "title") or " ".join(str(each) for each in value.values() if each not in (None, ""))
    return str(value)


def _card(card: Mapping[str, Any]) -> Iterator[str]:
    """Their name, and by what they are reached."""
    told = [inner(card, "name").get("formatted_name")]
    told += [phone.get("phone") or phone.get("wa_id") for phone in dicts(card.get("phones"))]
    told += [mail.get("email") for mail in dicts(card.get("emails"))]
    return (str(each) for each in told if each)


def _ordered(item: Mapping[str, Any]) -> str:
    """As the catalogue calls it, and what one of them costs."""
    name, count = item.get("product_retailer_id"), item.get("quantity")
    price = f"{item.get('item_price', '')} {item.get('currency', '')}".strip()
    if not name:
        return ""
    return f"{count or 1} × {name}" + (f", {price}" if price else "")


def _from_ad(message: Mapping[str, Any]) -> str:
    ad = inner(message, "referral")
    named = " ".join(filter(None, (text_of(ad, "headline"), text_of(ad, "source_url"))))
    return _("(Came by an ad: %(ad)s)") % {"ad": named} if named else ""
