"""Health checks and readiness of hero_proc, with real programs that answer, lie, hang and crash."""
import os
import socket
import textwrap

import pytest

import hero
from hero_proc import alive, call, fails, SERVICE, stop_all, tables, wait_status

ISOLATION = os.environ.get('HERO_ISOLATION', 'thread')

# A web server on a port or a socket, which does as the file `mode` says: ok, degraded, bad, moved, hang, long.
SERVER = textwrap.dedent('''
    import http.server, os, socketserver, sys, time
    where, mode = sys.argv[1:3]
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            word = open(mode).read().strip()
            if word == 'hang':
                time.sleep(3600)
            status = {'degraded': 503, 'bad': 500, 'moved': 302}.get(word, 200)
            body = {'degraded': b'{"status":"degraded","reason":"tired"}', 'long': b'x' * 200000}.get(word, b'fine')
            self.send_response(status)
            self.send_header('Location', '/elsewhere')
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args):
            pass
        def address_string(self):
            return 'local'
    class Tcp(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
    if where.isdigit():
        Tcp(('127.0.0.1', int(where)), Handler).serve_forever()
    else:
        if os.path.exists(where):
            os.unlink(where)
        socketserver.ThreadingUnixStreamServer(where, Handler).serve_forever()
    ''')
QUICK = {'interval_ms': 500, 'timeout_ms': 400, 'start_period_ms': 0, 'failure_threshold': 2}


@pytest.fixture(scope='module')
def bundle():
    with hero.Bundle(tables(ISOLATION, {})) as running:
        running.wait_ready()
        (running.top / 'server.py').write_text(SERVER)
        yield running
        stop_all(running)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def serve(bundle, name, where, **more):
    """A service that runs the server; the file that says how it behaves."""
    mode = bundle.top / f'{name}.mode'
    mode.write_text('ok')
    action = {'name': name, 'is_process': True, 'interpreter': 'exec', 'stop_timeout_ms': 500,
              'script': f'/usr/bin/python3 {bundle.top}/server.py {where} {mode}', **more.pop('action', {})}
    call(bundle, 'service.set', name=name, actions=[action], **more)
    return mode


def start(bundle, name):
    answer = call(bundle, 'service.start', name=name, wait=True)
    assert answer['ready'], answer
    return call(bundle, 'service.status', name)


def shell(bundle, name, script, **action):
    more = {key: action.pop(key) for key in ('start_timeout_ms', 'sockets', 'probe') if key in action}
    call(bundle, 'service.set', name=name, **more, actions=[
        {'name': name, 'is_process': True, 'interpreter': 'sh', 'script': script, 'stop_timeout_ms': 500, **action}])


def test_http_verdicts(bundle):
    port = free_port()
    check = {'type': 'http', 'target': f'http://127.0.0.1:{port}/health', 'restart': False, **QUICK}
    mode = serve(bundle, 'web', port, action={'health': check})
    start(bundle, 'web')
    wait_status(bundle, 'web', health='healthy', state='running')
    for word, health, state in [('degraded', 'degraded', 'degraded'), ('long', 'healthy', 'running'),
                                ('bad', 'unhealthy', 'unhealthy'), ('ok', 'healthy', 'running'),
                                ('moved', 'unhealthy', 'unhealthy'), ('ok', 'healthy', 'running'),
                                ('hang', 'unhealthy', 'unhealthy')]:
        mode.write_text(word)
        status = wait_status(bundle, 'web', health=health, state=state)
        assert status['restart_count'] == 0 and status['actions'][0]['health'] == health
    mode.write_text('ok')
    assert call(bundle, 'service.status', name='web', probe=True)['health'] == 'healthy'
    call(bundle, 'service.stop', 'web')
    assert call(bundle, 'service.status', 'web')['health'] == 'none'


def test_expectations(bundle):
    port = free_port()
    url = f'http://127.0.0.1:{port}/'
    checks = [{'name': 'body', 'type': 'http', 'target': url, 'expect_body': 'fine', 'restart': False, **QUICK},
              {'name': 'status', 'type': 'http', 'target': url, 'expect_status': [200, 500], 'restart': False, **QUICK},
              {'name': 'tcp', 'type': 'tcp', 'host': '127.0.0.1', 'port': port, 'restart': False, **QUICK}]
    mode = serve(bundle, 'expect', port, action={'health': checks[:2]})
    start(bundle, 'expect')
    wait_status(bundle, 'expect', health='healthy')
    mode.write_text('long')
    wait_status(bundle, 'expect', health='unhealthy')
    mode.write_text('ok')
    wait_status(bundle, 'expect', health='healthy')
    call(bundle, 'service.stop', 'expect')
    mode = serve(bundle, 'expect', port, action={'health': checks[1:]})
    start(bundle, 'expect')
    mode.write_text('bad')
    assert call(bundle, 'service.status', name='expect', probe=True)['health'] == 'healthy'
    call(bundle, 'service.stop', 'expect')


