"""What Theo, the assistant, knows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from foundation.ids import new_id
from theo.port import ProviderKind


class ArticleStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


class IndexState(models.TextChoices):
    """How far the article has come into the index. Until it is ready it is found by its words alone."""

    PENDING = "pending", _("Indexing")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Not indexed")


class Mode(models.TextChoices):
    ASSIST = "assist", _("Drafts for agents")
    AUTO = "auto", _("Answers by itself")


class Assistant(models.Model):
    """How Theo works in a workspace; without a row, as the defaults say.

    mode: of `/ai/reply` when the caller names none. auto_run: in `auto`, each message of a customer is answered or
    handed over without being asked. threshold: how sure Theo must be to send something, LEAST_THRESHOLD to
    MOST_THRESHOLD. handoff_text: what the customer is told when a person is asked for, "" = our own words.
    """

    LEAST_THRESHOLD, MOST_THRESHOLD = 0.8, 0.95

    business = models.OneToOneField(Business, models.CASCADE, primary_key=True, related_name="assistant")
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.ASSIST)
    auto_run = models.BooleanField(_("answers each message"), default=False)
    threshold = models.FloatField(_("how sure it must be"), default=LEAST_THRESHOLD)
    handoff_text = models.CharField(_("what Theo says when a person is needed"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("assistant")
        verbose_name_plural = _("assistants")

    def __str__(self) -> str:
        return str(Mode(self.mode).label)


class LanguageModel(models.Model):
    """Which language model writes for a workspace, and what of it was used; without a row, the installation's.

    base_url, model: of the workspace's own. sealed_key: opens for this workspace, provider and address alone.
    monthly_tokens: null = as many as the installation allows; 0 = none. month: "2026-11", the one that used_tokens are
    of; told_month: the one whose end was told. failures: in a row; off_until: none is asked.
    """

    INSTALLATION, NONE = "installation", "none"
    PROVIDERS = (
        (INSTALLATION, _("The installation's")),
        *ProviderKind.choices,
        (NONE, _("None: articles are quoted word for word")),
    )

    business = models.OneToOneField(Business, models.CASCADE, primary_key=True, related_name="language_model")
    provider = models.CharField(_("language model"), max_length=12, choices=PROVIDERS, default=INSTALLATION)
    base_url = models.CharField(_("address"), max_length=300, blank=True)
    model = models.CharField(_("model"), max_length=100, blank=True)
    sealed_key = models.TextField(blank=True, editable=False)
    monthly_tokens = models.PositiveBigIntegerField(_("tokens a month"), null=True, blank=True)
    month = models.CharField(max_length=7, blank=True, editable=False)
    used_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    told_month = models.CharField(max_length=7, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    off_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("language model")
        verbose_name_plural = _("language models")

    def __str__(self) -> str:
        return self.model or str(self.get_provider_display())

    @property
    def is_own(self) -> bool:
        return self.provider in ProviderKind.values


class HelpCentre(models.Model):
    """The workspace's published articles are for everybody to read. Without a row they are not."""

    business = models.OneToOneField(Business, models.CASCADE, primary_key=True, related_name="help_centre")
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        verbose_name = _("help centre")
        verbose_name_plural = _("help centres")

    def __str__(self) -> str:
        return str(self.business)


class Article(models.Model):
    """Something that customers ask, and its answer, in Markdown. Only a published one is ever shown to a customer.

    source: where it was imported from ("" = written here): the same source is the same article.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="articles")
    title = models.CharField(_("title"), max_length=200)
    content = models.TextField(_("content"))
    tags = models.JSONField(_("tags"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=ArticleStatus, default=ArticleStatus.PUBLISHED)
    index_state = models.CharField(
        _("index"), max_length=10, choices=IndexState, default=IndexState.PENDING, editable=False
    )
    index_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    source = models.CharField(_("imported from"), max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))

    objects = BusinessScoped["Article"].as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="article_newest"),
            models.Index(fields=["updated_at"], condition=models.Q(index_state="pending"), name="article_to_index"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "source"], condition=~models.Q(source=""), name="article_source_once"
            )
        ]

    def __str__(self) -> str:
        return self.title


class ArticleVectors(models.Model):
    """What a model made of an article's passages (`engine.passages`): float16, row after row.

    model: name and version; what another version made is not used.
    """

    article = models.ForeignKey(Article, models.CASCADE, db_index=False, related_name="vectors")
    model = models.CharField(max_length=40)
    rows = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "model"], name="article_vectors_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.model}"
