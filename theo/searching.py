"""Articles among what an agent's search finds: by title and text, drafts too, each workspace its own."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import User
from conversations.search.models import Shelf
from conversations.search.sources import Found, Source, register
from theo.markdown import plain
from theo.models import Article


def register_articles() -> None:
    register(
        Source(
            kind="article",
            shelf=Shelf.THINGS,
            table=Article._meta.db_table,
            columns=("title", "content"),
            words="{row}.title || ' ' || {row}.content",
            business_id="{row}.business_id",
            conversation_id="NULL",
            bring=_articles,
        )
    )


def _articles(user: User, ids: Collection[UUID]) -> dict[UUID, Found]:
    return {
        row.pk: Found(
            title=row.title,
            text=f"{row.title}\n{plain(row.content)}",
            conversation_id=None,
            created_at=row.created_at,
        )
        for row in Article.objects.visible_to(user).filter(pk__in=ids)
    }
