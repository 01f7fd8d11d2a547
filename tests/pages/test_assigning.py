"""Who has it: chosen by managers from a list, taken by agents, and without JavaScript too."""

import uuid

import pytest

from accounts.models import User
from businesses.models import Business, Membership, Team
from conversations.models import HandoffReason
from conversations.services.assigning import assign_conversation
from conversations.services.handoffs import flag_for_person
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db


def test_a_manager_chooses_from_people_and_teams(acme: Business, ada: User, ben: User, sign_in: SignIn) -> None:
    conversation = builders.conversation(acme)
    team = Team.objects.create(business=acme, name="Billing")
    left = builders.person("Lena")
    builders.member(acme, left)
    Membership.objects.filter(user=left).update(is_active=False)
    client = sign_in(ada)
    page = client.get(f"/inbox/{conversation.pk}/")
    assert [member.user for member in page.context["choices"].people] == [ada, ben]
    for value in (f"person:{ben.pk}", f"team:{team.pk}", "nobody"):
        assert f'value="{value}"' in page.content.decode()

    answer = client.post(f"/inbox/{conversation.pk}/assign/?list=unassigned", {"to": f"person:{ben.pk}"})

    assert answer["Location"] == f"/inbox/{conversation.pk}/?list=unassigned"
    conversation.refresh_from_db()
    assert conversation.assignee == ben


def test_a_teams_work_leaves_a_person_of_no_such_team_and_stays_with_one_of_it(
    acme: Business, ada: User, ben: User, sign_in: SignIn
) -> None:
    billing, sales = (Team.objects.create(business=acme, name=name) for name in ("Billing", "Sales"))
    billing.members.add(Membership.objects.get(user=ben))
    conversation = builders.conversation(acme)
    assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    client = sign_in(ada)
    for team, has_it in ((billing, ben), (sales, None)):
        client.post(f"/inbox/{conversation.pk}/assign/", {"to": f"team:{team.pk}"})
        conversation.refresh_from_db()
        assert (conversation.team, conversation.assignee) == (team, has_it)
    client.post(f"/inbox/{conversation.pk}/assign/", {"to": "nobody"})
    conversation.refresh_from_db()
    assert (conversation.team, conversation.assignee) == (None, None)


def test_an_agent_takes_what_is_free_and_gives_nothing_away(
    acme: Business, ada: User, ben: User, sign_in: SignIn
) -> None:
    conversation = builders.conversation(acme)
    client, address = sign_in(ben), f"/inbox/{conversation.pk}/"
    page = client.get(address)
    assert page.context["choices"] is None
    assert "Take it" in page.content.decode()
    refused = client.post(f"{address}assign/", {"to": f"person:{ada.pk}"}, HTTP_X_REQUESTED_WITH="fetch")
    assert (refused.status_code, refused.json()["detail"]) == (403, "Your role does not allow this.")

    client.post(f"{address}assign/", {"to": "me"})

    conversation.refresh_from_db()
    assert conversation.assignee == ben
    assert "Take it" not in client.get(address).content.decode()
    late = sign_in(ada).post(f"{address}assign/", {"to": "me"}, HTTP_X_REQUESTED_WITH="fetch")
    assert (late.status_code, late.json()["detail"]) == (409, "Ben has it already.")


def test_a_word_that_is_no_choice_or_a_strangers_id_changes_nothing(
    acme: Business, ada: User, mallory: User, sign_in: SignIn
) -> None:
    conversation = builders.conversation(acme)
    client = sign_in(ada)
    for choice, status in {
        "": 404,
        "person:nonsense": 404,
        "everybody": 404,
        f"person:{mallory.pk}": 400,
        f"team:{uuid.uuid4()}": 400,
    }.items():
        answer = client.post(f"/inbox/{conversation.pk}/assign/", {"to": choice}, HTTP_X_REQUESTED_WITH="fetch")
        assert answer.status_code == status, choice
    answer = client.post(f"/inbox/{conversation.pk}/assign/", {"to": f"person:{mallory.pk}"}, follow=True)
    assert "This is not an active member of your team." in answer.content.decode()
    assert sign_in(mallory).post(f"/inbox/{conversation.pk}/assign/", {"to": "me"}).status_code == 404
    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_what_waits_for_a_person_says_so_in_the_list_and_above_the_thread(
    acme: Business, ada: User, sign_in: SignIn
) -> None:
    conversation = builders.conversation(acme)
    flag_for_person(conversation=conversation, reason=HandoffReason.USER_REQUESTED)
    page = sign_in(ada).get(f"/inbox/{conversation.pk}/").content.decode()
    assert page.count("Needs a person") == 2
    assert "Asked for a person" in page


def test_faces_are_shown_where_people_are_chosen(acme: Business, ada: User, ben: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=ben.pk).update(avatar_url="https://faces.example/ben.png")
    conversation = builders.conversation(acme)
    assign_conversation(conversation=conversation, agent_id=ben.pk, actor=ada)
    page = sign_in(ada).get(f"/inbox/{conversation.pk}/").content.decode()
    assert page.count("https://faces.example/ben.png") == 4  # row, head, choices, facts
