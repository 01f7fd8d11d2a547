"""Where the mail of the common providers is sent and read, and what they take as a password."""

from django.utils.translation import gettext_lazy as lazy

# Name, outgoing server, mailbox, and what is signed in with. All of them encrypt on 587 and 993.
MAIL_PROVIDERS = (
    (
        "Gmail",
        "smtp.gmail.com",
        "imap.gmail.com",
        lazy("Password: an app password. Google Account, Security, 2-Step Verification, App passwords."),
    ),
    (
        "Microsoft 365",
        "smtp.office365.com",
        "outlook.office365.com",
        lazy("Takes no password for mailboxes: fill in “Sign in with OAuth” below."),
    ),
    (
        "iCloud",
        "smtp.mail.me.com",
        "imap.mail.me.com",
        lazy("Password: an app-specific one. account.apple.com, Sign-In and Security, App-Specific Passwords."),
    ),
    (
        "Yahoo",
        "smtp.mail.yahoo.com",
        "imap.mail.yahoo.com",
        lazy("Password: an app password. Yahoo Account, Security, Generate and manage app passwords."),
    ),
    (
        "Fastmail",
        "smtp.fastmail.com",
        "imap.fastmail.com",
        lazy("Password: an app password. Settings, Privacy & Security, Manage app passwords and access."),
    ),
    (
        "Zoho",
        "smtp.zoho.com",
        "imap.zoho.com",
        lazy(
            "Switch on IMAP: Settings, Mail Accounts, IMAP. With two-factor sign-in an application-specific password."
        ),
    ),
)
