"""What the customers of Tidewater Coffee write, and what its people answer."""

from dataclasses import dataclass

from conversations.models import Status

HOUR, DAY = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation. lines: (who, text), "" is the customer. minutes_ago: of its last line."""

    name: str
    email: str
    channel: str
    minutes_ago: int
    lines: tuple[tuple[str, str], ...]
    status: Status = Status.OPEN
    agent: str = ""
    unread: bool = False


def _short(
    name: str, channel: str, minutes_ago: int, asked: str, answered: str = "", agent: str = "mira", *, done: bool = True
) -> Talk:
    """A question and its answer; without an answer it is open, unread and nobody's."""
    email = f"{name.split()[0].lower()}@customer.example" if channel in {"email", "widget"} and name.isascii() else ""
    if not answered:
        return Talk(name, email, channel, minutes_ago, (("", asked),), unread=True)
    status = Status.RESOLVED if done else Status.OPEN
    return Talk(name, email, channel, minutes_ago, (("", asked), (agent, answered)), status, agent)


LONG = (
    Talk(
        "Amara Nwosu",
        "amara@nwosu.example",
        "widget",
        4,
        (
            ("", "Hi! My hand grinder came this morning and the hopper has a crack all the way down one side."),
            ("", "Could I talk to a person? It’s a present for Saturday and I’m a bit worried about the timing."),
            ("mira", "Hi Amara, Mira here. That’s no way for a present to arrive, sorry!"),
            ("mira", "I’ll find out right now whether we can post a new one today, so it’s with you by Saturday."),
            ("", "That would be wonderful, thank you."),
            ("", "Should I send the broken one back?"),
        ),
        agent="mira",
        unread=True,
    ),
    Talk(
        "Tomás Herrera",
        "",
        "whatsapp",
        9,
        (
            ("", "Hola, tengo la suscripción mensual de 2 × 250 g."),
            ("", "¿Puedo cambiar la molienda de mi suscripción a prensa francesa?"),
        ),
        unread=True,
    ),
    Talk(
        "Ingrid Solheim",
        "ingrid@solheim.example",
        "email",
        28,
        (
            (
                "",
                "Hello,\n\nour VAT number is missing on page two of invoice 2026-1187. Our bookkeeper needs it before "
                "the end of the month. Could you send a corrected one?\n\nKind regards\nIngrid Solheim",
            ),
        ),
        agent="mira",
        unread=True,
    ),
    Talk(
        "Kenji Watanabe",
        "",
        "instagram",
        40,
        (
            ("", "グジのナチュラルはクリスマス前に入荷しますか？"),
            ("", "Is the Guji natural coming back before Christmas?"),
        ),
        unread=True,
    ),
    Talk(
        "ليلى حداد",
        "",
        "telegram",
        55,
        (
            ("", "مرحباً، طلبت قبل أسبوع ولم يصل الطرد بعد. هل يمكنكم التحقق؟"),
            ("jonas", "مرحباً ليلى، الطرد في مستودع بريستول منذ هذا الصباح، وسيصلك غداً قبل الظهر."),
            ("", "شكراً جزيلاً"),
        ),
        agent="jonas",
    ),
    Talk(
        "Daniel Osei",
        "",
        "x",
        75,
        (
            ("", "Second month in a row my bag came half open. Anybody there?"),
            ("priya", "Sorry about that, Daniel. Could you send the order number? We’ll replace it today."),
            ("", "TW-48102, and thanks for the quick reply"),
        ),
        agent="priya",
        unread=True,
    ),
    Talk(
        "",
        "",
        "widget",
        90,
        (("", "Do you ship to Madeira, and is it the same price as the mainland?"),),
        unread=True,
    ),
    Talk(
        "Ruth Adeyemi",
        "",
        "sms",
        3 * HOUR,
        (
            ("", "Hi, is my parcel on the way? Order TW-47990"),
            ("mira", "Hi Ruth, it leaves us today. Tracking follows by 17:00."),
        ),
        agent="mira",
    ),
    Talk(
        "Sofia Marchetti",
        "sofia@trecaffe.example",
        "email",
        DAY + 2 * HOUR,
        (
            (
                "",
                "Buongiorno,\n\nabbiamo tre caffetterie a Bologna e cerchiamo un fornitore per circa 40 kg al mese. "
                "Potete mandarci i prezzi all’ingrosso e dei campioni?\n\nSofia Marchetti",
            ),
            (
                "jonas",
                "Buongiorno Sofia,\n\ngrazie! Le mando il listino in giornata. Per i campioni: preferite un profilo "
                "classico per espresso o qualcosa di più chiaro?\n\nJonas, Tidewater Coffee",
            ),
            ("", "Classico, con poca acidità. I clienti bevono quasi tutti cappuccino."),
        ),
        agent="jonas",
        unread=True,
    ),
    Talk(
        "Noah Fischer",
        "",
        "whatsapp",
        DAY + 5 * HOUR,
        (
            ("", "Welchen Mahlgrad empfehlt ihr für die V60 mit der Lido?"),
            ("mira", "Der Mahlgrad 14 passt gut für die V60. Wenn es zu lange läuft, zwei Klicks gröber."),
        ),
        Status.PENDING,
        "mira",
    ),
    Talk(
        "Hana Benešová",
        "hana@benesova.example",
        "email",
        2 * DAY,
        (
            ("", "Dobrý den, na degustaci 5. prosince nás bude devět, dva vegani. Je to v pořádku?"),
            ("priya", "Dobrý den, Hano, devět je skvělé. Ovesné mléko bude připravené pro všechny."),
            ("", "Výborně, těšíme se."),
        ),
        Status.PENDING,
        "priya",
    ),
    Talk(
        "Owen Mbeki",
        "owen@mbeki.example",
        "widget",
        2 * DAY + 4 * HOUR,
        (
            ("", "I can’t log in to change my delivery address. The reset mail never comes."),
            (
                "priya",
                "Hi Owen, there’s a typo in the address you signed up with: gmial. I’ve corrected it, try again.",
            ),
            ("", "Perfect, that fixed the login. Have a good weekend!"),
        ),
        Status.RESOLVED,
        "priya",
    ),
    Talk(
        "Amara Nwosu",
        "amara@nwosu.example",
        "email",
        12 * DAY,
        (
            ("", "Could I skip one delivery in August? I’m away for three weeks."),
            ("mira", "Of course. August is skipped, the next one comes on 2 September. Have a good trip!"),
        ),
        Status.RESOLVED,
        "mira",
    ),
    Talk(
        "Amara Nwosu",
        "amara@nwosu.example",
        "whatsapp",
        20 * DAY,
        (
            ("", "Which filter do I need for the 02 dripper?"),
            ("jonas", "The white ones marked 02; 01 is too small. https://tidewater.example/filters has both."),
        ),
        Status.CLOSED,
        "jonas",
    ),
    Talk(
        "Mei-Ling Chen",
        "",
        "telegram",
        5 * HOUR,
        (("", "請問可以用貨到付款嗎？"), ("priya", "您好，目前只接受信用卡和 PayPal，不好意思。"), ("", "好的，謝謝")),
        Status.RESOLVED,
        "priya",
    ),
    Talk(
        "Dmitri Volkov",
        "",
        "telegram",
        7 * HOUR,
        (("", "Здравствуйте! Можно ли вернуть нераспечатанную пачку, если не подошла обжарка?"),),
        unread=True,
    ),
)

