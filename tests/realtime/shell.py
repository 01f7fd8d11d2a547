"""Runs code beside a server, on its database, as often as it is asked: a line of JSON in, a line of JSON out."""

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"

import django

django.setup()

from django.db import connections

for line in sys.stdin:
    printed = io.StringIO()
    answer = {"ok": True}
    with contextlib.redirect_stdout(printed):
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            answer = {"ok": False, "error": traceback.format_exc()}
    connections.close_all()
    sys.stdout.write(json.dumps({**answer, "printed": printed.getvalue()}) + "\n")
    sys.stdout.flush()
