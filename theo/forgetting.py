"""With a conversation go the words that Theo kept of it elsewhere: open questions, and examples of articles; with a
message that is taken back, what was asked in it.

Source: promises 9.
"""

from typing import Any

from django.db.models import Q
from django.db.models.signals import pre_delete, pre_save
from django.dispatch import receiver

from conversations.models import Conversation, Message, SenderType
from foundation.rows import one_at_a_time
from theo.indexing import index_anew
from theo.models import Article, Handoff, Reply, Unanswered
from theo.unanswered import COUNTING


@receiver(pre_delete, sender=Conversation)
def forget_words(*, instance: Conversation, **_signal: Any) -> None:
    """The examples themselves go by their foreign key; what was read of them goes with the next reading."""
    one_at_a_time(COUNTING, instance.business_id)
    index_anew(Article.objects.filter(examples__conversation=instance))
    here = str(instance.pk)
    groups = Unanswered.objects.filter(business_id=instance.business_id)
    groups = groups.filter(Q(conversation=instance, asked_in=[]) | Q(asked_in__icontains=here))
    for group in groups.order_by("pk"):
        said = zip([group.question, *group.wordings], group.asked_in, strict=False)
        kept = [(words, where) for words, where in said if where != here]
        if not kept:
            group.delete()
            continue
        (question, _where), *others = kept
        if question != group.question:
            group.question, group.model, group.vector = question, "", b""
        group.wordings, group.asked_in = [words for words, _where in others], [where for _words, where in kept]
        group.save(update_fields=["question", "model", "vector", "wordings", "asked_in"])


@receiver(pre_save, sender=Message)
def forget_what_is_taken_back(*, instance: Message, **_signal: Any) -> None:
    """What became of Theo's answers to it still counts, without its words."""
    if instance.deleted_at is None or instance.sender_type != SenderType.CUSTOMER:
        return
    said = Message.objects.filter(pk=instance.pk).values_list("content", flat=True).first()
    if not said or not said.strip():
        return
    asked = {"conversation": instance.conversation_id, "question__contains": said.strip()}
    Handoff.objects.filter(**asked).delete()
    replies = Reply.objects.filter(**asked, asked_seq__gte=instance.seq)
    replies.filter(is_sent=False, outcome="").delete()
    replies.update(question="")
