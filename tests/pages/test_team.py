"""Settings -> Team, the menu under one's picture, and the page of who was removed."""

from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.factors.models import Authenticator
from accounts.models import User
from businesses.models import Business, Invitation, Membership, Role, Team
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/settings/team/"


def member_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_the_page_mails_an_invitation_also_to_who_has_an_account(
    ada: User, ben: User, acme: Business, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    client, dora = sign_in(ada), builders.person("Dora")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(PAGE, {"email": dora.email, "role": "admin"})["Location"] == PAGE
        assert client.post(PAGE, {"email": "eve@example.com", "role": "agent"})["Location"] == PAGE
    # Whoever registered this address has not shown that its mails reach them.
    assert not Membership.objects.filter(user=dora).exists()
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([dora.email], "Ada invites you to Acme"),
        (["eve@example.com"], "Ada invites you to Acme"),
    ]
    page = client.get(PAGE).content.decode()
    assert dora.email in page
    assert "eve@example.com" in page
    for email, status in ((ben.email, 400), (dora.email, 400), ("no address", 422), ("eve@example.com", 400)):
        again = client.post(PAGE, {"email": email, "role": "agent"})
        assert (again.status_code, bool(again.context["form"].errors)) == (status, True)


def test_the_owner_changes_roles_removes_resends_and_withdraws(  # type: ignore[no-untyped-def]
    ada: User, ben: User, acme: Business, sign_in
) -> None:
    client, person = sign_in(ada), member_of(ben)
    client.post(PAGE, {"email": "eve@example.com", "role": "agent"})
    invitation = Invitation.objects.get()
    client.post(f"{PAGE}members/{person.pk}/role/", {"role": "admin"})
    assert member_of(ben).role == "admin"
    client.post(f"{PAGE}members/{person.pk}/role/", {"role": "owner"})
    assert member_of(ben).role == "admin"
    client.post(f"{PAGE}invitations/{invitation.pk}/resend/")
    assert Invitation.objects.get().digest != invitation.digest
    client.post(f"{PAGE}invitations/{invitation.pk}/withdraw/")
    assert not Invitation.objects.exists()
    assert "Remove Ben?" in client.get(f"{PAGE}members/{person.pk}/remove/").content.decode()
    client.post(f"{PAGE}members/{person.pk}/remove/")
    assert not Membership.objects.filter(user=ben).exists()
    assert client.post(f"{PAGE}members/{person.pk}/remove/").status_code == 404


def test_teams_are_made_changed_and_deleted_by_an_admin(ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    Membership.objects.filter(user=ben).update(role=Role.ADMIN)
    client = sign_in(ben)
    client.post(f"{PAGE}teams/new/", {"name": "Night", "members": [str(member_of(ben).pk)]})
    team = Team.objects.get()
    assert list(team.members.values_list("user", flat=True)) == [ben.pk]
    twice = client.post(f"{PAGE}teams/new/", {"name": "night"})
    assert (twice.status_code, "There is a team of this name." in twice.content.decode()) == (400, True)
    client.post(f"{PAGE}teams/{team.pk}/", {"name": "Late"})
    team.refresh_from_db()
    assert (team.name, team.members.count()) == ("Late", 0)
    assert "Late" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}teams/{team.pk}/delete/")
    assert not Team.objects.exists()


def test_B4_an_agent_sees_the_team_and_changes_nothing(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ben)
    page = client.get(PAGE).content.decode()
    assert "ada@example.com" in page
    assert "Invite</button>" not in page
    assert "Remove" not in page
    person = member_of(ben)
    assert client.post(PAGE, {"email": "eve@example.com", "role": "agent"}).status_code == 403
    client.post(f"{PAGE}members/{person.pk}/role/", {"role": "admin"})
    client.post(f"{PAGE}members/{person.pk}/remove/")
    client.post(f"{PAGE}teams/new/", {"name": "Night"})
    assert member_of(ben).role == "agent"
    assert not Team.objects.exists()


