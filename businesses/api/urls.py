from django.urls import path

from businesses.api import (
    audit,
    billing,
    hours,
    invitations,
    members,
    status,
    switching,
    teams,
    tokens,
    views,
    workspace,
)

urlpatterns = [
    path("auth/me", views.Me.as_view()),
    path("api-tokens", tokens.ApiTokens.as_view()),
    path("api-tokens/<str:token_id>", tokens.OneApiToken.as_view()),
    path("audit-log", audit.AuditLog.as_view()),
    path("business", workspace.Workspace.as_view()),
    path("business/hours", hours.BusinessHours.as_view()),
    path("billing/checkout-url", billing.CheckoutUrl.as_view()),
    path("auth/business/create", views.CreateBusiness.as_view()),
    path("auth/business/switch", switching.SwitchBusiness.as_view()),
    path("team/status", status.OwnStatus.as_view()),
    path("team/members", members.Members.as_view()),
    path("team/members/<str:member_id>", members.OneMember.as_view()),
    path("team/leave", members.Leave.as_view()),
    path("team/invite", members.Invite.as_view()),
    path("team/invitations", invitations.Invitations.as_view()),
    path("team/invitations/accept", invitations.Accept.as_view()),
    path("team/invitations/<str:invitation_id>", invitations.OneInvitation.as_view()),
    path("team/invitations/<str:invitation_id>/resend", invitations.Resend.as_view()),
    path("teams", teams.Teams.as_view()),
    path("teams/<str:team_id>", teams.OneTeam.as_view()),
]
