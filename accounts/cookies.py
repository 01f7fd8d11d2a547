"""What lies behind our pages' cookie: rows, as Django keeps them, read with a question that is put together once."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from foundation.prepared import Given, prepared


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = _session().one(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


@prepared
def _session() -> "QuerySet[Session]":
    return Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now"))
