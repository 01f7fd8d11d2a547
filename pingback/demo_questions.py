"""The many small questions of Tidewater Coffee's customers: one line, and mostly one answer."""

from conversations.models import Priority, Status
from pingback.demo_talks import DAY, HOUR, Talk


def _short(
    name: str,
    channel: str,
    minutes_ago: int,
    asked: str,
    answered: str = "",
    agent: str = "mira",
    *,
    done: bool = True,
    tag: str = "",
) -> Talk:
    """A question and its answer; without an answer it is open, unread and nobody's. Theo's is an article's title."""
    email = f"{name.split()[0].lower()}@customer.example" if channel in {"email", "widget"} and name.isascii() else ""
    tags = (tag,) if tag else ()
    if not answered:
        return Talk(name, email, channel, minutes_ago, (("", asked),), unread=True, tags=tags)
    status = Status.RESOLVED if done else Status.OPEN
    lines, who = (("", asked), (agent, answered)), "" if agent == "theo" else agent
    return Talk(name, email, channel, minutes_ago, lines, status, who, tags=tags)


QUESTIONS = (
    _short(
        "Fatima Zahra", "instagram", 2 * HOUR, "Bonjour, la carte cadeau arrive par e-mail tout de suite ?", tag="Gift"
    ),
    _short("Piet de Vries", "email", 4 * HOUR, "Is de Harbour blend ook cafeïnevrij verkrijgbaar?"),
    _short("Aino Korhonen", "widget", 6 * HOUR, "Hei! Lähetättekö Suomeen, ja kuinka kauan toimitus kestää?"),
    Talk(
        "Grace Lin",
        "grace@customer.example",
        "webchat",
        8 * HOUR,
        (("", "The checkout says my postcode is not valid. It’s BS1 4DJ."), ("handoff", "low_confidence")),
        unread=True,
        priority=Priority.URGENT,
    ),
    _short("Yusuf Demir", "whatsapp", 9 * HOUR, "Merhaba, siparişimi iptal edebilir miyim? TW-48220"),
    _short(
        "Clara Jansen",
        "widget",
        10 * HOUR,
        "Can I pick my order up at the roastery?",
        "You can, Monday to Friday until five. Ring at the green door.",
        "jonas",
        done=False,
    ),
    _short(
        "Luca Bianchi",
        "instagram",
        11 * HOUR,
        "Che macinino consigliate sotto i 150 €?",
        "La Lido a mano: 129 £ e dura una vita.",
        "priya",
        done=False,
    ),
    _short(
        "Eva Novak",
        "email",
        13 * HOUR,
        "Please cancel the subscription from January on.",
        "Done, December is your last one. You are welcome back whenever you like.",
        "mira",
        done=False,
        tag="Subscription",
    ),
    _short(
        "Samuel Okoro",
        "sms",
        15 * HOUR,
        "Is the shop open on Sunday?",
        "When can I visit the roastery?",
        "theo",
        done=False,
    ),
    _short(
        "Marta Kowalska",
        "widget",
        DAY,
        "Dzień dobry, czy wysyłacie do Polski?",
        "Tak, w 3 do 5 dni.",
        "jonas",
        tag="Delivery",
    ),
    _short("Björn Eklund", "email", DAY + 60, "Kvittot saknas för order TW-47801.", "Bifogat, tack!", tag="Invoice"),
    _short("Priscilla Moyo", "whatsapp", DAY + 90, "Do you roast decaf?", "Do you have decaf?", "theo", tag="Brewing"),
    _short("Jack Turner", "widget", DAY + 120, "How long do beans keep?", "How long does coffee keep?", "theo"),
    _short(
        "Camille Roux",
        "instagram",
        DAY + 200,
        "Vous livrez en Suisse ?",
        "Oui, douane comprise.",
        "priya",
        tag="Delivery",
    ),
    _short("Ana Ferreira", "widget", DAY + 260, "Posso mudar a morada?", "Já mudámos, obrigado por avisar.", "jonas"),
    _short(
        "Oleksandr Bondar",
        "telegram",
        DAY + 330,
        "Чи є знижка для кав’ярень?",
        "Так, від 10 кг на місяць.",
        "jonas",
        tag="Wholesale",
    ),
    _short(
        "Ravi Menon",
        "email",
        2 * DAY + 30,
        "Two bags came instead of one.",
        "Keep it, our mistake.",
        "priya",
        tag="Delivery",
    ),
    _short("Chloe Martin", "x", 2 * DAY + 90, "Best Huila you ever had.", "We agree, and thank you!", "priya"),
    _short(
        "Haruto Sato", "webchat", 2 * DAY + 150, "Do you sell spare burrs?", "For ten years after you buy.", "jonas"
    ),
    _short(
        "Elif Kaya",
        "instagram",
        2 * DAY + 260,
        "Hediye paketi var mı?",
        "Var, ödeme sayfasında seçebilirsiniz.",
        "mira",
        tag="Gift",
    ),
    _short(
        "George Papas", "sms", 3 * DAY, "Where is TW-47655?", "With the courier, today by six.", "mira", tag="Delivery"
    ),
    _short(
        "Nina Hartmann",
        "email",
        3 * DAY + 60,
        "Rechnung bitte an die Firma.",
        "Erledigt, sie ist unterwegs.",
        tag="Invoice",
    ),
    _short("Mohammed Ali", "whatsapp", 3 * DAY + 120, "هل القهوة مطحونة؟", "حبوب كاملة، ويمكننا طحنها لك مجاناً."),
    _short(
        "Isla Campbell",
        "widget",
        3 * DAY + 240,
        "Can I gift a subscription?",
        "How do gift cards and presents work?",
        "theo",
        tag="Gift",
    ),
    _short("Diego Torres", "telegram", 4 * DAY, "¿Hay café de Nariño?", "Llega en enero, te avisamos.", "jonas"),
    _short(
        "Sara Lindgren", "email", 4 * DAY + 100, "The grinder squeaks.", "One drop of oil on the shaft helps.", "jonas"
    ),
    _short(
        "Thandi Dlamini", "instagram", 4 * DAY + 200, "Love the new bags!", "Paper, and you can compost them.", "priya"
    ),
    _short("Paul Meyer", "widget", 5 * DAY, "Gibt es Probiergrößen?", "Ja, 3 × 80 g für 9,50 £.", "mira"),
    _short(
        "Yuki Tanaka", "email", 5 * DAY + 120, "領収書をお願いします。", "添付いたしました。", "jonas", tag="Invoice"
    ),
    _short(
        "Olivia Brown",
        "sms",
        5 * DAY + 300,
        "Wrong grind in my box",
        "A new one is on its way to you.",
        "priya",
        tag="Damaged",
    ),
    _short(
        "Jean Dubois",
        "webchat",
        6 * DAY,
        "Le code promo ne marche pas.",
        "Il finissait hier; je l’ai rallongé.",
        "mira",
    ),
    _short("Leah Cohen", "whatsapp", 6 * DAY + 200, "האם יש משלוח לתל אביב?", "כן, בתוך שבוע.", "jonas"),
    _short("Min-jun Park", "telegram", 7 * DAY, "원두 신선도가 어떻게 되나요?", "주문 후 이틀 안에 볶습니다.", "priya"),
    _short("Freya Olsen", "email", 7 * DAY + 90, "Hvornår åbner I igen?", "Mandag klokken ni.", "mira"),
    _short("Carlos Silva", "x", 8 * DAY, "Vocês têm loja em Lisboa?", "Ainda não, mas enviamos em 4 dias.", "priya"),
    _short("Zoe Walker", "widget", 8 * DAY + 60, "Is the site down?", "It was, for ten minutes. Sorry!", "jonas"),
    _short(
        "Arjun Patel",
        "widget",
        9 * DAY,
        "Do you supply offices?",
        "Do you supply cafés and offices?",
        "theo",
        tag="Wholesale",
    ),
    _short(
        "Emma Wilson",
        "email",
        9 * DAY + 200,
        "Lost my gift card",
        "Blocked the old one, a new one is with you.",
        "mira",
        tag="Gift",
    ),
    _short("Lars Nilsen", "sms", 10 * DAY, "Takk for rask levering!", "Bare hyggelig!", "mira"),
    _short("Beatriz Costa", "instagram", 10 * DAY + 50, "Tem cold brew?", "Só no verão, de maio a setembro.", "priya"),
    _short("Peter Novotny", "webchat", 11 * DAY, "Can I change the card?", "Yes, under Account, Payment.", "priya"),
    _short("Hannah Schmidt", "email", 11 * DAY + 60, "Lieferung an Packstation?", "Geht, einfach als Adresse angeben."),
    _short("Viktor Horvat", "telegram", 13 * DAY, "Imate li zrna za espresso?", "Imamo, Harbour blend.", "jonas"),
)
