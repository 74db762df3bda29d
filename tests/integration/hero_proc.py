"""What the tests of hero_proc share: a bundle of it alone, calls, and what becomes of processes and services."""
import os
import pathlib
import shutil
import signal
import socket
import tempfile

import pytest

import hero

SERVICE = 'hero_proc'
FORMS = {
    'thread': lambda top=None, **keys: hero.Bundle(tables('thread', keys), top=top),
    'process': lambda top=None, **keys: hero.Bundle(tables('process', keys), top=top),
    'alone': lambda top=None, **keys: hero.Bundle({SERVICE: keys}, name='hero_proc_server', top=top),
}
FORM = FORMS[os.environ.get('HERO_ISOLATION', 'thread')]


def tables(isolation, keys):
    """A bundle of hero_proc only, which is restarted at once after a crash."""
    return {**{name: {'enabled': False} for name in hero.SERVICES},
            SERVICE: {'isolation': isolation, 'enabled': True, 'restart_delay_ms': 50, **keys}}


@pytest.fixture
def top():
    """A directory that several lives of one hero_proc share; nothing started in it outlives the test."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='hb', dir='/tmp'))
    yield path
    for pid in children_of(path):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


def stop_all(bundle):
    if bundle.process.poll() is None:
        bundle.stop()


def environ(pid):
    """The start environment of a process, or nothing if it is gone."""
    try:
        text = pathlib.Path(f'/proc/{pid}/environ').read_bytes()
    except OSError:
        return {}
    return dict(entry.split('=', 1) for entry in text.decode(errors='replace').split('\0') if '=' in entry)


def children_of(path):
    """Pids of the living processes that a hero_proc with this directory has started."""
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            env = environ(entry.name)
            if 'HERO_PROC_TOKEN' in env and env.get('HERO_SOCKET_DIR', '').startswith(str(path)):
                found.append(int(entry.name))
    return found


def group_of(pid):
    """Its process group; None when it has ended meanwhile, as the short-lived children of a child do."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def call(bundle, method, *args, **params):
    return bundle.rpc(SERVICE, method, list(args) or params)


def fails(bundle, code, method, **params):
    with pytest.raises(hero.RpcError) as caught:
        call(bundle, method, **params)
    assert caught.value.code == code
    return caught.value


def define(bundle, name, script, **action):
    """A service with one process, not started."""
    spec = {'name': name, 'interpreter': 'sh', 'is_process': True, 'script': script, **action}
    call(bundle, 'service.set', name=name, actions=[spec])


def start(bundle, name):
    answer = call(bundle, 'service.start', name=name, wait=True)
    assert answer['ready'], answer
    return call(bundle, 'service.status', name)['pid']


def wait_status(bundle, name, **wanted):
    def there():
        status = call(bundle, 'service.status', name)
        return all(status[key] == value for key, value in wanted.items()) and status
    return hero.wait_for(there, f'{name} is {wanted}')


def lines(bundle, src):
    """Every line of a source, in order, page by page."""
    found, cursor = [], None
    while True:
        page = call(bundle, 'logs.query', src=src, limit=1000, **({'cursor': cursor} if cursor else {}))
        assert not page['gap']
        found += [entry['content'] for entry in page['entries']]
        if not page['has_more']:
            return found
        cursor = page['next_cursor']


def alive(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError:
        return False


def crash(bundle):
    """kill -9 of the host, and of the process hero_proc runs in, if that is another."""
    pids = {bundle.pid, service_pid(bundle)}
    for pid in sorted(pids, key=lambda pid: pid == bundle.pid):  # the inner one first: it would see the host go, and stop its children
        os.kill(pid, signal.SIGKILL)
    bundle.process.wait()
    hero.wait_for(lambda: not any(alive(pid) for pid in pids), 'it is dead')


def service_pid(bundle):
    """The process in which hero_proc runs: who listens on its socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(bundle.path(SERVICE)))
        client.sendall(b'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        client.recv(1)
    if bundle.program == 'hero_bundle':
        return bundle.status(SERVICE)['pid']
    return bundle.pid


def rss(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
    return int(status.split('VmRSS:')[1].split()[0]) * 1024


@pytest.fixture
def make():
    """make(key=value): a bundle of hero_proc with these keys, stopped at the end; all in one directory."""
    path, running = pathlib.Path(tempfile.mkdtemp(prefix='hb', dir='/tmp')), []

    def start(**keys):
        bundle = FORM(top=path, **keys)
        running.append(bundle)
        bundle.__enter__()
        return bundle.wait_ready()
    yield start
    for bundle in running:
        stop_all(bundle)
        bundle.__exit__(None, None, None)
    for pid in children_of(path):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def bundle(make):
    return make()


def sh(script, name='x', **more):
    return {'name': name, 'interpreter': 'sh', 'script': script, **more}
