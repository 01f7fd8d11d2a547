from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.faults import scenes, town
from tests.faults.scenes import Scene
from tests.faults.town import Town


@pytest.fixture(scope="session")
def running_town() -> Iterator[Town]:
    """On the embedded default, or in the pass with services two web processes and a worker behind a balancer."""
    with town.running(embedded=settings.EMBEDDED) as running:
        yield running


@pytest.fixture
def scene(running_town: Town) -> Scene:
    return scenes.begin(running_town)
