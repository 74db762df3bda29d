"""Start, stop, exit codes and order, seen from outside."""
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import hero
from conftest import FIXTURES, plugin_of


def log_times(out, message):
    """(service, time) of every log line with this message."""
    lines = re.findall(rf'^(\S+Z) \w+ +(\w+): {message}\b', out, re.M)
    return [(name, datetime.datetime.fromisoformat(time.replace('Z', '+00:00')).timestamp()) for time, name in lines]


# ---- all six

def test_default_start(six):
    """Rows 1, 3, 4, 8, 13, 23, 24, 31."""
    with hero.Bundle(six()) as bundle:
        bundle.wait_ready()
        for name in hero.SERVICES:
            health = bundle.get_json(name, '/health')
            assert (health['status'], health['service']) == ('ok', name)
            status, headers, _ = bundle.get(name, '/', 'admin')
            assert status == 200 and headers['Content-Type'].startswith('text/html')
        starts = [(name, at) for name, at in log_times(bundle.out, 'starting') if name != 'hero_bundle']
        assert [name for name, _ in starts] == hero.SERVICES
        assert all(b - a >= 0.19 for (_, a), (_, b) in zip(starts, starts[1:]))
        assert [name for name, _ in log_times(bundle.out, 'ready') if name in hero.SERVICES] == hero.SERVICES
        assert len(re.findall(r'^hero_bundle \S+ \(build', bundle.out, re.M)) == 1
        assert re.findall(r'^  (\w+) +ready ', bundle.out, re.M) == hero.SERVICES
        expected = {f'{name}/{role}.sock' for name in [*hero.SERVICES, 'hero_bundle'] for role in ('rpc', 'admin')}
        assert bundle.public_sockets() == expected | {'hero_db/resp.sock', 'hero_code/editor.sock'}
        assert bundle.stop() == 0
        assert bundle.all_sockets() == set()


def test_one_process_maps_six_plugins(isolation):
    """Rows 1 and 8: threads of one process; always as threads, whatever the suite's isolation."""
    with hero.Bundle() as bundle:
        bundle.wait_ready()
        assert {service['pid'] for service in bundle.status()['services']} == {bundle.pid}
        maps = open(f'/proc/{bundle.pid}/maps').read()
        assert all(str(plugin_of(name)) in maps for name in hero.SERVICES)
        tasks = {open(f'/proc/{bundle.pid}/task/{task}/comm').read().strip() for task in os.listdir(f'/proc/{bundle.pid}/task')}
        assert {name[:15] for name in hero.SERVICES} <= tasks


@pytest.mark.parametrize('name', hero.SERVICES)
def test_one_disabled(name):
    """Row 8: five run, nothing is there of the sixth."""
    with hero.Bundle({name: {'enabled': False}, '': {'stagger_ms': 0}}) as bundle:
        bundle.wait_ready()
        assert 'ready: 5 of 5 services' in bundle.out
        assert bundle.status(name)['state'] == 'disabled'
        assert not (bundle.sockets / name).exists()


@pytest.mark.parametrize('how', ['missing', 'broken'])
@pytest.mark.parametrize('name', hero.SERVICES)
def test_plugin_file_missing_or_broken(name, how):
    """Row 15: the others run, and do what they did."""
    bundle = hero.Bundle({'': {'stagger_ms': 0}})
    plugins = bundle.top / 'plugins'
    plugins.mkdir(mode=0o755)
    for other in hero.SERVICES:
        if other != name:
            shutil.copy(plugin_of(other), plugins)
        elif how == 'broken':
            (plugins / plugin_of(other).name).write_bytes(plugin_of(other).read_bytes()[:5000])
    bundle.env['HERO_BUNDLE_PLUGIN_DIR'] = str(plugins)
    with bundle:
        bundle.wait_ready()
        entry = bundle.status(name)
        assert entry['state'] == 'failed' and plugin_of(name).name in entry['last_error']
        for other in hero.SERVICES:
            if other != name:
                assert bundle.get(other, '/health')[0] == 200
        assert bundle.stop() == 0


