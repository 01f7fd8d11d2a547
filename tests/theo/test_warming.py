"""A process that has articles to answer from is warm before anybody asks."""

from typing import Any

import numpy as np
import pytest

from businesses.models import Business
from theo import phrases
from theo.articles import create_article
from theo.engine import embedders
from theo.models import ArticleStatus
from theo.needs import KINDS, languages, sentences, stored_as
from theo.warming import warm_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cold(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.THEO_ENGINE = "full"
    monkeypatch.setattr(embedders, "_loaded", {})
    monkeypatch.setattr(phrases, "_prototypes", {})


def test_every_sentence_that_a_message_is_compared_with_is_stored_as_the_model_reads_it() -> None:
    """Else the first who writes in a language waits for it: `python -m tools.read_needs` after a change of them."""
    models = embedders.embedders()
    with np.load(phrases.READ) as stored:
        named = {
            stored_as(model.name, code, kind)
            for model, codes in ((models["e5"], languages()), (models["minilm"], ["en"]))
            for code in codes
            for kind in KINDS
        }
        assert set(stored.files) == named
        known = stored[stored_as(models["e5"].name, "de", "asking")].astype(np.float32)
    assert np.allclose(known, models["e5"].questions(sentences("de", "asking")), atol=0.01)


def test_nothing_is_read_where_nothing_is_published(acme: Business) -> None:
    create_article(business=acme, title="Returns", content="Within 30 days.", status=ArticleStatus.DRAFT)
    warm_up()
    assert embedders._loaded == {}


def test_both_models_and_what_messages_are_compared_with_are_there_before_the_first_question(acme: Business) -> None:
    create_article(business=acme, title="Returns", content="Within 30 days.")
    warm_up()
    assert set(embedders.embedders()) == {"e5", "minilm"}
    assert {language for _model, language, _kind in phrases._prototypes} == {"en", "de"}
