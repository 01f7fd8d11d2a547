"""What the customers of Tidewater Coffee write, and what its people answer."""

from dataclasses import dataclass

from conversations.models import Priority, Status

HOUR, DAY = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation. minutes_ago: of its last line. snoozed: for so many hours from now.

    lines: (who, text). Who is "" for the customer, "theo" for an article by its title, "note mira" for a private note,
    "handoff" for Theo's asking for a person with the reason as text, else somebody of the team.
    """

    name: str
    email: str
    channel: str
    minutes_ago: int
    lines: tuple[tuple[str, str], ...]
    status: Status = Status.OPEN
    agent: str = ""
    unread: bool = False
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NONE
    team: str = ""
    snoozed: int = 0


TALKS = (
    Talk(
        "Amara Nwosu",
        "amara@nwosu.example",
        "widget",
        4,
        (
            ("", "Hi! My hand grinder came this morning and the hopper has a crack all the way down one side."),
            ("theo", "Something is damaged or missing"),
            ("", "Could I talk to a person? It’s a present for Saturday and I’m a bit worried about the timing."),
            ("handoff", "user_requested"),
            ("mira", "Hi Amara, Mira here. That’s no way for a present to arrive, sorry!"),
            ("mira", "I’ll find out right now whether we can post a new one today, so it’s with you by Saturday."),
            (
                "note jonas",
                "@Mira Okafor two hoppers left in Leeds. Priya can post one today if it’s booked before 14:00.",
            ),
            ("", "That would be wonderful, thank you."),
            ("", "Should I send the broken one back?"),
        ),
        agent="mira",
        unread=True,
        tags=("Damaged", "VIP"),
        priority=Priority.HIGH,
    ),
    Talk(
        "Tomás Herrera",
        "",
        "whatsapp",
        12,
        (
            ("", "Hola, tengo la suscripción mensual de 2 × 250 g."),
            ("", "¿Puedo cambiar la molienda de mi suscripción a prensa francesa?"),
        ),
        unread=True,
        tags=("Subscription",),
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
        tags=("Invoice",),
        priority=Priority.HIGH,
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
        team="Roastery",
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
        tags=("Delivery",),
    ),
    Talk(
        "Daniel Osei",
        "",
        "x",
        75,
        (
            ("", "Second month in a row my bag came half open. Anybody there?"),
            ("priya", "Sorry about that, Daniel. Could you send the order number? We’ll replace it today."),
            ("note priya", "The new sealer jams at the 1 kg bags. I asked the roastery to check it."),
            ("", "TW-48102, and thanks for the quick reply"),
        ),
        agent="priya",
        unread=True,
        tags=("Damaged",),
    ),
    Talk(
        "",
        "",
        "widget",
        90,
        (
            ("", "Do you ship to Madeira, and is it the same price as the mainland?"),
            ("theo", "Do you ship abroad?"),
        ),
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
        tags=("Delivery",),
    ),
    Talk(
        "Ruth Adeyemi",
        "",
        "whatsapp",
        16 * DAY,
        (
            ("", "Can I swap the Huila for the Harbour blend in my next box?"),
            ("priya", "Swapped, Ruth. It comes with the box on the 14th."),
        ),
        Status.RESOLVED,
        "priya",
        tags=("Subscription",),
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
            ("note jonas", "@Priya Raman could you pack three samples of the Harbour blend for Bologna?"),
            ("", "Classico, con poca acidità. I clienti bevono quasi tutti cappuccino."),
        ),
        agent="jonas",
        unread=True,
        tags=("Wholesale",),
        team="Roastery",
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
        tags=("Brewing",),
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
        agent="priya",
        tags=("Wholesale",),
        snoozed=44,
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
            ("", "Perfect, that fixed the login. Have a good day!"),
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
        tags=("Subscription",),
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
        (
            ("", "Здравствуйте! Можно ли вернуть нераспечатанную пачку, если не подошла обжарка?"),
            ("handoff", "low_confidence"),
        ),
        unread=True,
        tags=("Refund",),
    ),
)