def test_B1_mallory_reaches_nobody_of_acme(ada: User, ben: User, acme: Business, mallory: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    sign_in(ada).post(f"{PAGE}teams/new/", {"name": "Night"})
    client, person, team = sign_in(mallory), member_of(ben), Team.objects.get()
    for address in (
        f"members/{person.pk}/remove/",
        f"members/{person.pk}/role/",
        f"teams/{team.pk}/",
        f"teams/{team.pk}/delete/",
    ):
        assert client.post(f"{PAGE}{address}", {"role": "admin", "name": "Mine"}).status_code == 404
    assert (member_of(ben).role, Team.objects.get().name) == ("agent", "Night")


def test_a_longer_list_costs_no_more_queries(  # type: ignore[no-untyped-def]
    ada: User, acme: Business, sign_in, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(ada)
    people = [str(builders.member(acme, builders.person(f"Agent{number}")).pk) for number in range(9)]
    for number in range(4):
        client.post(f"{PAGE}teams/new/", {"name": f"Team {number}", "members": people})
    with django_assert_max_num_queries(14):
        assert client.get(PAGE).status_code == 200


def test_who_has_a_second_factor_is_marked(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    assert "second factor" not in client.get(PAGE).content.decode()
    Authenticator.objects.create(user=ben, sealed_secret="sealed", confirmed_at=timezone.now())
    assert client.get(PAGE).content.decode().count("Signs in with a second factor</span>") == 1


def test_the_menu_says_ones_status_without_javascript(ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ben)
    assert client.post("/status/", {"status": "away", "next": PAGE})["Location"] == PAGE
    assert member_of(ben).status == "away"
    assert client.post("/status/", {"status": "live"}, headers={"X-Requested-With": "fetch"}).status_code == 204
    assert client.post("/status/", {"status": "busy", "next": "https://evil.example/"})["Location"] == "/"
    assert member_of(ben).status == "live"


def test_the_menu_leads_to_another_workspace(ben: User, acme: Business, mallory: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    umbrella = mallory.memberships.get().business
    client = sign_in(ben)
    assert "Workspaces" not in client.get("/inbox/").content.decode()
    builders.member(umbrella, ben)
    assert "Workspaces" in client.get("/inbox/").content.decode()
    assert client.post("/workspace/", {"business_id": str(umbrella.pk)})["Location"] == "/inbox/"
    assert client.get("/inbox/").context["business"] == umbrella
    for wrong in ("", "x", str(ben.pk)):
        client.post("/workspace/", {"business_id": wrong})
        assert client.get("/inbox/").context["business"] == umbrella


def test_a_link_into_another_of_ones_workspaces_leads_there(
    ada: User,
    ben: User,
    acme: Business,
    mallory: User,
    sign_in,  # type: ignore[no-untyped-def]
) -> None:
    umbrella = mallory.memberships.get().business
    builders.member(umbrella, ben)
    page = f"/inbox/{builders.conversation(umbrella).pk}/"
    client = sign_in(ben)

    there = client.get(f"{page}?at=1")

    assert there.status_code == 404
    assert "This conversation is in Umbrella" in there.content.decode()
    assert f'name="next" value="{page}?at=1"' in there.content.decode()
    gone = client.post("/workspace/", {"business_id": str(umbrella.pk), "next": page})
    assert gone["Location"] == page
    assert client.get(page).status_code == 200
    away = client.post("/workspace/", {"business_id": str(umbrella.pk), "next": "https://evil.example/"})
    assert away["Location"] == "/"
    assert "Umbrella" not in sign_in(ada).get(page).content.decode()


def test_who_was_removed_is_told_and_who_was_not_goes_on(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ben)
    assert client.get(f"/left/?workspace={acme.pk}")["Location"] == "/inbox/"
    sign_in(ada).post(f"{PAGE}members/{member_of(ben).pk}/remove/")
    page = client.get(f"/left/?workspace={acme.pk}")
    assert (page.status_code, "no longer a member" in page.content.decode()) == (200, True)
    assert client.get("/inbox/").status_code == 302
