"""A conversation that is deleted leaves nothing behind but that it was."""

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from businesses.models import AuditEntry, Business, FeedEvent
from conversations.models import Attachment, Conversation, Customer, Message, Note
from conversations.search.models import SearchEntry
from conversations.services.merging_customers import merge_customers
from conversations.services.notes import write_note
from conversations.services.uploads import keep_upload
from tests import builders
from tests.pages.conftest import SignIn

URL = "/api/v1/conversations"


def test_all_of_it_goes_and_what_was_merged_into_it_is_on_its_own(ada: User, acme: Business) -> None:
    cleo = builders.customer(acme)
    row, other = (builders.conversation(acme, customer=cleo, content=text) for text in ("lamp", "mail"))
    write_note(conversation=row, author=ada, content="a note", mentions=[])
    keep_upload(agent=ada, conversation=row, file=SimpleUploadedFile("a.txt", b"words"))
    api = builders.api(ada)
    assert api.post(f"{URL}/{row.pk}/merge", {"other_id": str(other.pk)}).status_code == 200

    assert api.delete(f"{URL}/{row.pk}").json() == {"message": "Conversation deleted"}

    kept = Conversation.objects.get()
    assert (kept.pk, kept.merged_into_id, kept.status) == (other.pk, None, "open")
    assert [each.content for each in Message.objects.all()] == ["mail"]
    assert not Note.objects.exists()
    assert not Attachment.objects.exists()
    assert set(SearchEntry.objects.values_list("conversation_id", flat=True)) <= {other.pk, None}
    assert Customer.objects.get() == cleo
    last = FeedEvent.objects.order_by("seq").last()
    assert last is not None
    assert (last.kind, last.conversation_id) == ("conversation.deleted", row.pk)
    news = api.get("/api/v1/feed", {"after": last.seq - 1}).json()["results"]
    assert (news[0]["conversation_id"], news[0]["object"]) == (str(row.pk), None)
    assert AuditEntry.objects.get(action="conversation.deleted").target_name == str(row.pk)
    assert api.delete(f"{URL}/{row.pk}").status_code == 404


def test_one_that_was_merged_shows_no_longer_where_it_was(ada: User, acme: Business, sign_in: SignIn) -> None:
    cleo = builders.customer(acme)
    row, into = (builders.conversation(acme, customer=cleo, content=text) for text in ("lamp", "mail"))
    builders.api(ada).post(f"{URL}/{into.pk}/merge", {"other_id": str(row.pk)})
    client = sign_in(ada)
    assert ">lamp<" in client.get(f"/inbox/{into.pk}/").content.decode()
    assert client.post(f"/inbox/{row.pk}/delete/").status_code == 302
    assert ">lamp<" not in client.get(f"/inbox/{into.pk}/").content.decode()


def test_the_page_that_deletes_a_customer_says_all_that_goes(ada: User, acme: Business, sign_in: SignIn) -> None:
    cleo, twin = builders.customer(acme), builders.customer(acme, "Cleo H")
    for customer in (cleo, twin, twin):
        builders.conversation(acme, customer=customer)
    merge_customers(customer=twin, into=cleo, actor=ada)
    page = sign_in(ada).get(f"/customers/{cleo.pk}/delete/").content.decode()
    assert "With 3 conversations" in page
    assert "Cleo H, who is the same person, goes along." in page


def test_it_is_for_managers_and_asked_for_on_a_page(ada: User, ben: User, acme: Business, sign_in: SignIn) -> None:
    row = builders.conversation(acme)
    address = f"/inbox/{row.pk}/delete/"
    assert address not in sign_in(ben).get(f"/inbox/{row.pk}/").content.decode()
    assert sign_in(ben).post(address).status_code == 403
    client = sign_in(ada)
    assert address in client.get(f"/inbox/{row.pk}/").content.decode()
    assert "Nothing of it comes back." in client.get(address).content.decode()
    assert Conversation.objects.exists()
    assert client.post(address).headers["Location"] == "/inbox/"
    assert not Conversation.objects.exists()
