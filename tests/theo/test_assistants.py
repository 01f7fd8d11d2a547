"""How Theo works in a workspace: by API and by page, for those who may."""

import pytest

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo.assistants import assistant_of

pytestmark = pytest.mark.django_db
URL = "/api/v1/ai/settings"


def test_it_begins_with_drafts_and_the_owner_changes_it(ada: User, ben: User, acme: Business) -> None:
    assert builders.api(ben).get(URL).json() == {
        "mode": "assist",
        "auto_run": False,
        "threshold": 0.8,
        "handoff_text": "",
        "provider": "installation",
        "base_url": "",
        "model": "",
        "monthly_tokens": None,
        "has_api_key": False,
        "has_model": False,
        "used_tokens": 0,
    }
    changed = builders.api(ada).patch(URL, {"mode": "auto", "auto_run": True, "threshold": 0.9})
    assert changed.status_code == 200
    assert builders.api(ben).get(URL).json()["threshold"] == 0.9
    assert builders.api(ben).patch(URL, {"mode": "assist"}).status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0.79}, {"threshold": 0.96}, {"mode": "never"}, {"handoff_text": "x" * 501}]
)
def test_what_is_out_of_bounds_is_refused(ada: User, acme: Business, wrong: dict[str, object]) -> None:
    assert builders.api(ada).patch(URL, wrong).status_code == 422
    assert assistant_of(acme.pk).threshold == 0.8


def test_another_workspace_keeps_its_own(ada: User, acme: Business, mallory: User) -> None:
    builders.api(ada).patch(URL, {"mode": "auto"})
    assert builders.api(mallory).get(URL).json()["mode"] == "assist"
