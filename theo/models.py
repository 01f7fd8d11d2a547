"""What Theo, the assistant, knows."""

from django.db import models
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.querysets import BusinessScoped
from conversations.models import Conversation, Message
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
    handed over without being asked, of those since `auto_since`; None = it has been so for long. threshold: how sure
    Theo must be to send something, LEAST_THRESHOLD to MOST_THRESHOLD. handoff_text: what the customer is told when a
    person is asked for, "" = our own words.
    """

    LEAST_THRESHOLD, MOST_THRESHOLD = 0.8, 0.95

    business = models.OneToOneField(Business, models.CASCADE, primary_key=True, related_name="assistant")
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.ASSIST)
    auto_run = models.BooleanField(_("answers each message"), default=False)
    auto_since = models.DateTimeField(null=True, editable=False)
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

    letters: of its content; to look at that itself, a database reads all of it. source: where it was imported from
    ("" = written here): the same source is the same article.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="articles")
    title = models.CharField(_("title"), max_length=200)
    content = models.TextField(_("content"))
    letters = models.GeneratedField(
        expression=Length("content"), output_field=models.PositiveIntegerField(), db_persist=True
    )
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
    """What a model made of an article (`engine.passages.rows_of`): float16, row after row.

    model: name and version, and the layout's; what another version made is not used. questions: how many rows in front
    are questions that the article answers.
    """

    article = models.ForeignKey(Article, models.CASCADE, db_index=False, related_name="vectors")
    model = models.CharField(max_length=40)
    questions = models.PositiveSmallIntegerField(default=1)
    rows = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "model"], name="article_vectors_once")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.model}"


class Example(models.Model):
    """A question that the article answers, as a customer asked it, without what says who that was.

    conversation: where it was asked, and with which it goes; null = an agent wrote it.
    """

    article = models.ForeignKey(Article, models.CASCADE, db_index=False, related_name="examples")
    question = models.CharField(_("question"), max_length=300)
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("example question")
        verbose_name_plural = _("example questions")
        constraints = [models.UniqueConstraint(fields=["article", "question"], name="example_once")]

    def __str__(self) -> str:
        return self.question


class ImportState(models.TextChoices):
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class SiteImport(models.Model):
    """Articles out of the pages that a sitemap names, or out of files (`site_imports`).

    url: of the sitemap, or the files' names. status: of new articles. pages: those that it is about, while it runs:
    addresses, or what the files hold (`importing.Found`); done: how many of them were looked at, taken: are articles
    now. left: [address or place, why not], the first ones. flaw: why it failed. due_at: when it goes on, or a worker
    that has it gives it up.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="site_imports")
    url = models.CharField(_("sitemap"), max_length=500)
    status = models.CharField(_("new articles are"), max_length=10, choices=ArticleStatus)
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.RUNNING)
    is_listed = models.BooleanField(default=False)
    pages = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=list)
    flaw = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(_("when"))

    objects = BusinessScoped["SiteImport"].as_manager()

    class Meta:
        verbose_name = _("import of a site")
        verbose_name_plural = _("imports of sites")
        indexes = [
            models.Index(fields=["business", "-created_at"], name="site_import_newest"),
            models.Index(fields=["due_at"], condition=models.Q(state="running"), name="site_import_due"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_site(self) -> bool:
        return "://" in self.url


class Outcome(models.TextChoices):
    """What became of something that Theo said. ACCEPTED, EDITED and DISCARDED are of drafts, SOLVED and HANDED_OVER of
    what was sent by itself."""

    ACCEPTED = "accepted", _("Sent as drafted")
    EDITED = "edited", _("Sent after a change")
    DISCARDED = "discarded", _("Not used")
    SOLVED = "solved", _("Solved without a person")
    HANDED_OVER = "handed_over", _("A person came after it")
    WRONG = "wrong", _("Marked as wrong")


class Reply(models.Model):
    """Something that Theo said: a draft for an agent, or an answer that was sent by itself.

    asked_seq: the message that it answers; looked_seq: how far the conversation was looked at since. engine, features:
    of `engine.index.Hit`. quotes: [{"article_id", "quote"}], each article that it cites with what it took from there.
    by_model: a language model worded it. took_ms: to think of it. outcome: "" = not known yet; likeness: of a draft to
    what was sent. helped: what the visitor said of it; null = nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="theo_replies")
    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False, related_name="theo_replies")
    message = models.OneToOneField(Message, models.SET_NULL, null=True, related_name="+")
    article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="replies")
    quotes = models.JSONField(default=list)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.ASSIST)
    by_model = models.BooleanField(default=False)
    is_sent = models.BooleanField(_("sent by itself"))
    asked_seq = models.PositiveIntegerField()
    looked_seq = models.PositiveIntegerField()
    question = models.TextField(_("question"))
    text = models.TextField(_("reply"))
    confidence = models.FloatField(_("confidence"))
    engine = models.CharField(max_length=10)
    features = models.JSONField(default=dict)
    took_ms = models.PositiveIntegerField()
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    likeness = models.FloatField(default=0.0)
    helped = models.BooleanField(_("helped the visitor"), null=True)
    created_at = models.DateTimeField(_("when"))
    outcome_at = models.DateTimeField(null=True)

    objects = BusinessScoped["Reply"].as_manager()

    class Meta:
        verbose_name = _("reply of Theo")
        verbose_name_plural = _("replies of Theo")
        indexes = [
            models.Index(fields=["business", "outcome", "-created_at"], name="reply_by_outcome"),
            models.Index(fields=["created_at"], condition=models.Q(outcome=""), name="reply_to_settle"),
            models.Index(fields=["created_at"], name="reply_oldest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "asked_seq", "is_sent"], name="reply_once"),
        ]

    def __str__(self) -> str:
        return self.question[:60]


class Handoff(models.Model):
    """What Theo had looked at when it asked for a person; of each conversation the newest.

    question: what the customer had asked. considered: [{"article_id", "confidence", "is_told"}], the likeliest first;
    is_told: the customer has read it. draft: what Theo suggests that an agent answers; null = nothing.
    """

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="+")
    question = models.TextField(_("question"))
    considered = models.JSONField(default=list)
    draft = models.ForeignKey(Reply, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("handoff of Theo")
        verbose_name_plural = _("handoffs of Theo")

    def __str__(self) -> str:
        return self.question[:60]


class Unanswered(models.Model):
    """Questions of one meaning that Theo found no answer to, without what says who asked.

    wordings: others than `question`. asked_in: in which conversation the question, and then each wording, was asked
    first; [] = before that was kept. conversation, last_seq: where it was asked last. vector: of `question` by
    `model`, float16; b"" = it is compared by its words.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, db_index=False, related_name="unanswered")
    question = models.CharField(_("question"), max_length=300)
    wordings = models.JSONField(default=list)
    asked_in = models.JSONField(default=list)
    model = models.CharField(max_length=40, blank=True)
    vector = models.BinaryField()
    conversation = models.ForeignKey(Conversation, models.SET_NULL, null=True, related_name="+")
    last_seq = models.PositiveIntegerField()
    count = models.PositiveIntegerField(_("how often"), default=1)
    is_dismissed = models.BooleanField(_("out of sight"), default=False)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    objects = BusinessScoped["Unanswered"].as_manager()

    class Meta:
        verbose_name = _("question without an answer")
        verbose_name_plural = _("questions without an answer")
        indexes = [
            models.Index(fields=["business", "-last_at"], name="unanswered_newest"),
            models.Index(fields=["last_at"], name="unanswered_oldest"),
        ]

    def __str__(self) -> str:
        return self.question
