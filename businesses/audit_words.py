"""Everything that the audit log speaks of: the actions, the group that each is found under, and a sentence for people.

Whoever writes a new action adds its line here; tests/businesses/test_audit.py finds the ones that are missing.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(models.TextChoices):
    SIGN_IN = "sign-in", _("Signing in")
    TEAM = "team", _("Team")
    WORKSPACE = "workspace", _("Workspace and plan")
    CHANNELS = "channels", _("Channels")
    WIDGETS = "widgets", _("Widgets")
    TOKENS = "tokens", _("API tokens")
    DATA = "data", _("Exports and deletions")
    OPERATOR = "operator", _("Operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """sentence: `{actor}`, `{target}` and any fact of the row by its name; a fact that is missing reads as "…".

    by_stranger: the account is the target, and whoever did it did not prove to be its owner.
    """

    group: Group
    sentence: str | Promise
    by_stranger: bool = False


def _kind(group: Group, sentence: str | Promise, *, by_stranger: bool = False) -> Kind:
    return Kind(group=group, sentence=sentence, by_stranger=by_stranger)


ACTIONS: dict[str, Kind] = {
    "account.registered": _kind(Group.SIGN_IN, _("{actor} registered an account")),
    "session.started": _kind(Group.SIGN_IN, _("{actor} signed in")),
    "session.failed": _kind(Group.SIGN_IN, _("Somebody failed to sign in as {target}"), by_stranger=True),
    "session.ended": _kind(Group.SIGN_IN, _("{actor} signed out")),
    "session.revoked": _kind(Group.SIGN_IN, _("{actor} ended a session of {target}")),
    "google.connected": _kind(Group.SIGN_IN, _("{actor} connected a Google account")),
    "google.disconnected": _kind(Group.SIGN_IN, _("{actor} disconnected their Google account")),
    "token.reuse": _kind(
        Group.SIGN_IN, _("An old token of {target} was used again, so its session ended"), by_stranger=True
    ),
    "email.verified": _kind(Group.SIGN_IN, _("{actor} confirmed their e-mail address")),
    "email.changed": _kind(Group.SIGN_IN, _("{actor} changed their e-mail address from {from} to {to}")),
    "password.changed": _kind(Group.SIGN_IN, _("{actor} changed their password")),
    "profile.changed": _kind(Group.TEAM, _("{actor} changed their {changed}")),
    "member.added": _kind(Group.TEAM, _("{actor} added {target} as {role}")),
    "member.joined": _kind(Group.TEAM, _("{actor} accepted an invitation as {role}")),
    "member.role_changed": _kind(Group.TEAM, _("{actor} changed the role of {target} from {from} to {to}")),
    "member.removed": _kind(Group.TEAM, _("{actor} removed {target}")),
    "member.left": _kind(Group.TEAM, _("{actor} left the workspace")),
    "invitation.sent": _kind(Group.TEAM, _("{actor} invited {target} as {role}")),
    "invitation.resent": _kind(Group.TEAM, _("{actor} sent {target} a new invitation")),
    "invitation.withdrawn": _kind(Group.TEAM, _("{actor} withdrew the invitation of {target}")),
    "team.created": _kind(Group.TEAM, _("{actor} made the team {target}")),
    "team.changed": _kind(Group.TEAM, _("{actor} changed the team {target}")),
    "team.deleted": _kind(Group.TEAM, _("{actor} deleted the team {target}")),
    "factor.added": _kind(Group.SIGN_IN, _("{actor} added a second factor: {factor}")),
    "factor.removed": _kind(Group.SIGN_IN, _("{actor} removed a second factor: {factor}")),
    "factors.reset": _kind(Group.SIGN_IN, _("{actor} took every second factor of {target} away")),
    "recovery_codes.made": _kind(Group.SIGN_IN, _("{actor} made new recovery codes")),
    "recovery_code.used": _kind(Group.SIGN_IN, _("A recovery code of {target} was used")),
    "second_factor.failed": _kind(
        Group.SIGN_IN, _("Somebody gave a wrong code or passkey for {target}"), by_stranger=True
    ),
    "workspace.created": _kind(Group.WORKSPACE, _("{actor} created the workspace {target}")),
    "assistant.changed": _kind(Group.WORKSPACE, _("{actor} changed how Theo works")),
    "assistant.model_changed": _kind(Group.WORKSPACE, _("{actor} changed Theo’s language model")),
    "assistant.tokens_used_up": _kind(
        Group.WORKSPACE, _("Theo used up this month’s tokens of {target}: it quotes articles now")
    ),
    "help_centre.opened": _kind(Group.WORKSPACE, _("{actor} opened the help centre")),
    "help_centre.closed": _kind(Group.WORKSPACE, _("{actor} closed the help centre")),
    "workspace.changed": _kind(Group.WORKSPACE, _("{actor} changed the workspace: {fields}")),
    "second_factor.demanded": _kind(Group.WORKSPACE, _("{actor} asked everybody for a second factor")),
    "second_factor.released": _kind(Group.WORKSPACE, _("{actor} left a second factor to each person")),
    "plan.changed": _kind(Group.WORKSPACE, _("{actor} moved the workspace from {from} to {to}")),
    "customers.exported": _kind(Group.DATA, _("{actor} exported the customers")),
    "customers.import_begun": _kind(Group.DATA, _("{actor} began to import customers: {lines} lines")),
    "customers.imported": _kind(Group.DATA, _("{actor} imported customers: {new} new, {changed} changed")),
    "customer.merged": _kind(Group.DATA, _("{actor} merged the customer {target} into {other}")),
    "customer.unmerged": _kind(Group.DATA, _("{actor} undid the merge of the customer {target} with {other}")),
    "conversation.merged": _kind(Group.DATA, _("{actor} merged the conversation {target} into {other}")),
    "conversation.unmerged": _kind(Group.DATA, _("{actor} undid the merge of the conversation {target} with {other}")),
    "conversation.deleted": _kind(Group.DATA, _("{actor} deleted the conversation {target}")),
    "customer.deleted": _kind(Group.DATA, _("{actor} deleted the customer {target}")),
    "channel.created": _kind(Group.CHANNELS, _("{actor} added the channel {target}")),
    "channel.changed": _kind(Group.CHANNELS, _("{actor} changed the channel {target}: {fields}")),
    "channel.deleted": _kind(Group.CHANNELS, _("{actor} deleted the channel {target}")),
    "widget.created": _kind(Group.WIDGETS, _("{actor} made a widget for {target}")),
    "widget.changed": _kind(Group.WIDGETS, _("{actor} changed the widget of {target}: {fields}")),
    "widget.deleted": _kind(Group.WIDGETS, _("{actor} deleted the widget of {target}")),
    "identity_secret.created": _kind(Group.WIDGETS, _("{actor} made an identity secret for {target}")),
    "identity_secret.removed": _kind(Group.WIDGETS, _("{actor} removed an identity secret of {target}")),
    "customer.verified": _kind(
        Group.WIDGETS, _("A visitor proved to be {target}; conversations that came along: {moved}")
    ),
    "audit.exported": _kind(Group.DATA, _("{actor} exported the audit log")),
    "token.created": _kind(Group.TOKENS, _("{actor} made the API token {target}: {scopes}")),
    "token.revoked": _kind(Group.TOKENS, _("{actor} revoked the API token {target}")),
    "operator.added": _kind(Group.OPERATOR, _("{actor} added the {kind} {target}")),
    "operator.changed": _kind(Group.OPERATOR, _("{actor} changed the {kind} {target}: {fields}")),
    "operator.deleted": _kind(Group.OPERATOR, _("{actor} deleted the {kind} {target}")),
    "keys.rotated": _kind(Group.OPERATOR, _("The key that seals secrets was changed: {rows} rows")),
}


def actions_of(group: str) -> list[str]:
    return [action for action, kind in ACTIONS.items() if kind.group == group]