@pytest.mark.parametrize('name', hero.SERVICES)
def test_standalone(name):
    """Rows 2, 7, 12, 17: the same plugin file, the same document, the same place."""
    with hero.Bundle(name=hero.PROGRAMS[name]) as alone:
        alone.wait_ready()
        assert str(plugin_of(name)) in open(f'/proc/{alone.pid}/maps').read()
        document = alone.get_json(name, '/openrpc.json')
        assert not (alone.sockets / 'hero_bundle').exists()
        assert alone.stop() == 0
        assert alone.all_sockets() == set()
    with hero.Bundle({'': {'stagger_ms': 0}}) as bundle:
        bundle.wait_ready()
        assert bundle.get_json(name, '/openrpc.json') == document


def test_nothing_registered_with_hero_proc(six):
    """Row 16."""
    with hero.Bundle(six({'stagger_ms': 0})) as bundle:
        bundle.wait_ready()
        assert bundle.rpc('hero_proc', 'service.list') == []


def test_open_connections_end(six):
    """Row 36: what is open at the stop is ended, not left hanging: event stream, editor, RESP."""
    with hero.Bundle(six({'stagger_ms': 0})) as bundle:
        bundle.wait_ready()
        stream = hero.UnixConnection(bundle.path('hero_db'))
        stream.request('GET', '/api/main/events')
        events = stream.getresponse()
        assert events.readline() == b'retry: 3000\n'
        editor = hero.UnixConnection(bundle.path('hero_code', 'editor'))
        editor.request('GET', '/health')
        editor.getresponse().read()
        resp = socket.socket(socket.AF_UNIX)
        resp.settimeout(hero.WAIT_S)
        resp.connect(str(bundle.path('hero_db', 'resp')))
        resp.sendall(b'PING\r\n')
        assert resp.recv(64) == b'+PONG\r\n'
        bundle.process.terminate()
        assert b'event: shutdown' in events.read()
        assert editor.sock.recv(1) == b'' and resp.recv(1) == b''
        assert bundle.process.wait(hero.WAIT_S) == 0


def test_scan_from_outside(six):
    """Row 39: a router in another process finds the other five, and they are well."""
    with hero.Bundle(six({'stagger_ms': 0}, hero_router={'enabled': False})) as bundle:
        bundle.wait_ready()
        router = hero.Bundle(name='hero_router', top=bundle.top)
        router.out_path = router.top / 'router.out'
        with router:
            router.wait_ready()
            router.rpc('hero_router', 'router.scan')

            def healthy():
                return {item['id'] for item in router.rpc('hero_router', 'router.services') if item['healthy']}
            hero.wait_for(lambda: set(hero.SERVICES[:5]) <= healthy(), 'all five are healthy')
            assert router.stop() == 0
        assert bundle.stop() == 0


def test_unit_tests_exist():
    """Row 40: for the host and every plugin, and the run of all tests has the smoke test in it."""
    listed = json.loads((hero.BUILD / 'meson-info' / 'intro-tests.json').read_text())
    commands = ' '.join(' '.join(test['cmd']) for test in listed if 'hero_bundle:unit' in test['suite'])
    for place in ['host', *(f'plugins/{name}' for name in hero.SERVICES)]:
        assert re.search(rf'{place}/[\w-]*test-', commands), place
    script = (pathlib.Path(__file__).resolve().parent.parent / 'run').read_text()
    assert re.search(r'^step_smoke \(\) \{\n  tests/smoke\.sh\n', script, re.M)
    assert re.search(r'steps=\(setup gcc smoke ', script)


# ---- the command line

@pytest.mark.parametrize('args', [['hero_proc', 'list'], ['--nonsense'], ['--config'], ['serve']])
def test_usage(args):
    """Rows 6 and 27."""
    run = subprocess.run([hero.program('hero_bundle'), *args], capture_output=True, text=True, timeout=hero.WAIT_S)
    assert run.returncode == 2 and run.stdout == ''
    assert run.stderr.count('\n') >= 2 and 'usage: hero_bundle' in run.stderr


def test_help_has_no_service_command():
    """Rows 19 and 27."""
    run = subprocess.run([hero.program('hero_bundle'), '--help'], capture_output=True, text=True, timeout=hero.WAIT_S)
    assert run.returncode == 0 and run.stderr == ''
    assert re.findall(r'--[a-z-]+', run.stdout.split('\n', 1)[1]).count('--config') == 1
    assert set(re.findall(r'--[a-z-]+', run.stdout)) == {'--config', '--info', '--help'}


