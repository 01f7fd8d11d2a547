"""The real server with the timers of its sockets turned down, so that tests need not wait for them."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django

django.setup()

from django.conf import settings
from django.core.management import call_command

from businesses.models import Membership
from pingback import serve
from pingback.realtime import connection, presence, server, typing

settings.SILENCED_SYSTEM_CHECKS = ["pingback.E006"]  # the tests' PostgreSQL does not wait for the disk
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
connection.CONNECT_SECONDS = 3  # enough for who does say hello on a busy machine
connection.MAX_UNREAD_SECONDS = 2
# What is found at a look at everything must not hide that nobody was told at once: a server of its own looks often.
looks = float(os.environ.get("TEST_LOOKS_EVERY", 3600))
server.RECHECK_SECONDS = server.COMPARE_SECONDS = looks
presence.BEAT_SECONDS, presence.FORGET_SECONDS = 0.5, 3
typing.TYPING_SECONDS = 2
# A socket is no news until somebody has chosen a status: tests of messages count what they hear.
Membership._meta.get_field("chosen_status").default = "offline"
serve._collect_static = lambda: None  # no pages are looked at

call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
serve.main()
