"""What Tidewater Coffee has beside its conversations: people, words, articles, and ways of working."""

from businesses.models import Role
from conversations.models import ChannelType, TagColor

TEAM = (
    ("Mira Okafor", "mira@tidewater.example", Role.OWNER),
    ("Jonas Lindqvist", "jonas@tidewater.example", Role.ADMIN),
    ("Priya Raman", "priya@tidewater.example", Role.AGENT),
)
DOMAIN = "tidewater.example"

CONFIGS: dict[ChannelType, dict[str, object]] = {
    ChannelType.EMAIL: {
        "address": "help@tidewater.example",
        "from_name": "Tidewater Coffee",
        "smtp_host": "smtp.tidewater.example",
    },
    ChannelType.WHATSAPP: {"phone_number_id": "106540352242922", "access_token": "demo-whatsapp-token"},
    ChannelType.TELEGRAM: {"bot_token": "110201543:demo-telegram-token"},
    ChannelType.INSTAGRAM: {"page_id": "17841405822304914", "access_token": "demo-instagram-token"},
    ChannelType.X: {
        "api_key": "demo-x-key-000",
        "api_secret": "demo-x-secret-000",
        "access_token": "demo-x-token-000",
        "access_token_secret": "demo-x-token-secret-000",
    },
    ChannelType.SMS: {
        "phone_number": "+441174960142",
        "account_sid": "AC00000000000000000000000000000000",
        "auth_token": "demo-twilio-token",
    },
    ChannelType.WEBCHAT: {},
}

TEAMS = {"Support": ("mira", "jonas", "priya"), "Roastery": ("jonas", "priya")}

TAGS = {
    "Damaged": TagColor.RED,
    "VIP": TagColor.PURPLE,
    "Subscription": TagColor.BLUE,
    "Invoice": TagColor.YELLOW,
    "Delivery": TagColor.GREEN,
    "Wholesale": TagColor.TEAL,
    "Refund": TagColor.ORANGE,
    "Brewing": TagColor.GRAY,
    "Gift": TagColor.PINK,
}

REPLIES = {
    "tracking": "Hi {first_name}, your parcel is on its way. You can follow it here: https://tidewater.example/track",
    "sorry": "Sorry about that, {first_name}. I’ll put it right today.\n\n{agent}, {workspace}",
    "replacement": "A new one leaves us today, {first_name}. No need to send the old one back.",
    "refund": "I’ve refunded it to the card you paid with, {first_name}. It shows within three working days.",
    "grind": "Tell me how you brew, {first_name}, and I’ll grind it to fit.",
    "wholesale": "Hello {first_name}, here is our price list: https://tidewater.example/trade. Samples are on us.",
}

# Name, text, assign, tags, priority, status.
MACROS = (
    ("Refund and resolve", REPLIES["refund"], "me", ["Refund"], None, "resolved"),
    ("Parcel is late", REPLIES["sorry"], "me", ["Delivery"], 3, "pending"),
    ("For the roastery", "", "team:Roastery", ["Brewing"], None, ""),
)

# Name, conditions that all hold; a tag by its name.
VIEWS = (
    ("Waiting over an hour", [{"field": "waiting", "op": "longer", "value": 60}]),
    ("Wholesale", [{"field": "tag", "op": "is", "value": "Wholesale"}]),
    (
        "Deliveries",
        [{"field": "tag", "op": "is", "value": "Delivery"}, {"field": "status", "op": "is_not", "value": "closed"}],
    ),
)

ARTICLES = {
    "How much is delivery, and how long does it take?": (
        ["Delivery"],
        "Within the UK delivery takes one to two working days and costs £3.50; from £25 on it is free.\n\n"
        "What you order before noon, Monday to Friday, leaves us the same day.",
    ),
    "Do you ship abroad?": (
        ["Delivery"],
        "Yes. We ship to the EU, Norway and Switzerland in three to five working days for £9, customs included; from "
        "£60 on it is free. The Azores, Madeira and the Canary Islands take two days more, at the same price.",
    ),
    "Where is my parcel?": (
        ["Delivery"],
        "Your tracking number is in the mail that we sent when the parcel left us, and under **Account, Orders**.\n\n"
        "If it has not moved for three working days, write to us with your order number: we send a new one.",
    ),
    "Something is damaged or missing": (
        ["Delivery", "Refund"],
        "Sorry about that. Send us a photo and your order number, and a replacement leaves us the same day.\n\n"
        "You need not send the damaged one back.",
    ),
    "How do I return something?": (
        ["Refund"],
        "You can return unopened bags and unused gear within 30 days. Under **Account, Orders** choose *Return* and "
        "print the label.\n\nThe refund is on your card within three working days after it has arrived.",
    ),
    "How do I change, skip or pause my subscription?": (
        ["Subscription"],
        "Under **Account, Subscription** you can change the coffee, the grind and the amount, skip a delivery, or "
        "pause for up to three months. Changes count from the next delivery on if you make them two days before it.",
    ),
    "How do I cancel my subscription?": (
        ["Subscription"],
        "Under **Account, Subscription** choose *Cancel*. There is no notice to give: what is paid for still comes.",
    ),
    "Which grind is right for my brewer?": (
        ["Brewing"],
        "- French press: coarse\n- V60 and other filters: medium, about 14 on the Lido\n- AeroPress: medium to fine\n"
        "- Moka pot: fine\n- Espresso: very fine\n\nIf it tastes bitter, go coarser; if it tastes sour, go finer.",
    ),
    "How long does coffee keep?": (
        ["Brewing"],
        "Two months in the closed bag, and best within four weeks after the roast date on it. Keep it dark and dry, "
        "not in the fridge.",
    ),
    "Do you have decaf?": (
        ["Brewing"],
        "Yes: the Harbour blend comes without caffeine, too. It is decaffeinated with water (Swiss water process) and "
        "roasted every Tuesday.",
    ),
    "How do gift cards and presents work?": (
        ["Gift"],
        "A gift card arrives by e-mail at once, or on the day you choose, and is good for two years. A subscription "
        "can be given for three, six or twelve months. Gift wrapping is free: choose it at the checkout.",
    ),
    "Can I get an invoice with my VAT number?": (
        ["Invoice"],
        "Yes. Enter the company and its VAT number under **Account, Billing**; every invoice is in the mail after the "
        "order and under **Account, Orders**. For an old order write to us with its number.",
    ),
    "Do you supply cafés and offices?": (
        ["Wholesale"],
        "Gladly, from 10 kg a month on. Tell us where you are and how much you need: we send the price list and three "
        "samples. Machines are looked after by a partner near you.",
    ),
    "When can I visit the roastery?": (
        [],
        "Monday to Friday from nine to five, Sunday from ten to four, at 4 Wapping Wharf in Bristol. You can pick up "
        "orders then, too: ring at the green door.",
    ),
}
DRAFT = ("When do you close for Christmas?", "We roast until 23 December and are back on 2 January.")
