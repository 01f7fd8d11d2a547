from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels_app"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from channels_app import (  # noqa: F401  they register themselves
            bringing,
            changing,
            checking,
            checks,
            connecting,
            deliveries,
            forgetting,
            idling,
            mailboxes,
            polling,
        )
        from channels_app.chores import Chore, chores
        from conversations.services import customer_imports, later, snoozing

        changing.register()
        ailing = partial(mailboxes.fetch_due, ailing=True)
        # At every round: a second is what a message waits that can still be undone.
        chores.append(Chore(name="waking what was snoozed", every=lambda: 0.0, work=lambda _stop: snoozing.wake_due()))
        chores.append(Chore(name="sending what was planned", every=lambda: 0.0, work=lambda _stop: later.send_due()))
        every = customer_imports.EVERY_SECONDS
        chores.append(Chore(name="customers out of files", every=lambda: every, work=customer_imports.go_on))
        chores.append(Chore(name="connecting channels", every=lambda: 2.0, work=connecting.connect_waiting))
        chores.append(Chore(name="asking about channels", every=lambda: 60.0, work=checking.check_due))
        chores.append(Chore(name="asking what webhooks forgot", every=lambda: 15.0, work=polling.poll_due))
        chores.append(Chore(name="fetching what is not posted", every=lambda: 2.0, work=polling.fetch_due))
        chores.append(Chore(name="fetching mail that services keep", every=lambda: 2.0, work=bringing.bring_due))
        chores.append(Chore(name="fetching mail", every=lambda: 5.0, work=mailboxes.fetch_due))
        chores.append(Chore(name="asking mailboxes that did not answer", every=lambda: 5.0, work=ailing))
        chores.append(Chore(name="listening to mailboxes", every=lambda: 15.0, work=idling.listen))
