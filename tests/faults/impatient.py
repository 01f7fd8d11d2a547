"""`impatient.py web|worker`: the real processes, whose channels wait tenths of a second: what takes hours in life,
takes seconds here.

A try keeps seconds, and its lease several times that: on a slow machine, too, most of them come to an end in time. And
as many tries as fit into a day are not as many as fit into a moment in which that machine does something else.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django

django.setup()

from django.conf import settings
from django.core.management import call_command

from channels_app import connecting, deliveries, worker
from channels_app.adapters.email import sending
from foundation import http
from pingback import serve

deliveries.WAITS = tuple(timedelta(seconds=0.1 * number) for number in range(1, 12))
deliveries.AMBIGUOUS_WAIT = deliveries.HOLD = timedelta(seconds=0.3)
deliveries.LEASE = timedelta(seconds=6)
deliveries.MAX_TRIES = 200
connecting.AGAIN = timedelta(seconds=1)
http.TOTAL_SECONDS = sending.SECONDS = 2.0
sending.WHOLE_SECONDS = 4.0
worker.POLL_SECONDS = 0.1
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
serve._collect_static = lambda: None  # no pages are looked at
if sys.argv.pop() == "web":
    serve.main()
else:
    call_command("worker")
