from django.urls import path

from accounts import google_pages, mailed, profile_pages, second_step, security, views
from accounts.factors import passkey_views as passkeys
from accounts.factors import views as factors

urlpatterns = [
    path("", views.home, name="home"),
    path("signup", views.sign_up, name="signup"),
    path("login", views.log_in, name="login"),
    path("login/second-step", second_step.second_step, name="second-step"),
    path("login/second-step/give-up", second_step.give_up, name="second-step-give-up"),
    path("login/passkey", passkeys.sign_in, name="passkey-sign-in"),
    path("login/passkey/options", passkeys.sign_in_options, name="passkey-sign-in-options"),
    path("login/second-step/passkey", passkeys.second_step, name="passkey-second-step"),
    path("login/second-step/passkey/options", passkeys.second_step_options, name="passkey-second-step-options"),
    path("logout", views.log_out, name="logout"),
    path("login/google", google_pages.start, name="google-start"),
    path("login/google/back", google_pages.come_back, name="google-back"),
    path("settings/security/google/disconnect", google_pages.disconnect, name="google-disconnect"),
    path("password/forgot", mailed.forgot, name="forgot"),
    path("password/reset/<str:token>", mailed.reset, name="reset"),
    path("check-mail", mailed.check_mail, name="check-mail"),
    path("verify-email/<str:token>", mailed.verify_email, name="verify-email"),
    path("settings/security/", security.security, name="settings-security"),
    path("settings/security/sessions/end-others", security.end_other_sessions, name="security-end-others"),
    path("settings/security/sessions/<str:session_id>/end", security.end_session, name="security-end-session"),
    path("settings/security/password", security.change_password, name="security-password"),
    path("settings/security/prove", factors.prove, name="prove"),
    path("settings/security/app", factors.app, name="factor-app"),
    path("settings/security/app/start", factors.start_app, name="factor-app-start"),
    path("settings/security/app/remove", factors.remove_app, name="factor-app-remove"),
    path("settings/security/recovery-codes", factors.codes, name="factor-codes"),
    path("settings/profile/", profile_pages.own_profile, name="settings-profile"),
    path("settings/profile/picture", profile_pages.set_picture, name="profile-picture"),
    path("settings/profile/picture/remove", profile_pages.remove_picture, name="profile-picture-remove"),
    path("avatars/<uuid:user_id>/<str:version>.webp", profile_pages.picture, name="avatar"),
    path("settings/security/passkeys/add", passkeys.add, name="passkey-add"),
    path("settings/security/passkeys/options", passkeys.add_options, name="passkey-add-options"),
    path("settings/security/passkeys/<uuid:passkey_id>", passkeys.one, name="passkey"),
    path("settings/security/passkeys/<uuid:passkey_id>/remove", passkeys.remove, name="passkey-remove"),
    path("theme", views.theme, name="theme"),
]
