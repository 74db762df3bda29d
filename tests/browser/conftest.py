"""What the tests of pages share: what the tests without a browser have, and a hero_proc."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import hero  # noqa: E402


@pytest.fixture
def proc():
    with hero.Bundle(name='hero_proc_server') as running:
        yield running.wait_ready()
