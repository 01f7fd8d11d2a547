"""How fast one token, and one workspace, may call the API: token buckets, shared through Redis when there is one.

Without Redis, or while it is away, each process counts for itself. Source: promises 7.
"""

import logging
import math
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from businesses.selectors import membership_of
from foundation.buckets import Buckets
from foundation.errors import TooFast

if TYPE_CHECKING:  # REST framework loads this module while it loads its views
    from rest_framework.views import APIView

log = logging.getLogger("pingback.api")

# A Redis that is away is asked again after so many seconds; until then nobody waits for it.
AWAY_SECONDS, PATIENCE_SECONDS = 5.0, 0.2
# As foundation.buckets does it, for all keys at once; by the clock of Redis, which all processes share.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local longest, left = 0, {}
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = math.min(burst, (tonumber(kept[1]) or burst) + (now - (tonumber(kept[2]) or now)) * rate)
  if tokens < 1 then longest = math.max(longest, (1 - tokens) / rate) end
  left[i] = tokens
end
if longest == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('HSET', key, 'tokens', string.format('%.6f', left[i] - 1), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i] / ARGV[2 * i - 1] * 1000) + 1000)
  end
end
return tostring(longest)
"""

here = Buckets()
_away_until = 0.0


class NotTooFast(BasePermission):
    """Of everybody who is signed in, by token or cookie; what is public has limits of its own.

    A permission, before those that ask what one may: REST framework's throttles come after all of them.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Raises TooFast."""
        if not settings.THROTTLES or request.auth is None:
            return True
        wanted = [("API", str(request.auth.pk))]
        # Views of the workspace ask who it is anyway; the others concern the person alone.
        if getattr(view, "resource", None) and (membership := membership_of(request.user)):
            wanted.append(("API_BUSINESS", str(membership.business_id)))
        if seconds := take(wanted):
            raise TooFast(_("Too many requests. Slow down."), retry_after=math.ceil(seconds))
        return True


def take(wanted: list[tuple[str, str]]) -> float:
    """A token from each bucket, or from none: then the seconds to wait. wanted: (name, whom)."""
    global _away_until
    if not settings.REDIS_URL or time.monotonic() < _away_until:
        return here.take(wanted)
    limited = [each for each in wanted if settings.THROTTLE_BUCKETS[each[0]][0]]
    if not limited:
        return 0.0
    keys = [f"pingback:bucket:{name}:{whom}" for name, whom in limited]
    numbers = [number for name, _whom in limited for number in settings.THROTTLE_BUCKETS[name]]
    try:
        return float(_script()(keys=keys, args=numbers))
    except RedisError:
        log.warning("Redis is away: each process counts API calls for itself.")
        _away_until = time.monotonic() + AWAY_SECONDS
        return here.take(wanted)


@cache
def _script() -> Any:
    connection = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )
    return connection.register_script(SCRIPT)