# ---- the end

@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_one_signal(probes, number):
    """Row 21."""
    with hero.Bundle(probes(a={}, b={})) as bundle:
        bundle.wait_ready()
        assert bundle.stop(number) == 0
        assert bundle.all_sockets() == set()
        assert not bundle.err


def test_failed_service_does_not_change_the_exit_code(probes):
    """Row 9."""
    with hero.Bundle(probes(a={'behaviour': 'fails_start_busy'}, b={}, c={'behaviour': 'fails_create'})) as bundle:
        bundle.wait_ready()
        assert 'ready: 1 of 3 services' in bundle.out
        assert bundle.status('a')['state'] == 'failed' and bundle.status('c')['state'] == 'failed'
        assert 'the probe fails in create' in bundle.status('c')['last_error']
        assert bundle.get('b', '/health')[0] == 200
        assert not bundle.path('a').exists()
        assert bundle.stop() == 0


@pytest.mark.parametrize('behaviour', ['hangs_in_stop', 'blocks_in_stop'])
def test_budget_exceeded(probes, behaviour):
    """Row 32, with a short budget: late services are named in the last line, nobody's socket is left."""
    with hero.Bundle(probes({'stop_timeout_s': 1}, a={'behaviour': behaviour}, b={})) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 3
        assert re.search(r'late: a$', bundle.out.rstrip().splitlines()[-1])
        assert bundle.all_sockets() == set()


def test_budget_at_full_length(probes):
    """Row 32 as it stands in the contract: 30 s, and it does not take much longer."""
    with hero.Bundle(probes(a={'behaviour': 'hangs_in_stop'}, b={})) as bundle:
        bundle.wait_ready()
        begin = time.monotonic()
        assert bundle.stop(timeout=90) == 3
        assert time.monotonic() - begin >= 29


def test_own_stop_timeout_is_shorter(probes):
    with hero.Bundle(probes(a={'behaviour': 'hangs_in_stop', 'stop_timeout_s': 1}, b={})) as bundle:
        bundle.wait_ready()
        assert bundle.stop() == 3


