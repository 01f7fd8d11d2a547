from django.urls import path
from django.views.generic import RedirectView

from businesses import audit_pages, invitation_pages, plan_pages, views

urlpatterns = [
    path("settings/", RedirectView.as_view(pattern_name="settings-workspace")),
    path("settings/workspace/", views.workspace, name="settings-workspace"),
    path("invitation/<str:token>", invitation_pages.invitation, name="invitation"),
    path("settings/plan/", plan_pages.plan, name="settings-plan"),
    path("settings/audit/", audit_pages.audit, name="settings-audit"),
    path("settings/audit/export", audit_pages.audit_export, name="audit-export"),
]
