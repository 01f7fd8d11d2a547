"""`launch.py web|worker`: the real processes, with cheap passwords, and a clock that may be wrong.

FIRST: prepare the database.
CLOCK_IS_OFF_BY: seconds that the clock of this process goes ahead; what measures durations stays right.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django
import time_machine

if ahead := float(os.environ.get("CLOCK_IS_OFF_BY", "0")):
    time_machine.travel(time.time() + ahead, tick=True).start()

django.setup()

from django.conf import settings
from django.core.management import call_command

from pingback import serve

settings.SILENCED_SYSTEM_CHECKS = ["pingback.E006"]  # the tests' PostgreSQL does not wait for the disk
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
serve._collect_static = lambda: None  # no pages are looked at

if sys.argv.pop() == "web":
    if "FIRST" in os.environ:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    serve.main()
else:
    call_command("worker")
