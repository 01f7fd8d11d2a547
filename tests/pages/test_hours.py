"""Settings -> Business hours."""

from typing import Any

from accounts.models import User
from businesses.models import Business


def test_on_its_page_an_end_at_midnight_is_the_end_of_the_day(
    ada: User, ben: User, acme: Business, sign_in: Any
) -> None:
    client = sign_in(ada)
    form = {"when": "hours", "reply_time": "day", "friday_1_from": "20:00", "friday_1_to": "00:00"}
    assert client.post("/settings/hours/", form).status_code == 302
    acme.refresh_from_db()
    assert acme.hours == {"friday": [["20:00", "24:00"]]}
    bad = client.post("/settings/hours/", form | {"monday_1_from": "10:00"})
    assert bad.status_code == 422
    assert "Two times each" in bad.content.decode()
    assert 'value="10:00"' in bad.content.decode()
    assert client.post("/settings/hours/", {"when": "always", "reply_time": "day"}).status_code == 302
    acme.refresh_from_db()
    assert acme.hours is None
    client = sign_in(ben)
    assert "Save</button>" not in client.get("/settings/hours/").content.decode()
    assert client.post("/settings/hours/", form).status_code == 403
