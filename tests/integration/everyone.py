"""All services at once, for the tests that hold each of them to the same rules: one bundle for a whole module."""
import contextlib
import os
import socket

import hero
from conftest import plugin_of

DOMAINS = {'hero_proc': ['jobs', 'logs', 'secrets', 'system']}
BUILT = [name for name in hero.SERVICES if plugin_of(name).exists()]
ALL = [*BUILT, 'template', 'hero_bundle']
ROLES = ('rpc', 'admin')


def domains(service):
    return DOMAINS.get(service, ['main'])


@contextlib.contextmanager
def bundle(**more):
    """A ready bundle with every service that is built and the template; more: keys by service."""
    isolation = os.environ.get('HERO_ISOLATION', 'thread')
    tables = {'': {'stagger_ms': 0}, 'template': {'plugin': 'template.so'}}
    for name in hero.SERVICES:
        tables[name] = {'enabled': name in BUILT}
    for name in ALL:
        if name not in ('mycelium', 'hero_bundle'):
            tables[name]['isolation'] = isolation
    for name, keys in more.items():
        tables[name] |= keys
    with hero.Bundle(tables) as running:
        yield running.wait_ready()


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(hero.WAIT_S)
    connection.connect(str(path))
    return connection


def talk(path, text):
    """All that comes back for these bytes until the other side closes; b'' also when it resets."""
    with connect(path) as connection:
        received = b''
        try:
            connection.sendall(text if isinstance(text, bytes) else text.encode())
            while data := connection.recv(65536):
                received += data
        except (BrokenPipeError, ConnectionResetError):
            pass
        return received
