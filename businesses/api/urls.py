from django.urls import path

from businesses.api import audit, members, status, switching, views

urlpatterns = [
    path("auth/me", views.Me.as_view()),
    path("audit-log", audit.AuditLog.as_view()),
    path("auth/business/create", views.CreateBusiness.as_view()),
    path("auth/business/switch", switching.SwitchBusiness.as_view()),
    path("team/status", status.OwnStatus.as_view()),
    path("team/members", members.Members.as_view()),
    path("team/members/<str:member_id>", members.OneMember.as_view()),
    path("team/invite", members.Invite.as_view()),
]
