"""`bin/serve --demo`: the tests' providers on this machine, so that every channel of the demo can be tried by hand.

They are part of the sources (tests/fakes) and are imported by nothing else that serves.
"""

import sys
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from accounts.models import User
from channels_app.models import Channel
from conversations.models import ChannelType
from pingback.demo_house import CONFIGS, TEAM


def configs() -> dict[ChannelType, dict[str, Any]]:
    """What the demo's channels connect with, so that none is ever refused."""
    if find_spec("tests") is None:
        sys.exit("The stand-ins are not here: they come with the sources, in tests/fakes.")
    from tests.channels_app.cases import CASES

    found: dict[ChannelType, dict[str, Any]] = {case.type: dict(case.config) for case in CASES}
    address = CONFIGS[ChannelType.EMAIL]["address"]  # what is seen of it is the demo's
    found[ChannelType.EMAIL] |= {"address": address, "from_name": CONFIGS[ChannelType.EMAIL]["from_name"]}
    return found


def start() -> str:
    """After the demo was filled, before anything is sent; returns where the customers' side is."""
    from tests.fakes.desk import FAKES, Desk
    from tests.fakes.server import free_port

    ports = {name: free_port() for name in FAKES}
    for name, port in ports.items():
        setattr(settings, name, f"http://127.0.0.1:{port}")
    settings.INSTAGRAM_GRAPH_BASE_URL = settings.META_GRAPH_BASE_URL
    settings.TELEGRAM_FILE_BASE_URL = settings.TELEGRAM_API_BASE_URL
    settings.OUTBOUND_ALLOW.append("127.0.0.1")
    owner = User.objects.get(email=TEAM[0][1])
    page = Desk(list(Channel.objects.visible_to(owner))).start(ports, owner)
    return f"  The customers' side of every other channel, without an account: {page}"
