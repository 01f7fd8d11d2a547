from django.urls import path

from accounts.api import (
    address_views,
    factor_views,
    password_views,
    profile_views,
    session_views,
    verification_views,
    views,
)

urlpatterns = [
    path("auth/factors", factor_views.Factors.as_view()),
    path("auth/factors/totp", factor_views.App.as_view()),
    path("auth/factors/totp/confirm", factor_views.ConfirmApp.as_view()),
    path("auth/factors/recovery-codes", factor_views.RecoveryCodes.as_view()),
    path("auth/register", views.Register.as_view()),
    path("auth/login", views.Login.as_view()),
    path("auth/google", views.Google.as_view()),
    path("auth/logout", views.Logout.as_view()),
    path("auth/me/avatar", profile_views.OwnPicture.as_view()),
    path("auth/refresh", session_views.Refresh.as_view()),
    path("auth/socket-ticket", session_views.SocketTicket.as_view()),
    path("auth/sessions", session_views.Sessions.as_view()),
    path("auth/sessions/end-others", session_views.EndOthers.as_view()),
    path("auth/sessions/<str:session_id>", session_views.OneSession.as_view()),
    path("auth/password/change", password_views.ChangePassword.as_view()),
    path("auth/password/forgot", password_views.Forgot.as_view()),
    path("auth/password/reset", password_views.Reset.as_view()),
    path("auth/email/change", address_views.ChangeAddress.as_view()),
    path("auth/email/confirm", address_views.ConfirmAddress.as_view()),
    path("auth/verify-email", verification_views.VerifyEmail.as_view()),
    path("auth/verify-email/resend", verification_views.ResendVerification.as_view()),
]
