"""Hearing of a conversation without having it, by one's own wish."""

from accounts.models import User
from conversations.models import Conversation, Follower


def set_following(*, conversation: Conversation, user: User, follows: bool) -> None:
    """Nobody else is told: it changes nothing that they see."""
    if follows:
        Follower.objects.get_or_create(conversation=conversation, user=user)
    else:
        Follower.objects.filter(conversation=conversation, user=user).delete()
