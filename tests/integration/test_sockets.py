"""Socket files: where they are, who may use them, and what happens when somebody else wants the place."""
import json
import os
import re
import socket
import stat

import hero


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_modes(probes):
    """Sections 1 and 2.2, whatever the umask."""
    old = os.umask(0o077)
    try:
        with hero.Bundle(probes(a={}, b={'socket_mode': '0660'})) as bundle:
            bundle.wait_ready()
            assert mode_of(bundle.path('a')) == 0o600 and mode_of(bundle.path('b')) == 0o660
            assert mode_of(bundle.sockets) == 0o755 and mode_of(bundle.sockets / 'a') == 0o755
            assert mode_of(bundle.path('hero_bundle')) == 0o600
    finally:
        os.umask(old)


def test_precedence():
    """2.1: the file, then the environment in its order."""
    order = ['HERO_SOCKET_DIR', 'PATH_SOCKET', 'PATH_SOCKETS']
    for i, name in enumerate(order):
        bundle = hero.Bundle(False, args=['--info'], env={other: None for other in order})
        bundle.env |= {other: str(bundle.top / other) for other in order[i:]}
        with bundle:
            assert bundle.process.wait(hero.WAIT_S) == 0
            paths = json.loads(bundle.out)['paths']
            assert (paths['socket_dir'], paths['socket_dir_source']) == (str(bundle.top / name), name)


def test_foreign_file_is_left_alone(probes):
    bundle = hero.Bundle(probes(a={}, b={}))
    (bundle.sockets / 'a').mkdir(parents=True)
    bundle.path('a').write_text('mine')
    with bundle:
        bundle.wait_ready()
        entry = bundle.status('a')
        assert entry['state'] == 'failed' and entry['restarts'] == 0 and 'not a socket' in entry['last_error']
        assert bundle.path('a').read_text() == 'mine'
        assert bundle.get('b', '/health')[0] == 200
        assert bundle.stop() == 0
        assert bundle.path('a').read_text() == 'mine'


def test_live_socket_is_left_alone(probes):
    """Whoever serves it is named; a dead one is replaced."""
    bundle = hero.Bundle(probes(a={}, b={}))
    for name in ('a', 'b'):
        (bundle.sockets / name).mkdir(parents=True)
    live, dead = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    live.bind(str(bundle.path('a')))
    live.listen(1)
    dead.bind(str(bundle.path('b')))
    dead.close()
    with bundle:
        bundle.wait_ready()
        entry = bundle.status('a')
        assert entry['state'] == 'failed' and f'a/rpc.sock is served by pid {os.getpid()}' in entry['last_error']
        assert bundle.get('b', '/health')[0] == 200
        assert bundle.stop() == 0
        assert bundle.path('a').exists()
    live.close()


def test_long_path(probes):
    """Step 1: told before anything starts."""
    bundle = hero.Bundle(probes(a={}))
    bundle.env['HERO_SOCKET_DIR'] = str(bundle.top / ('x' * 100))
    with bundle:
        assert bundle.process.wait(hero.WAIT_S) == 2
        assert re.search(r'socket path is \d+ bytes, the limit is 107', bundle.err)


def test_removed_socket(probes):
    """Step 5: noticed, not touched, told; a restart binds anew."""
    with hero.Bundle(probes(a={}, b={})) as bundle:
        bundle.wait_ready()
        bundle.path('a').unlink()
        bundle.path('a').write_text('mine')
        entry = bundle.wait_state('a', 'degraded')
        assert 'host.restart' in entry['reason']
        assert bundle.path('a').read_text() == 'mine'
        bundle.path('a').unlink()
        assert bundle.rpc('hero_bundle', 'host.restart', {'name': 'a'})['state'] == 'ready'
        assert bundle.get('a', '/health')[0] == 200
        assert bundle.status('a')['reason'] is None


def test_removed_socket_of_the_host(probes):
    """A service that speaks HTTP through the SDK says so itself in /health."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        bundle.path('hero_bundle').unlink()

        def told():
            status, _, body = bundle.get('hero_bundle', '/health', 'admin')
            return status == 503 and 'host.restart' in json.loads(body)['reason']
        hero.wait_for(told, '/health says that the socket is gone')


def test_sockets_close_in_backoff(probes):
    with hero.Bundle(probes({'restart_delay_ms': 60000}, a={'behaviour': 'fails_later', 'delay_ms': 300}, b={})) as bundle:
        bundle.wait_state('a', 'backoff') if bundle.wait_ready() else None
        assert not bundle.path('a').exists() and not bundle.path('a', 'admin').exists()


def test_admin_off(probes):
    with hero.Bundle(probes(a={'admin': False})) as bundle:
        bundle.wait_ready()
        assert bundle.path('a').exists() and not bundle.path('a', 'admin').exists()


def test_socket_path(probes):
    bundle = hero.Bundle(probes(a={}))
    elsewhere = bundle.top / 'e' / 'call.sock'
    bundle.config.write_text(bundle.config.read_text() + f'socket_path = "{elsewhere}"\n')
    with bundle:
        bundle.wait_ready()
        assert hero.request(elsewhere, target='/health')[0] == 200
        assert (elsewhere.parent / 'admin.sock').exists()


def test_taken_port_is_a_warning(probes):
    """2.3: log line and a place in /health; the service runs on its socket."""
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))
    taken.listen(1)
    address = f'127.0.0.1:{taken.getsockname()[1]}'
    with hero.Bundle(probes(a={'tcp': address})) as bundle:
        bundle.wait_ready()
        assert bundle.status('a')['state'] == 'ready'
        assert re.search(rf'WARN  a: {address} does not listen', bundle.out)
        assert bundle.get('a', '/health')[0] == 200
    taken.close()


def test_any_port(probes):
    """Port 0 becomes a real one, shown in the banner."""
    with hero.Bundle(probes(a={'tcp': '127.0.0.1:0'})) as bundle:
        bundle.wait_ready()
        assert re.search(r'^  a +ready +\w+ +rpc\.sock admin\.sock 127\.0\.0\.1:[1-9]\d*$', bundle.out, re.M)


def test_only_our_names(probes):
    """Names without a leading dot are the sockets; everything of ours begins with one."""
    with hero.Bundle(probes(a={})) as bundle:
        bundle.wait_ready()
        assert sorted(name for name in os.listdir(bundle.sockets / 'a') if not name.startswith('.')) == ['admin.sock', 'rpc.sock']