def test_service_sockets(bundle):
    """`sockets` of a service are asked without further settings; a file alone is no answer."""
    directory = bundle.path('own').parent
    directory.mkdir()
    mode = serve(bundle, 'own', directory / 'rpc.sock', sockets=['rpc.sock', {'path': 'x.sock', 'health': False}])
    start(bundle, 'own')
    hero.wait_for(lambda: call(bundle, 'service.status', name='own', probe=True)['health'] == 'healthy', 'an answer')
    mode.write_text('degraded')
    assert call(bundle, 'service.status', name='own', probe=True)['state'] == 'degraded'
    call(bundle, 'service.stop', 'own')
    shell(bundle, 'own', 'sleep 1000', sockets=['rpc.sock'], readiness={'type': 'socket', 'target': 'own/rpc.sock'},
          start_timeout_ms=1500, retry_policy={'max_attempts': 1})
    assert (directory / 'rpc.sock').exists()
    call(bundle, 'service.start', name='own')
    wait_status(bundle, 'own', state='failed', failure='start_timeout')


def test_exec(bundle):
    """A command as a check: in the environment of the job; one that hangs is killed with all it started."""
    word = bundle.top / 'word'
    word.write_text('yes')
    check = {'type': 'exec', 'target': f'sh -c \'test "$WORD" = "$(cat {word})" && test "$HERO_PROC_SERVICE" = told\'',
             'restart': False, **QUICK}
    shell(bundle, 'told', 'sleep 1000', env={'WORD': 'yes'}, health=check)
    start(bundle, 'told')
    wait_status(bundle, 'told', health='healthy')
    word.write_text('no')
    wait_status(bundle, 'told', health='unhealthy', state='unhealthy')
    call(bundle, 'service.stop', 'told')
    pids = bundle.top / 'pids'
    check['target'] = f"sh -c 'echo $$ >> {pids}; sleep 1000 & echo $! >> {pids}; wait'"
    shell(bundle, 'told', 'sleep 1000', health=check)
    start(bundle, 'told')
    wait_status(bundle, 'told', health='unhealthy')
    call(bundle, 'service.stop', 'told')
    hero.wait_for(lambda: not [pid for pid in pids.read_text().split() if alive(int(pid))], 'nothing is left')


def test_handler_dead(bundle):
    """Contract 20, check 5: the process lives and accepts, but never answers."""
    path = bundle.top / 'h.sock'
    check = {'type': 'socket', 'http': True, 'target': str(path), **QUICK}
    mode = serve(bundle, 'dead', path, action={'health': check, 'retry_policy': {'delay_ms': 50}})
    before = start(bundle, 'dead')
    wait_status(bundle, 'dead', health='healthy')
    mode.write_text('hang')
    wait_status(bundle, 'dead', state='unhealthy')
    after = wait_status(bundle, 'dead', restart_count=1)
    mode.write_text('ok')
    after = wait_status(bundle, 'dead', state='running', health='healthy')
    assert after['pid'] != before['pid'] and not alive(before['pid'])
    assert after['actions'][0]['job_id'] == before['actions'][0]['job_id']
    call(bundle, 'service.stop', 'dead')


def test_restart_storm(bundle):
    """Contract 20, check 6: a check that always fails restarts at most once a stability period."""
    times = bundle.top / 'starts'
    shell(bundle, 'storm', f'date +%s%N >> {times}; sleep 1000', health={'type': 'exec', 'target': 'false', **QUICK},
          retry_policy={'delay_ms': 10, 'stability_period_ms': 4000})
    start(bundle, 'storm')
    hero.wait_for(lambda: len(times.read_text().split()) >= 4, 'three restarts')
    starts = [int(word) / 1e9 for word in times.read_text().split()]
    assert min(b - a for a, b in zip(starts[1:], starts[2:])) >= 4, starts
    call(bundle, 'service.stop', 'storm')


