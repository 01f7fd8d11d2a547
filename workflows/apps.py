from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        from channels_app.chores import Chore, chores
        from workflows import noticing  # noqa: F401  it registers itself
        from workflows.digest import mail_due
        from workflows.listening import listen
        from workflows.push import push_due

        chores.append(Chore(name="News of what customers write", every=lambda: 1.0, work=listen))
        chores.append(Chore(name="Pushes to browsers", every=lambda: 2.0, work=push_due))
        chores.append(Chore(name="Mails about what is unread", every=lambda: 30.0, work=mail_due))
