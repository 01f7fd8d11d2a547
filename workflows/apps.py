from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        from channels_app.chores import Chore, chores
        from workflows import noticing  # noqa: F401  it registers itself
        from workflows.push import push_due

        chores.append(Chore(name="Pushes to browsers", every=lambda: 2.0, work=push_due))
