"""The contract's words for what Theo knows and says. Source: contract/api.md 9 and 10."""

from typing import Any

from conversations.wire import timestamp
from theo.models import Article


def article_payload(article: Article) -> dict[str, Any]:
    return {
        "id": str(article.pk),
        "business_id": str(article.business_id),
        "title": article.title,
        "content": article.content,
        "tags": article.tags,
        "created_at": timestamp(article.created_at),
        "updated_at": timestamp(article.updated_at),
        "status": article.status,
        "index_state": article.index_state,
    }