@pytest.mark.parametrize('number, code', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_second_signal(probes, number, code):
    with hero.Bundle(probes(a={'behaviour': 'hangs_in_stop'}, b={})) as bundle:
        bundle.wait_ready()
        child = bundle.status('a')['pid']
        bundle.process.send_signal(number)
        hero.wait_for(lambda: 'b: stopped' in bundle.out, 'the first signal was heard')
        assert bundle.stop(number) == code
        assert bundle.all_sockets() == set()
        hero.wait_for(lambda: not os.path.exists(f'/proc/{child}'), 'no child is left')


@pytest.mark.parametrize('keys, code', [
    ({'behaviour': 'fails_start', 'required': True}, 1),
    ({'behaviour': 'fails_create', 'required': True}, 1),
    ({'behaviour': 'never_ready', 'required': True, 'start_timeout_s': 1}, 1),
    ({'behaviour': 'fails_later', 'required': True, 'restart': 'never', 'delay_ms': 500}, 4),
])
def test_required(probes, keys, code):
    with hero.Bundle(probes(a=keys, b={})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == code
        assert 'a is required' in bundle.out
        assert bundle.all_sockets() == set()


def test_none_could_start(probes):
    with hero.Bundle(probes(a={'behaviour': 'fails_start_busy'}, b={'behaviour': 'fails_create'})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 1
        assert 'no service could be started' in bundle.out


def test_configuration_error_starts_nothing(probes):
    with hero.Bundle(probes(a={'behaviour': 'reports_error'}, b={'delay_ms': 'soon'})) as bundle:
        assert bundle.process.wait(hero.WAIT_S) == 2
        assert re.search(r'c\.toml:\d+:\d+: error: \[a\] behaviour: the probe refuses', bundle.err)
        assert re.search(r'c\.toml:\d+:\d+: error: \[b\] delay_ms: expected integer', bundle.err)
        assert bundle.out == '' and not bundle.sockets.exists()


def test_hang_in_start(probes, isolation):
    """A start that never returns is told after its limit; the others run."""
    tables = probes({'stop_timeout_s': 1}, a={'behaviour': 'hangs_in_start', 'start_timeout_s': 1, 'restart': 'never'}, b={})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        entry = bundle.wait_state('a', 'failed')
        assert entry['last_error'] == 'start took longer than 1 s'
        assert bundle.get('b', '/health')[0] == 200
        assert bundle.stop() == (3 if isolation == 'thread' else 0)


def test_hang_in_start_at_full_length(probes):
    """The limit as it stands without a key: 10 s, and the next service does not wait longer."""
    tables = probes({'stop_timeout_s': 1}, a={'behaviour': 'hangs_in_start', 'restart': 'never'}, b={})
    with hero.Bundle(tables) as bundle:
        bundle.wait_ready()
        times = dict(log_times(bundle.out, 'starting'))
        assert bundle.status('a')['last_error'] == 'start took longer than 10 s'
        assert times['b'] - times['a'] >= 9.9 and bundle.get('b', '/health')[0] == 200


@pytest.mark.parametrize('how', ['ends', 'stops'])
def test_two_lives_of_one_directory(probes, how):
    """What a killed bundle left behind does not hinder the next one."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        if how == 'ends':
            bundle.process.kill()
            bundle.process.wait()
            hero.wait_for(lambda: subprocess.run(['pgrep', '-f', f'{bundle.config}']).returncode, 'no child is left')
        else:
            bundle.stop()
        bundle.start().wait_ready()
        assert bundle.get('a', '/health')[0] == 200


def test_second_bundle_is_refused(probes):
    """The one that runs is named and not disturbed."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        other = hero.Bundle(probes({'control': False}, a={}), top=bundle.top)
        assert other.run() == 1
        assert f'pid {bundle.pid}' in other.out
        assert bundle.get('a', '/health')[0] == 200


# ---- the service manager

class Manager:
    """The far end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(hero.WAIT_S)
        self.lines = []

    def wait(self, line):
        while line not in self.lines:
            self.lines += self.socket.recv(65536).decode().split('\n')
        return self.lines


def test_notify(probes, tmp_path_factory):
    bundle = hero.Bundle(probes(a={}, b={'behaviour': 'fails_start_busy'}))
    manager = Manager(bundle.top / 'n')
    bundle.env |= {'NOTIFY_SOCKET': str(bundle.top / 'n'), 'WATCHDOG_USEC': '400000'}
    with bundle:
        lines = manager.wait('READY=1')
        assert 'STATUS=1 of 2 services ready; b failed' in manager.wait('STATUS=1 of 2 services ready; b failed')
        assert 'STOPPING=1' not in lines
        manager.wait('WATCHDOG=1')
        bundle.process.terminate()
        manager.wait('STOPPING=1')
        assert bundle.process.wait(hero.WAIT_S) == 0


def test_socket_activation(probes):
    """systemd's sockets are taken over by their names, served, and left where they are."""
    bundle = hero.Bundle(probes(a={}))
    path = bundle.top / 'activated.sock'
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(5)
    script = ('import os, sys; fd = int(sys.argv[1]); os.dup2(fd, 3, True); '
              'os.environ["LISTEN_PID"] = str(os.getpid()); os.execv(sys.argv[2], sys.argv[2:])')
    bundle.args = ['/usr/bin/python3', '-c', script, str(listener.fileno()), *bundle.args]
    bundle.env |= {'LISTEN_FDS': '1', 'LISTEN_FDNAMES': 'a.rpc'}
    with bundle.start(pass_fds=[listener.fileno()]):
        bundle.wait_ready()
        assert hero.request(path, target='/health')[0] == 200
        assert not bundle.path('a').exists() and bundle.path('a', 'admin').exists()
        assert bundle.stop() == 0
        assert path.exists()


def test_open_files(probes):
    """The soft limit is raised to the hard one."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        soft, hard = re.search(r'Max open files +(\S+) +(\S+)', open(f'/proc/{bundle.pid}/limits').read()).groups()
        assert soft == hard


def test_fixture_is_what_is_tested():
    """The misbehaving plugin is there: without it the tests above would prove nothing."""
    assert (FIXTURES / 'probe.so').exists()
