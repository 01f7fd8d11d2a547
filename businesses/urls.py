from django.urls import path
from django.views.generic import RedirectView

from businesses import (
    audit_pages,
    hours_pages,
    invitation_pages,
    plan_pages,
    second_factor_pages,
    team_pages,
    token_pages,
    views,
)

urlpatterns = [
    path("settings/", RedirectView.as_view(pattern_name="settings-workspace")),
    path("settings/workspace/second-factor", second_factor_pages.second_factor, name="settings-second-factor"),
    path("settings/hours/", hours_pages.hours, name="settings-hours"),
    path("settings/workspace/", views.workspace, name="settings-workspace"),
    path("invitation/<str:token>", invitation_pages.invitation, name="invitation"),
    path("settings/plan/", plan_pages.plan, name="settings-plan"),
    path("settings/team/", team_pages.team, name="settings-team"),
    path("settings/team/members/<uuid:membership_id>/role/", team_pages.member_role, name="member-role"),
    path("settings/team/members/<uuid:membership_id>/remove/", team_pages.member_remove, name="member-remove"),
    path("settings/team/invitations/<uuid:invitation_id>/resend/", team_pages.invitation_resend, name="resend"),
    path("settings/team/invitations/<uuid:invitation_id>/withdraw/", team_pages.invitation_withdraw, name="withdraw"),
    path("settings/team/teams/new/", team_pages.new_team, name="new-team"),
    path("settings/team/teams/<uuid:team_id>/", team_pages.one_team, name="team"),
    path("settings/team/teams/<uuid:team_id>/delete/", team_pages.team_delete, name="team-delete"),
    path("settings/team/leave/", team_pages.leave, name="leave"),
    path("status/", team_pages.own_status, name="own-status"),
    path("workspace/", team_pages.switch_workspace, name="switch-workspace"),
    path("left/", team_pages.left, name="left"),
    path("settings/tokens/", token_pages.tokens, name="settings-tokens"),
    path("settings/tokens/<str:token_id>/revoke", token_pages.revoke, name="token-revoke"),
    path("settings/audit/", audit_pages.audit, name="settings-audit"),
    path("settings/audit/export", audit_pages.audit_export, name="audit-export"),
]
