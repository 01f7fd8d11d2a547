"""Forms of the Knowledge pages. The rules are the services'."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from foundation.pages import FilterForm, PageForm
from theo.articles import MAX_CONTENT, MAX_TITLE
from theo.importing import MOST_FILES
from theo.models import ArticleStatus
from theo.site_imports import MAX_URL


class ArticleForm(PageForm):
    title = forms.CharField(
        label=_("Title"),
        max_length=MAX_TITLE,
        help_text=_("As a customer would ask it: “How do I return something?”"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    content = forms.CharField(
        label=_("Answer"),
        max_length=MAX_CONTENT,
        help_text=_("Markdown: # heading, **bold**, - list, [words](https://address)."),
        widget=forms.Textarea(attrs={"rows": 16, "dir": "auto"}),
    )
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1_100,
        help_text=_("With commas between."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several at once; `cleaned_data` has a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(FilesField, self).clean(each, initial) for each in data or [None]]


class ImportForm(PageForm):
    file = FilesField(
        label=_("Files"),
        help_text=_("Up to five: Markdown or text, one article a file, or CSV with columns title, content and tags."),
        widget=ManyFiles(
            attrs={
                "accept": ".md,.markdown,.txt,.csv",
                "data-most-files": MOST_FILES,
                "data-most-bytes": settings.UPLOAD_BYTES,
            }
        ),
    )
    status = forms.ChoiceField(
        label=_("New articles are"),
        choices=[(ArticleStatus.DRAFT, _("drafts")), (ArticleStatus.PUBLISHED, _("published"))],
    )


class SiteForm(PageForm):
    """Stands beside ImportForm."""

    url = forms.CharField(
        label=_("Sitemap"),
        max_length=MAX_URL,
        help_text=_("Of your own website, or of a widget’s domain. Each page that it names becomes an article."),
        widget=forms.URLInput(
            attrs={"placeholder": "https://acme.com/sitemap.xml", "dir": "ltr", "autocomplete": "off"}
        ),
    )
    status = forms.ChoiceField(
        label=_("New articles are"),
        choices=[(ArticleStatus.DRAFT, _("drafts")), (ArticleStatus.PUBLISHED, _("published"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="site_%s", **kwargs)


class KnowledgeFilter(FilterForm):
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("All")), *ArticleStatus.choices], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = _("Words of an article")