SHORT = (
    _short("Fatima Zahra", "instagram", 2 * HOUR, "Bonjour, la carte cadeau arrive par e-mail tout de suite ?"),
    _short("Piet de Vries", "email", 4 * HOUR, "Is de Harbour blend ook cafeïnevrij verkrijgbaar?"),
    _short("Aino Korhonen", "widget", 6 * HOUR, "Hei! Lähetättekö Suomeen, ja kuinka kauan toimitus kestää?"),
    _short("Grace Lin", "webchat", 8 * HOUR, "The checkout says my postcode is not valid. It’s BS1 4DJ."),
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
    ),
    _short(
        "Samuel Okoro",
        "sms",
        15 * HOUR,
        "Is the shop open on Sunday?",
        "It is, from ten to four.",
        "priya",
        done=False,
    ),
    _short("Marta Kowalska", "widget", DAY, "Dzień dobry, czy wysyłacie do Polski?", "Tak, w 3 do 5 dni.", "jonas"),
    _short("Björn Eklund", "email", DAY + 60, "Kvittot saknas för order TW-47801.", "Bifogat, tack för påminnelsen!"),
    _short(
        "Priscilla Moyo", "whatsapp", DAY + 90, "Do you roast decaf?", "Every Tuesday, with the Swiss water process."
    ),
    _short("Jack Turner", "widget", DAY + 120, "How long do beans keep?", "Two months in the bag, best in the first."),
    _short("Camille Roux", "instagram", DAY + 200, "Vous livrez en Suisse ?", "Oui, douane comprise.", "priya"),
    _short("Ana Ferreira", "widget", DAY + 260, "Posso mudar a morada?", "Já mudámos, obrigado por avisar.", "jonas"),
    _short(
        "Oleksandr Bondar", "telegram", DAY + 330, "Чи є знижка для кав’ярень?", "Так, від 10 кг на місяць.", "jonas"
    ),
    _short("Ravi Menon", "email", 2 * DAY + 30, "Two bags came instead of one.", "Keep it, our mistake.", "priya"),
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
    ),
    _short("George Papas", "sms", 3 * DAY, "Where is TW-47655?", "With the courier, today by six.", "mira"),
    _short("Nina Hartmann", "email", 3 * DAY + 60, "Rechnung bitte an die Firma.", "Erledigt, sie ist unterwegs."),
    _short("Mohammed Ali", "whatsapp", 3 * DAY + 120, "هل القهوة مطحونة؟", "حبوب كاملة، ويمكننا طحنها لك مجاناً."),
    _short("Isla Campbell", "widget", 3 * DAY + 240, "Can I gift a subscription?", "Yes: three, six or twelve months."),
    _short("Diego Torres", "telegram", 4 * DAY, "¿Hay café de Nariño?", "Llega en enero, te avisamos.", "jonas"),
    _short(
        "Sara Lindgren", "email", 4 * DAY + 100, "The grinder squeaks.", "One drop of oil on the shaft helps.", "jonas"
    ),
    _short(
        "Thandi Dlamini", "instagram", 4 * DAY + 200, "Love the new bags!", "Paper, and you can compost them.", "priya"
    ),
    _short("Paul Meyer", "widget", 5 * DAY, "Gibt es Probiergrößen?", "Ja, 3 × 80 g für 9,50 £.", "mira"),
    _short("Yuki Tanaka", "email", 5 * DAY + 120, "領収書をお願いします。", "添付いたしました。", "jonas"),
    _short("Olivia Brown", "sms", 5 * DAY + 300, "Wrong grind in my box", "A new one is on its way to you.", "priya"),
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
    _short("Arjun Patel", "widget", 9 * DAY, "Do you have a trade catalogue?", "Sent to your inbox just now.", "jonas"),
    _short(
        "Emma Wilson",
        "email",
        9 * DAY + 200,
        "Lost my gift card",
        "Blocked the old one, a new one is with you.",
        "mira",
    ),
    _short("Lars Nilsen", "sms", 10 * DAY, "Takk for rask levering!", "Bare hyggelig!", "mira"),
    _short("Beatriz Costa", "instagram", 10 * DAY + 50, "Tem cold brew?", "Só no verão, de maio a setembro.", "priya"),
    _short("Peter Novotny", "webchat", 11 * DAY, "Can I change the card?", "Yes, under Account, Payment.", "priya"),
    _short("Hannah Schmidt", "email", 11 * DAY + 60, "Lieferung an Packstation?", "Geht, einfach als Adresse angeben."),
    _short("Joy Achieng", "whatsapp", 12 * DAY, "Asante kwa kahawa nzuri!", "Karibu tena, Joy.", "priya"),
    _short("Viktor Horvat", "telegram", 13 * DAY, "Imate li zrna za espresso?", "Imamo, Harbour blend.", "jonas"),
)

TALKS = (*LONG, *SHORT)
