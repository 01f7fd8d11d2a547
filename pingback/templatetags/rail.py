"""The bar at the edge of our pages: where one can go, and one's own account."""

from dataclasses import dataclass
from uuid import UUID

from django import template
from django.utils.safestring import SafeText

from businesses.policy import Action, may
from businesses.selectors import membership_of, memberships_of
from channels_app.health import is_one_down
from foundation.drawing import filled

register = template.Library()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """Everything that it shows but where its forms lead back to.

    section: the one that the page is of. theme: "" = the system's. status: what the team sees, "" for who works nowhere
    yet. workspaces: all that the reader works in, the current one among them. channel_down: one does not work that they
    can mend.
    """

    section: str
    user_id: UUID
    name: str
    email: str
    picture: str
    theme: str
    status: str
    business_id: UUID | None
    workspaces: tuple[tuple[UUID, str], ...]
    channel_down: bool


@register.simple_tag(takes_context=True)
def rail(context: template.Context) -> SafeText:
    request = context["request"]
    user = request.user
    membership = membership_of(user)
    theme = request.COOKIES.get("theme")
    alike = Rail(
        section=str(context.get("section", "")),
        user_id=user.pk,
        name=user.full_name,
        email=user.email,
        picture=user.picture,
        theme=theme if theme in {"light", "dark"} else "",
        status=membership.status if membership else "",
        business_id=membership.business_id if membership else None,
        workspaces=tuple((each.business_id, each.business.name) for each in memberships_of(user)),
        channel_down=bool(
            membership and may(membership, Action.MANAGE_CHANNELS) and is_one_down(membership.business_id)
        ),
    )
    return filled("parts/rail.html", alike, next=request.get_full_path(), csrf_token=context["csrf_token"])