def test_start_wins_over_own_stop(bundle):
    """service.start while a job is on its way to the next attempt answers as for one that is up."""
    shell(bundle, 'slow', 'trap "" TERM; while :; do sleep 0.2; done', stop_timeout_ms=3000,
          health={'type': 'exec', 'target': 'false', **QUICK}, retry_policy={'delay_ms': 10})
    start(bundle, 'slow')
    wait_status(bundle, 'slow', state='unhealthy')
    assert call(bundle, 'service.start', name='slow')['started'] == []
    call(bundle, 'service.stop', name='slow', force=True)


@pytest.mark.parametrize('kind', ['tcp', 'http', 'socket', 'exec', 'health'])
def test_readiness_by_asking(bundle, kind):
    """Starting until the question is answered well."""
    port, flag, path = free_port(), bundle.top / f'{kind}.flag', bundle.top / f'{kind}.s'
    target = {'tcp': f'127.0.0.1:{port}', 'http': f'http://127.0.0.1:{port}/', 'socket': str(path),
              'exec': f'test -e {flag}', 'health': ''}[kind]
    where = path if kind == 'socket' else port
    health = {'health': {'type': 'exec', 'target': f'test -e {flag}'}} if kind == 'health' else {}
    mode = bundle.top / f'{kind}.mode'
    mode.write_text('ok')
    shell(bundle, f'ready-{kind}', f'while ! test -e {flag}; do sleep 0.1; done; '
          f'exec /usr/bin/python3 {bundle.top}/server.py {where} {mode}', readiness={'type': kind, 'target': target}, **health)
    answer = call(bundle, 'service.start', name=f'ready-{kind}', wait=True, timeout_ms=1500)
    assert (answer['ready'], answer['state']) == (False, 'starting')
    flag.write_text('')
    wait_status(bundle, f'ready-{kind}', state='running', ready=True)
    call(bundle, 'service.stop', f'ready-{kind}')


def test_readiness_notify(bundle):
    """Contract 20, check 23: starting until READY=1, with what it says of itself; a stranger counts for nothing."""
    gate = bundle.top / 'gate'
    shell(bundle, 'note', f'systemd-notify --status="loading 7"; while ! test -e {gate}; do sleep 0.1; done; '
          'systemd-notify --ready --status="at work"; exec sleep 1000', readiness='notify')
    call(bundle, 'service.start', name='note')
    wait_status(bundle, 'note', state='starting', message='loading 7')
    stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stranger.sendto(b'READY=1\nSTATUS=stranger', str(bundle.path(SERVICE).parent / '.notify.sock'))
    assert call(bundle, 'service.start', name='note', wait=True, timeout_ms=1000)['ready'] is False
    assert call(bundle, 'service.status', 'note')['message'] == 'loading 7'
    gate.write_text('')
    wait_status(bundle, 'note', state='running', ready=True, message='at work')
    call(bundle, 'service.stop', 'note')


def test_readiness_log(bundle):
    gate = bundle.top / 'log-gate'
    shell(bundle, 'talker', f'echo not listening; while ! test -e {gate}; do sleep 0.1; done; '
          'echo "now listening on 8080" >&2; exec sleep 1000', readiness={'type': 'log', 'pattern': r'^now listening on \d+$'})
    assert call(bundle, 'service.start', name='talker', wait=True, timeout_ms=1500)['state'] == 'starting'
    gate.write_text('')
    wait_status(bundle, 'talker', state='running', ready=True)
    call(bundle, 'service.stop', 'talker')


def test_start_timeout(bundle):
    shell(bundle, 'never', 'sleep 1000', readiness='notify', start_timeout_ms=1000,
          retry_policy={'max_attempts': 2, 'delay_ms': 10})
    call(bundle, 'service.start', name='never')
    status = wait_status(bundle, 'never', state='failed', failure='start_timeout', restart_count=1)
    assert status['error'] == 'not ready within 1000 ms'


def test_events(bundle):
    """What is told of a check: by event and in the record of the service."""
    connection = hero.UnixConnection(bundle.path(SERVICE))
    connection.request('GET', '/api/jobs/events?types=job.health')
    reply = connection.getresponse()
    shell(bundle, 'told', 'sleep 1000', health={'name': 'mine', 'type': 'exec', 'target': 'true', **QUICK})
    start(bundle, 'told')
    for line in reply:
        if line.startswith(b'data:') and b'"mine"' in line:
            assert b'"from":"unknown"' in line and b'"to":"healthy"' in line
            break
    connection.close()
    call(bundle, 'service.stop', 'told')


def test_refused(bundle):
    error = fails(bundle, -32602, 'service.set', name='x', actions=[
        {'name': 'x', 'script': 'true', 'health': {'type': 'tcp', 'target': 'nowhere'}}])
    assert 'host:port' in str(error)
