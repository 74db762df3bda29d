"""What every test here may ask for. HERO_BUILD: the build tree; HERO_ISOLATION: how the services under test run."""
import os
import pathlib

import pytest

import hero

FIXTURES = hero.BUILD / 'tests' / 'fixtures'


def pytest_configure(config):
    config.addinivalue_line('markers', 'debugger: runs a program under a tool that a sanitized build cannot bear')


@pytest.fixture
def isolation():
    """'thread' or 'process': the suite runs once for each."""
    return os.environ.get('HERO_ISOLATION', 'thread')


@pytest.fixture
def probes(isolation):
    """Tables for a bundle of misbehaving services alone: probes(a={'behaviour': 'fails_start'}, b={})."""
    def tables(host=None, **services):
        made = {name: {'enabled': False} for name in hero.SERVICES}
        made[''] = {'plugin_dir': str(FIXTURES), 'stagger_ms': 0, **(host or {})}
        for name, keys in services.items():
            made[name] = {'plugin': 'probe.so', 'isolation': isolation, **keys}
        return made
    return tables


@pytest.fixture
def six(isolation):
    """Tables for all six services in the chosen isolation; the message bus only runs as a thread."""
    def tables(host=None, **services):
        made = {name: {'isolation': isolation} for name in hero.SERVICES if name != 'mycelium'}
        made[''] = dict(host or {})
        for name, keys in services.items():
            made.setdefault(name, {}).update(keys)
        return made
    return tables


def plugin_of(service):
    """The plugin file of a service in the build tree."""
    name = service if service.startswith('hero_') else f'hero_{service}'
    return pathlib.Path(hero.BUILD / 'plugins' / service / f'{name}.so')
