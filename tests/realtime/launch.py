"""The real server with the timers of its sockets turned down, so that tests need not wait for them."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django

django.setup()

from django.conf import settings

from pingback import serve
from pingback.realtime import engine, server

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
engine.CONNECT_SECONDS = 1
engine.MAX_UNREAD_SECONDS = 2
server.RECHECK_SECONDS = 0.5
serve._collect_static = lambda: None  # no pages are looked at

serve.main()
