from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TheoConfig(AppConfig):
    name = "theo"
    verbose_name = _("Theo")

    def ready(self) -> None:
        """The worker does our chores, and the search finds articles."""
        from channels_app.chores import Chore, chores
        from theo import forgetting as forgetting
        from theo.indexing import every as every_index
        from theo.indexing import index_long, index_pending
        from theo.outcomes import every as every_outcome
        from theo.outcomes import settle
        from theo.replying import answer_waiting
        from theo.replying import every as every_reply
        from theo.searching import register_articles
        from theo.site_imports import every as every_import
        from theo.site_imports import read_sites
        from theo.watching import every, flag_who_wants_a_person

        register_articles()
        chores.append(Chore(name="Theo's index", every=every_index, work=index_pending))
        chores.append(Chore(name="Theo's index of long articles", every=every_index, work=index_long))
        chores.append(Chore(name="Theo's answers", every=every_reply, work=answer_waiting))
        chores.append(Chore(name="What became of Theo's replies", every=every_outcome, work=settle))
        chores.append(Chore(name="Customers who ask for a person", every=every, work=flag_who_wants_a_person))
        chores.append(Chore(name="Articles out of sites", every=every_import, work=read_sites))
