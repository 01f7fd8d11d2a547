"""What people call the thing that a session was opened with: "Firefox on Windows"."""

import re

from django.utils.translation import gettext as _

# The first that matches counts: every browser says that it is also the ones before it.
_BROWSERS = [
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\bOPR/|\bOpera\b", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"Chrome/|\bCriOS/|\bChromium/", "Chrome"),
    (r"\bSafari/", "Safari"),
]
_SYSTEMS = [
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "macOS"),
    (r"\bLinux\b", "Linux"),
]
PHONES = {"iPhone", "iPad", "Android"}
_PROGRAM = re.compile(r"[A-Za-z][\w .-]{0,38}(?=/|$)")


def device_name(user_agent: str) -> str:
    """In words; a program that is no browser by its own name, like "curl"."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if browser or system:
        return browser or system
    program = _PROGRAM.match(user_agent)
    return program.group().strip() if program else _("Unknown device")


def is_phone(user_agent: str) -> bool:
    return _first(_SYSTEMS, user_agent) in PHONES


def _first(table: list[tuple[str, str]], user_agent: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, user_agent)), "")
