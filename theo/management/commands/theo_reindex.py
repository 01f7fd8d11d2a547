"""`manage.py theo_reindex`: the vectors of every article anew, as after a change of THEO_ENGINE."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from theo.indexing import index_anew, index_article
from theo.models import Article, IndexState


class Command(BaseCommand):
    help = "Read every article again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", help="The id of one workspace alone.")

    def handle(self, *args: Any, **options: Any) -> None:
        articles = Article.objects.order_by("pk")
        if options["business"]:
            articles = articles.filter(business=options["business"])
        total, failed = index_anew(articles), 0
        for number, article in enumerate(articles.filter(index_state=IndexState.PENDING).iterator(), 1):
            failed += not index_article(article)
            self.stdout.write(f"\r{number} of {total} articles", ending="")
            self.stdout.flush()
        self.stdout.write(
            f"\n{total - failed} articles are in the index, {failed} are not (yet): the worker tries again."
        )
